// The page as a whole: puts its parts together, and does what concerns several of them.

import {
  logIn,
  logOut,
  notifications,
  redeem,
  register,
  roomOf,
  settings,
  showAddress,
  socketAddress,
  tab,
  takeCodes,
  whoAmI,
} from './browser.js';
import { Connection } from './connection.js';
import { Store } from './model.js';
import { Outbox } from './outbox.js';
import { Session } from './session.js';
import { t } from './strings.js';
import { Composer } from './view-composer.js';
import { LogView } from './view-log.js';
import { Menus } from './view-menus.js';
import { Sheets } from './view-sheets.js';
import { Shell } from './view-shell.js';
import { PeopleView, RoomsView, Search } from './view-sides.js';
import { textOf } from './wire.js';

const MAX_KEPT_ROOMS = 100;

class App {
  constructor() {
    this.store = new Store();
    this.outbox = new Outbox();
    this.connection = new Connection(socketAddress());
    this.session = new Session(this.store, this.connection, this.outbox);
    this.shell = new Shell(this);
    this.log = new LogView(this);
    this.rooms = new RoomsView(this);
    this.people = new PeopleView(this);
    this.composer = new Composer(this);
    this.menus = new Menus(this);
    this.search = new Search(this);
    this.sheets = new Sheets(this);
    this.#listen();
  }

  #listen() {
    const { store, session } = this;
    store.on('front', (room) => this.#front(room));
    store.on('rooms', () => this.#keepRooms());
    store.on('nick', (nick) => nick && settings.set('nick', nick));
    store.on('notice', (room, line) => this.#notify(room, line));
    session.on('refused', (code, text) => this.#refused(code, text));
    session.on('stopped', (code, text) => this.shell.stopped(text));
    window.addEventListener('popstate', () => this.goTo(roomOf(location.pathname), { replace: true }));
    window.addEventListener('hashchange', () => this.#codes(takeCodes()));
    for (const each of ['online', 'offline']) window.addEventListener(each, () => this.connection.hurry());
    document.addEventListener(
      'visibilitychange',
      () => document.visibilityState === 'visible' && this.connection.hurry(),
    );
  }

  async start() {
    const codes = takeCodes();
    for (const name of tab.get('rooms', [])) if (typeof name === 'string' && name) this.#want(name);
    const first = this.#want(roomOf(location.pathname));
    this.store.show(first ?? null);
    await this.#codes(codes, { begin: false });
    const had = settings.get('account');
    const known = had ? await this.#known() : null;
    const nick = known ?? tab.get('nick') ?? settings.get('nick', '');
    this.store.nick = nick;
    for (const message of this.outbox.all()) this.session.showWaiting(message);
    this.#takeSecret(nick);
    if (codes.invite && !known) this.sheets.signIn({ mode: 'register', code: codes.invite, nick });
    else if (known || (tab.get('nick') && !had)) this.session.begin(nick);
    else this.sheets.signIn({ nick, mode: had ? 'login' : 'guest' });
  }

  /** Take the secret of the nick, which a reload keeps; a copied tab gets none and cannot take the nick. */
  #takeSecret(nick) {
    const kept = tab.get('resume');
    tab.remove('resume');
    this.store.resume = kept?.nick === nick ? kept.secret : null;
    window.addEventListener('pagehide', () => {
      if (this.session.present) tab.set('resume', { nick: this.store.nick, secret: this.store.resume });
    });
  }

  #want(name) {
    const room = this.store.open(name);
    if (room && !room.private) room.wanted = true;
    return room;
  }

  async #codes({ operator, invite }, { begin = true } = {}) {
    if (operator) {
      const answer = await redeem(operator);
      this.warn(answer.ok ? t('operator.done') : answer.text || t('state.away'));
      if (answer.ok) settings.set('account', true);
      if (answer.ok && begin) this.#begin((await this.#known()) ?? this.store.nick);
    }
    if (invite && begin) this.sheets.signIn({ mode: 'register', code: invite });
  }

  // Who one is.

  /** The nick of the account that this browser is logged in to, null if that is over. */
  async #known() {
    const { ok, nick } = await whoAmI();
    settings.set('account', ok);
    this.store.account = ok;
    return ok ? nick : null;
  }

  #begin(nick) {
    if (nick !== this.store.nick) this.store.resume = null;
    this.session.begin(nick);
  }

  /** Join as a guest or log in; return what is wrong as a sentence, or null. */
  async signIn({ nick, password, code, mode }) {
    if (mode !== 'guest') {
      const answer = await (mode === 'login' ? logIn(nick, password) : register(nick, password, code));
      if (!answer.ok) return answer.text || t('state.away');
      settings.set('account', true);
      this.store.account = true;
    }
    this.#begin(nick);
    return null;
  }

  async signOut() {
    this.session.end();
    if (this.store.account) await logOut();
    settings.set('account', false);
    tab.remove('nick');
    this.store.resume = null;
    this.store.account = false;
    this.sheets.signIn({ mode: 'guest' });
  }

  #refused(code, text) {
    const mode = code === 'not-allowed' ? 'login' : 'guest';
    this.sheets.signIn({ mode, error: text });
  }

  // Where one is.

  go(room, { replace = false } = {}) {
    if (!room) return;
    showAddress(room, { replace });
    this.store.show(room);
  }

  goTo(name, more) {
    const room = this.store.open(name);
    if (!room) return;
    if (!room.joined) this.session.join(room);
    this.go(this.store.find(name), more);
  }

  leave(room, text = '') {
    if (room.joined) this.session.ask('PART', [room.name, text], { close: true });
    else this.store.close(room);
  }

  #front(room) {
    if (!room) return;
    showAddress(room, { replace: true });
    this.shell.drawer(null);
    this.shell.title();
  }

  #notify(room, line) {
    const title = room.private ? line.nick : t('notify.title', { nick: line.nick, room: room.name });
    notifications.show(title, textOf(line), room.key, () => this.go(room));
  }

  #keepRooms() {
    const kept = [...this.store.rooms.values()].filter((room) => room.wanted || room.private);
    tab.set('rooms', kept.map((room) => room.name).slice(0, MAX_KEPT_ROOMS));
  }

  fillGap(room, line) {
    const most = 200;
    this.session.fetchOld(room, 'HISTORY', [most, `since=${line.after}`], { gap: line, most, lost: this.lost });
  }

  lost = (event) => this.warn(event?.text ?? t('state.away'));

  warn(text) {
    this.shell.warn(text);
  }
}

new App().start();
