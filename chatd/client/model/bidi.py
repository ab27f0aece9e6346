"""In which order the characters of a line are drawn: Unicode's bidirectional algorithm (UAX #9).

It is here, and not a library, because whoever draws has to know of each character where it went: links, colours and a
selection go with their characters. The names of rules are those of the annex: https://unicode.org/reports/tr9/.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from chatd.client.model.bidi_rules import EMBEDDINGS, ISOLATES, NEUTRAL, REMOVED, Rules

_MAX_DEPTH = 125
_RESET = (NEUTRAL | REMOVED) - {"ON"}
"""What has the level of its paragraph at the end of a line, and before a tab (L1)."""
_OVERRIDES = {"LRO": "L", "RLO": "R"}
_OTHER_SIDE = (("LEFT", "RIGHT"), ("LESS-THAN", "GREATER-THAN"), ("SUBSET", "SUPERSET"), ("PRECEDES", "SUCCEEDS"))
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def has_right_to_left(text: str) -> bool:
    """Return whether a text has to be reordered: whether something in it is written from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


@dataclass(slots=True)
class Paragraph:
    """A text with the level of each character: those that are odd go from right to left."""

    base: int
    """The level of the paragraph: 1 if it begins at the right."""
    levels: list[int]
    kinds: list[str]
    """The bidirectional class of each character."""


def paragraph(text: str, base: int | None = None) -> Paragraph:
    """Resolve the levels of a text without line breaks. Its direction is that of its first letter, if not told."""
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    partners = _partners(kinds)
    if base is None:
        base = _first_strong(kinds, partners, 0, len(kinds)) or 0
    types = kinds.copy()
    levels = _explicit(types, partners, base)
    return Paragraph(base, Rules(text, types, partners, mirrored).resolve(levels, base), kinds)


def visual_order(found: Paragraph, start: int, end: int) -> list[int]:
    """Return the indices of a line of a paragraph in the order in which they are drawn, from left to right."""
    levels = found.levels[start:end]
    trailing = True
    for at in range(end - 1, start - 1, -1):  # L1
        kind = found.kinds[at]
        if kind in ("S", "B"):
            trailing = True
        if trailing and kind in _RESET:
            levels[at - start] = found.base
        else:
            trailing = False
    return [start + index for index in _reversed(levels)]


@lru_cache(maxsize=512)
def mirrored(character: str) -> str:
    """Return what is drawn for a character from right to left: ``(`` for ``)``."""
    if unicodedata.mirrored(character):
        name = unicodedata.name(character, "")
        for one, other in _OTHER_SIDE:
            for old, new in ((one, other), (other, one)):
                if re.search(rf"\b{old}\b", name):
                    return _named(re.sub(rf"\b{old}\b", new, name)) or character
    return character


def _named(name: str) -> str | None:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return None


def _reversed(levels: list[int]) -> list[int]:
    """Return the indices of a line with the runs of each level reversed, from the highest one on (L2)."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        at = 0
        while at < len(order):
            end = at
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[at:end] = order[at:end][::-1]
            at = max(end, at + 1)
    return order


def _partners(kinds: Sequence[str]) -> dict[int, int]:
    """Return of each beginning of an isolate where it ends, and of each of those ends where it began (BD9)."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for at, kind in enumerate(kinds):
        if kind in ISOLATES:
            opened.append(at)
        elif kind == "PDI" and opened:
            partners[at] = opened.pop()
            partners[partners[at]] = at
    return partners


def _first_strong(kinds: Sequence[str], partners: dict[int, int], start: int, end: int) -> int | None:
    """Return the direction of the first letter that is in no isolate (P2, P3)."""
    at = start
    while at < end:
        kind = kinds[at]
        if kind in ("L", "R", "AL"):
            return int(kind != "L")
        at = partners.get(at, end) if kind in ISOLATES else at + 1
    return None


def _explicit(types: list[str], partners: dict[int, int], base: int) -> list[int]:
    """Return the levels that embeddings and isolates give (X1 to X8); overridden types are replaced."""
    stack: list[tuple[int, str | None, bool]] = [(base, None, False)]
    isolates = embeddings = 0  # those that go too deep
    levels: list[int] = []
    for at, kind in enumerate(types):
        if kind == "PDI" and at in partners:
            if isolates:
                isolates -= 1
            else:
                embeddings = 0
                while not stack.pop()[2]:
                    pass
        elif kind == "PDF" and not isolates:
            if embeddings:
                embeddings -= 1
            elif len(stack) > 1 and not stack[-1][2]:
                stack.pop()
        level, override, _ = stack[-1]
        levels.append(base if kind == "B" else level)
        if override and kind not in REMOVED and kind != "B":
            types[at] = override
        if kind in ISOLATES or kind in EMBEDDINGS:
            right = kind[0] == "R"
            if kind == "FSI":
                right = _first_strong(types, partners, at + 1, partners.get(at, len(types))) == 1
            deeper = (level + 1) | 1 if right else (level + 2) & ~1
            if deeper <= _MAX_DEPTH and not isolates and not embeddings:
                stack.append((deeper, _OVERRIDES.get(kind), kind in ISOLATES))
            elif kind in ISOLATES:
                isolates += 1
            elif not isolates:
                embeddings += 1
    return levels
