// What can be done with a message and with a person: buttons over the row under the pointer, menus, and keys.

import { $, ask, iconButton, rove, showMenu } from './dom.js';
import { span, t } from './strings.js';

const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '👀', '✅', '🚀', '🤔', '👎'];

export class Menus {
  #row = null;

  constructor(app) {
    this.app = app;
    this.actions = $('actions');
    this.lines = $('lines');
    this.actions.append(
      iconButton('smile', t('do.react'), () => this.#react(this.#row)),
      iconButton('reply', t('do.reply'), () => this.#do('reply', this.#row)),
      iconButton('more', t('do.more'), (event) => this.message(this.#row, event.currentTarget)),
    );
    for (const button of this.actions.children) button.tabIndex = -1;
    this.lines.addEventListener('pointerover', (event) => event.pointerType === 'mouse' && this.#over(event));
    $('talk').addEventListener('pointerleave', () => this.hideActions());
    this.lines.addEventListener('click', (event) => this.#clicked(event));
    this.lines.addEventListener('keydown', (event) => this.#pressed(event));
    this.lines.addEventListener('contextmenu', (event) => this.#context(event));
    rove(this.lines, () => app.log.rows, { loop: false });
    $('log').addEventListener('keydown', (event) => {
      if (event.target === $('log') && event.key === 'Enter') this.lastRow()?.focus();
    });
  }

  // Where the buttons are.

  #over(event) {
    const row = event.target.closest('.row');
    if (!this.#changeable(row)) {
      this.hideActions();
      return;
    }
    this.#row = row;
    const box = row.getBoundingClientRect();
    const outer = $('talk').getBoundingClientRect();
    this.actions.hidden = false;
    this.actions.style.top = `${Math.max(2, box.top - outer.top - 14)}px`;
  }

  hideActions() {
    if (this.actions.contains(document.activeElement)) return;
    this.actions.hidden = true;
  }

  #changeable(row) {
    return row?.line.kind === 'said' && !row.line.state && row.line.id > 0;
  }

  lastRow() {
    return this.app.log.rows.at(-1);
  }

  // Messages.

  #clicked(event) {
    const target = event.target.closest('button');
    const row = event.target.closest('.row');
    if (!row) return;
    if (!target) {
      if (matchMedia('(hover: none)').matches && !event.target.closest('a') && this.#changeable(row))
        this.message(row, row);
      return;
    }
    const { nick, jump, emoji, do: what } = target.dataset;
    if (nick) this.person(target, nick);
    else if (jump) this.app.search.jumpTo(this.app.store.front, Number(jump));
    else if (emoji) this.#toggle(row.line, emoji);
    else if (what) this.#do(what, row);
  }

  #context(event) {
    const row = event.target.closest('.row');
    if (event.target.closest('a') || String(window.getSelection()) || !row) return;
    event.preventDefault();
    const { clientX: left, clientY: top } = event;
    const box = { left, right: left, top, bottom: top };
    this.message(row, { getBoundingClientRect: () => box });
  }

  #pressed(event) {
    const row = event.target.closest('.row');
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = event.target === row;
    const keys = { r: 'reply', e: 'edit', Delete: 'retract' };
    if (here && (event.key === 'Enter' || event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10'))) {
      event.preventDefault();
      this.message(row, row);
    } else if (event.key === 'Escape' || (here && event.key === 'ArrowDown' && row === this.lastRow())) {
      event.preventDefault();
      event.stopPropagation();
      this.app.composer.field.focus();
    } else if (here && event.key === '+') {
      event.preventDefault();
      this.#react(row);
    } else if (here && keys[event.key] && this.#may(keys[event.key], row.line)) {
      event.preventDefault();
      this.#do(keys[event.key], row);
    }
  }

  #may(what, line) {
    const room = this.app.store.front;
    if (!line.id || line.kind !== 'said' || room.private) return false;
    if (what === 'edit') return line.own;
    return what !== 'retract' || line.own || this.app.store.operates(room);
  }

  message(row, anchor) {
    const { line } = row ?? {};
    if (line?.kind !== 'said') return;
    const item = (what, text, sign, more = {}) => ({ text, icon: sign, act: () => this.#do(what, row), ...more });
    const items = [];
    if (line.state === 'failed')
      items.push(item('again', t('again'), 'send'), item('discard', t('discard'), 'trash', { danger: true }));
    if (this.#may('reply', line))
      items.push(
        { text: t('do.react'), icon: 'smile', act: () => this.#react(row) },
        item('reply', t('do.reply'), 'reply'),
      );
    if (this.#may('edit', line)) items.push(item('edit', t('do.edit'), 'edit'));
    items.push(item('copy', t('do.copy'), 'copy'));
    if (!line.own)
      items.push({ text: t('do.person', { nick: line.nick }), icon: 'person', act: () => this.person(row, line.nick) });
    if (this.#may('retract', line)) items.push(null, item('retract', t('do.retract'), 'trash', { danger: true }));
    showMenu(anchor, items, { label: t('menu.message'), back: anchor.focus ? anchor : row });
  }

  #do(what, row) {
    const { line } = row;
    const room = this.app.store.front;
    const deeds = {
      reply: () => this.app.composer.reply(line),
      edit: () => this.app.composer.edit(line),
      copy: () => navigator.clipboard?.writeText(line.text),
      again: () => this.app.session.resay(line),
      discard: () => this.app.store.remove(room, line),
      fill: () => this.app.fillGap(room, line),
      retract: () =>
        ask({
          title: t('retract.title'),
          text: t('retract.text', { text: line.text.slice(0, 200) }),
          done: t('do.retract'),
          danger: true,
          submit: () => this.app.session.ask('RETRACT', [String(line.id), room.name]),
        }),
    };
    deeds[what]?.();
  }

  #toggle(line, emoji) {
    const own = line.reactions.get(emoji)?.own;
    this.app.session.ask(own ? 'UNREACT' : 'REACT', [String(line.id), emoji, this.app.store.front.name]);
  }

  #react(row) {
    const anchor = row === this.#row && !this.actions.hidden ? this.actions : row;
    const choose = (emoji) => ({ text: emoji, act: () => this.#toggle(row.line, emoji) });
    const other = { text: '…', name: t('react.emoji'), act: () => this.#reactOther(row.line) };
    showMenu(anchor, [...EMOJI.map(choose), other], { label: t('do.react'), back: row, grid: true });
  }

  #reactOther(line) {
    const fields = [{ name: 'emoji', label: t('react.emoji'), required: true, word: true, max: 16 }];
    ask({ title: t('do.react'), fields, submit: ({ emoji }) => this.#toggle(line, emoji) });
  }

  // People.

  person(anchor, nick) {
    const { app } = this;
    const { store, session } = app;
    const room = store.front;
    const me = store.isMe(nick);
    const items = [];
    if (me) {
      items.push(
        { text: t('do.nick'), icon: 'edit', act: () => app.sheets.nick() },
        { text: t('do.away'), icon: 'clock', act: () => app.sheets.away() },
      );
    } else {
      items.push({ text: t('do.talk'), icon: 'talk', act: () => app.go(store.open(nick)) });
      items.push({ text: t('do.mention'), icon: 'person', act: () => this.#mention(nick) });
      items.push({ text: t('do.ignore'), icon: 'mute', act: () => session.ask('IGNORE', [nick]) });
    }
    if (store.operates(room) && !me) items.push(null, ...this.#moderation(room, nick));
    showMenu(anchor, items, { label: t('menu.person', { nick }), back: anchor });
  }

  #mention(nick) {
    this.app.shell.drawer(null);
    this.app.composer.mention(nick);
  }

  #moderation(room, nick) {
    const { session } = this.app;
    const operator = room.member(nick)?.operator;
    const order = (verb) => () => session.ask(verb, [nick, room.name]);
    const sheet = (verb, title) => () => this.#order(verb, title, room, nick);
    return [
      { text: t('do.kick'), icon: 'out', act: sheet('KICK', t('do.kick')), danger: true },
      { text: t('do.mute'), icon: 'mute', act: sheet('MUTE', t('do.mute')), danger: true },
      { text: t('do.unmute'), icon: 'talk', act: order('UNMUTE') },
      { text: t('do.ban'), icon: 'out', act: sheet('BAN', t('do.ban')), danger: true },
      { text: operator ? t('do.deop') : t('do.op'), icon: 'shield', act: order(operator ? 'DEOP' : 'OP') },
    ];
  }

  #order(verb, title, room, nick) {
    const spans = [
      ['5m', span(5, 'minute')],
      ['1h', span(1, 'hour')],
      ['1d', span(1, 'day')],
      ['1w', span(1, 'week')],
    ];
    const times = [...spans, ['', t('for.ever')]];
    const fields = [{ name: 'text', label: t('order.why'), max: 300 }];
    if (verb !== 'KICK')
      fields.unshift({ name: 'time', label: t('order.time'), type: 'select', value: '1h', options: times });
    const submit = ({ time, text }) =>
      this.app.session.ask(verb, [nick, room.name, time ? `for=${time}` : '', text]);
    ask({ title, text: `${nick}, ${room.name}`, fields, danger: true, submit });
  }
}
