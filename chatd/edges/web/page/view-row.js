// One line of a room as an element: its text with links and code, and how it stands with the line before it.

import { h, icon } from './dom.js';
import { clockTime, dayName, dayOf, fullTime, t, traffic } from './strings.js';
import { textOf } from './wire.js';

// Links are those of chatd/client/model/links.py, which says why.
const LETTER = String.raw`[\u200c\u200d·・]|[^\0-\x7f\p{P}\p{Z}\p{Cc}\p{Cf}]`;
const PARTS = new RegExp(
  String.raw`\x60([^\x60]+)\x60|(?<![a-z\d])(?:https?://(?:[\w.~%!$&*+=:-]*@)?|(?<![.@/-])(?=www\.[^.]))` +
    String.raw`(?:\[[\da-f:.]+\]|(?![-_.])((?:[-\w.]|${LETTER})+))(?::\d+)?`,
  'giu',
);
const PATH = new RegExp(
  String.raw`(?![,;|]https?://|’(?![a-zÀ-ɏ]))(?:[!#-;=?-\[\]^_a-~’–]|${LETTER})`,
  'iuy',
);
const WRAPPED = /^[^<>"\s\p{Cc}\p{Cf}]+(?=>)/u;
const LATIN = /(?<=^|\.)[-\da-z]+(?=[\u0370-\u1dff\u1f00-\u{10ffff}][^.]*$)/iu;
const TRAILING = /[.,;:!?'’*_~|–～([{]+$/u;
const MAX_LINKS = 100;

export function nodesOf(text) {
  const nodes = [];
  let done = 0;
  PARTS.lastIndex = 0;
  for (let found; nodes.length <= 2 * MAX_LINKS && (found = PARTS.exec(text)); ) {
    const [, code] = found;
    const node = code === undefined ? linkOf(addressOf(text, found)) : h('code', {}, code);
    if (!node) continue;
    if (code === undefined) PARTS.lastIndex = found.index + node.textContent.length;
    if (found.index > done) nodes.push(text.slice(done, found.index));
    nodes.push(node);
    done = PARTS.lastIndex;
  }
  if (done < text.length) nodes.push(text.slice(done));
  return nodes;
}

function linkOf(shown) {
  const address = shown.includes('://') ? shown : shown.includes('.', 4) && `https://${shown}`;
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  return h('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank', dir: 'ltr' }, shown);
}

/** An address without what belongs to the sentence around it. */
function addressOf(text, { 0: begun, 2: host, index }) {
  const wrapped = text[index - 1] === '<' && WRAPPED.exec(text.slice(index));
  if (wrapped) return wrapped[0];
  const latin = host && LATIN.exec(host);
  if (latin) return begun.slice(0, begun.lastIndexOf(host) + latin.index + latin[0].length);
  let end = index + begun.length;
  if ('/?#'.includes(text[end])) {
    const opened = [];
    for (PATH.lastIndex = end; PATH.test(text); end = PATH.lastIndex) {
      const bracket = '()[]{}'.indexOf(text[end]);
      if (bracket % 2 === 0) opened.push(bracket + 1);
      else if (bracket > 0 && opened.pop() !== bracket) break;
    }
  }
  return text.slice(index, end).replace(TRAILING, '');
}

const isFence = (text) => /^\s*```[\w+-]*\s*$/.test(text);
const isIndented = (text) => /^(?: {4}|\t)/.test(text);

const GROUP_MS = 5 * 60_000;
const QUOTE = 120;

export function makeRow(line, room) {
  const row = h('div', { class: 'row', role: 'article', tabindex: '-1' });
  row.line = line;
  fillRow(row, room);
  return row;
}

export function fillRow(row, room) {
  const { line } = row;
  row.className = `row ${line.kind}${line.mention || line.about ? ' mention' : ''}`;
  row.replaceChildren(...(MAKERS[line.kind] ?? note)(line, room));
}

const MAKERS = {
  said,
  retracted,
  traffic: (line) => small(traffic(line.deeds)),
  gap,
  topic: (line) => [act(line, line.text ? t('topic.set', line) : t('topic.away', line), 'topic')],
  moderated: (line) => [act(line, `${line.nick} ${line.text}`, 'shield')],
};

const small = (...children) => [h('div', { class: 'small', dir: 'auto' }, ...children)];

function said(line, room) {
  const read = textOf(line);
  const text = h('div', { class: read === line.text ? 'text' : 'text action', dir: 'auto' }, ...nodesOf(read));
  if (line.edited) text.append(' ', h('span', { class: 'edited' }, t('edited')));
  const body = h('div', { class: 'body' }, head(line));
  if (line.reply) body.append(quote(line, room));
  body.append(text);
  if (line.reactions?.size) body.append(reactions(line));
  if (line.state) body.append(state(line));
  return [avatar(line.nick, room), body];
}

export function avatar(nick, room) {
  const [letter] = nick.toUpperCase();
  return h('span', { class: `avatar c${room.color(nick)}`, 'aria-hidden': 'true' }, letter);
}

function head(line) {
  const nick = h(
    'button',
    { class: 'nick', tabindex: '-1', 'data-nick': line.nick },
    h('bdi', {}, line.nick),
  );
  return h('div', { class: 'head' }, nick, timeOf(line));
}

function timeOf(line) {
  return h('time', { datetime: new Date(line.time).toISOString(), title: fullTime(line.time) }, clockTime(line.time));
}

function quote(line, room) {
  const answered = room.find(line.reply);
  const known = answered?.kind === 'said';
  const text = known ? textOf(answered).slice(0, QUOTE) : t('reply.unknown');
  return h(
    'button',
    { class: 'quote', tabindex: '-1', 'data-jump': String(line.reply) },
    icon('reply'),
    known && h('b', {}, h('bdi', {}, answered.nick)),
    ' ',
    h('bdi', {}, text),
  );
}

function reactions(line) {
  const group = h('div', { class: 'reactions' });
  for (const [emoji, { n, own }] of line.reactions) {
    const label = `${emoji}: ${n}`;
    const attributes = { class: 'reaction', 'aria-pressed': String(own), 'data-emoji': emoji, 'aria-label': label };
    group.append(h('button', { ...attributes, title: label }, shown(emoji), h('span', {}, n)));
  }
  return group;
}

const shown = (emoji) => ({ '+1': '👍', '-1': '👎' })[emoji] ?? emoji;

function state(line) {
  if (line.state === 'waiting') return h('div', { class: 'state' }, icon('clock'), t('state.waiting'));
  return h(
    'div',
    { class: 'state failed' },
    icon('warning'),
    h('span', {}, t('state.failed', { reason: line.reason })),
    h('button', { class: 'link', 'data-do': 'again' }, t('again')),
    h('button', { class: 'link', 'data-do': 'discard' }, t('discard')),
  );
}

function retracted(line) {
  return small(line.by ? t('retracted.by', line) : t('retracted', line));
}

function act(line, text, name) {
  return h('div', { class: 'small act' }, icon(name), h('span', { dir: 'auto' }, text), timeOf(line));
}

function gap(line) {
  const fill = h('button', { class: 'link', 'data-do': 'fill' }, t('gap.load'));
  return [h('div', { class: 'small bar' }, h('span', {}, line.text), !line.fixed && fill)];
}

function note(line) {
  return small(line.kind === 'error' && icon('warning'), h('span', {}, line.text));
}

/** Mark how a row stands with the row before it; return whether that has changed for what follows it. */
export function decorate(row, before) {
  const { line } = row;
  const previous = before?.line;
  const newDay =
    Boolean(line.time) && (!previous || (Boolean(previous.time) && dayOf(previous.time) !== dayOf(line.time)));
  const goesOn =
    !newDay &&
    line.kind === 'said' &&
    previous?.kind === 'said' &&
    previous.nick === line.nick &&
    !line.reply &&
    Math.abs(line.time - previous.time) < GROUP_MS;
  showDay(row, newDay);
  row.classList.toggle('goes-on', goesOn);
  const fenced = goesOn && before.fenced;
  const fence = line.kind === 'said' && isFence(line.text);
  row.classList.toggle('fence', fence);
  row.classList.toggle('code', line.kind === 'said' && !fence && (fenced || isIndented(line.text)));
  const opens = fence ? !fenced : fenced;
  const changed = row.fenced !== opens;
  row.fenced = opens;
  return changed;
}

function showDay(row, wanted) {
  const shownDay = row.firstElementChild?.classList.contains('day') ? row.firstElementChild : null;
  if (wanted && !shownDay) row.prepend(h('div', { class: 'day' }, h('span', {}, dayName(row.line.time))));
  if (!wanted) shownDay?.remove();
}
