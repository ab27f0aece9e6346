// The page as a whole: it puts the parts together, and carries out what concerns more than one of them.

import { pathOf, roomOf, showAddress, socketAddress, takeCodes } from './address.js';
import { Connection } from './connection.js';
import { Composer } from './view-composer.js';
import { LogView } from './view-log.js';
import { Menus } from './view-menus.js';
import { Outbox } from './outbox.js';
import { PeopleView } from './view-people.js';
import { RoomsView } from './view-rooms.js';
import { Search } from './view-search.js';
import { Session } from './session.js';
import { Shell } from './view-shell.js';
import { Sheets } from './view-sheets.js';
import { Store } from './store.js';
import { logIn, logOut, redeem, whoAmI } from './account.js';
import { notifications } from './notify.js';
import { settings, tab } from './storage.js';
import { t } from './strings.js';
import { isRoom } from './wire.js';

const MAX_KEPT_ROOMS = 100;

export class App {
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
    store.on('notice', (room, line) => notifications.show(room, line, () => this.go(room)));
    session.on('refused', (code, text) => this.#refused(code, text));
    session.on('stopped', (code, text) => this.shell.stopped(text));
    session.on('registered', () => this.#remember());
    window.addEventListener('popstate', () => this.goTo(roomOf(location.pathname), { replace: true }));
    window.addEventListener('hashchange', () => this.#codes(takeCodes()));
    window.addEventListener('online', () => this.connection.hurry());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.connection.hurry());
  }

  /** Begin: take up what this page had before a reload, and come in or ask for a name. */
  async start() {
    const codes = takeCodes();
    for (const name of tab.get('rooms', [])) if (typeof name === 'string' && isRoom(name)) this.#want(name);
    const first = this.#want(roomOf(location.pathname));
    this.store.show(first ?? null);
    await this.#codes(codes, { begin: false });
    const known = await whoAmI();
    const kept = tab.get('resume');
    this.store.account = Boolean(known);
    const nick = known ?? kept?.nick ?? settings.get('nick', '');
    this.store.nick = nick;
    for (const message of this.outbox.all()) this.session.showWaiting(message);
    this.store.resume = kept && kept.nick === nick ? kept.secret : null;
    if (codes.invite && !known) this.sheets.signIn({ mode: 'register', code: codes.invite, nick });
    else if (known || kept) this.session.begin({ nick });
    else this.sheets.signIn({ nick });
  }

  #want(name) {
    const room = this.store.open(name);
    if (room) room.wanted = true;
    return room;
  }

  async #codes({ operator, invite }, { begin = true } = {}) {
    if (operator) {
      const wrong = await redeem(operator);
      this.warn(wrong || t('operator.done'));
      if (!wrong && begin) await this.#comeAgain();
    }
    if (invite && begin) this.sheets.signIn({ mode: 'register', code: invite });
  }

  /** Come in as whoever the cookie says. */
  async #comeAgain() {
    const nick = (await whoAmI()) ?? this.store.nick;
    if (nick !== this.store.nick) this.store.resume = null;
    this.store.account = true;
    this.session.begin({ nick });
  }

  // Who one is.

  signIn({ nick, password, register, code }) {
    if (nick !== this.store.nick) this.store.resume = null;
    this.#remembers = password ? { nick, password } : null;
    this.session.begin({ nick, password, register, code });
    return null;
  }

  #remembers = null;

  /** After a password was right, let the browser have a cookie, so that a reload needs none. */
  async #remember() {
    const values = this.#remembers;
    this.#remembers = null;
    if (values) await logIn(values.nick, values.password);
  }

  arrived() {
    if (this.#remembers && !this.session.identity.register) this.#remember();
  }

  async signOut() {
    this.session.end();
    await logOut();
    tab.remove('resume');
    this.store.resume = null;
    this.store.account = false;
    this.sheets.signIn({ mode: 'guest' });
  }

  #refused(code, text) {
    const mode = code === 'bad-password' || code === 'not-allowed' || this.#remembers ? 'login' : 'guest';
    this.#remembers = null;
    this.sheets.signIn({ mode, error: text, nick: this.session.identity?.nick ?? this.store.nick });
  }

  // Where one is.

  go(room, { replace = false } = {}) {
    if (!room) return;
    this.store.show(room);
    showAddress(room, { replace });
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
    if (isRoom(room.name) && location.pathname !== pathOf(room.name)) showAddress(room, { replace: true });
    this.shell.title();
  }

  #keepRooms() {
    tab.set('rooms', this.store.wantedRooms().map((room) => room.name).slice(0, MAX_KEPT_ROOMS));
  }

  /** Ask for what is missing at a gap. */
  fillGap(room, line) {
    const most = 200;
    const more = { room: room.name, person: room.private ? room.name : null, gap: line, most, ids: [] };
    this.session.fetch('HISTORY', [room.private ? `with=${room.name}` : room.name, String(most), `since=${line.after}`], more);
  }

  warn(text) {
    this.shell.warn(text);
  }

  drawer(which) {
    this.shell.drawer(which);
  }

  dress() {
    this.shell.dress();
  }
}
