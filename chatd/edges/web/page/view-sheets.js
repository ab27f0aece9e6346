// The sheets: signing in, joining a room, one's name, a room's topic and settings, the page's settings, help.

import { notifications, offers, overheard, settings } from './browser.js';
import { COMMANDS, NAMES } from './commands.js';
import { ask, h, sheet } from './dom.js';
import { language, t } from './strings.js';
import { LANGUAGES } from './texts.js';
import { isRoom } from './wire.js';

export class Sheets {
  #signIn = null;

  constructor(app) {
    this.app = app;
    app.store.on('listing', () => this.#showListing());
    app.store.on('presence', () => this.list?.isConnected && app.session.fetch('ROOMS', []));
  }

  signIn({ mode: wanted = 'guest', error = '', nick = this.app.store.nick, code = '' } = {}) {
    const mode = offers(wanted) || (code && !overheard) ? wanted : offers('guest') || overheard ? 'guest' : 'login';
    this.#signIn?.close();
    const modes = { guest: t('sign.guest'), login: t('sign.login'), register: t('sign.register') };
    const fields = [
      { name: 'nick', label: t('sign.nick'), value: nick, required: true, word: true, max: 32, autocomplete: 'username' },
    ];
    if (mode !== 'guest') {
      const autocomplete = mode === 'login' ? 'current-password' : 'new-password';
      const hint = mode === 'register' ? t('sign.hint') : '';
      fields.push({
        name: 'password',
        label: t('sign.password'),
        type: 'password',
        required: true,
        autocomplete,
        hint,
      });
    }
    if (mode === 'register') fields.push({ name: 'code', label: t('sign.code'), value: code });
    const others = Object.keys(modes).filter((each) => each !== mode && offers(each));
    const extra = h(
      'p',
      { class: 'others' },
      ...others.map((each) =>
        h(
          'button',
          {
            class: 'link',
            on: { click: () => this.signIn({ mode: each, nick: dialog.input('nick').value, code }) },
          },
          modes[each],
        ),
      ),
      overheard && t('sign.https'),
    );
    const closable = this.app.session.present;
    const submit = (values) => this.app.signIn({ ...values, mode });
    const title = mode === 'guest' ? t('sign.title') : modes[mode];
    const dialog = ask({
      title,
      text: t('sign.text'),
      fields,
      extra: [extra],
      done: modes[mode],
      closable,
      submit,
      closed: () => this.#closed(dialog),
    });
    dialog.classList.add('sign');
    this.#signIn = dialog;
    if (error) dialog.say(error);
  }

  #closed(dialog) {
    if (this.#signIn === dialog) this.#signIn = null;
    this.app.composer.focus();
  }

  join() {
    this.app.session.fetch('ROOMS', []);
    this.list = h('ul', { class: 'listing' });
    const fields = [{ name: 'room', label: t('join.name'), value: '', required: true, word: true, max: 64 }];
    const submit = ({ room }) => this.app.goTo(isRoom(room) ? room : `#${room}`);
    this.joining = ask({
      title: t('join.title'),
      fields,
      extra: [h('h3', {}, t('join.open')), this.list],
      done: t('join.do'),
      submit,
    });
  }

  #showListing() {
    if (!this.list?.isConnected) return;
    const rooms = this.app.store.listing;
    this.list.replaceChildren(
      ...rooms.map(({ name, count, topic }) => {
        const click = () => {
          this.joining.close();
          this.app.goTo(name);
        };
        const button = h(
          'button',
          { on: { click } },
          h('bdi', { class: 'name' }, name),
          h('span', { class: 'muted' }, t('people.count', { n: count })),
          topic ? h('span', { class: 'topic', dir: 'auto' }, topic) : null,
        );
        return h('li', {}, button);
      }),
    );
  }

  nick() {
    const { store, session } = this.app;
    const fields = [{ name: 'nick', label: t('sign.nick'), value: store.nick, required: true, word: true, max: 32 }];
    ask({
      title: t('do.nick'),
      fields,
      submit: ({ nick }) => (nick === store.nick ? null : session.ask('NICK', [nick])),
    });
  }

  away() {
    const fields = [{ name: 'text', label: t('away.why'), max: 200, hint: t('away.hint') }];
    ask({
      title: t('do.away'),
      fields,
      submit: ({ text }) => this.app.session.ask('AWAY', [text]),
    });
  }

  topic() {
    const room = this.app.store.front;
    const fields = [{ name: 'text', label: t('topic'), value: room.topic, max: 1000 }];
    ask({
      title: t('topic'),
      text: room.name,
      fields,
      done: t('save'),
      submit: ({ text }) => this.app.session.ask('TOPIC', [room.name, text || '-']),
    });
  }

  invite() {
    const room = this.app.store.front;
    const fields = [{ name: 'nick', label: t('sign.nick'), required: true, word: true, max: 32 }];
    ask({
      title: t('invite.do'),
      text: room.name,
      fields,
      done: t('invite.do'),
      submit: ({ nick }) => this.app.session.ask('INVITE', [nick, room.name]),
    });
  }

  room() {
    const room = this.app.store.front;
    const was = { private: 'no', topic: 'members', speak: 'members', slow: 'off', keep: 'all', ...room.policy };
    if (room.policy.registered !== 'yes') {
      ask({
        title: room.name,
        text: t('room.register.text'),
        done: t('room.register'),
        submit: () => this.app.session.ask('SET', [room.name, 'registered=yes']),
      });
      return;
    }
    const who = [
      ['members', t('who.members')],
      ['operators', t('who.operators')],
    ];
    const fields = [
      {
        name: 'private',
        label: t('room.private'),
        type: 'select',
        value: was.private,
        options: [
          ['no', t('no')],
          ['yes', t('yes')],
        ],
      },
      { name: 'topic', label: t('room.topic'), type: 'select', value: was.topic, options: who },
      { name: 'speak', label: t('room.speak'), type: 'select', value: was.speak, options: who },
      { name: 'slow', label: t('room.slow'), value: was.slow, hint: t('room.slow.hint') },
      { name: 'keep', label: t('room.keep'), value: was.keep, hint: t('room.keep.hint') },
    ];
    const submit = (values) => {
      let wrong = null;
      for (const [name, value] of Object.entries(values)) {
        if (value && value !== was[name])
          wrong = this.app.session.ask('SET', [
            room.name,
            `${name}=${value}${name === 'private' && value === 'yes' ? ' who=keep' : ''}`,
          ]);
      }
      return wrong;
    };
    ask({ title: t('do.room'), text: room.name, fields, done: t('save'), submit });
  }

  settings() {
    const barred = { insecure: t('notify.insecure'), denied: t('notify.denied') }[notifications.barred];
    const themes = [
      ['auto', t('theme.auto')],
      ['light', t('theme.light')],
      ['dark', t('theme.dark')],
    ];
    const fields = [
      { name: 'theme', label: t('theme'), type: 'select', value: settings.get('theme', 'auto'), options: themes },
      { name: 'language', label: t('language'), type: 'select', value: language, options: Object.entries(LANGUAGES) },
      { name: 'traffic', label: t('settings.traffic'), type: 'checkbox', value: settings.get('traffic', true) },
      { name: 'notify', label: t('settings.notify'), type: 'checkbox', value: notifications.on, hint: barred },
    ];
    const submit = async (values) => {
      settings.set('theme', values.theme);
      settings.set('traffic', values.traffic);
      this.app.shell.dress();
      if (values.notify !== notifications.on) await notifications.turn(values.notify);
      if (values.language === language) return;
      settings.set('language', values.language);
      location.reload();
    };
    ask({
      title: t('settings'),
      fields,
      done: t('save'),
      submit: (values) => {
        submit(values);
      },
    });
  }

  help() {
    const dialog = sheet(t('help'), { wide: true });
    const keys = [
      ['Enter', t('send')],
      ['Shift+Enter', t('key.line')],
      ['Tab', t('key.tab')],
      ['↑', t('key.up')],
      ['↑ ↓ Home End', t('key.move')],
      ['Enter, Shift+F10', t('key.menu')],
      ['r', t('do.reply')],
      ['e', t('do.edit')],
      ['+', t('do.react')],
      ['Delete', t('do.retract')],
      ['Alt+↑ Alt+↓', t('key.rooms')],
      ['Ctrl+↑ Ctrl+↓', t('key.recall')],
      ['Ctrl+Shift+F', t('search')],
      ['F6', t('key.parts')],
      ['Esc', t('key.back')],
    ];
    const rows = (pairs) =>
      h('dl', {}, ...pairs.flatMap(([name, text]) => [h('dt', {}, h('kbd', {}, name)), h('dd', {}, text)]));
    const commands = NAMES.map((name) => [`${name} ${COMMANDS[name].usage}`.trim(), t(COMMANDS[name].help)]);
    dialog.append(
      h(
        'div',
        { class: 'scroll', tabindex: '0' },
        h('h3', {}, t('help.keys')),
        rows(keys),
        h('h3', {}, t('help.commands')),
        rows(commands),
      ),
    );
    dialog.showModal();
  }
}
