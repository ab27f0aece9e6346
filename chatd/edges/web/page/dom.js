// Elements are made here, from texts and never from HTML.

/** `h('button', {class: 'x', on: {click}}, 'text', child)`; a value of null or false leaves an attribute out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === 'class') element.className = value;
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (id) => document.getElementById(id);

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

export function iconButton(name, label, click, attributes = {}) {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, title: label, on: { click }, ...attributes },
    icon(name),
  );
}

/** Let arrow keys, Home and End go through a list whose items are `items()`; one of them can be reached by Tab. */
export function rove(list, items, { horizontal = false, loop = true } = {}) {
  const [back, forth] = horizontal ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  list.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const all = items();
    const at = all.indexOf(document.activeElement.closest?.('[tabindex]') ?? document.activeElement);
    const step = { [back]: -1, [forth]: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !all.length) return;
    event.preventDefault();
    const wanted = at + step;
    const wrapped = loop && Number.isFinite(step) ? (wanted + all.length) % all.length : wanted;
    focusOnly(all, all[Math.max(0, Math.min(all.length - 1, wrapped))]);
  });
}

function focusOnly(all, chosen) {
  for (const each of all) each.tabIndex = each === chosen ? 0 : -1;
  chosen.focus();
}

/** A number from a name, the same each time: for the colour of whoever has it. */
export function hue(name, count = 12) {
  let sum = 7;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) % 65521;
  return sum % count;
}
