// One stay at the server, from HELLO on, over as many connections as it takes: joining, what is sent and in which
// order, what is asked, and what is sent again.

import { apply } from './apply.js';
import { answered, refused } from './replies.js';
import { SendQueue } from './queue.js';
import { Emitter } from './emitter.js';
import { tab } from './storage.js';
import { unsure } from './outbox.js';
import { t } from './strings.js';
import { LOBBY, format, isRoom, key, label, parse } from './wire.js';

const MAX_UNANSWERED = 64;
const SEEN_MS = 2000;
export const PAGE = 100;
const TEMPORARY = new Set(['unavailable', 'slow-down', 'full', 'name-taken']);
const FINAL = new Set(['replaced', 'kicked', 'banned', 'not-chatd']);
const OLD_LINES = new Set(['HISTORY', 'SEARCH', 'JOIN']);

/** Emits 'refused' (code, text): the server lets nobody in under this name; and 'stopped' (code, text). */
export class Session extends Emitter {
  /** `{nick, password, register, code}`: a password is kept for as long as the page is there. */
  identity = null;
  asked = new Map();
  present = false;
  #renaming = false;
  #arrivedOnce = false;
  #connection;
  #queue = new SendQueue();

  constructor(store, connection, outbox) {
    super();
    this.store = store;
    this.outbox = outbox;
    this.#connection = connection;
    connection.on('line', (line) => this.#take(line));
    connection.on('state', (state) => this.#connected(state));
    setInterval(() => this.#reportSeen(), SEEN_MS);
  }

  begin(identity) {
    this.identity = identity;
    this.#arrivedOnce = false;
    this.store.setNick(identity.nick);
    this.#connection.stop();
    this.#connection.open();
  }

  end() {
    if (this.present) this.#connection.send('QUIT');
    this.#connection.stop();
  }

  again() {
    this.#connection.open();
  }

  // What somebody does here.

  /** Say a line in a room or to one person: it is shown as waiting, and sent now or when that can be done. */
  say(room, text, reply = 0) {
    const message = { label: label(), room: room.name, text, reply, time: Date.now(), nick: '', sent: false };
    if (!this.outbox.add(message)) return false;
    this.showWaiting(message);
    this.#send({ message: message.label });
    return true;
  }

  showWaiting({ room: name, text, label: token, time, reply }) {
    const room = this.store.open(name);
    if (!room) return;
    const line = { kind: 'said', id: 0, time, nick: this.store.nick, text, own: true, reply, state: 'waiting' };
    this.store.put(room, { ...line, key: Infinity, label: token, reactions: new Map() });
  }

  /** Say again what failed, under the label that it had. */
  resay(line) {
    const room = this.store.open(line.to);
    if (room && this.say(room, line.text, line.reply)) this.store.remove(room, line);
  }

  /** Ask something for somebody in a room; what the answer says is shown there. */
  ask(verb, words, { room = this.store.front, ...more } = {}) {
    this.#send({ verb, words, room: room?.name ?? null, ...more });
  }

  join(room) {
    room.wanted = true;
    room.out = '';
    if (this.present && !room.joined) this.#urgent(this.#joinOf(room));
  }

  /** Ask for what the page needs itself. */
  fetch(verb, words, more = {}) {
    if (this.present) this.#urgent({ verb, words, own: true, ...more });
    return this.present;
  }

  // Connections.

  #connected(state) {
    if (state === 'open') {
      this.store.setPresence('greeting');
      this.#queue = new SendQueue();
      this.asked.clear();
      this.#write({ verb: 'HELLO', words: ['1'], own: true });
    } else if (state !== 'connecting') {
      this.present = this.#renaming = false;
      for (const each of this.asked.values()) each.lost?.();
      this.asked.clear();
      this.store.disconnected();
    }
  }

  #take(text) {
    const event = parse(text);
    if (!event) return;
    if (event.verb === 'PING') this.#connection.send(format('PONG', [event.text]).replace('PONG', 'PING'));
    else if (event.verb === 'BYE') this.#ended(event);
    else if (event.verb === 'OK' || event.verb === 'ERR') this.#answer(event);
    else this.#event(event);
  }

  #event(event) {
    const token = event.tags.label;
    if (event.verb === 'MSG' && token) this.#acknowledged(token);
    apply(this.store, event, this.#oldest());
  }

  /** The question that old lines and lists answer: answers come in the order of the questions. */
  #oldest() {
    for (const each of this.asked.values()) if (OLD_LINES.has(each.verb) || each.seen) return each;
    return null;
  }

  #acknowledged(token) {
    this.asked.delete(token);
    const message = this.outbox.settle(token);
    if (message) this.removeWaiting(message);
    this.#goOn();
  }

  removeWaiting(message) {
    const room = this.store.find(message.room);
    const line = room?.lines.findLast((each) => each.label === message.label);
    if (line) this.store.remove(room, line);
    return room;
  }

  #answer(event) {
    const token = event.tags.label ?? '';
    const question = this.asked.get(token);
    this.asked.delete(token);
    if (question?.message) this.#answerMessage(question, event);
    else if (!this.present) this.#arriving(question, event);
    else this.#answerQuestion(question ?? {}, event);
    if (question?.verb === 'NICK') this.#renaming = false;
    this.#goOn();
  }

  #answerQuestion(question, event) {
    if (event.verb === 'OK') {
      if (event.command === 'JOIN') this.#entered(event);
      answered(this, question, event);
      return;
    }
    if (question.verb === 'JOIN') this.#keptOut(question, event);
    refused(this, question, event);
    if (question.own && question.verb === 'JOIN' && TEMPORARY.has(event.code)) this.#later(question);
  }

  #answerMessage(question, event) {
    const message = this.outbox.get(question.message);
    if (!message) return;
    if (event.verb === 'ERR' && TEMPORARY.has(event.code)) {
      this.#queue.holdRefused({ message: message.label });
      this.#hold();
    } else if (event.verb === 'ERR') {
      this.fail(message, event.text);
    } else {
      this.outbox.settle(message.label);
      answered(this, { ...question, told: message }, event);
    }
  }

  /** Show that something was not said and why; it can be said again by hand. */
  fail(message, reason) {
    this.outbox.settle(message.label);
    const room = this.removeWaiting(message);
    const line = { kind: 'said', id: 0, time: message.time, nick: this.store.nick, text: message.text, own: true };
    if (!room) return;
    const failed = { state: 'failed', reason, to: message.room, reply: message.reply, reactions: new Map() };
    this.store.put(room, { ...line, ...failed });
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
    else if (question.verb === 'LOGIN' && ok) this.#enterFirst();
    else if (question.verb === 'JOIN' && ok) this.#arrived(question, event);
    else if (!ok) this.#turnedAway(question, event);
  }

  #greeted({ values }) {
    answered(this, { verb: 'HELLO' }, { command: 'HELLO', values, words: [] });
    const { nick, password, register } = this.identity;
    if (password && !register) this.#write({ verb: 'LOGIN', words: [nick, password], own: true });
    else this.#enterFirst();
  }

  #enterFirst() {
    const wanted = this.store.wantedRooms();
    const first = wanted.includes(this.store.front) ? this.store.front : wanted[0];
    const room = first ?? this.store.open(LOBBY);
    this.#write(this.#joinOf(room, this.identity.nick));
  }

  #joinOf(room, nick = null) {
    const words = [nick, room.name];
    if (room.resumeId !== null) words.push(`since=${room.resumeId}`, `epoch=${room.resumeEpoch}`);
    else words.push(`last=${PAGE}`);
    if (nick && this.store.resume) words.push(`resume=${this.store.resume}`);
    return { verb: 'JOIN', words, room: room.name, own: true, known: room.resumeId !== null, ids: [] };
  }

  #arrived(question, event) {
    this.present = this.#arrivedOnce = true;
    this.#connection.proven();
    const { nick, register, password, code } = this.identity;
    this.#entered(event);
    answered(this, question, event);
    for (const room of this.store.wantedRooms()) if (!room.joined) this.#urgent(this.#joinOf(room));
    if (register) {
      this.identity = { nick, password };
      this.ask('REGISTER', [password, code], { room: this.store.find(question.room) });
    }
    for (const message of this.outbox.all()) this.#takeUp(message);
    this.store.setPresence('present');
    this.#goOn();
  }

  #takeUp(message) {
    const renamed = message.nick && key(message.nick) !== key(this.store.nick);
    const stored = this.store.find(message.room)?.stored;
    if ((message.sent && renamed) || unsure(message, stored)) this.fail(message, t('fail.unknown'));
    else this.#queue.append({ message: message.label });
  }

  #turnedAway(question, { code, text }) {
    const room = question.verb === 'JOIN' ? this.store.find(question.room) : null;
    const personal = ['bad-nick', 'name-needed', 'bad-password', 'tls-needed'].includes(code)
      || code === 'name-taken' || question.verb === 'LOGIN';
    if (room && !personal && !TEMPORARY.has(code) && room.name !== LOBBY && code !== 'already-in') {
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
    if (event.values.resume) {
      this.store.resume = event.values.resume;
      tab.set('resume', { nick: this.store.nick, secret: event.values.resume });
    }
    if (room) this.fetch('WHO', [room.name, 'details=yes'], { room: room.name, seen: new Set() });
    if (room) this.fetch('RULES', [room.name], { room: room.name, quiet: true });
    this.#queue.release();
  }

  #keptOut(question, { code, text }) {
    const room = this.store.find(question.room);
    if (room && !TEMPORARY.has(code) && code !== 'already-in') this.store.left(room, text);
    this.#queue.release();
  }

  // What is sent, and when.

  #send(item) {
    this.#queue.append(item);
    this.#goOn();
  }

  #urgent(question) {
    this.#queue.appendUrgent(question);
    this.#goOn();
  }

  #goOn() {
    while (this.present && !this.#renaming && this.asked.size < MAX_UNANSWERED) {
      const item = this.#queue.next();
      if (!item) return;
      if (item.message) {
        this.#sendMessage(item);
      } else if (item.verb === 'NICK' && this.asked.size) {
        this.#queue.putBack(item); // labels hold for one name: what was said before it is acknowledged first
        return;
      } else {
        this.#renaming = item.verb === 'NICK';
        this.#write(item);
      }
    }
  }

  #write(question) {
    const token = label();
    this.asked.set(token, question);
    this.#connection.send(format(question.verb, question.words, { label: token }));
  }

  #sendMessage(item) {
    const message = this.outbox.get(item.message);
    const room = message && this.store.find(message.room);
    if (!room) return;
    if (this.#queue.holding || (room.wanted && !room.joined && isRoom(room.name))) {
      this.#queue.hold(item);
      return;
    }
    this.asked.set(message.label, item);
    this.outbox.sent(message.label, this.store.nick);
    const tags = { label: message.label, reply: message.reply || '' };
    this.#connection.send(format('TELL', [message.room, message.text], tags));
  }

  #pause = () => 1000 + Math.random() * 4000;

  #hold() {
    if (this.#queue.holding) return;
    const queue = this.#queue;
    queue.holding = true;
    setTimeout(() => {
      queue.holding = false;
      queue.release();
      this.#goOn();
    }, this.#pause());
  }

  #later(question) {
    setTimeout(() => {
      if (this.present && this.store.find(question.room)?.wanted) this.#urgent(question);
    }, this.#pause());
  }

  #reportSeen() {
    if (!this.present) return;
    for (const room of this.store.rooms.values()) {
      if (!room.joined || room.reportedId === null || (room.seenId ?? 0) <= room.reportedId) continue;
      room.reportedId = room.seenId;
      this.fetch('SEEN', [room.seenId, room.name], { quiet: true });
    }
  }
}
