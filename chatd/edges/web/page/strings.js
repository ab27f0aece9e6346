// The texts of the page in the reader's language, times, and what happened as sentences.

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
const DAY = { weekday: 'long', day: 'numeric', month: 'long' };
const day = new Intl.DateTimeFormat(language, DAY);
const dayOfYear = new Intl.DateTimeFormat(language, { ...DAY, year: 'numeric' });
const DAY_MS = 86_400_000;

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
export function moderation({ verb, nick, room, subject, values, text }) {
  const held = values?.for ? t('mod.for', { time: values.for }) : '';
  const why = text ? `: ${text}` : '';
  const where = room === '#*' ? '.server' : key(nick) === key(subject) ? '.self' : '';
  const deed = verb === 'SET' ? `set.${subject}` : `mod.${verb.toLowerCase()}`;
  const name = [deed + where, deed].find((each) => Object.hasOwn(TEXTS, each)) ?? 'set.other';
  return t(name, { who: subject, room, setting: subject }) + held + why;
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
