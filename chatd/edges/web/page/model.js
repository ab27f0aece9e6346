// All that the page knows. It emits what has changed, and knows no DOM and no socket:
// 'line' (room, line, index), 'changed' (room, line), 'removed' (room, lines), 'cleared' (room), 'rooms',
// 'room' (room), 'members' (room), 'member' (room, nick), 'topic' (room), 'nick', 'presence', 'notice' (room, line),
// 'listing', 'found' (lines, question), 'front' (room), 'homeless' (text).

import { Emitter } from './emitter.js';
import { Room } from './room.js';
import { isRoom, key } from './wire.js';

const MAX_ROOMS = 1000;

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
  /** Whether somebody reads further up in it, so that lines are not taken away. */
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

  /** Put a line into a room, and count it if it is new to whoever reads. */
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

  /** The connection is gone: nobody is known to be anywhere, and what was joined is to be joined again. */
  disconnected() {
    this.setPresence('away');
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
