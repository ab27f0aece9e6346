// The field in which one writes, and what stands above it: what is answered or changed.

import { carryOut, Completer } from './commands.js';
import { $ } from './dom.js';
import { t } from './strings.js';
import { textOf } from './wire.js';

const MAX_HISTORY = 50;

export class Composer {
  #completer = new Completer();
  #about = null; // {what: 'reply' or 'edit', line}
  #said = [];
  #at = 0;

  constructor(app) {
    this.app = app;
    this.field = $('text');
    this.field.addEventListener('keydown', (event) => this.#pressed(event));
    this.field.addEventListener('input', () => this.#grow());
    $('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
      this.field.focus();
    });
    $('about-close').addEventListener('click', () => this.clearAbout());
    app.store.on('front', (room) => this.#front(room));
    app.store.on('rooms', () => this.#label());
    app.store.on('presence', () => this.#label());
  }

  focus() {
    if (matchMedia('(hover: hover)').matches) this.field.focus();
  }

  reply(line) {
    this.#setAbout('reply', line, t('about.reply', { nick: line.nick, text: textOf(line).slice(0, 80) }));
  }

  edit(line) {
    this.#setAbout('edit', line, t('about.edit'));
    this.set(line.text);
  }

  clearAbout() {
    if (this.#about?.what === 'edit') this.set('');
    this.#dropAbout();
    this.field.focus();
  }

  #dropAbout() {
    this.#about = null;
    $('about').hidden = true;
  }

  set(text) {
    this.field.value = text;
    this.#grow();
    this.field.setSelectionRange(text.length, text.length);
  }

  mention(nick) {
    const { value, selectionStart: at } = this.field;
    const name = at === 0 ? `${nick}: ` : `${value[at - 1] === ' ' ? '' : ' '}${nick} `;
    this.field.setRangeText(name, at, this.field.selectionEnd, 'end');
    this.#grow();
    this.field.focus();
  }

  #setAbout(what, line, text) {
    this.#about = { what, line };
    $('about').hidden = false;
    $('about-text').textContent = text;
    this.field.focus();
  }

  #front(room) {
    this.#dropAbout();
    if (this.shown) this.shown.draft = this.field.value;
    this.shown = room;
    this.set(room?.draft ?? '');
    this.#label();
  }

  #label() {
    const room = this.app.store.front;
    const label = !room
      ? t('cmd.noroom')
      : room.private
        ? t('write.person', { nick: room.name })
        : t('write', { room: room.name });
    this.field.placeholder = label;
    this.field.setAttribute('aria-label', label);
  }

  #grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight, window.innerHeight * 0.4)}px`;
  }

  #pressed(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === 'Tab' && !event.shiftKey && !event.ctrlKey) {
      this.#complete(event);
    } else if (event.key === 'Escape' && this.#about) {
      event.preventDefault();
      this.clearAbout();
    } else if (event.key === 'ArrowUp' && !event.altKey) {
      this.#up(event);
    } else if (event.key === 'ArrowDown' && this.#at < this.#said.length && !event.altKey) {
      this.#recall(event, 1);
    }
  }

  #complete(event) {
    const { value, selectionStart } = this.field;
    const found = this.#completer.complete(value, selectionStart, this.app.store);
    if (!found) return;
    event.preventDefault();
    this.set(found.text);
    this.field.setSelectionRange(found.cursor, found.cursor);
  }

  #up(event) {
    if (event.ctrlKey) this.#recall(event, -1);
    else if (!this.field.value && this.app.menus.lastRow()) {
      event.preventDefault();
      this.app.menus.lastRow().focus();
    }
  }

  #recall(event, step) {
    const at = this.#at + step;
    if (at < 0 || at > this.#said.length) return;
    event.preventDefault();
    this.#at = at;
    this.set(this.#said[at] ?? '');
  }

  #send() {
    const text = this.field.value.replace(/\r\n?/g, '\n');
    if (!text.trim()) return;
    const about = this.#about;
    this.set(''); // whatever leads to another room leaves no draft
    const wrong =
      about?.what === 'edit' ? this.#change(about.line, text) : carryOut(this.app, text, about?.line.id ?? 0);
    if (wrong) {
      if (!this.field.value) this.set(text);
      this.app.warn(wrong);
      return;
    }
    if (!text.startsWith('/')) this.#said = [...this.#said, text].slice(-MAX_HISTORY);
    this.#at = this.#said.length;
    this.#dropAbout();
  }

  #change(line, text) {
    const room = this.app.store.front;
    if (text.includes('\n')) return t('edit.line');
    return text === line.text ? null : this.app.session.ask('EDIT', [String(line.id), room.name, text]);
  }
}
