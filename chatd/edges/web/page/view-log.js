// The lines of the room in front. New ones are appended, old ones taken away: nothing is drawn twice.

import { $, h } from './dom.js';
import { PAGE, TEMPORARY } from './session.js';
import { t } from './strings.js';
import { decorate, fillRow, makeRow } from './view-row.js';
import { Scroller } from './view-scroll.js';

const CHUNK = 50; // rows that the browser skips together while they are out of view
const FIRST = 120; // rows that are made at once when a room is shown

export class LogView {
  #rows = new Map();
  #from = 0; // index of the first line that has a row
  #asking = false;
  #bereft = false; // whether the focus was on a line of one's own that comes again, as said
  #mark = h('div', { class: 'mark', role: 'separator' }, h('span', {}, t('mark')));

  constructor(app) {
    this.app = app;
    this.store = app.store;
    this.log = $('log');
    this.list = $('lines');
    this.below = $('below');
    this.below.addEventListener('click', () => this.toEnd());
    this.scroller = new Scroller(
      this.log,
      this.list,
      () => this.look(),
      () => this.older(),
    );
    this.log.addEventListener('scroll', () => this.app.menus?.hideActions(), { passive: true });
    this.#listen();
  }

  #listen() {
    const { store } = this;
    const on = (name, act) => store.on(name, (room, ...rest) => room === store.front && act(room, ...rest));
    on('front', (room) => this.#show(room));
    on('line', (room, line, index) => this.#insert(room, line, index));
    on('changed', (room, line) => this.#changed(room, line));
    on('removed', (room, lines) => this.#removed(lines));
    on('cleared', (room) => this.#show(room));
    store.on('presence', () => (store.front?.private || !this.scroller.follow) && this.older());
    on('room', () => {
      this.#showBelow();
      this.#showEmpty();
    });
    document.addEventListener('visibilitychange', () => this.look());
    window.addEventListener('focus', () => this.look());
    window.addEventListener('blur', () => this.look());
  }

  /** Note whether somebody sees the newest lines now: then they are read. */
  look() {
    const room = this.store.front;
    const looking =
      Boolean(room) && this.scroller.follow && document.visibilityState === 'visible' && document.hasFocus();
    if (this.store.looking && !looking) this.#mark.remove();
    this.store.looking = looking;
    this.store.reading = !this.scroller.follow;
    if (looking) this.store.seen(room);
    this.#showBelow();
  }

  #show(room) {
    this.log.setAttribute('aria-live', 'off');
    this.#rows.clear();
    this.list.replaceChildren();
    this.#mark.remove();
    this.scroller.follow = true;
    this.#asking = false;
    this.#showEmpty();
    if (room) {
      this.#from = Math.max(0, room.lines.length - FIRST);
      this.list.append(...this.#chunks(room, room.lines.slice(this.#from)));
      this.#placeMark(room);
      this.scroller.pin();
      if (room.private && !room.lines.length) this.older();
    }
    setTimeout(() => this.log.setAttribute('aria-live', 'polite'), 100);
    this.look();
  }

  #chunks(room, lines) {
    const chunks = [];
    let before = null;
    for (const [index, line] of lines.entries()) {
      const row = makeRow(line, room);
      this.#rows.set(line, row);
      decorate(row, before);
      before = row;
      if (index % CHUNK === 0) chunks.push(h('div', { class: 'chunk' }));
      chunks.at(-1).append(row);
    }
    return chunks;
  }

  #append(...elements) {
    let last = this.list.lastElementChild;
    if (!last || last.childElementCount >= CHUNK) {
      last = h('div', { class: 'chunk' });
      this.list.append(last);
    }
    last.append(...elements);
  }

  #insert(room, line, index) {
    this.#showEmpty();
    if (index < this.#from) {
      this.#from += 1;
      return;
    }
    const row = makeRow(line, room);
    const next = this.#rows.get(room.lines[index + 1]);
    this.#rows.set(line, row);
    if (next) next.before(row);
    else if (this.#isFirstUnread(room, line)) this.#append(this.#mark, row);
    else this.#append(row);
    this.#settle(row);
    this.scroller.pin();
    if (this.#bereft && line.own && document.activeElement === this.log) row.focus({ preventScroll: true });
    this.#bereft = false;
  }

  #isFirstUnread(room, line) {
    const isNew = line.kind === 'said' && !line.own && line.id > (room.seenId ?? 0);
    return isNew && room.firstUnread === 0 && !this.store.looking && !this.#mark.isConnected;
  }

  #settle(row) {
    decorate(row, this.#before(row));
    for (let next = this.#after(row); next; next = this.#after(next)) {
      if (!decorate(next, this.#before(next))) break;
    }
  }

  #before(row) {
    let at = row;
    do at = at.previousElementSibling ?? at.parentElement.previousElementSibling?.lastElementChild;
    while (at && !at.line);
    return at ?? null;
  }

  #after(row) {
    let at = row;
    do at = at.nextElementSibling ?? at.parentElement.nextElementSibling?.firstElementChild;
    while (at && !at.line);
    return at ?? null;
  }

  #changed(room, line) {
    const row = this.#rows.get(line);
    if (!row) return;
    fillRow(row, room);
    this.#settle(row);
  }

  #removed(lines) {
    for (const line of lines) {
      const row = this.#rows.get(line);
      if (!row) {
        this.#from = Math.max(0, this.#from - 1);
        continue;
      }
      this.#rows.delete(line);
      const next = this.#after(row);
      const chunk = row.parentElement;
      if (row.contains(document.activeElement)) {
        this.#bereft = line.state === 'waiting';
        this.log.focus();
      }
      row.remove();
      if (!chunk.querySelector('.row')) chunk.remove();
      if (next && lines.length === 1) this.#settle(next);
    }
    if (lines.length === 1) return;
    this.scroller.forget();
    const first = this.list.querySelector('.row');
    if (first) this.#settle(first);
  }

  #placeMark(room) {
    const row = room.firstUnread ? this.#rows.get(room.find(room.firstUnread)) : null;
    if (row) row.before(this.#mark);
  }

  // Scrolling.

  toEnd() {
    this.scroller.follow = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.scroller.pin();
    this.look();
  }

  #showBelow() {
    const room = this.store.front;
    const n = room?.unread ?? 0;
    this.below.hidden = !room || (this.scroller.follow && (!n || this.store.looking));
    this.below.lastChild.textContent = n ? t('below', { n }) : t('below.none');
  }

  /** Show older lines: those that are here, or else those that the server has. */
  older() {
    const room = this.store.front;
    if (!room || this.#asking) return;
    if (this.#from > 0) {
      const from = Math.max(0, this.#from - FIRST);
      this.#prepend(room, room.lines.slice(from, this.#from));
      this.#from = from;
    } else if (room.mayHaveOlder && !room.full && this.app.session.present && (room.joined || room.private)) {
      this.#ask(room);
    }
  }

  #prepend(room, lines) {
    const first = this.list.querySelector('.row');
    const keep = this.scroller.hold();
    this.list.prepend(...this.#chunks(room, lines));
    if (first) this.#settle(first);
    keep();
  }

  #ask(room) {
    const oldest = room.oldestId;
    const words = [PAGE, oldest ? `before=${oldest}` : null];
    this.#asking = true;
    this.log.setAttribute('aria-busy', 'true');
    const keep = this.scroller.hold();
    const over = () => {
      this.#asking = false;
      this.log.removeAttribute('aria-busy');
      if (room === this.store.front) keep();
    };
    const lost = (event) => {
      if (event && room.private && !TEMPORARY.has(event.code)) room.mayHaveOlder = false;
      over();
    };
    this.app.session.fetchOld(room, 'HISTORY', words, { older: PAGE, done: over, lost });
  }

  /** Say that the room is empty, once the server has said so; of a conversation at once whose it is. */
  #showEmpty() {
    const room = this.store.front;
    const empty = room && !room.lines.length && (room.private || !room.mayHaveOlder);
    $('empty').hidden = !empty;
    if (empty)
      $('empty').textContent = room.private ? t('empty.person', { nick: room.name }) : t('empty', { room: room.name });
  }

  /** Bring a message into view and show which it is; return false if it is not here. */
  jump(id) {
    const room = this.store.front;
    const line = room?.find(id);
    if (!line) return false;
    while (!this.#rows.has(line) && this.#from > 0) this.older();
    const row = this.#rows.get(line);
    if (!row) return false;
    this.scroller.follow = false;
    row.scrollIntoView({ block: 'center' });
    row.classList.add('found');
    setTimeout(() => row.classList.remove('found'), 2500);
    row.focus({ preventScroll: true });
    this.look();
    return true;
  }

  get rows() {
    return [...this.list.querySelectorAll('.row')];
  }
}
