// The texts of the page in the reader's language. A key of the catalogue has a sentence in each of them; `{name}`
// stands for a value, and a key with `.one` beside it is for a number that is not one.

import { en } from './en.js';
import { de } from './de.js';
import { settings } from './storage.js';

const CATALOGUE = { en, de };

/** The names of the languages, each in itself. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };

export const language = choose(settings.get('language'));

function choose(wanted) {
  const asked = [wanted, ...navigator.languages].filter(Boolean).map((each) => each.slice(0, 2).toLowerCase());
  return asked.find((each) => Object.hasOwn(CATALOGUE, each)) ?? 'en';
}

const plural = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** The text of a key, with its values put in. */
export function t(name, values = {}) {
  const texts = CATALOGUE[language];
  const one = typeof values.n === 'number' && plural.select(values.n) === 'one' ? texts[`${name}.one`] : undefined;
  const text = one ?? texts[name] ?? name;
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

const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
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
