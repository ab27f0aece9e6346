// What the browser does for the page: settings, address, cookie, notifications.

import { isRoom, LOBBY } from './wire.js';

const JSON_TYPE = 'application/json';

async function ask(path, value) {
  const sent = value && { method: 'POST', body: JSON.stringify(value) };
  try {
    const headers = { Accept: JSON_TYPE, 'Content-Type': JSON_TYPE };
    const answer = await fetch(path, { headers, redirect: 'error', ...sent });
    const isJson = answer.headers.get('Content-Type')?.startsWith(JSON_TYPE);
    return { ok: answer.ok, ...(isJson ? await answer.json() : { text: answer.statusText }) };
  } catch {
    return { ok: false };
  }
}

/** Whose the cookie is: `{ok, nick}`. */
export const whoAmI = () => ask('/-/me');

export const logIn = (nick, password) => ask('/-/login', { nick, password });
export const register = (nick, password, code) => ask('/-/register', { nick, password, code });

export const logOut = () => ask('/-/logout', {});

export const redeem = (code) => ask('/-/redeem', { code });

/** The room of a path: `/builds` is #builds, `/` is #lobby. */
export function roomOf(path) {
  try {
    const name = decodeURIComponent(path.slice(1));
    return name && !name.includes('/') ? `#${name}` : LOBBY;
  } catch {
    return LOBBY;
  }
}

const pathOf = (name) => (name === LOBBY ? '/' : `/${encodeURIComponent(name.slice(1))}`);

/** Take `#invite=CODE` or `#operator=CODE` out of the address; return what was there. */
export function takeCodes() {
  const found = /^#(invite|operator)=([\w.~+/=%-]{1,200})$/.exec(location.hash);
  if (!found) return {};
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    return { [found[1]]: decodeURIComponent(found[2]) };
  } catch {
    return {};
  }
}

export function showAddress(room, { replace = false } = {}) {
  if (!isRoom(room.name) || location.pathname === pathOf(room.name)) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', pathOf(room.name));
}

export function socketAddress() {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/-/ws`;
}

// A page from an older node than this module has no such element.
const told = document.querySelector('meta[name="sign-in"]')?.content.split(' ');
const offered = told ?? ['guest', 'login', 'register'];

/** Whether the server offers a way in: 'guest', 'login', 'register'; 'https' if passwords need that. */
export const offers = (how) => offered.includes(how);

/** Whether others could read a password on its way. */
export const overheard = offers('https') && location.protocol !== 'https:';

class Kept {
  #area;
  #memory = new Map();

  constructor(area) {
    try {
      const probe = 'chatd.probe';
      area().setItem(probe, '1');
      area().removeItem(probe);
      this.#area = area();
    } catch {
      this.#area = null;
    }
  }

  get(name, otherwise = null) {
    const text = this.#area ? this.#area.getItem(`chatd.${name}`) : this.#memory.get(name);
    if (text == null) return otherwise;
    try {
      return JSON.parse(text) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  set(name, value) {
    const text = JSON.stringify(value);
    this.#memory.set(name, text);
    try {
      this.#area?.setItem(`chatd.${name}`, text);
    } catch {
      this.#area = null; // it is full: from here on memory has to do
    }
  }

  remove(name) {
    this.#memory.delete(name);
    this.#area?.removeItem(`chatd.${name}`);
  }
}

export const settings = new Kept(() => window.localStorage);
export const tab = new Kept(() => window.sessionStorage);

const supported = () => typeof Notification === 'function' && window.isSecureContext;

export const notifications = {
  get on() {
    return supported() && Notification.permission === 'granted' && settings.get('notify', false);
  },

  /** Why there can be none: 'insecure', 'denied' or nothing. */
  get barred() {
    if (!supported()) return 'insecure';
    return Notification.permission === 'denied' ? 'denied' : '';
  },

  /** Turn them on or off, from a click: the browser may ask first. */
  async turn(wanted) {
    if (wanted && supported() && Notification.permission === 'default') await Notification.requestPermission();
    settings.set('notify', wanted);
  },

  show(title, text, tag, act) {
    if (!this.on || document.hasFocus()) return;
    try {
      const shown = new Notification(title, { body: text.slice(0, 300), tag, icon: '/-/page/icon.svg' });
      shown.onclick = () => {
        window.focus();
        shown.close();
        act();
      };
    } catch {
      // browsers of phones have them for service workers alone
    }
  },
};
