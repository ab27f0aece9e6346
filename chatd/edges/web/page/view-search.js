// Searching in a room or a conversation, and going to a message that is far up.

import { $, h, rove } from './dom.js';
import { gap } from './replies.js';
import { fullTime, t } from './strings.js';
import { textOf } from './wire.js';

const AROUND = 50;

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
    this.results.addEventListener('click', (event) => {
      const item = event.target.closest('.result');
      if (item) this.jumpTo(item.room, item.line.id);
    });
    rove(this.results, () => [...this.results.querySelectorAll('.result')]);
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
    const where = room.private ? `with=${room.name}` : room.name;
    const over = () => {
      $('search-state').textContent = '';
    };
    const asked = this.app.session.fetch('SEARCH', [where, words], {
      room: room.name,
      person: room.private ? room.name : null,
      found: [],
      lost: over,
    });
    $('search-state').textContent = asked ? t('search.busy') : t('state.away');
  }

  #show(lines, room) {
    if (this.panel.hidden || room !== this.app.store.front) return;
    $('search-state').textContent = t('search.found', { n: lines.length });
    this.results.replaceChildren(
      ...lines.reverse().map((line, index) => {
        const item = h(
          'button',
          { type: 'button', class: 'result', tabindex: index ? '-1' : '0' },
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

  /** Bring a message of a room into view; one that is not here is asked for, with what was said around it. */
  jumpTo(room, id) {
    if (room !== this.app.store.front || !id) return;
    if (matchMedia('(max-width: 50rem)').matches) this.close({ focus: false });
    if (this.app.log.jump(id)) return;
    const person = room.private ? room.name : null;
    const where = room.private ? `with=${room.name}` : room.name;
    const done = () => this.#landed(room, id, after);
    const after = { room: room.name, person, ids: [], done };
    this.app.session.fetch('HISTORY', [where, String(AROUND), `since=${Math.max(0, id - 1)}`], after);
  }

  #landed(room, id, { ids }) {
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
