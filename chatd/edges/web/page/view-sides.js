// The lists beside the talk: rooms and conversations, the people in the room in front, and what was found there. What has
// changed moves alone.

import { $, h, icon, pick } from './dom.js';
import { gap } from './replies.js';
import { fullTime, t } from './strings.js';
import { avatar } from './view-row.js';
import { key, textOf } from './wire.js';

export class RoomsView {
  #items = new Map();

  constructor(app) {
    this.app = app;
    this.lists = [$('rooms'), $('talks')];
    pick($('sidebar-lists'), '.room', (item, event) => this.#clicked(item, event));
    $('sidebar-lists').addEventListener('keydown', (event) => this.#pressed(event));
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
    const sign = room.private ? avatar(room.name, room) : h('span', { class: 'hash', 'aria-hidden': 'true' }, '#');
    const item = h(
      'button',
      { class: 'room', tabindex: '-1' },
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
    const [sign, name, count, said] = item.children;
    if (room.private) sign.replaceWith(avatar(room.name, room));
    name.textContent = room.private ? room.name : room.name.slice(1);
    count.textContent = room.unread > 99 ? '99+' : room.unread || '';
    count.classList.toggle('mention', room.mentions > 0);
    item.classList.toggle('unread', room.unread > 0);
    item.classList.toggle('out', !room.private && !room.joined);
    item.tabIndex = front ? 0 : -1;
    item.ariaCurrent = front ? 'page' : null;
    const label = room.mentions ? t('room.mentions', { n: room.mentions }) : t('room.unread', { n: room.unread });
    said.textContent = room.unread ? label : '';
  }

  #clicked(item, event) {
    this.app.go(item.room);
    this.app.shell.drawer(null);
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
    pick(this.list, '.person', (item) => app.menus.person(item, item.nick));
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
        class: member.away ? 'person away' : 'person',
        tabindex: '-1',
        title: why,
        'aria-haspopup': 'menu',
      },
      avatar(member.nick, this.app.store.front),
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
}

const orderOf = (member) => `${member.operator ? 0 : 1}${key(member.nick)}`;
const compare = (a, b) => (a < b ? -1 : Number(a > b));

const AROUND = 50; // lines that are asked for with one that was found

/** Searching in a room or a conversation, and going to a message that is far up. */
export class Search {
  constructor(app) {
    this.app = app;
    this.panel = $('search');
    this.results = $('results');
    $('search-button').addEventListener('click', () => (this.panel.hidden ? this.open() : this.close()));
    $('search-close').addEventListener('click', () => this.close());
    $('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
    pick(this.results, '.result', ({ room, line }) => this.jumpTo(room, line.id));
    app.store.on('found', (lines, question) => this.#show(lines, app.store.find(question.room)));
    app.store.on('front', () => this.close({ focus: false }));
  }

  open(words = '') {
    if (!this.app.store.front) return;
    this.panel.hidden = false;
    document.body.classList.add('searching');
    $('search-button').setAttribute('aria-expanded', 'true');
    $('words').value = words;
    $('words').focus();
    if (words) this.#ask();
  }

  close({ focus = true } = {}) {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    document.body.classList.remove('searching');
    $('search-button').setAttribute('aria-expanded', 'false');
    this.results.replaceChildren();
    $('search-state').textContent = '';
    if (focus) this.app.composer.field.focus();
  }

  #ask() {
    const room = this.app.store.front;
    const words = $('words').value.trim();
    if (!words || !room) return;
    const say = (text) => {
      $('search-state').textContent = text;
    };
    say(t('search.busy'));
    this.app.session.fetchOld(room, 'SEARCH', [words], { lost: (event) => say(event?.text ?? t('state.away')) });
  }

  #show(lines, room) {
    if (this.panel.hidden || room !== this.app.store.front) return;
    $('search-state').textContent = t('search.found', { n: lines.length });
    this.results.replaceChildren(
      ...lines.reverse().map((line, index) => {
        const item = h(
          'button',
          { class: 'result', tabindex: index ? '-1' : '0' },
          h('bdi', { class: 'name' }, line.nick),
          h('time', { datetime: new Date(line.time).toISOString() }, fullTime(line.time)),
          h('span', { class: 'text', dir: 'auto' }, textOf(line)),
        );
        item.line = line;
        item.room = room;
        return h('li', {}, item);
      }),
    );
  }

  /** Bring a message into view; one that is not here is asked for, with those after it. */
  jumpTo(room, id) {
    if (room !== this.app.store.front || !id) return;
    if (matchMedia('(max-width: 50rem)').matches) this.close({ focus: false });
    if (this.app.log.jump(id)) return;
    const ids = [];
    const done = () => this.#landed(room, id, ids);
    this.app.session.fetchOld(room, 'HISTORY', [AROUND, `since=${Math.max(0, id - 1)}`], {
      ids,
      done,
      lost: this.app.lost,
    });
  }

  #landed(room, id, ids) {
    const last = Math.max(...ids, 0);
    const next = room.lines.find((line) => line.id > last && line.kind === 'said');
    const touches =
      ids.length < AROUND ||
      !next ||
      room.lines.some((line) => line.kind === 'gap' && line.key > last && line.key < next.key);
    if (!touches) gap(this.app.store, room, last);
    if (room === this.app.store.front && !this.app.log.jump(id)) this.app.warn(t('search.gone'));
  }
}
