// What operators do, and who came and went, as sentences.

import { t } from './strings.js';
import { key } from './wire.js';

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
    case 'KICK': return server ? t('mod.kick.server', who) : t('mod.kick', who);
    case 'MUTE': return server ? t('mod.mute.server', who) : t('mod.mute', who);
    case 'UNMUTE': return t('mod.unmute', who);
    case 'BAN': return server ? t('mod.ban.server', who) : t('mod.ban', who);
    case 'UNBAN': return t('mod.unban', who);
    case 'OP': return self ? t('mod.op.self') : t('mod.op', who);
    case 'DEOP': return self ? t('mod.deop.self') : t('mod.deop', who);
    case 'INVITE': return t('mod.invite', who);
    default: return setting(subject, who);
  }
}

function setting(subject, who) {
  switch (subject) {
    case 'registered=yes': return t('set.registered', who);
    case 'private=yes': return t('set.private', who);
    case 'private=no': return t('set.public', who);
    case 'topic=members': return t('set.topic.members');
    case 'topic=operators': return t('set.topic.operators');
    case 'speak=members': return t('set.speak.members');
    case 'speak=operators': return t('set.speak.operators');
    case 'slow=off': return t('set.slow.off');
    case 'keep=all': return t('set.keep.all');
    default: return t('set.other', who);
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

const list = (names) => (names.length > 6
  ? t('traffic.more', { names: names.slice(0, 5).join(', '), n: names.length - 5 })
  : names.join(', '));
