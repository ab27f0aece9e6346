// What the answers to questions, OK and ERR, do to the store.

import { putPrivate, rename } from './apply.js';
import { t } from './strings.js';
import { history, idOf, saidLine } from './wire.js';

const NEWEST = 100;
const QUIET = new Set(['SEEN', 'RULES', 'WHO', 'HISTORY']);

export function answered(session, question, event) {
  ANSWERS[event.command]?.(session, question, event);
}

export function refused(session, question, event) {
  question.lost?.(event);
  if (question.own && QUIET.has(question.verb)) return;
  const room = question.room ? session.store.find(question.room) : null;
  session.store.note(event.text, { room: room ?? session.store.front, kind: 'error' });
}

const ANSWERS = {
  HELLO: greeted,
  JOIN: joined,
  PART: parted,
  NICK: renamed,
  REGISTER: (session, { done }) => done(),
  WHO: listed,
  HISTORY: told,
  SEARCH: found,
  TELL: delivered,
  ROOMS: ({ store }) => {
    if (store.listingWhole) store.listing = [];
    store.listingWhole = true;
    store.emit('listing');
  },
  IGNORE: ({ store }, question, { words }) => store.note(t('ignore.list', { names: words.join(', ') || t('nobody') })),
  RULES: ({ store }, { rules = [], shown, room }) => {
    if (shown)
      store.note(rules.length ? t('rules', { rules: rules.join('\n') }) : t('rules.none'), { room: store.find(room) });
  },
  UNIGNORE: ({ store }, question, { words }) => store.note(t('ignore.end', { nick: words[0] ?? '' })),
  AWAY: ({ store }, question) => {
    const away = question.words?.[0] || false;
    store.note(away ? t('away.set') : t('away.end'));
    for (const room of store.rooms.values()) {
      if (!room.member(store.nick)) continue;
      room.addMember(store.nick, { away });
      store.emit('member', room, store.nick);
    }
  },
};

function greeted({ store }, question, { values }) {
  const before = store.epoch;
  store.epoch = values.epoch ?? null;
  if (before === null || history(before) === history(store.epoch)) return;
  for (const room of store.rooms.values()) beginAnew(store, room);
}

/** Ids start over: nothing shown can stand beside what comes now. */
function beginAnew(store, room) {
  const known = room.lines.length > 0;
  store.clear(room);
  if (known) store.put(room, { kind: 'gap', id: 0, time: Date.now(), nick: '', text: t('history.new'), fixed: true });
}

function joined(session, question, { words, values }) {
  const { store } = session;
  const room = store.open(words[0] ?? '');
  if (!room) return;
  const last = idOf(values, 'last');
  if (values.since === 'unknown' && room.resumeId !== null) beginAnew(store, room);
  const missing = question.known && values.recovered !== 'yes';
  if (missing && room.lines.length) gap(store, room, room.resumeId ?? 0);
  room.name = words[0];
  room.joined = room.wanted = true;
  room.out = '';
  room.count = Number(words[1]) || 0;
  room.members.clear();
  room.addMember(store.nick);
  room.lastId = Math.max(room.lastId, last);
  // Asked for and not told by JOIN, since HISTORY has the reactions too.
  if (!question.known || missing) {
    const more = { older: missing ? 0 : NEWEST, done: () => room.due.delete(ask) };
    const ask = () => session.fetchOld(room, 'HISTORY', [NEWEST, `before=${last + 1}`], more);
    room.due.add(ask);
  }
  for (const ask of room.due) ask();
  room.resumeId = Math.max(room.resumeId ?? 0, last);
  room.resumeEpoch = store.epoch;
  markers(store, room, values);
  store.emit('rooms');
  store.emit('members', room);
  store.emit('topic', room);
}

function markers(store, room, values) {
  const kept = 'seen' in values;
  const seen = Math.min(idOf(values, 'seen'), room.lastId);
  store.account = store.account || kept;
  room.reportedId = kept ? seen : null;
  const isNew = room.seenId === null;
  if (isNew) room.seenId = seen || room.lastId; // of what nobody has read it only counts what comes
  store.seen(room, Math.max(seen, room.seenId));
  if (!room.unread && isNew && room.seenId < room.lastId) {
    room.markSeen(room.seenId);
    store.emit('room', room);
  }
  const first = room.lines.find((line) => line.kind === 'said' && !line.own && line.id > room.seenId);
  room.firstUnread = room.unread ? (first?.id ?? 0) : 0;
}

/** Put a line that says that something is missing after an id, and loads it. */
export function gap(store, room, after) {
  store.put(room, { kind: 'gap', id: 0, key: after + 0.5, after, time: 0, nick: '', text: t('history.gap') });
}

function parted({ store }, question, { words }) {
  const room = store.find(words[0] ?? '');
  if (!room) return;
  store.left(room);
  if (question.close) store.close(room);
}

function renamed({ store }, question, { words }) {
  if (words[0]) rename(store, store.nick, words[0], { tags: {} });
}

function listed({ store }, question, { words }) {
  const room = store.find(words[0] ?? '');
  if (!room) return;
  if (question.seen) {
    for (const name of [...room.members.keys()]) if (!question.seen.has(name)) room.members.delete(name);
  }
  room.count = room.members.size;
  store.emit('members', room);
  if (!question.own) {
    const names = [...room.members.values()].map((each) => each.nick).join(', ');
    store.note(t('who.list', { room: room.name, names }), { room });
  }
}

function told({ store }, question, { words }) {
  const room = store.find(question.room ?? '');
  if (!room) return;
  const count = Number(words[1]) || 0;
  if (question.older && count < question.older) room.mayHaveOlder = false;
  if (question.gap) close(store, room, question, count);
  store.emit('room', room);
  question.done?.(count);
}

/** Some of what was missing is here: the gap goes behind it, or away. */
function close(store, room, { gap: line, ids, most }, count) {
  const next = room.lines.find((each) => each.id && each.key > line.key && !ids.includes(each.id));
  const last = Math.max(...ids, 0);
  store.remove(room, line);
  if (count >= most && !(next && last >= next.id) && last) gap(store, room, last);
}

function found({ store }, question) {
  store.emit('found', question.found, question);
}

function delivered(session, { told: message }, { words, values }) {
  if (!message) return;
  const { store } = session;
  const room = session.removeWaiting(message) ?? store.open(words[0] ?? message.room);
  if (!room || !room.private) return;
  const id = idOf(values);
  if (values.stored === 'yes') room.stored = true;
  const time = Date.parse(values.time ?? '') || Date.now();
  putPrivate(store, room, saidLine({ id, time, nick: store.nick, text: message.text, own: true }));
  if (values.here === 'no') store.note(t('tell.absent', { nick: room.name }), { room });
  if (values.away === 'yes' && !room.toldAway) {
    room.toldAway = true;
    store.note(t('tell.away', { nick: room.name }), { room });
  }
}
