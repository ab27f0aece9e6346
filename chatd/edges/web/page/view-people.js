// Who is in the room in front. Somebody who comes or goes moves one element.

import { $, h, icon, rove } from './dom.js';
import { avatar } from './view-row.js';
import { t } from './strings.js';
import { key } from './wire.js';

const MOST = 500;

export class PeopleView {
  #items = new Map();
  #keys = [];

  constructor(app) {
    this.app = app;
    this.list = $('people');
    const { store } = app;
    store.on('front', () => this.#all());
    store.on('members', (room) => room === store.front && this.#all());
    store.on('member', (room, nick) => room === store.front && this.#one(room, nick));
    this.list.addEventListener('click', (event) => this.#open(event));
    rove(this.list, () => [...this.list.querySelectorAll('.person')]);
  }

  #all() {
    const room = this.app.store.front;
    this.#items.clear();
    const members = room?.private || !room ? [] : [...room.members.values()];
    members.sort((a, b) => compare(orderOf(a), orderOf(b)));
    const shown = members.slice(0, MOST);
    this.#keys = shown.map(orderOf);
    this.list.replaceChildren(...shown.map((member) => this.#make(member)));
    this.#count(room);
  }

  #one(room, nick) {
    const name = key(nick);
    const had = this.#items.get(name);
    const focused = had?.contains(document.activeElement);
    if (had) {
      this.#keys.splice([...this.list.children].indexOf(had), 1);
      this.#items.delete(name);
      had.remove();
    }
    const member = room.member(nick);
    if (member && this.#items.size < MOST) {
      const order = orderOf(member);
      const found = this.#keys.findIndex((each) => compare(each, order) > 0);
      const at = found < 0 ? this.#keys.length : found;
      const item = this.#make(member);
      this.list.insertBefore(item, this.list.children[at] ?? null);
      this.#keys.splice(at, 0, order);
      if (focused) item.firstElementChild.focus();
    }
    this.#count(room);
  }

  #make(member) {
    const words = [member.operator && t('person.operator'), member.bot && t('person.bot'), member.away && t('person.away')].filter(Boolean);
    const why = typeof member.away === 'string' ? member.away : null;
    const item = h('button', { type: 'button', class: member.away ? 'person away' : 'person', tabindex: '-1', title: why, 'aria-haspopup': 'menu' },
      avatar(member.nick), h('bdi', { class: 'name' }, member.nick), member.operator ? icon('shield') : null,
      words.length ? h('span', { class: member.operator && words.length === 1 ? 'hidden' : 'role' }, words.join(', ')) : null);
    item.nick = member.nick;
    const box = h('li', {}, item);
    this.#items.set(key(member.nick), box);
    if (this.#items.size === 1) item.tabIndex = 0;
    return box;
  }

  #count(room) {
    const n = room && !room.private ? Math.max(room.count, room.members.size) : 0;
    $('people-count').textContent = room?.private ? '' : t('people.count', { n });
    $('people-button').hidden = !room || room.private;
    $('people-number').textContent = n ? String(n) : '';
    document.body.classList.toggle('alone', !room || room.private);
    const first = this.list.querySelector('.person');
    if (first && !this.list.querySelector('[tabindex="0"]')) first.tabIndex = 0;
  }

  #open(event) {
    const item = event.target.closest('.person');
    if (item) this.app.menus.person(item, item.nick);
  }
}

const orderOf = (member) => `${member.operator ? 0 : 1}${key(member.nick)}`;
const compare = (a, b) => (a < b ? -1 : Number(a > b));
