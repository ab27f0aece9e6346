// The texts of the page in the reader's language: what `texts.js` has, times and days, and what happened as sentences.

import { settings } from './browser.js';
import { LANGUAGES, TEXTS } from './texts.js';
import { key } from './wire.js';

export const language = choose(settings.get('language'));

function choose(wanted) {
  const asked = [wanted, ...navigator.languages].filter(Boolean).map((each) => each.slice(0, 2).toLowerCase());
  return asked.find((each) => Object.hasOwn(LANGUAGES, each)) ?? 'en';
}

const column = Object.keys(LANGUAGES).indexOf(language);
const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

export function t(name, values = {}) {
  const isOne = typeof values.n === 'number' && plural.select(values.n) === 'one';
  const text = ((isOne && TEXTS[`${name}.one`]) || TEXTS[name])[column];
  return text.replace(/\{(\w+)\}/g, (all, each) => {
    const value = values[each];
    return typeof value === 'number' ? numbers.format(value) : (value ?? all);
  });
}

/** Put the texts of the catalogue into what index.html has: `data-t` is a text, `data-t-label` a name. */
export function translate(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll('[data-t-label]')) {
    const name = t(element.dataset.tLabel);
    element.setAttribute('aria-label', name);
    if (element.localName === 'button') element.title = name;
  }
}

const clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
const full = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat(language, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const DAY_MS = 86_400_000;

/** A length of time in words: `span(5, 'minute')`. */
export const span = (n, unit) =>
  new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(n);

export const clockTime = (time) => clock.format(time);
export const fullTime = (time) => full.format(time);
export const dayOf = (time) => new Date(time).setHours(0, 0, 0, 0);

export function dayName(time) {
  const today = dayOf(Date.now());
  const then = dayOf(time);
  if (then === today) return t('today');
  if (then === dayOf(today - DAY_MS / 2)) return t('yesterday');
  return (new Date(then).getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(time);
}

/** What somebody did, without the name: "muted eve for 30m: spam". */
export function moderation(event) {
  const held = event.values?.for ? t('mod.for', { time: event.values.for }) : '';
  const why = event.text ? `: ${event.text}` : '';
  return deed(event) + held + why;
}

function deed({ verb, nick, room, subject }) {
  const server = room === '#*';
  const who = { who: subject, room, setting: subject };
  const self = key(nick) === key(subject);
  switch (verb) {
    case 'KICK':
      return server ? t('mod.kick.server', who) : t('mod.kick', who);
    case 'MUTE':
      return server ? t('mod.mute.server', who) : t('mod.mute', who);
    case 'UNMUTE':
      return t('mod.unmute', who);
    case 'BAN':
      return server ? t('mod.ban.server', who) : t('mod.ban', who);
    case 'UNBAN':
      return t('mod.unban', who);
    case 'OP':
      return self ? t('mod.op.self') : t('mod.op', who);
    case 'DEOP':
      return self ? t('mod.deop.self') : t('mod.deop', who);
    case 'INVITE':
      return t('mod.invite', who);
    case 'UNINVITE':
      return t('mod.uninvite', who);
    default:
      return setting(subject, who);
  }
}

function setting(subject, who) {
  switch (subject) {
    case 'registered=yes':
      return t('set.registered', who);
    case 'private=yes':
      return t('set.private', who);
    case 'private=no':
      return t('set.public', who);
    case 'topic=members':
      return t('set.topic.members');
    case 'topic=operators':
      return t('set.topic.operators');
    case 'speak=members':
      return t('set.speak.members');
    case 'speak=operators':
      return t('set.speak.operators');
    default:
      return t('set.other', who);
  }
}

/** Who came and went: "ann and bob joined, eve left". */
export function traffic(deeds) {
  const names = (what) => [...new Set(deeds.filter((each) => each.what === what).map((each) => each.nick))];
  const parts = [];
  if (names('joined').length) parts.push(t('traffic.joined', { names: list(names('joined')) }));
  if (names('left').length) parts.push(t('traffic.left', { names: list(names('left')) }));
  for (const { what, nick, to } of deeds) if (what === 'renamed') parts.push(t('traffic.renamed', { nick, to }));
  return parts.join(' · ');
}

const list = (names) =>
  names.length > 6 ? t('traffic.more', { names: names.slice(0, 5).join(', '), n: names.length - 5 }) : names.join(', ');
