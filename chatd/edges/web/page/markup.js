// What stands in a text, as nodes: links to http and https, code between grave accents, and one's own name.

import { h } from './dom.js';

const PARTS = /`([^`]+)`|\bhttps?:\/\/[^\s<>"`\u2066-\u2069\u202a-\u202e]+/giu;
const TRAILING = /[.,;:!?'"»”’*_~\]]+$/u;
const MAX_LINKS = 100;

/** Return the nodes of a text; all that is no link and no code is text. */
export function nodesOf(text) {
  const nodes = [];
  let done = 0;
  for (const found of text.matchAll(PARTS)) {
    if (nodes.length > 2 * MAX_LINKS) break;
    const [whole, code] = found;
    const node = code === undefined ? linkOf(whole) : h('code', {}, code);
    if (!node) continue;
    if (found.index > done) nodes.push(text.slice(done, found.index));
    nodes.push(node);
    done = found.index + (code === undefined ? node.textContent.length : whole.length);
  }
  if (done < text.length) nodes.push(text.slice(done));
  return nodes;
}

function linkOf(text) {
  const shown = trimmed(text);
  let url;
  try {
    url = new URL(shown);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  return h('a', { href: url.href, rel: 'noopener noreferrer', target: '_blank', dir: 'ltr' }, shown);
}

/** An address without what belongs to the sentence around it: a full stop, a bracket that was opened before. */
function trimmed(text) {
  let shown = text.replace(TRAILING, '');
  while (shown.endsWith(')') && shown.split('(').length < shown.split(')').length) {
    shown = shown.slice(0, -1).replace(TRAILING, '');
  }
  return shown;
}

export const isFence = (text) => /^\s*```[\w+-]*\s*$/.test(text);
export const isIndented = (text) => /^(?: {4}|\t)/.test(text);
