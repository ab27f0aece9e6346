// What somebody types, as things to do; and what Tab makes of a word.

import { offers, overheard } from './browser.js';
import { t } from './strings.js';
import { bytes, clean, isRoom, key, MAX_LABEL_BYTES, MAX_LINE_BYTES } from './wire.js';

const MAX_TEXT_BYTES = MAX_LINE_BYTES - MAX_LABEL_BYTES - 100; // a name, the tags and the verb besides
const SECRET = new Set(['/login', '/register']);

/** How each is written. A room may come first (`room`), `after` so many words, or at the end (`tail`). */
export const COMMANDS = {
  '/join': { usage: '<#room>', help: 'join.title' },
  '/part': { usage: '[#room] [text]', help: 'do.leave', room: true },
  '/msg': { usage: '<nick or #room> <text>', help: 'cmd.msg' },
  '/me': { usage: '<text>', help: 'cmd.me' },
  '/topic': { usage: '[#room] <text>', help: 'topic.none', room: true },
  '/nick': { usage: '<nick>', help: 'do.nick' },
  '/away': { usage: '[text]', help: 'do.away' },
  '/search': { usage: '<words> [from:nick]', help: 'search.words' },
  '/who': { usage: '[#room]', help: 'cmd.who', room: true },
  '/rooms': { usage: '', help: 'join.open' },
  '/react': { usage: '<id or last> <emoji>', help: 'do.react', tail: true },
  '/unreact': { usage: '<id or last> <emoji>', help: 'cmd.unreact', tail: true },
  '/edit': { usage: '<text>', help: 'do.edit' },
  '/retract': { usage: '', help: 'do.retract' },
  '/ignore': { usage: '[nick]', help: 'do.ignore' },
  '/unignore': { usage: '<nick>', help: 'cmd.unignore' },
  '/kick': { usage: '<nick> [text]', help: 'do.kick', after: 1 },
  '/mute': { usage: '<nick> [for=15m] [text]', help: 'do.mute', after: 1 },
  '/unmute': { usage: '<nick>', help: 'do.unmute', after: 1 },
  '/ban': { usage: '<nick> [for=2h] [text]', help: 'do.ban', after: 1 },
  '/unban': { usage: '<nick>', help: 'cmd.unban', after: 1 },
  '/op': { usage: '<nick>', help: 'do.op', after: 1 },
  '/deop': { usage: '<nick>', help: 'do.deop', after: 1 },
  '/invite': { usage: '<nick>', help: 'invite.do', after: 1 },
  '/set': { usage: '<key>=<value>', help: 'do.room', room: true },
  '/rules': { usage: '[#room]', help: 'do.rules', room: true },
  '/register': { usage: '<password> [code]', help: 'sign.register' },
  '/login': { usage: '', help: 'sign.login' },
  '/logout': { usage: '', help: 'do.out' },
  '/settings': { usage: '', help: 'settings' },
  '/help': { usage: '', help: 'help' },
};

/** Those that this server offers. */
export const NAMES = Object.keys(COMMANDS).filter((name) => !SECRET.has(name) || offers(name.slice(1)));

const holdsSecret = (text) =>
  text.split('\n').some((line) => SECRET.has(line.trim().split(/\s/, 1)[0].toLowerCase()));

/** Do what a text asks for; return what is wrong as a sentence, or null. */
export function carryOut(app, text, reply = 0) {
  const lines = text.split('\n').filter((line) => line.trim());
  if (!lines.length) return null;
  if (lines[0].startsWith('/') && !lines[0].startsWith('//')) {
    return lines.length > 1 ? t('cmd.alone') : command(app, lines[0]);
  }
  if (holdsSecret(text)) return t('cmd.secret');
  const room = app.store.front;
  if (!room) return t('cmd.noroom');
  if (room.out && !room.joined && !room.private) return t('cmd.out', { room: room.name, why: room.out });
  const said = lines.map((line, index) => clean(index === 0 && line.startsWith('//') ? line.slice(1) : line));
  const long = said.find((line) => bytes(line) > MAX_TEXT_BYTES);
  if (long) return t('cmd.long', { n: bytes(long), most: MAX_TEXT_BYTES });
  for (const [index, line] of said.entries()) {
    if (app.session.say(room, line, index === 0 ? reply : 0)) continue;
    app.composer.set(lines.slice(index).join('\n'));
    return t('cmd.full');
  }
  app.log.toEnd();
  return null;
}

function command(app, line) {
  const [word, ...rest] = line.trim().split(/\s+/);
  const name = word.toLowerCase();
  const tail = clean(line.trim().slice(word.length).trim());
  if (!Object.hasOwn(COMMANDS, name)) return t('cmd.unknown', { word });
  const { usage } = COMMANDS[name];
  if (usage.startsWith('<') && !tail) return t('cmd.usage', { usage: `${name} ${usage}` });
  if (Object.hasOwn(DONE_HERE, name)) {
    const wrong = DONE_HERE[name](app, tail, rest);
    return typeof wrong === 'string' ? wrong : null;
  }
  return ordered(app, name, tail, rest);
}

function ordered(app, name, tail, rest) {
  const { room: takesRoom, after, tail: last } = COMMANDS[name];
  const verb = name.slice(1).toUpperCase();
  const front = app.store.front;
  if (!takesRoom && after === undefined && !last) {
    return app.session.ask(verb, [tail]);
  }
  const at = last ? rest.length : (after ?? 0);
  const named = isRoom(rest[last ? rest.length - 1 : at] ?? '');
  if (!named && (!front || front.private)) return t('cmd.notroom', { usage: `${name} ${COMMANDS[name].usage}` });
  const words = named ? [tail] : [...rest.slice(0, at), front.name, ...rest.slice(at)];
  return app.session.ask(verb, words, verb === 'RULES' ? { rules: [], shown: true } : {});
}

const DONE_HERE = {
  '/join': (app, tail, [name]) => app.goTo(isRoom(name) ? name : `#${name}`),
  '/part': (app, tail, rest) => {
    const named = isRoom(rest[0] ?? '');
    const room = named ? app.store.find(rest[0]) : app.store.front;
    return room ? app.leave(room, named ? rest.slice(1).join(' ') : tail) : t('cmd.noroom');
  },
  '/msg': (app, tail, [to]) => {
    const text = tail.slice(to.length).trim();
    const room = isRoom(to) ? app.store.find(to) : app.store.open(to);
    if (!room) return app.goTo(to);
    return text && !app.session.say(room, text) ? t('cmd.full') : app.go(room);
  },
  '/me': (app, tail) => carryOut(app, `//me ${tail}`),
  '/search': (app, tail) => app.search.open(tail),
  '/rooms': (app) => app.sheets.join(),
  '/edit': (app, tail) => {
    const room = app.store.front;
    return room && !room.private ? app.session.ask('EDIT', ['last', room.name, tail]) : t('cmd.noroom');
  },
  '/retract': (app) => {
    const room = app.store.front;
    return room && !room.private ? app.session.ask('RETRACT', ['last', room.name]) : t('cmd.noroom');
  },
  // Over the connection that holds the nick: to others it is in use.
  '/register': (app, tail, [password, code]) => {
    const { nick } = app.store;
    if (overheard) return t('sign.https');
    const logIn = async () => app.warn((await app.signIn({ mode: 'login', nick, password })) ?? t('registered', { nick }));
    return app.session.ask('REGISTER', code ? [password, code] : [password], { done: logIn });
  },
  '/login': (app) => app.sheets.signIn({ mode: 'login' }),
  '/logout': (app) => app.signOut(),
  '/settings': (app) => app.sheets.settings(),
  '/help': (app) => app.sheets.help(),
};

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
    return fitting(word, [...new Set([...known, ...store.listing.map((each) => each.name)])].sort()).map(
      (name) => `${name} `,
    );
  }
  if (word.startsWith('/') && start === 0)
    return NAMES.filter((name) => name.startsWith(word.toLowerCase())).map((name) => `${name} `);
  if (holdsSecret(text)) return [];
  const at = word.startsWith('@') ? '@' : '';
  const after = start || at ? ' ' : ': ';
  return fitting(word.slice(at.length), people(store)).map((nick) => at + nick + after);
}

/** Who can be meant: recent speakers, the others by name, oneself last. */
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
