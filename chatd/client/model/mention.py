"""Whether a text names somebody."""

from __future__ import annotations

from chatd.protocol import names


def mentions(text: str, nick: str) -> bool:
    """Return whether ``nick`` stands in ``text`` as a whole word, in any spelling that is the same name.

    A full stop or a hyphen around the word is none of it: ``alice.`` names alice, ``alice_`` and ``alice.b`` do not.
    """
    own = names.key(nick)
    folded = names.folded(text)
    start = folded.find(own) if own else -1
    while start >= 0:
        end = start
        while start and names.in_word(folded[start - 1]):
            start -= 1
        while end < len(folded) and names.in_word(folded[end]):
            end += 1
        if own in (word := folded[start:end], word.rstrip(".-"), word.lstrip(".-"), word.strip(".-")):
            return True
        start = folded.find(own, end + 1)
    return False
