// Menus that open beside a button or a row: arrow keys go through them, Escape closes them, and the focus goes back.

import { h, icon, rove } from './dom.js';

let open = null;

/** Show a menu `[{text, icon, act, danger, checked}]` (null is a line between) beside an element, or at a point. */
export function showMenu(anchor, items, { label, back = document.activeElement, grid = false } = {}) {
  closeMenu();
  const menu = h('div', { class: grid ? 'menu grid' : 'menu', role: 'menu', 'aria-label': label });
  for (const item of items) menu.append(item ? itemOf(item, grid) : h('div', { role: 'separator' }));
  document.body.append(menu);
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

function itemOf({ text, name = text, icon: sign, act, danger, checked }, grid) {
  const role = checked === undefined ? 'menuitem' : 'menuitemcheckbox';
  const attributes = { type: 'button', role, tabindex: '-1', class: danger ? 'danger' : null, 'aria-label': grid ? name : null };
  const button = h('button', attributes, sign ? icon(sign) : null, h('span', {}, text));
  if (checked !== undefined) button.setAttribute('aria-checked', String(checked));
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

export function closeMenu() {
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
