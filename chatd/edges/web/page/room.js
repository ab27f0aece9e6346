// A room as the page knows it, or a private conversation, which is like one and is named by the other's nick.
//
// A line is `{kind, key, id, time, nick, text, ...}`. Lines are sorted by `key`: what is stored has its id, what passes
// (somebody came, a note) the key of the line before it, a gap its id and a half, and what waits comes last.

import { isRoom, key } from './wire.js';

const KEPT = 2000;
const SLACK = 200;
const MOST = 8000; // while somebody reads far up
const MAX_SPEAKERS = 500;

export class Room {
  lines = [];
  members = new Map();
  count = 0;
  topic = '';
  topicId = 0;
  joined = false;
  wanted = false;
  out = '';
  policy = {};
  unread = 0;
  mentions = 0;
  firstUnread = 0;
  lastId = 0;
  seenId = null;
  reportedId = null;
  resumeId = null;
  resumeEpoch = null;
  mayHaveOlder = true;
  stored = false;
  draft = '';
  #byId = new Map();
  #speakers = new Map();

  constructor(name) {
    this.name = name;
    this.key = key(name);
    this.private = !isRoom(name);
  }

  get oldestId() {
    for (const line of this.lines) if (line.kind === 'said' && line.id) return line.id;
    return 0;
  }

  find(id) {
    return this.#byId.get(id);
  }

  /** Put a line into its place; return the index, -1 if its id is there already. */
  put(line) {
    const { lines } = this;
    if (line.id) {
      if (this.#byId.has(line.id)) return -1;
      this.#byId.set(line.id, line);
      this.lastId = Math.max(this.lastId, line.id);
    }
    if (line.key === undefined) line.key = line.id || this.#passing();
    let index = lines.length;
    while (index && lines[index - 1].key > line.key) index -= 1;
    if (index === lines.length) lines.push(line);
    else lines.splice(index, 0, line);
    return index;
  }

  take(line) {
    const index = this.lines.lastIndexOf(line);
    if (index >= 0) this.lines.splice(index, 1);
    if (line.id && this.#byId.get(line.id) === line) this.#byId.delete(line.id);
    return index;
  }

  /** Drop the oldest lines if there are far too many; return those that were dropped. */
  trim(reading) {
    const limit = reading ? MOST : KEPT;
    if (this.lines.length <= limit + SLACK) return [];
    const dropped = this.lines.splice(0, this.lines.length - limit);
    for (const line of dropped) if (line.id) this.#byId.delete(line.id);
    this.mayHaveOlder = true;
    return dropped;
  }

  get full() {
    return this.lines.length >= MOST;
  }

  clear() {
    this.lines = [];
    this.#byId.clear();
    this.lastId = this.topicId = this.unread = this.mentions = this.firstUnread = 0;
    this.seenId = this.reportedId = this.resumeId = this.resumeEpoch = null;
    this.mayHaveOlder = true;
  }

  spoke(nick) {
    const name = key(nick);
    this.#speakers.delete(name);
    this.#speakers.set(name, nick);
    if (this.#speakers.size > MAX_SPEAKERS) this.#speakers.delete(this.#speakers.keys().next().value);
  }

  get speakers() {
    return [...this.#speakers.values()].reverse();
  }

  addMember(nick, facts = {}) {
    const name = key(nick);
    const before = this.members.get(name);
    const member = { operator: false, bot: false, away: false, ...before, nick, ...facts };
    this.members.set(name, member);
    return !before;
  }

  removeMember(nick) {
    return this.members.delete(key(nick));
  }

  member(nick) {
    return this.members.get(key(nick));
  }

  markSeen(id) {
    this.seenId = Math.max(this.seenId ?? 0, id);
    this.unread = this.mentions = 0;
    if (this.seenId < this.lastId) {
      for (const line of this.lines) this.#count(line);
    }
    if (!this.unread) this.firstUnread = 0;
  }

  countUnread(line) {
    this.#count(line);
    if (!this.firstUnread) this.firstUnread = line.id;
  }

  #count(line) {
    if (line.kind !== 'said' || line.own || !line.id || line.id <= (this.seenId ?? 0)) return;
    this.unread += 1;
    if (line.mention || this.private) this.mentions += 1;
  }

  #passing() {
    for (let i = this.lines.length - 1; i >= 0; i -= 1) {
      if (this.lines[i].key !== Infinity) return Math.max(this.lines[i].key, this.lastId);
    }
    return this.lastId;
  }
}
