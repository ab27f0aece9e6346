// The rooms and conversations at the side, with what is unread in them.

import { $, h, rove } from './dom.js';
import { avatar } from './view-row.js';
import { t } from './strings.js';

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

  /** Put the items in order; those that are there stay. */
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
    const item = h('button', { type: 'button', class: 'room', tabindex: '-1' }, sign, h('bdi', { class: 'name' }), h('span', { class: 'count' }));
    item.room = room;
    this.#items.set(room, item);
    h('li', {}, item);
    return item;
  }

  #show(room) {
    const item = this.#items.get(room);
    if (!item) return;
    const front = room === this.app.store.front;
    const [, name, count] = item.children;
    name.textContent = room.private ? room.name : room.name.slice(1);
    count.textContent = room.unread ? (room.unread > 99 ? '99+' : String(room.unread)) : '';
    count.classList.toggle('mention', room.mentions > 0);
    item.classList.toggle('unread', room.unread > 0);
    item.classList.toggle('out', !room.private && !room.joined);
    item.tabIndex = front ? 0 : -1;
    if (front) item.setAttribute('aria-current', 'page');
    else item.removeAttribute('aria-current');
    const label = room.mentions ? t('room.mentions', { room: room.name, n: room.mentions }) : t('room.unread', { room: room.name, n: room.unread });
    if (room.unread) item.setAttribute('aria-label', label);
    else item.removeAttribute('aria-label');
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

  /** Go to the room before or after the one in front. */
  step(by) {
    const rooms = this.app.store.sorted();
    const at = rooms.indexOf(this.app.store.front);
    if (rooms.length) this.app.go(rooms[(at + by + rooms.length) % rooms.length]);
  }
}
