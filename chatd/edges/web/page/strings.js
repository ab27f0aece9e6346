// The texts of the page in the reader's language. A key of the catalogue has a sentence in each of them; `{name}`
// stands for a value, and a key with `.one` beside it is for a number that is not one.

import { settings } from './browser.js';
import { LANGUAGES, TEXTS } from './texts.js';

export const language = choose(settings.get('language'));

function choose(wanted) {
  const asked = [wanted, ...navigator.languages].filter(Boolean).map((each) => each.slice(0, 2).toLowerCase());
  return asked.find((each) => Object.hasOwn(LANGUAGES, each)) ?? 'en';
}

const column = Object.keys(LANGUAGES).indexOf(language);
const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** The text of a key, with its values put in. */
export function t(name, values = {}) {
  const isOne = typeof values.n === 'number' && plural.select(values.n) === 'one';
  const text = ((isOne && TEXTS[`${name}.one`]) || TEXTS[name])[column];
  return text.replace(/\{(\w+)\}/g, (all, each) => {
    const value = values[each];
    return typeof value === 'number' ? numbers.format(value) : value ?? all;
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
const dayOfYear = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const DAY_MS = 86_400_000;

export const clockTime = (time) => clock.format(time);
export const fullTime = (time) => full.format(time);
export const dayOf = (time) => new Date(time).setHours(0, 0, 0, 0);

/** A day as people say it: today, yesterday, or its date. */
export function dayName(time) {
  const today = dayOf(Date.now());
  const then = dayOf(time);
  if (then === today) return t('today');
  if (then === dayOf(today - DAY_MS / 2)) return t('yesterday');
  return (new Date(then).getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(time);
}
