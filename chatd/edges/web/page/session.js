// One stay at the server, over as many connections as it takes: joining, asking, and sending again.

import { apply } from './apply.js';
import { tab } from './browser.js';
import { Emitter } from './emitter.js';
import { Sender, unsure } from './outbox.js';
import { answered, refused } from './replies.js';
import { t } from './strings.js';
import { format, key, label, LOBBY, parse, saidLine } from './wire.js';

const SEEN_MS = 2000;
export const PAGE = 100;
export const TEMPORARY = new Set(['unavailable', 'slow-down', 'name-taken']);
const PERSONAL = new Set(['bad-nick', 'name-needed', 'tls-needed', 'already-in']);
const FINAL = new Set(['replaced', 'kicked', 'banned', 'not-chatd']);

/** Emits 'refused' (code, text): the server lets nobody in under this name; and 'stopped' (code, text). */
export class Session extends Emitter {
  #arrivedOnce = false;
  #connection;

  constructor(store, connection, outbox) {
    super();
    this.store = store;
    this.outbox = outbox;
    this.sender = new Sender(store, connection, outbox);
    this.#connection = connection;
    connection.on('line', (line) => this.#take(line));
    connection.on('state', (state) => this.#connected(state));
    setInterval(() => this.#reportSeen(), SEEN_MS);
  }

  get present() {
    return this.sender.present;
  }

  begin(nick) {
    this.#arrivedOnce = false;
    this.store.setNick(nick);
    this.#connection.stop();
    this.#connection.open();
  }

  end() {
    if (this.present) this.#connection.send('QUIT');
    this.#connection.stop();
  }

  // What somebody does here.

  /** Say a line in a room or to one person: it is shown as waiting until it is sent. */
  say(room, text, reply = 0) {
    const message = { label: label(), room: room.name, text, reply, time: Date.now(), nick: '', sent: false };
    if (!this.outbox.add(message)) return false;
    this.showWaiting(message);
    if (this.present) this.sender.append({ message: message.label });
    return true;
  }

  showWaiting({ room: name, text, label: token, time, reply }) {
    const room = this.store.open(name);
    if (!room) return;
    const line = saidLine({ time, nick: this.store.nick, text, own: true, reply, state: 'waiting' });
    this.store.put(room, { ...line, key: Infinity, label: token });
  }

  resay(line) {
    const room = this.store.open(line.to);
    if (room && this.say(room, line.text, line.reply)) this.store.remove(room, line);
  }

  /** Ask something for somebody in a room, where the answer is shown; return a sentence if that cannot be done now. */
  ask(verb, words, { room = this.store.front, ...more } = {}) {
    if (this.present) this.sender.append({ verb, words, room: room?.name ?? null, ...more });
    else this.store.emit('homeless', t('state.away'));
    return this.present ? null : t('state.away');
  }

  join(room) {
    room.wanted = true;
    room.out = '';
    if (this.present && !room.joined) this.sender.urgent(this.#joinOf(room));
  }

  fetch(verb, words, more = {}) {
    if (this.present) this.sender.urgent({ verb, words, own: true, ...more });
    else more.lost?.();
  }

  /** Ask for old lines of a room: `ids` gets those of HISTORY, `found` those of SEARCH; `lost` the ERR, if one came. */
  fetchOld(room, verb, words, more) {
    const person = room.private ? room.name : null;
    this.fetch(verb, [room.place, ...words], { room: room.name, person, ids: [], found: [], ...more });
  }

  // Connections.

  #connected(state) {
    if (state === 'open') {
      this.store.setPresence('greeting');
      this.sender.reset();
      this.sender.write({ verb: 'HELLO', words: ['1'], own: true });
    } else if (state !== 'connecting') {
      this.sender.reset();
      this.store.disconnected();
    }
  }

  #take(text) {
    const event = parse(text);
    if (!event) return;
    if (event.verb === 'PING') this.#connection.send(format('PING', [event.text]));
    else if (event.verb === 'BYE') this.#ended(event);
    else if (event.verb === 'OK' || event.verb === 'ERR') this.#answer(event);
    else this.#event(event);
  }

  #event(event) {
    const token = event.tags.label;
    if (event.verb === 'MSG' && token) this.#acknowledged(token);
    apply(this.store, event, this.sender.oldest);
  }

  #acknowledged(token) {
    this.sender.answered(token);
    const message = this.outbox.settle(token);
    if (message) this.removeWaiting(message);
    this.sender.goOn();
  }

  removeWaiting(message) {
    const room = this.store.find(message.room);
    const line = room?.lines.findLast((each) => each.label === message.label);
    if (line) this.store.remove(room, line);
    return room;
  }

  #answer(event) {
    const question = this.sender.answered(event.tags.label ?? '');
    if (question?.message) this.#answerMessage(question, event);
    else if (!this.present) this.#arriving(question, event);
    else this.#answerQuestion(question ?? {}, event);
    if (question?.verb === 'NICK') this.sender.renaming = false;
    this.sender.goOn();
  }

  #answerQuestion(question, event) {
    if (event.verb === 'OK') {
      if (event.command === 'JOIN') this.#entered(event);
      answered(this, question, event);
      return;
    }
    if (question.verb === 'JOIN') this.#keptOut(question, event);
    refused(this, question, event);
    if (question.own && question.verb === 'JOIN' && TEMPORARY.has(event.code)) this.sender.later(question);
  }

  #answerMessage(question, event) {
    const message = this.outbox.get(question.message);
    if (!message) return;
    if (event.code === 'full' || TEMPORARY.has(event.code)) {
      this.sender.hold({ message: message.label });
    } else if (event.verb === 'ERR') {
      this.fail(message, event.text);
    } else {
      this.outbox.settle(message.label);
      answered(this, { ...question, told: message }, event);
    }
  }

  fail(message, reason) {
    this.outbox.settle(message.label);
    const room = this.removeWaiting(message);
    if (!room) return;
    const { time, text, reply, room: to } = message;
    this.store.put(room, saidLine({ time, nick: this.store.nick, text, own: true, reply, state: 'failed', reason, to }));
  }

  #ended({ code, text }) {
    if (!FINAL.has(code)) return;
    this.#connection.stop();
    this.emit('stopped', code, text);
  }

  // Arriving.

  #arriving(question, event) {
    const ok = event.verb === 'OK';
    if (!question) return;
    if (question.verb === 'HELLO' && ok) this.#greeted(event);
    else if (question.verb === 'JOIN' && ok) this.#arrived(question, event);
    else if (!ok) this.#turnedAway(question, event);
  }

  #greeted({ values }) {
    answered(this, { verb: 'HELLO' }, { command: 'HELLO', values, words: [] });
    this.#enterFirst();
  }

  #enterFirst() {
    const wanted = this.store.wantedRooms();
    const first = wanted.includes(this.store.front) ? this.store.front : wanted[0];
    const room = first ?? this.store.open(LOBBY);
    this.sender.write(this.#joinOf(room, this.store.nick));
  }

  #joinOf(room, nick = null) {
    const words = [nick, room.name];
    if (room.resumeId !== null) words.push(`since=${room.resumeId}`, `epoch=${room.resumeEpoch}`);
    if (nick && this.store.resume) words.push(`resume=${this.store.resume}`);
    return { verb: 'JOIN', words, room: room.name, own: true, known: room.resumeId !== null };
  }

  #arrived(question, event) {
    this.sender.present = this.#arrivedOnce = true;
    this.#connection.proven();
    this.#entered(event);
    answered(this, question, event);
    for (const room of this.store.wantedRooms()) if (!room.joined) this.sender.urgent(this.#joinOf(room));
    for (const message of this.outbox.all()) this.#takeUp(message);
    this.store.setPresence('present');
    this.sender.goOn();
  }

  #takeUp(message) {
    const renamed = message.nick && key(message.nick) !== key(this.store.nick);
    const stored = this.store.find(message.room)?.stored;
    if ((message.sent && renamed) || unsure(message, stored)) this.fail(message, t('fail.unknown'));
    else this.sender.append({ message: message.label });
  }

  #turnedAway(question, { code, text }) {
    const room = question.verb === 'JOIN' ? this.store.find(question.room) : null;
    const ofTheRoom = !TEMPORARY.has(code) && !PERSONAL.has(code) && room?.name !== LOBBY;
    if (room && ofTheRoom) {
      this.store.left(room, text);
      this.store.note(text, { room, kind: 'error' });
      this.#enterFirst();
    } else if (this.#arrivedOnce && TEMPORARY.has(code)) {
      this.#connection.restart();
    } else {
      this.#connection.stop();
      this.emit('refused', code, text);
    }
  }

  #entered(event) {
    const room = this.store.find(event.words[0] ?? '');
    if (event.values.nick) this.store.setNick(event.values.nick);
    this.store.resume = event.values.resume ?? this.store.resume;
    tab.set('nick', this.store.nick);
    if (room) this.fetch('WHO', [room.name, 'details=yes'], { room: room.name, seen: new Set() });
    if (room) this.fetch('RULES', [room.name], { room: room.name, rules: [] });
    this.sender.release();
  }

  #keptOut(question, { code, text }) {
    const room = this.store.find(question.room);
    if (room && !TEMPORARY.has(code) && code !== 'already-in') this.store.left(room, text);
    this.sender.release();
  }

  #reportSeen() {
    if (!this.present) return;
    for (const room of this.store.rooms.values()) {
      if (!room.joined || room.reportedId === null || (room.seenId ?? 0) <= room.reportedId) continue;
      room.reportedId = room.seenId;
      this.fetch('SEEN', [room.seenId, room.name]);
    }
  }
}
