// What stands in the address: the room, and codes behind the `#`, which are taken out of it at once.

import { LOBBY, isRoom } from './wire.js';

/** The room of a path: `/builds` is #builds, `/` is #lobby. */
export function roomOf(path) {
  try {
    const name = decodeURIComponent(path.slice(1));
    return name && !name.includes('/') ? `#${name}` : LOBBY;
  } catch {
    return LOBBY;
  }
}

export const pathOf = (name) => (name === LOBBY ? '/' : `/${encodeURIComponent(name.slice(1))}`);

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

/** Let the address be that of a room; a conversation has none. */
export function showAddress(room, { replace = false } = {}) {
  if (!isRoom(room.name) || location.pathname === pathOf(room.name)) return;
  if (replace) history.replaceState(null, '', pathOf(room.name));
  else history.pushState(null, '', pathOf(room.name));
}

export function socketAddress() {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/-/ws`;
}
