// Elements, made from texts and never from HTML; menus and sheets, which give the focus back.

import { t } from './strings.js';

/**
 * `h('button', {class: 'x', on: {click}}, 'text', child)`; a value of null or false leaves an attribute out. A button
 * submits nothing unless its type is 'submit'.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  if (name === 'button') element.type = 'button';
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (key === 'class') element.className = value;
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
    { class: 'icon-button', 'aria-label': label, title: label, on: { click }, ...attributes },
    icon(name),
  );
}

/** Let arrow keys, Home and End go through `items()` of a list. */
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

/** Let arrow keys go through the buttons of a list, and a click call `act(button, event)`. */
export function pick(list, selector, act) {
  list.addEventListener('click', (event) => {
    const button = event.target.closest(selector);
    if (button) act(button, event);
  });
  rove(list, () => [...list.querySelectorAll(selector)]);
}

function focusOnly(all, chosen) {
  for (const each of all) each.tabIndex = each === chosen ? 0 : -1;
  chosen.focus();
}

let open = null;

/** Show a menu `[{text, icon, act, danger}]` (null is a line between) beside an element, or at a point. */
export function showMenu(anchor, items, { label, back = document.activeElement, grid = false } = {}) {
  closeMenu();
  const menu = h('div', { class: grid ? 'menu grid' : 'menu', role: 'menu', 'aria-label': label });
  for (const item of items) menu.append(item ? itemOf(item, grid) : h('div', { role: 'separator' }));
  $('talk').append(menu);
  place(menu, anchor);
  open = { menu, back, anchor };
  anchor.setAttribute?.('aria-expanded', 'true');
  const buttons = () => [...menu.querySelectorAll('button')];
  rove(menu, buttons, { horizontal: grid });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      closeMenu();
    }
  });
  buttons()[0]?.focus();
  return menu;
}

function itemOf({ text, name = text, icon: sign, act, danger }, grid) {
  const attributes = {
    role: 'menuitem',
    tabindex: '-1',
    class: danger ? 'danger' : null,
    'aria-label': grid ? name : null,
  };
  const button = h('button', attributes, sign ? icon(sign) : null, h('span', {}, text));
  button.addEventListener('click', () => {
    closeMenu();
    act();
  });
  return button;
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const rtl = document.dir === 'rtl';
  const start = rtl ? box.right - width : box.left;
  const below = box.bottom + 4 + height <= window.innerHeight;
  menu.style.left = `${Math.max(8, Math.min(start, window.innerWidth - width - 8))}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
}

function closeMenu() {
  if (!open) return;
  const { menu, back, anchor } = open;
  open = null;
  anchor.removeAttribute?.('aria-expanded');
  const had = menu.contains(document.activeElement);
  menu.remove();
  if (had && back?.isConnected) back.focus();
}

document.addEventListener('pointerdown', (event) => {
  if (open && !open.menu.contains(event.target)) closeMenu();
});
window.addEventListener('resize', closeMenu);

let serial = 0;

/**
 * Ask for values. A field's `type` is that of an input, or 'select'; a `word` has no spaces. `submit(values)` returns
 * what is wrong as a sentence, or null, at once or later.
 */
export function ask({ title, text, fields = [], extra = [], done = t('ok'), danger, submit, closable = true, closed }) {
  const dialog = sheet(title, { closable, closed });
  const error = h('p', { class: 'error', role: 'alert' });
  const inputs = fields.map(inputOf);
  const buttons = h('div', { class: 'buttons' });
  if (closable) buttons.append(h('button', { on: { click: () => dialog.close() } }, t('cancel')));
  buttons.append(h('button', { type: 'submit', class: danger ? 'primary danger' : 'primary' }, done));
  const form = h(
    'form',
    { novalidate: true },
    text ? h('p', {}, text) : null,
    ...inputs.map(({ box }) => box),
    error,
    ...extra,
    buttons,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const missing = inputs.find(({ field, read }) => field.required && !read());
    const spaced = inputs.find(({ field, read }) => field.word && /\s/.test(read()));
    const values = Object.fromEntries(inputs.map(({ field, read }) => [field.name, read()]));
    const unfit = missing
      ? t('form.missing', { what: missing.field.label })
      : spaced && t('form.spaced', { what: spaced.field.label });
    const wrong = unfit || (await submit(values));
    if (!wrong) dialog.close();
    else dialog.say(typeof wrong === 'string' ? wrong : '');
    (missing ?? spaced)?.input.focus();
  });
  dialog.append(form);
  dialog.say = (sentence) => {
    error.textContent = sentence;
  };
  dialog.input = (name) => inputs.find(({ field }) => field.name === name)?.input;
  dialog.showModal();
  (inputs.find(({ input, field }) => !input.value && field.type !== 'checkbox') ?? inputs[0])?.input.focus();
  return dialog;
}

export function sheet(title, { closable = true, closed, wide = false } = {}) {
  serial += 1;
  const id = `sheet-${serial}`;
  const head = h('div', { class: 'sheet-head' }, h('h2', { id }, title));
  const dialog = h('dialog', { class: wide && 'wide', 'aria-labelledby': id }, head);
  if (closable) head.append(iconButton('close', t('close'), () => dialog.close()));
  dialog.addEventListener('cancel', (event) => {
    if (!closable) event.preventDefault();
  });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !closable) event.preventDefault();
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  return dialog;
}

function inputOf(field) {
  serial += 1;
  const id = `field-${serial}`;
  const { name, label, type = 'text', value = '', options, hint, autocomplete = 'off', required, max } = field;
  const hintId = hint ? `${id}-hint` : null;
  const shared = { id, name, 'aria-describedby': hintId, 'aria-required': required ? 'true' : null };
  const small = hint ? h('small', { id: hintId }, hint) : null;
  const named = h('label', { for: id }, label);
  if (type === 'checkbox') {
    const input = h('input', { ...shared, type });
    input.checked = value;
    return { field, input, read: () => input.checked, box: h('div', { class: 'field check' }, input, named, small) };
  }
  const input =
    type === 'select'
      ? h('select', shared, ...options.map(([each, text]) => h('option', { value: each }, text)))
      : h('input', {
          ...shared,
          type,
          autocomplete,
          maxlength: max ?? null,
          spellcheck: 'false',
          autocapitalize: 'off',
          dir: 'auto',
        });
  input.value = value;
  const read = () => (type === 'password' ? input.value : input.value.trim());
  return { field, input, read, box: h('div', { class: 'field' }, named, input, small) };
}
