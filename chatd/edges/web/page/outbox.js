// What was said here and is not acknowledged yet. It is there after a reload, and is said again under the same label:
// the server says it once.

import { tab } from './storage.js';
import { isRoom } from './wire.js';

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

  /** Note that a message is on its way, under which name: a label is known again for that name alone. */
  sent(label, nick) {
    const message = this.#waiting.get(label);
    if (!message || (message.sent && message.nick === nick)) return;
    message.sent = true;
    message.nick = nick;
    this.#keep();
  }

  /** Take out what is acknowledged, refused or given up. */
  settle(label) {
    const message = this.#waiting.get(label);
    if (message) {
      this.#waiting.delete(label);
      this.#keep();
    }
    return message;
  }

  /** All that waits, in the order in which it was said. */
  all() {
    return [...this.#waiting.values()];
  }

  #keep() {
    if (this.#waiting.size) tab.set(NAME, this.all());
    else tab.remove(NAME);
  }
}

/** Whether saying it again could say it twice: a private line that is not stored has no memory of its label. */
export const unsure = (message, stored) => message.sent && !isRoom(message.room) && !stored;

function valid(each) {
  return each && typeof each.room === 'string' && each.room && typeof each.text === 'string' && each.text
    && /^[A-Za-z0-9._:+-]{1,64}$/.test(each.label) && Number.isFinite(each.time);
}
