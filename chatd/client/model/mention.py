"""Whether a text names somebody."""

from __future__ import annotations

import re

from chatd.protocol import names
from chatd.protocol.search_words import are_together

_AROUND = ".-[]\\`^{|}"
"""What of a nick's characters is punctuation as well, where it stands around a word."""
_STACKING = "\u1039\u17d2"
"""Marks of Burmese and Khmer that put the next letter below the one before."""

_PICTURES = re.compile("[\U0001f300-\U0001faff]+")
"""Emoji, which are of no name: without them most texts need no normalizing, which costs ten times as much."""


def mentions(text: str, nick: str) -> bool:
    """Return whether ``nick`` stands in ``text`` as a whole word, in any spelling that is the same name.

    Punctuation around the word is none of it: ``alice.`` and ``[alice]`` name alice, ``alice_``, ``alice.b`` and
    ``alice|away`` do not.
    What is written without spaces between words is a border: 太郎さん names 太郎, as a search for 太郎 finds it, and
    aliceさん names alice. A letter and its marks are one: สมัย does not name สม.
    """
    own = names.key(nick)
    folded = names.folded(_PICTURES.sub(" ", text))
    at = folded.find(own) if own else -1
    while at >= 0:
        start, end = at, at + len(own)
        while start and _goes_on(folded[start - 1], folded[start]):
            start -= 1
        while end < len(folded) and _goes_on(folded[end - 1], folded[end]):
            end += 1
        if not (folded[start:at] + folded[at + len(own) : end]).strip(_AROUND):
            return True
        at = folded.find(own, end + 1)
    return False


def _goes_on(before: str, after: str) -> bool:
    """Return whether two characters that follow each other are of one word."""
    if not (names.in_nick(before) and names.in_nick(after)):
        return False
    return before in _STACKING or names.is_mark(after) or not (are_together(before) or are_together(after))
