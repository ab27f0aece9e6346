// The sides: rooms and conversations with what is unread in them, and who is in the room in front. Items that are there
// stay: what has changed moves alone.

import { $, h, icon, rove } from './dom.js';
import { t } from './strings.js';
import { avatar } from './view-row.js';
import { key } from './wire.js';

export class RoomsView {
  #items = new Map();

  constructor(app) {
    this.app = app;
    this.lists = [$('rooms'), $('talks')];
    for (const list of this.lists) {
      list.addEventListener('click', (event) => this.#clicked(event));
      list.addEventListener('keydown', (event) => this.#pressed(event));
    }
    rove($('sidebar-lists'), () => [...$('sidebar-lists').querySelectorAll('.room')]);
    app.store.on('rooms', () => this.#arrange());
    app.store.on('room', (room) => this.#show(room));
    app.store.on('front', () => this.#arrange());
    $('join').addEventListener('click', () => app.sheets.join());
  }

  #arrange() {
    const { store } = this.app;
    const rooms = store.sorted();
    for (const [room, item] of this.#items) {
      if (store.rooms.get(room.key) !== room) {
        item.parentElement.remove();
        this.#items.delete(room);
      }
    }
    for (const [index, list] of this.lists.entries()) {
      let at = list.firstElementChild;
      for (const room of rooms.filter((each) => Number(each.private) === index)) {
        const box = (this.#items.get(room) ?? this.#make(room)).parentElement;
        if (box === at) at = at.nextElementSibling;
        else list.insertBefore(box, at);
        this.#show(room);
      }
    }
    $('talks-head').hidden = !rooms.some((room) => room.private);
  }

  #make(room) {
    const sign = room.private ? avatar(room.name) : h('span', { class: 'hash', 'aria-hidden': 'true' }, '#');
    const item = h(
      'button',
      { type: 'button', class: 'room', tabindex: '-1' },
      sign,
      h('bdi', { class: 'name' }),
      h('span', { class: 'count', 'aria-hidden': 'true' }),
      h('span', { class: 'hidden' }),
    );
    item.room = room;
    this.#items.set(room, item);
    h('li', {}, item);
    return item;
  }

  #show(room) {
    const item = this.#items.get(room);
    if (!item) return;
    const front = room === this.app.store.front;
    const [, name, count, said] = item.children;
    name.textContent = room.private ? room.name : room.name.slice(1);
    count.textContent = room.unread ? (room.unread > 99 ? '99+' : String(room.unread)) : '';
    count.classList.toggle('mention', room.mentions > 0);
    item.classList.toggle('unread', room.unread > 0);
    item.classList.toggle('out', !room.private && !room.joined);
    item.tabIndex = front ? 0 : -1;
    if (front) item.setAttribute('aria-current', 'page');
    else item.removeAttribute('aria-current');
    const label = room.mentions ? t('room.mentions', { n: room.mentions }) : t('room.unread', { n: room.unread });
    said.textContent = room.unread ? label : '';
  }

  #clicked(event) {
    const item = event.target.closest('.room');
    if (!item) return;
    this.app.go(item.room);
    this.app.drawer(null);
    if (event.detail) this.app.composer.focus();
  }

  #pressed(event) {
    const item = event.target.closest('.room');
    const { room } = item ?? {};
    if (room && (event.key === 'Delete' || event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10'))) {
      event.preventDefault();
      this.app.leave(room);
    }
  }

  step(by) {
    const rooms = this.app.store.sorted();
    const at = rooms.indexOf(this.app.store.front);
    if (rooms.length) this.app.go(rooms[(at + by + rooms.length) % rooms.length]);
  }
}

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
    const words = [
      member.operator && t('person.operator'),
      member.bot && t('person.bot'),
      member.away && t('person.away'),
    ].filter(Boolean);
    const why = typeof member.away === 'string' ? member.away : null;
    const item = h(
      'button',
      {
        type: 'button',
        class: member.away ? 'person away' : 'person',
        tabindex: '-1',
        title: why,
        'aria-haspopup': 'menu',
      },
      avatar(member.nick),
      h('bdi', { class: 'name' }, member.nick),
      member.operator ? icon('shield') : null,
      words.length
        ? h('span', { class: member.operator && words.length === 1 ? 'hidden' : 'role' }, words.join(', '))
        : null,
    );
    item.nick = member.nick;
    const box = h('li', {}, item);
    this.#items.set(key(member.nick), box);
    if (this.#items.size === 1) item.tabIndex = 0;
    return box;
  }

  #count(room) {
    const n = room && !room.private ? Math.max(room.count, room.members.size) : 0;
    const text = n ? t('people.count', { n }) : '';
    $('people-count').textContent = text;
    $('people-button').hidden = !room || room.private;
    $('people-number').textContent = n || '';
    $('people-button').setAttribute('aria-label', text || t('part.people'));
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
