// What the Tab key makes of the word before the cursor: nicks, rooms after `#`, commands after `/`.

import { COMMANDS, holdsSecret } from './commands.js';
import { key } from './wire.js';

export class Completer {
  #last = null;
  #ends = [];
  #next = 0;
  #head = '';
  #tail = '';

  /** Return `{text, cursor}` after one more Tab, or null if nothing fits. */
  complete(text, cursor, store) {
    if (!this.#last || this.#last.text !== text || this.#last.cursor !== cursor) this.#begin(text, cursor, store);
    if (!this.#ends.length) return null;
    const head = this.#head + this.#ends[this.#next];
    this.#next = (this.#next + 1) % this.#ends.length;
    this.#last = { text: head + this.#tail, cursor: head.length };
    return this.#last;
  }

  #begin(text, cursor, store) {
    const start = Math.max(text.lastIndexOf(' ', cursor - 1), text.lastIndexOf('\n', cursor - 1)) + 1;
    const word = text.slice(start, cursor);
    this.#head = text.slice(0, start);
    this.#tail = text.slice(cursor);
    this.#next = 0;
    this.#last = null;
    this.#ends = word ? endsOf(word, start, text, store) : [];
  }
}

function endsOf(word, start, text, store) {
  if (word.startsWith('#')) {
    const known = [...store.rooms.values()].filter((room) => !room.private).map((room) => room.name);
    return fitting(word, [...new Set([...known, ...store.listing.map((each) => each.name)])].sort()).map((name) => `${name} `);
  }
  if (word.startsWith('/') && start === 0) return Object.keys(COMMANDS).filter((name) => name.startsWith(word.toLowerCase())).map((name) => `${name} `);
  if (holdsSecret(text)) return [];
  const at = word.startsWith('@') ? '@' : '';
  const after = start || at ? ' ' : ': ';
  return fitting(word.slice(at.length), people(store)).map((nick) => at + nick + after);
}

/** Who can be meant: those who spoke last, then the others by name, oneself at the end. */
function people(store) {
  const room = store.front;
  if (!room) return [];
  if (room.private) return [room.name, store.nick];
  const spoke = room.speakers.filter((nick) => room.member(nick));
  const others = [...room.members.values()].map((member) => member.nick).sort();
  const all = [...new Set([...spoke, ...others])];
  return [...all.filter((nick) => !store.isMe(nick)), store.nick];
}

const fitting = (word, names) => names.filter((name) => key(name).startsWith(key(word)));
