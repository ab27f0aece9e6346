// What is to be sent, and in which order. A message that is not acknowledged survives a reload and is sent again under
// its label: the server takes it once.

import { tab } from './browser.js';
import { COMMANDS } from './commands.js';
import { t } from './strings.js';
import { format, isRoom, label } from './wire.js';

const NAME = 'outbox';
const MOST = 1000;

export class Outbox {
  #waiting = new Map();

  constructor() {
    const kept = tab.get(NAME, []);
    if (!Array.isArray(kept)) return;
    for (const each of kept.slice(0, MOST)) {
      if (valid(each)) this.#waiting.set(each.label, each);
    }
  }

  /** Keep a message `{label, room, text, reply, time, nick, sent}` until it is settled; false if too many wait. */
  add(message) {
    if (this.#waiting.size >= MOST) return false;
    this.#waiting.set(message.label, message);
    this.#keep();
    return true;
  }

  get(label) {
    return this.#waiting.get(label);
  }

  /** Note under which nick a message was sent: its label holds for that nick alone. */
  sent(label, nick) {
    const message = this.#waiting.get(label);
    if (!message || (message.sent && message.nick === nick)) return;
    message.sent = true;
    message.nick = nick;
    this.#keep();
  }

  settle(label) {
    const message = this.#waiting.get(label);
    if (message) {
      this.#waiting.delete(label);
      this.#keep();
    }
    return message;
  }

  all() {
    return [...this.#waiting.values()];
  }

  #keep() {
    if (this.#waiting.size) tab.set(NAME, this.all());
    else tab.remove(NAME);
  }
}

/** Whether sending it again could send it twice: nobody remembers the label of a private message that is not stored. */
export const unsure = (message, stored) => message.sent && !isRoom(message.room) && !stored;

function valid(each) {
  return (
    each &&
    typeof each.room === 'string' &&
    each.room &&
    typeof each.text === 'string' &&
    each.text &&
    /^[A-Za-z0-9._:+-]{1,64}$/.test(each.label) &&
    Number.isFinite(each.time)
  );
}

const MAX_UNANSWERED = 64;
const OLD_LINES = new Set(['HISTORY', 'SEARCH', 'JOIN', 'RULES']);
const pause = () => 1000 + Math.random() * 4000;

/** An item is a question `{verb, words, ...}` or something said, `{message: label}`. */
export class Sender {
  present = false;
  renaming = false;
  #asked = new Map();
  #urgent = [];
  #items = [];
  #held = [];
  #refused = [];
  #holding = false;
  #connection;

  constructor(store, connection, outbox) {
    this.store = store;
    this.outbox = outbox;
    this.#connection = connection;
  }

  reset() {
    this.present = this.renaming = false;
    const lost = [...this.#asked.values(), ...this.#urgent, ...this.#items];
    this.#asked.clear();
    this.#urgent = [];
    this.#items = [];
    this.#held = [];
    this.#refused = [];
    for (const each of lost) {
      if (each.own) each.lost?.();
      else if (each.verb) this.#unanswered(each);
    }
  }

  #unanswered({ verb, room }) {
    const what = t(COMMANDS[`/${verb.toLowerCase()}`].help);
    this.store.note(t('ask.lost', { what }), { room: this.store.find(room ?? ''), kind: 'error' });
  }

  append(item) {
    this.#items.push(item);
    this.goOn();
  }

  urgent(question) {
    this.#urgent.push(question);
    this.goOn();
  }

  write(question) {
    const token = label();
    this.#asked.set(token, question);
    this.#connection.send(format(question.verb, question.words, { label: token }));
  }

  answered(token) {
    const item = this.#asked.get(token);
    this.#asked.delete(token);
    return item;
  }

  get oldest() {
    for (const each of this.#asked.values()) if (OLD_LINES.has(each.verb) || each.seen) return each;
    return null;
  }

  goOn() {
    while (this.present && !this.renaming && this.#asked.size < MAX_UNANSWERED) {
      const item = this.#urgent.shift() ?? this.#items.shift();
      if (!item) return;
      if (item.message) {
        this.#say(item);
      } else if (item.verb === 'NICK' && this.#asked.size) {
        this.#items.unshift(item); // labels hold for one name: what was said before it is acknowledged first
        return;
      } else {
        this.renaming = item.verb === 'NICK';
        this.write(item);
      }
    }
  }

  #say(item) {
    const message = this.outbox.get(item.message);
    const room = message && this.store.find(message.room);
    if (!room) return;
    if (this.#holding || (room.wanted && !room.joined && isRoom(room.name))) {
      this.#held.push(item);
      return;
    }
    this.#asked.set(message.label, item);
    this.outbox.sent(message.label, this.store.nick);
    const tags = { label: message.label, reply: message.reply || '' };
    this.#connection.send(format('TELL', [message.room, message.text], tags));
  }

  /** Send a message, and all that follow it, a little later. */
  hold(item) {
    this.#refused.push(item);
    if (this.#holding) return;
    this.#holding = true;
    setTimeout(() => {
      this.#holding = false;
      this.release();
    }, pause());
  }

  release() {
    if (this.#holding) return;
    this.#items.unshift(...this.#refused, ...this.#held);
    this.#refused = [];
    this.#held = [];
    this.goOn();
  }

  later(question) {
    setTimeout(() => {
      const room = this.store.find(question.room);
      if (this.present && room?.wanted && !room.joined) this.urgent(question);
    }, pause());
  }
}
