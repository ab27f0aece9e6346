// The line protocol of docs/protocol.rst: lines into events, commands into lines, and names.

export const MAX_LINE_BYTES = 8192;
export const MAX_LABEL_BYTES = 40;
export const LOBBY = '#lobby';
const TAG = /^([a-z0-9-]{1,32})(?:=([A-Za-z0-9._:+-]{1,64}))?$/;
const PAIR = /^([a-z-]+)=(.*)$/;
const encoder = new TextEncoder();

const RULING = 'nick room subject';
// The words of each verb. "text" is the rest of the line; one with "?" may be missing.
const GRAMMAR = {
  NOTE: 'text',
  JOIN: 'nick room',
  PART: 'nick room text?',
  NICK: 'nick to',
  TOPIC: 'nick room text',
  MSG: 'nick room text',
  TELL: 'nick text',
  TOLD: 'nick text',
  RETRACT: 'nick room about',
  EDIT: 'nick room about text',
  REACT: 'nick room about emoji',
  UNREACT: 'nick room about emoji',
  REACTIONS: 'room about *words',
  WHO: 'room *words',
  IS: 'nick room *values text?',
  KICK: 'nick room subject text?',
  MUTE: 'nick room subject *values text?',
  BAN: 'nick room subject *values text?',
  UNMUTE: RULING,
  UNBAN: RULING,
  OP: RULING,
  DEOP: RULING,
  INVITE: RULING,
  UNINVITE: RULING,
  SET: RULING,
  ROOM: 'room count text?',
  SEEN: 'room about',
  PING: 'text?',
  ERR: 'code command text',
  BYE: 'code text',
};
const KEYS = { IS: ['operator', 'bot', 'away', 'idle'], MUTE: ['for'], BAN: ['for'] };

/** The event of one line of the server, null for one that is not known here. */
export function parse(line) {
  let tags = {};
  let rest = line;
  if (rest.startsWith('@')) {
    const end = rest.indexOf(' ');
    if (end < 0) return null;
    tags = parseTags(rest.slice(1, end));
    rest = rest.slice(end + 1);
    if (!tags) return null;
  }
  const [verb, tail] = cut(rest);
  if (verb === 'OK') return parseDone(tags, tail);
  const fields = Object.hasOwn(GRAMMAR, verb) ? GRAMMAR[verb] : null;
  return fields && parseFields({ verb, tags }, fields.split(' '), tail);
}

function parseTags(text) {
  const tags = Object.create(null);
  for (const each of text.split(';')) {
    const found = TAG.exec(each);
    if (!found) return null;
    tags[found[1]] = found[2] ?? '';
  }
  return tags;
}

function cut(text) {
  const end = text.indexOf(' ');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
}

function parseFields(event, fields, tail) {
  let rest = tail;
  for (const field of fields) {
    if (field === 'text' || field === 'text?') {
      if (!rest && field === 'text') return null;
      event.text = rest;
    } else if (field === '*words') {
      event.words = rest ? rest.split(' ') : [];
    } else if (field === '*values') {
      [event.values, rest] = takeValues(rest, KEYS[event.verb]);
    } else {
      [event[field], rest] = cut(rest);
      if (!event[field]) return null;
    }
  }
  if (event.about !== undefined) event.about = Number(event.about) || 0;
  return event;
}

function takeValues(text, keys) {
  const values = Object.create(null);
  let rest = text;
  for (;;) {
    const [word, more] = cut(rest);
    const pair = PAIR.exec(word);
    if (!pair || !keys.includes(pair[1])) return [values, rest];
    values[pair[1]] = pair[2];
    rest = more;
  }
}

function parseDone(tags, tail) {
  const [command, rest] = cut(tail);
  const words = [];
  const values = Object.create(null);
  for (const word of rest ? rest.split(' ') : []) {
    const pair = PAIR.exec(word);
    if (pair) values[pair[1]] = pair[2];
    else words.push(word);
  }
  return { verb: 'OK', tags, command, words, values };
}

/** One line to the server: `format('MSG', ['hi'], {label: 'a1'})`. Empty words are left out. */
export function format(verb, words = [], tags = {}) {
  const said = Object.entries(tags)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${value}`);
  const line = [verb, ...words.filter((word) => word !== '' && word != null)].join(' ');
  return said.length ? `@${said.join(';')} ${line}` : line;
}

/** A text as the server shows it, in one line. */
export const clean = (text) => text.replace(/[\r\n\0\u2028\u2029]/g, ' ');

export const saidLine = (values) => ({ kind: 'said', id: 0, reactions: new Map(), ...values });

export const textOf = ({ nick, text }) => text.replace(/^\/me /, () => `* ${nick} `);

export const bytes = (text) => encoder.encode(text).length;

/** The same for all spellings of one name, as chatd/protocol/names.py has it: NFKC, with case folded. */
export const key = (name) =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\0-\x7fı]/gu, folded)
    .normalize('NFKC');

function folded(sign) {
  const upper = sign.toUpperCase();
  return /\p{sc=Cher}/u.test(upper) ? upper : upper.toLowerCase();
}

export const isRoom = (name) => name.startsWith('#');

export const idOf = (values, name = 'id') => (/^\d{1,19}$/.test(values[name] ?? '') ? Number(values[name]) : 0);

/** What of an epoch stays when the server starts again. */
export const history = (epoch) => (epoch ?? '').split('.')[0];

/** A fresh token. `crypto.randomUUID` is missing where the page came without TLS. */
export function label() {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const IN_NAME = /[\p{L}\p{M}\p{N}_.\-[\]\\`^{|}]/u;
const WORD = /[\p{L}\p{M}\p{N}_]/u;
const TOGETHER =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmr}\p{scx=Mymr}]/u;
const STACKED = /^([\u1039\u17d2].|.\p{M})/u;

const goesOn = (before, after) =>
  IN_NAME.test(before) &&
  IN_NAME.test(after) &&
  (STACKED.test(before + after) || !(TOGETHER.test(before) || TOGETHER.test(after)));

export function mentions(text, nick) {
  const own = key(nick);
  const folded = key(text);
  let end = 0;
  for (let at; own && (at = folded.indexOf(own, end)) >= 0; end += 1) {
    let start = at;
    end = at + own.length;
    while (start && goesOn(folded[start - 1], folded[start])) start -= 1;
    while (end < folded.length && goesOn(folded[end - 1], folded[end])) end += 1;
    if (!WORD.test(folded.slice(start, at) + folded.slice(at + own.length, end))) return true;
  }
  return false;
}
