// What each line of the server that nobody asked for does to the store.

import { moderation, t } from './strings.js';
import { idOf, isRoom, key, mentions, saidLine } from './wire.js';

const MAX_REACTIONS = 50;

/** Take in an event that is no answer. `asked` is the oldest question whose answer is old lines, if one is open. */
export function apply(store, event, asked) {
  EVENTS[event.verb]?.(store, event, asked);
}

const EVENTS = {
  MSG: said,
  TOPIC: topic,
  JOIN: joined,
  PART: parted,
  NICK: (store, event) => rename(store, event.nick, event.to, event),
  TELL: told,
  TOLD: told,
  WHO: present,
  IS: details,
  ROOM: listed,
  RETRACT: refers,
  EDIT: refers,
  REACT: refers,
  UNREACT: refers,
  REACTIONS: refers,
  KICK: moderated,
  MUTE: moderated,
  UNMUTE: moderated,
  BAN: moderated,
  UNBAN: moderated,
  OP: moderated,
  DEOP: moderated,
  INVITE: moderated,
  UNINVITE: moderated,
  SET: moderated,
  SEEN: seenElsewhere,
  NOTE: (store, event) => store.presence === 'present' && store.note(event.text),
};

const timeOf = (event) => Date.parse(event.tags.time ?? '') || Date.now();
const isOld = (event) => 'old' in event.tags;
const lineOf = (event, nick, own) =>
  saidLine({ id: idOf(event.tags), time: timeOf(event), nick, text: event.text, own });

function heard(store, room, event) {
  const id = idOf(event.tags);
  if (!id) return;
  room.lastId = Math.max(room.lastId, id);
  if (room.joined && !isOld(event)) {
    room.resumeId = Math.max(room.resumeId ?? 0, id);
    room.resumeEpoch = store.epoch;
  }
}

function said(store, event, asked) {
  const room = isRoom(event.room) && store.open(event.room);
  if (!room) return;
  const own = store.isMe(event.nick);
  const line = {
    ...lineOf(event, event.nick, own),
    mention: !own && mentions(event.text, store.nick),
    edited: 'edited' in event.tags,
    reply: idOf(event.tags, 'reply'),
  };
  if (isOld(event) && asked?.verb === 'SEARCH') {
    asked.found.push(line);
    return;
  }
  if (isOld(event) && asked?.verb === 'HISTORY') asked.ids.push(line.id);
  store.put(room, line, { old: isOld(event) });
  heard(store, room, event);
}

function told(store, event, asked) {
  if (isRoom(event.nick)) return;
  const own = event.verb === 'TOLD' || store.isMe(event.nick);
  const person = isOld(event) ? asked?.person : null;
  const name = person && (own || key(person) === key(event.nick)) ? person : event.nick;
  const room = store.open(name);
  if (!room) return;
  const line = lineOf(event, own ? store.nick : event.nick, own);
  if (person && asked.verb === 'SEARCH') {
    asked.found.push(line);
    return;
  }
  if (person) asked.ids.push(line.id);
  if (line.id) room.stored = true;
  if (line.id || !repeated(room, line)) putPrivate(store, room, line, { old: Boolean(person) });
}

/** Whether a line that is kept nowhere is told again after a takeover: it has the same time. */
function repeated(room, line) {
  return room.lines
    .slice(-60)
    .some((each) => !each.id && !each.own && each.time === line.time && each.text === line.text);
}

/** Put a private line in its place. Guests' have no ids: they are counted here. */
export function putPrivate(store, room, line, { old = false } = {}) {
  if (!old) room.seenId ??= Math.max(0, line.id - 1);
  if (!store.put(room, line, { old }) || line.id || line.own) return;
  if (room === store.front && store.looking) return;
  room.unread += 1;
  room.mentions += 1;
  store.emit('room', room);
  store.emit('notice', room, line);
}

// A dash takes a topic away.
const topicOf = ({ text }) => (text === '-' ? '' : text);

function topic(store, event) {
  const room = isRoom(event.room) && store.open(event.room);
  if (!room) return;
  const id = idOf(event.tags);
  if (!id || id >= room.topicId) {
    room.topic = topicOf(event);
    room.topicId = id || room.topicId;
    store.emit('topic', room);
  }
  heard(store, room, event);
  if (isOld(event) && room.lines.length && id < room.lines[0].key) return;
  store.put(
    room,
    { kind: 'topic', id, time: timeOf(event), nick: event.nick, text: topicOf(event) },
    { old: isOld(event) },
  );
}

/** Who came and went, one line for many of them. */
function passing(store, room, event, deed) {
  const last = room.lines.at(-1);
  if (last?.kind === 'traffic' && last.deeds.length < 20) {
    last.deeds.push(deed);
    store.emit('changed', room, last);
    return;
  }
  store.put(room, { kind: 'traffic', id: 0, time: timeOf(event), nick: '', text: '', deeds: [deed] });
}

function joined(store, event) {
  const room = store.find(event.room);
  if (!room || room.private) return;
  if (room.addMember(event.nick)) room.count += 1;
  store.emit('member', room, event.nick);
  if (!store.isMe(event.nick)) passing(store, room, event, { what: 'joined', nick: event.nick });
}

function parted(store, event) {
  const room = store.find(event.room);
  if (!room || room.private) return;
  if (store.isMe(event.nick)) return;
  passing(store, room, event, { what: 'left', nick: event.nick, text: event.text });
  gone(store, room, event.nick);
}

function gone(store, room, nick) {
  if (room.removeMember(nick)) room.count = Math.max(0, room.count - 1);
  store.emit('member', room, nick);
}

export function rename(store, old, to, event) {
  if (old === to) return;
  if (store.isMe(old)) store.setNick(to);
  for (const room of store.rooms.values()) {
    room.renamed(old, to);
    const member = room.member(old);
    if (!member) continue;
    room.removeMember(old);
    room.addMember(to, { ...member, nick: to });
    passing(store, room, event, { what: 'renamed', nick: old, to });
    store.emit('member', room, old);
    store.emit('member', room, to);
  }
  const talk = store.find(old);
  if (talk?.private && (!store.find(to) || key(to) === talk.key)) {
    store.rooms.delete(talk.key);
    talk.name = to;
    talk.key = key(to);
    store.rooms.set(talk.key, talk);
    store.emit('rooms');
  }
}

function present(store, event) {
  const room = store.find(event.room);
  if (!room) return;
  for (const nick of event.words) room.addMember(nick);
  store.emit('members', room);
}

function details(store, event, asked) {
  const room = store.find(event.room);
  if (!room) return;
  const { operator, bot, away } = event.values;
  const facts = { operator: operator === 'yes', bot: bot === 'yes', away: away === 'yes' && (event.text || true) };
  room.addMember(event.nick, facts);
  asked?.seen?.add(key(event.nick));
}

function listed(store, event) {
  if (store.listingWhole) store.listing = [];
  store.listingWhole = false;
  store.listing.push({ name: event.room, count: Number(event.count) || 0, topic: event.text ?? '' });
}

function refers(store, event) {
  const room = store.find(event.room);
  if (!room) return;
  heard(store, room, event);
  const line = room.find(event.about);
  if (line?.kind !== 'said') return;
  if (event.verb === 'RETRACT') {
    const by = key(event.nick) === key(line.nick) ? '' : event.nick;
    store.change(room, line, { kind: 'retracted', text: '', by, reactions: new Map(), mention: false });
    if (!line.own && line.id > (room.seenId ?? 0)) store.seen(room, room.seenId ?? 0);
  } else if (event.verb === 'EDIT') {
    const mention = !line.own && mentions(event.text, store.nick);
    store.change(room, line, { text: event.text, edited: true, mention });
  } else {
    store.change(room, line, { reactions: counted(line.reactions, event, store.isMe(event.nick ?? '')) });
  }
}

function counted(before, event, own) {
  const counts = event.verb === 'REACTIONS' ? new Map() : new Map(before);
  for (let i = 0; event.verb === 'REACTIONS' && i + 1 < event.words.length; i += 2) {
    counts.set(event.words[i], { n: Number(event.words[i + 1]) || 0, own: before.get(event.words[i])?.own ?? false });
  }
  if (event.emoji) {
    const { n, own: had } = counts.get(event.emoji) ?? { n: 0, own: false };
    const adds = event.verb === 'REACT';
    counts.set(event.emoji, { n: n + (adds ? 1 : -1), own: own ? adds : had });
  }
  return new Map([...counts].filter(([, { n }]) => n > 0).slice(0, MAX_REACTIONS));
}

function moderated(store, event, asked) {
  const text = moderation(event);
  if (event.verb === 'SET') setPolicy(store, event);
  if (isOld(event) && asked?.verb === 'RULES') {
    asked.rules.push(`${event.nick} ${text}`);
    return;
  }
  const room = isRoom(event.room) && event.room !== '#*' ? store.find(event.room) : null;
  if (!room) {
    if (!isOld(event)) store.note(`${event.nick} ${text}`);
    return;
  }
  heard(store, room, event);
  const about = store.isMe(event.subject);
  store.put(room, { kind: 'moderated', id: idOf(event.tags), time: timeOf(event), nick: event.nick, text, about });
  if (isOld(event)) return;
  const raised = event.verb === 'OP' ? event.subject : event.subject === 'registered=yes' && event.nick;
  const who = raised || (event.verb === 'DEOP' && event.subject);
  if (who && room.member(who)) {
    room.addMember(who, { operator: Boolean(raised) });
    store.emit('member', room, who);
  }
  if (event.verb !== 'KICK') return;
  if (about) store.left(room, t('out.kicked', { nick: event.nick }));
  else gone(store, room, event.subject);
}

function setPolicy(store, event) {
  const room = store.find(event.room);
  if (!room) return;
  const [name, value] = event.subject.split('=');
  room.policy[name] = value;
  store.emit('topic', room);
}

function seenElsewhere(store, event) {
  const room = store.find(event.room);
  if (!room || room.private) return;
  room.reportedId = Math.max(room.reportedId ?? 0, event.about);
  if (event.about > (room.seenId ?? 0)) store.seen(room, event.about);
}
