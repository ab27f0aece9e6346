// All that the page knows. It emits what has changed, and knows no DOM and no socket:
// 'line' (room, line, index), 'changed' (room, line), 'removed' (room, lines), 'cleared' (room), 'rooms',
// 'room' (room), 'members' (room), 'member' (room, nick), 'topic' (room), 'nick', 'presence', 'notice' (room, line),
// 'listing', 'found' (lines, question), 'front' (room), 'homeless' (text).
// A line is `{kind, key, id, time, nick, text, ...}`. Lines are sorted by `key`: what is stored has its id, what passes
// (somebody came, a note) the key of the line before it, a gap its id and a half, and what waits comes last.

import { Emitter } from './emitter.js';
import { isRoom, key } from './wire.js';

const MAX_ROOMS = 1000;
const KEPT = 2000;
const SLACK = 200;
const MOST = 8000; // while somebody reads far up
const MAX_SPEAKERS = 500;
const COLORS = 16;
const MAX_COLORED = 4 * COLORS;

/** A room, or a private conversation, named by the other's nick. */
class Room {
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
  /** What asks for old lines that are still to come, also after a reconnect. */
  due = new Set();
  #byId = new Map();
  #speakers = new Map();
  #colors = new Map();

  constructor(name) {
    this.name = name;
    this.key = key(name);
    this.private = !isRoom(name);
  }

  /** What HISTORY and SEARCH call it. */
  get place() {
    return this.private ? `with=${this.name}` : this.name;
  }

  get oldestId() {
    for (const line of this.lines) if (line.kind === 'said' && line.id) return line.id;
    return 0;
  }

  find(id) {
    return this.#byId.get(id);
  }

  /** Put a line into its place; return its index, -1 if its id is known. */
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

  /** Drop the oldest of far too many lines, and return them. */
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
    this.lines = this.lines.filter(({ state }) => state);
    for (const line of this.lines) if (line.state === 'failed') line.key = 0;
    this.#byId.clear();
    this.lastId = this.topicId = this.unread = this.mentions = this.firstUnread = 0;
    this.seenId = this.reportedId = this.resumeId = this.resumeEpoch = null;
    this.mayHaveOlder = true;
    this.due.clear();
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

  /** The number of somebody's color, by the rule of chatd/client/model/colours.py. */
  color(nick) {
    const name = key(nick);
    const known = this.#colors;
    if (known.has(name)) return known.get(name);
    const here = (each) => this.members.has(each) || this.members.size < this.count;
    if (known.size >= MAX_COLORED) for (const each of known.keys()) if (!here(each)) known.delete(each);
    let best = 7;
    for (const sign of name) best = (best * 131 + sign.codePointAt(0)) % 65521;
    best %= COLORS;
    if (known.size >= MAX_COLORED) return best;
    const taken = Array(COLORS).fill(0);
    for (const [each, color] of known) taken[color] += here(each) ? MAX_COLORED : 1;
    for (let step = 1, color = best; step < COLORS; step += 1) {
      color = (color + 5) % COLORS;
      if (taken[color] < taken[best]) best = color;
    }
    known.set(name, best);
    return best;
  }

  renamed(old, to) {
    const color = this.#colors.get(key(old));
    this.#colors.delete(key(old));
    if (color !== undefined) this.#colors.set(key(to), color);
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

export class Store extends Emitter {
  nick = '';
  account = false;
  epoch = null;
  resume = null;
  presence = 'away';
  rooms = new Map();
  front = null;
  /** Whether somebody looks at the newest lines of the room in front. */
  looking = false;
  /** Whether somebody reads further up in it, which keeps its lines. */
  reading = false;
  listing = [];
  listingWhole = true;

  find(name) {
    return this.rooms.get(key(name));
  }

  open(name) {
    let room = this.find(name);
    if (room || this.rooms.size >= MAX_ROOMS) return room ?? null;
    room = new Room(name);
    this.rooms.set(room.key, room);
    this.emit('rooms');
    return room;
  }

  close(room) {
    this.rooms.delete(room.key);
    if (this.front === room) this.show(this.sorted()[0] ?? null);
    this.emit('rooms');
  }

  sorted() {
    const order = (a, b) => a.private - b.private || a.key.localeCompare(b.key);
    return [...this.rooms.values()].sort(order);
  }

  show(room) {
    if (room === this.front) return;
    this.front = room;
    this.emit('front', room);
  }

  isMe(nick) {
    return key(nick) === key(this.nick);
  }

  setPresence(presence) {
    if (presence === this.presence) return;
    this.presence = presence;
    this.emit('presence', presence);
  }

  setNick(nick) {
    this.nick = nick;
    this.emit('nick', nick);
  }

  put(room, line, { old = false } = {}) {
    const index = room.put(line);
    if (index < 0) return false;
    if (line.kind === 'said') room.spoke(line.nick);
    this.emit('line', room, line, index);
    const isNew = line.kind === 'said' && line.id > (room.seenId ?? 0) && !(old && room.seenId === null);
    if (isNew && !line.own) this.#arrived(room, line, old);
    else if (isNew && line.own) this.seen(room, line.id);
    const dropped = room.trim(room === this.front && this.reading);
    if (dropped.length) this.emit('removed', room, dropped);
    return true;
  }

  #arrived(room, line, old) {
    if (room === this.front && this.looking) {
      room.seenId = Math.max(room.seenId ?? 0, room.lastId);
      return;
    }
    room.countUnread(line);
    this.emit('room', room);
    if (!old && (line.mention || room.private)) this.emit('notice', room, line);
  }

  note(text, { room = this.front, kind = 'note' } = {}) {
    const place = room ?? this.sorted()[0];
    if (place) this.put(place, { kind, id: 0, time: Date.now(), nick: '', text });
    else this.emit('homeless', text);
  }

  change(room, line, values) {
    Object.assign(line, values);
    this.emit('changed', room, line);
  }

  remove(room, line) {
    room.take(line);
    this.emit('removed', room, [line]);
  }

  clear(room) {
    room.clear();
    this.emit('cleared', room);
  }

  seen(room, id = room.lastId) {
    if (!room.unread && id <= (room.seenId ?? 0)) return;
    room.markSeen(Math.min(id, room.lastId));
    this.emit('room', room);
  }

  left(room, why = '') {
    room.joined = room.wanted = false;
    room.out = why;
    room.members.clear();
    room.count = 0;
    this.emit('members', room);
    this.emit('rooms');
  }

  /** The connection is gone. */
  disconnected() {
    this.setPresence('away');
    this.listingWhole = true;
    for (const room of this.rooms.values()) room.joined = false;
    this.emit('rooms');
  }

  totals() {
    let unread = 0;
    let mentions = 0;
    for (const room of this.rooms.values()) {
      unread += room.unread;
      mentions += room.mentions;
    }
    return { unread, mentions };
  }

  operates(room) {
    return Boolean(room && !room.private && room.member(this.nick)?.operator);
  }

  wantedRooms() {
    return [...this.rooms.values()].filter((room) => isRoom(room.name) && room.wanted);
  }
}
