"""Whether a text names somebody."""

from __future__ import annotations

from chatd.protocol import names
from chatd.protocol.search_words import are_together


def mentions(text: str, nick: str) -> bool:
    """Return whether ``nick`` stands in ``text`` as a whole word, in any spelling that is the same name.

    A full stop or a hyphen around the word is none of it: ``alice.`` names alice, ``alice_`` and ``alice.b`` do not.
    What is written without spaces between words is a border: 太郎さん names 太郎, as a search for 太郎 finds it, and
    aliceさん names alice.
    """
    own = names.key(nick)
    folded = names.folded(text)
    start = folded.find(own) if own else -1
    while start >= 0:
        end = start + len(own)
        while start and _goes_on(folded[start - 1], folded[start]):
            start -= 1
        while end < len(folded) and _goes_on(folded[end - 1], folded[end]):
            end += 1
        if own in (word := folded[start:end], word.rstrip(".-"), word.lstrip(".-"), word.strip(".-")):
            return True
        start = folded.find(own, end + 1)
    return False


def _goes_on(before: str, after: str) -> bool:
    """Return whether two characters that follow each other are of one word."""
    return names.in_word(before) and names.in_word(after) and not (are_together(before) or are_together(after))
