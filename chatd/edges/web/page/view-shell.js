// What is around the talk: the head with topic and buttons, the state of the connection, drawers, the title, keys.

import { offers, settings } from './browser.js';
import { $, showMenu } from './dom.js';
import { span, t, translate } from './strings.js';

const WARNING_MS = 8000;
const PARTS = ['text', 'lines', 'sidebar-lists', 'people'];

export class Shell {
  #timer = 0;

  constructor(app) {
    this.app = app;
    translate(document);
    this.dress();
    const { store, connection } = app;
    store.on('front', () => this.#head());
    for (const what of ['topic', 'members', 'member', 'rooms']) store.on(what, () => this.#head());
    store.on('room', () => this.title());
    store.on('nick', (nick) => {
      $('me').textContent = nick;
    });
    store.on('presence', (presence) => this.#presence(presence));
    store.on('homeless', (text) => this.warn(text));
    connection.on('wait', (n) => this.#say(t('state.waits', { time: span(n, 'second') }), t('state.now')));
    $('state-button').addEventListener('click', () => connection.open());
    $('topic').addEventListener('click', () => app.sheets.topic());
    $('me-button').addEventListener('click', (event) => this.#own(event.currentTarget));
    $('room-button').addEventListener('click', (event) => this.#room(event.currentTarget));
    $('rooms-button').addEventListener('click', () => this.drawer('rooms'));
    $('people-button').addEventListener('click', () => this.drawer('people'));
    $('shade').addEventListener('click', () => this.drawer(null));
    $('warning-close').addEventListener('click', () => this.#unwarn());
    document.addEventListener('keydown', (event) => this.#pressed(event));
  }

  dress() {
    document.documentElement.dataset.theme = settings.get('theme', 'auto');
    document.body.classList.toggle('no-traffic', !settings.get('traffic', true));
  }

  #head() {
    const room = this.app.store.front;
    $('room-name').textContent = room?.name ?? '';
    const topic = $('topic');
    topic.hidden = !room || room.private;
    const may =
      room && !room.private && room.joined && (room.policy.topic !== 'operators' || this.app.store.operates(room));
    topic.disabled = !may;
    topic.textContent = room?.topic || (may ? t('topic.none') : '');
    topic.title = room?.topic ?? '';
    $('room-button').hidden = !room;
    this.title();
  }

  title() {
    const { unread, mentions } = this.app.store.totals();
    const room = this.app.store.front;
    const sign = mentions ? `(${mentions}) ` : unread ? '• ' : '';
    document.title = `${sign}${room ? `${room.name} · ` : ''}chatd`;
  }

  #presence(presence) {
    document.body.dataset.presence = presence;
    if (presence === 'present') $('state').hidden = true;
    else if (presence === 'greeting' || this.app.connection.state === 'connecting') this.#say(t('state.arriving'));
  }

  stopped(text) {
    this.#say(text, t('state.again'));
  }

  #say(text, button = '') {
    $('state').hidden = false;
    $('state-text').textContent = text;
    $('state-button').hidden = !button;
    $('state-button').textContent = button;
  }

  warn(text) {
    $('warning').hidden = false;
    $('warning-text').textContent = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#unwarn(), WARNING_MS);
  }

  #unwarn() {
    $('warning').hidden = true;
    $('warning-text').textContent = '';
  }

  #own(anchor) {
    const { app } = this;
    const items = [
      { text: t('do.nick'), icon: 'edit', act: () => app.sheets.nick() },
      { text: t('do.away'), icon: 'clock', act: () => app.sheets.away() },
      { text: t('settings'), icon: 'gear', act: () => app.sheets.settings() },
      { text: t('help'), icon: 'help', act: () => app.sheets.help() },
      null,
    ];
    if (!app.store.account && offers('login'))
      items.push({ text: t('sign.login'), icon: 'person', act: () => app.sheets.signIn({ mode: 'login' }) });
    if (!app.store.account && offers('register'))
      items.push({ text: t('sign.register'), icon: 'shield', act: () => app.sheets.signIn({ mode: 'register' }) });
    items.push({ text: t('do.out'), icon: 'out', act: () => app.signOut() });
    showMenu(anchor, items, { label: t('menu.own') });
  }

  #room(anchor) {
    const { app } = this;
    const room = app.store.front;
    const items = [];
    if (room.private) {
      items.push({ text: t('do.ignore'), icon: 'mute', act: () => app.session.ask('IGNORE', [room.name]) });
    } else {
      if (!room.joined) items.push({ text: t('join.do'), icon: 'talk', act: () => app.goTo(room.name) });
      const may = app.store.operates(room) || (app.store.account && room.policy.registered !== 'yes');
      if (may) items.push({ text: t('do.room'), icon: 'gear', act: () => app.sheets.room() });
      if (may) items.push({ text: t('invite.do'), icon: 'person', act: () => app.sheets.invite() });
      items.push({
        text: t('do.rules'),
        icon: 'shield',
        act: () => app.session.ask('RULES', [room.name], { rules: [], shown: true }),
      });
    }
    items.push({ text: room.private ? t('do.close') : t('do.leave'), icon: 'out', act: () => app.leave(room) });
    showMenu(anchor, items, { label: t('menu.room', { room: room.name }) });
  }

  drawer(which) {
    const before = document.body.dataset.drawer;
    const wanted = which === before ? null : which;
    if (wanted) document.body.dataset.drawer = wanted;
    else delete document.body.dataset.drawer;
    $('rooms-button').setAttribute('aria-expanded', String(wanted === 'rooms'));
    $('people-button').setAttribute('aria-expanded', String(wanted === 'people'));
    if (wanted)
      $(wanted === 'rooms' ? 'sidebar-lists' : 'people')
        .querySelector('[tabindex="0"]')
        ?.focus();
    else if (before) $(`${before}-button`).focus();
  }

  #pressed(event) {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape' && document.body.dataset.drawer) this.drawer(null);
    else if (event.altKey && !event.ctrlKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      this.app.rooms.step(event.key === 'ArrowUp' ? -1 : 1);
    } else if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'f') {
      event.preventDefault();
      this.app.search.open();
    } else if (event.key === 'F6') {
      event.preventDefault();
      this.#nextPart(event.shiftKey ? -1 : 1);
    }
  }

  #nextPart(by) {
    const at = PARTS.findIndex((id) => $(id).contains(document.activeElement));
    for (let i = 1; i <= PARTS.length; i += 1) {
      const part = $(PARTS[(at + by * i + 2 * PARTS.length) % PARTS.length]);
      const inside = part.id === 'lines' ? this.app.menus.lastRow() : part.querySelector('[tabindex="0"]');
      const target = part.matches('textarea') ? part : inside;
      if (target?.checkVisibility()) {
        target.focus();
        return;
      }
    }
  }
}
