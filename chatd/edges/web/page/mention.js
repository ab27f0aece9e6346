// Whether a text names somebody: as a whole word, in any spelling that is the same name.

import { key } from './wire.js';

const IN_WORD = /[\p{L}\p{M}\p{N}_]/u;
const TOGETHER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

const goesOn = (before, after) => IN_WORD.test(before) && IN_WORD.test(after)
  && !TOGETHER.test(before) && !TOGETHER.test(after);

export function mentions(text, nick) {
  const own = key(nick);
  const folded = key(text);
  if (!own) return false;
  for (let start = folded.indexOf(own); start >= 0; start = folded.indexOf(own, start + 1)) {
    const end = start + own.length;
    const before = start && goesOn(folded[start - 1], folded[start]);
    const after = end < folded.length && (goesOn(folded[end - 1], folded[end]) || /^[.-]+[\p{L}\p{N}_]/u.test(folded.slice(end)));
    if (!before && !after) return true;
  }
  return false;
}
