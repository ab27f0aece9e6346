// Notifications of the desktop, for lines that name one and private ones while nobody looks. Asked for by a click alone.

import { settings } from './browser.js';
import { t } from './strings.js';

const supported = () => typeof Notification === 'function' && window.isSecureContext;

export const notifications = {
  get on() {
    return supported() && Notification.permission === 'granted' && settings.get('notify', false);
  },

  /** Why there are none and what to do, or nothing. */
  why() {
    if (!supported()) return t('notify.insecure');
    return Notification.permission === 'denied' ? t('notify.denied') : '';
  },

  /** Turn them on or off; the browser asks once whether they are wanted. To be called from a click. */
  async turn(wanted) {
    if (wanted && supported() && Notification.permission === 'default') await Notification.requestPermission();
    settings.set('notify', wanted);
  },

  show(room, line, act) {
    if (!this.on || document.hasFocus()) return;
    const title = room.private ? line.nick : t('notify.title', { nick: line.nick, room: room.name });
    try {
      const shown = new Notification(title, { body: line.text.slice(0, 300), tag: `chatd ${room.key}`, icon: '/-/page/icon.svg' });
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
