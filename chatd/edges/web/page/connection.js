// The WebSocket: opened, kept alive, and opened again after growing pauses.

import { Emitter } from './emitter.js';

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;
const SILENCE = 25_000; // below the 45 seconds after which the server asks, and below the 50 that HAProxy allows
const ANSWER = 15_000;
const OPENING = 15_000;
const PROTOCOL = 'chatd.v1';

/** Emits `state` ('connecting', 'open', 'waiting', 'stopped'), `line` and `wait` (seconds until the next try). */
export class Connection extends Emitter {
  state = 'stopped';
  #url;
  #socket = null;
  #failures = 0;
  #timer = 0;
  #watch = 0;
  #heard = 0;
  #asked = 0;

  constructor(url) {
    super();
    this.#url = url;
  }

  open() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    this.#become('connecting');
    const socket = new WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#drop(socket), OPENING);
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (message) => this.#take(socket, message.data);
    socket.onclose = () => this.#drop(socket);
    socket.onerror = () => {};
  }

  /** Send lines in one frame; return whether there is a connection. */
  send(...lines) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(lines.join('\n'));
    return true;
  }

  /** Let the next wait be short again. */
  proven() {
    this.#failures = 0;
  }

  stop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#forget();
    this.#become('stopped');
    socket?.close(1000);
  }

  restart() {
    if (this.#socket) this.#drop(this.#socket);
  }

  /** The network may be back or gone: wait no longer, and do not trust a silent line. */
  hurry() {
    if (this.state === 'waiting') this.open();
    else if (this.state === 'open') this.#ask();
  }

  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#heard = performance.now();
    this.#asked = 0;
    this.#watch = setInterval(() => this.#check(), 5000);
    this.#become('open');
  }

  #take(socket, data) {
    if (socket !== this.#socket || typeof data !== 'string') return;
    this.#heard = performance.now();
    this.#asked = 0;
    for (const line of data.split('\n')) {
      const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (whole && socket === this.#socket) this.emit('line', whole);
    }
  }

  #ask() {
    if (!this.#asked && this.send('PING')) this.#asked = performance.now();
  }

  #check() {
    const now = performance.now();
    if (this.#asked && now - this.#asked > ANSWER) this.restart();
    else if (now - this.#heard > SILENCE) this.#ask();
  }

  #forget() {
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#socket = null;
  }

  #drop(socket) {
    if (socket !== this.#socket) return;
    this.#forget();
    socket.close();
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    const wait = longest * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(), wait);
    this.#become('waiting');
    this.emit('wait', Math.ceil(wait / 1000));
  }
}
