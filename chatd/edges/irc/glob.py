"""Masks with ``*`` and ``?``, compared without regard to case."""

from __future__ import annotations

from collections.abc import Callable

from chatd.protocol import names


def is_mask(text: str) -> bool:
    """Return whether a text has a wildcard."""
    return "*" in text or "?" in text


def matcher(mask: str) -> Callable[[str], bool]:
    """Return a function that says whether a text is what a mask stands for; it takes no longer than both are long."""
    folded = names.folded(mask)
    while "**" in folded:
        folded = folded.replace("**", "*")
    return lambda text: _matches(folded, names.folded(text))


def _matches(mask: str, text: str) -> bool:
    at, star, retry, position = 0, -1, 0, 0
    while position < len(text):
        if at < len(mask) and mask[at] == "*":
            star, retry, at = at, position, at + 1
        elif at < len(mask) and mask[at] in ("?", text[position]):
            at, position = at + 1, position + 1
        elif star >= 0:
            retry += 1
            at, position = star + 1, retry
        else:
            return False
    return all(sign == "*" for sign in mask[at:])
