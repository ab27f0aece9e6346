"""A text as it is drawn where nothing but single characters can be drawn from left to right.

Lines have to be broken first and reordered then: what is wrapped after it was reordered begins with its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from chatd.client.model.arabic import shapes
from chatd.client.model.bidi import mirrored, paragraph, visual_order

_WORD = re.compile(r"\S+\s*|\s+")
_STEERING = re.compile("[\u061c\u200c-\u200f\u202a-\u202e\u2066-\u2069]")
"""What has done its work when the order and the shapes are known, and would be drawn as a box by some fonts."""


class Drawn(NamedTuple):
    """A character that is drawn, and which of the text it stands for, by their indices; it can be two, or more."""

    text: str
    stands_for: tuple[int, ...]


class BidiText:
    """A text without line breaks, with its order and its shapes.

    ``has`` is whether a shape can be drawn. ``base`` is its direction: 1 from the right, None for that of its first
    letter.
    """

    def __init__(self, text: str, has: Callable[[str], bool], base: int | None = None) -> None:
        self.text = text
        self._found = paragraph(text, base)
        self.from_right = self._found.base == 1
        self._shapes = shapes(text, has)
        for match in _STEERING.finditer(text):
            if match[0] != "\u200d" or self._found.levels[match.start()] % 2:  # between emoji it joins them
                self._shapes[match.start()] = ""

    def shape(self, start: int, end: int) -> str:
        """Return what is drawn of a part of the text, in the order in which it was written: to measure it."""
        return "".join(self._shapes[start:end])

    def drawn(self, start: int = 0, end: int | None = None) -> list[Drawn]:
        """Return what is drawn of a line, from left to right.

        What is not seen goes with the character before it in the text, or with the first that is seen. The marks of
        Arabic and Hebrew come before their letters, as the order has it: fonts put them over what is drawn next.
        """
        end = len(self.text) if end is None else end
        order = [at for at in visual_order(self._found, start, end) if self._shapes[at]]
        stands: dict[int, list[int]] = {at: [] for at in sorted(order)}
        if not stands:
            return []
        owner = next(iter(stands))
        for at in range(start, end):
            owner = at if at in stands else owner
            stands[owner].append(at)
        return [Drawn(self._seen(at), tuple(stands[at])) for at in order]

    def _seen(self, at: int) -> str:
        shape = self._shapes[at]
        return mirrored(shape) if self._found.levels[at] % 2 and shape == self.text[at] else shape

    def broken(self, measure: Callable[[int, int], int], first: int, rest: int) -> list[tuple[int, int]]:
        """Return where the lines begin and end that are at most ``rest`` pixels wide, and the first one ``first``.

        ``measure`` tells how wide a part of the text is. Between words there is room for a break, and within one that
        is wider than a line.
        """
        lines: list[tuple[int, int]] = []
        begin, used, limit = 0, 0, first
        for match in _WORD.finditer(self.text):
            start, end = match.span()
            bare = start + len(match[0].rstrip())
            wide = measure(start, bare)
            if used and used + wide > limit:
                lines.append((begin, start))
                begin, used, limit = start, 0, rest
            while wide > limit and bare - start > 1:
                start = self._fitting(measure, start, bare, limit)
                lines.append((begin, start))
                begin, limit, wide = start, rest, measure(start, bare)
            used += wide + measure(bare, end)
        return [*lines, (begin, len(self.text))]

    def _fitting(self, measure: Callable[[int, int], int], start: int, end: int, limit: int) -> int:
        """Return how far of a word that is too wide a line goes: one character at least."""
        low, high = start + 1, end - 1
        while low < high:
            middle = (low + high + 1) // 2
            if measure(start, middle) <= limit:
                low = middle
            else:
                high = middle - 1
        return low
