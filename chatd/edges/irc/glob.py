"""Masks with ``*`` and ``?``, compared without regard to case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatd.protocol import names


def is_mask(text: str) -> bool:
    """Return whether a text has a wildcard."""
    return "*" in text or "?" in text


def matcher(mask: str) -> Callable[[str], bool]:
    """Return a function that says whether a text is what a mask stands for; it takes no longer than both are long."""
    first, *others = names.folded(mask).split("*")
    middle = [piece for piece in others[:-1] if piece]
    return lambda text: _matches(first, middle, others[-1] if others else None, names.folded(text))


def _matches(first: str, middle: Sequence[str], last: str | None, text: str) -> bool:
    """Return whether a text begins with one piece, ends with another, and has some in that order in between.

    Without a ``last`` piece the first is all of it.
    """
    at, end = len(first), len(text) - len(last or "")
    if at > end or not _is_at(first, text, 0):
        return False
    if last is None:
        return at == end
    for piece in middle:
        found = _place_of(piece, text, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end and _is_at(last, text, end)


def _place_of(piece: str, text: str, start: int) -> int:
    """Return where a piece comes first in a text, -1 for nowhere."""
    if "?" not in piece:
        return text.find(piece, start)
    return next((at for at in range(start, len(text) - len(piece) + 1) if _is_at(piece, text, at)), -1)


def _is_at(piece: str, text: str, at: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, at)
    return all(sign in ("?", text[at + number]) for number, sign in enumerate(piece))
