"""Rows in a text widget: each is a line of it, only what changed is written, and what is read stays in its place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from chatd.client.model.rows import Row
from chatd.client.view.bidi_rows import FROM_RIGHT, IN_LINES
from chatd.client.view.read_only import ReadOnlyText
from chatd.client.view.row_diff import RowKey, common_rows, row_key, row_places
from chatd.client.view.talk_rows import OF_ROWS, Piece

_ANCHORS = 8
"""How many rows are looked at for one that is still there after a change."""
_SYNC_ROWS = 1000


class _Anchor(NamedTuple):
    """Where on the screen a display line of a row is, in pixels from the top."""

    number: int
    key: RowKey
    column: str
    y: int


class RowText:
    """Writes rows into a text; ``pieces`` are those of a row."""

    def __init__(self, text: ReadOnlyText, pieces: Callable[[Row], list[Piece]]) -> None:
        self.text = text
        self._pieces = pieces
        self.rows: list[Row] = []
        self.places: list[int] = []
        """Of each row, the index of its line, or of the line after it."""

    def clear(self) -> None:
        """Write nothing."""
        self.text.erase("1.0", "end")
        self.rows, self.places = [], []

    def write(self, start: int, new: list[Row]) -> None:
        """Write these rows, and none that are written already."""
        self.clear()
        self.replace(start, new, whole=True)

    def replace(self, start: int, new: list[Row], *, whole: bool = False) -> None:
        """Let the rows from the line ``start`` on, or the whole of them, be these."""
        at = 0 if whole else bisect_left(self.places, start)
        old = self.rows[at:]
        head = common_rows(old, new)
        tail = common_rows(old[head:][::-1], new[head:][::-1])
        self.places[at:] = row_places(start, new)
        self.rows[at:] = new
        begin, end = at + head, at + len(old) - tail
        self._edit(begin, end, new[head : len(new) - tail])

    def laid_out_here(self) -> list[int]:
        """Return the numbers of the rows that are laid out here, and not by Tk."""
        ranges = [str(index) for tag in (FROM_RIGHT, IN_LINES) for index in self.text.tag_ranges(tag)[::2]]
        return sorted({self.number_at(index) for index in ranges})

    def lay_out_again(self, numbers: Iterable[int]) -> None:
        """Write the rows of these numbers again."""
        for number in numbers:
            if number < len(self.rows):
                self._edit(number, number + 1, [self.rows[number]])

    def number_at(self, index: str) -> int:
        """Return the number of the row at an index of the text, the last one if it is below all."""
        return min(int(self.text.index(index).partition(".")[0]), max(1, len(self.rows))) - 1

    def anchors(self) -> list[_Anchor]:
        """Note where on the screen what is at its top stands, before a change."""
        first = self.text.index("@0,0")
        number, _, column = first.partition(".")
        found: list[_Anchor] = []
        for at in range(int(number) - 1, min(int(number) - 1 + _ANCHORS, len(self.rows))):
            info = self.text.dlineinfo(first)
            if info is not None:
                found.append(_Anchor(at, row_key(self.rows[at]), column, info[1]))
            first, column = f"{at + 2}.0", "0"
        return found

    def restore(self, anchors: Sequence[_Anchor]) -> None:
        """After a change let the first of those that is still there be where it was, to the pixel."""
        for anchor in anchors:
            number = self._number_of(anchor)
            if number is None:
                continue
            index = f"{number + 1}.{anchor.column}"
            if self._y(index) != anchor.y:
                self.text.yview(index)
                at = self._y(index)
                if at is not None and at != anchor.y:
                    self.text.yview_scroll(at - anchor.y, "pixels")
            return

    def sync(self) -> None:
        """Let the text measure itself at once, where that is quick; else it does so by and by."""
        if len(self.rows) <= _SYNC_ROWS:
            self.text.tk.call(str(self.text), "sync")

    def _y(self, index: str) -> int | None:
        info = self.text.dlineinfo(index)
        return None if info is None else info[1]

    def _number_of(self, anchor: _Anchor) -> int | None:
        if anchor.number < len(self.rows) and row_key(self.rows[anchor.number]) == anchor.key:
            return anchor.number
        return next((number for number, row in enumerate(self.rows) if row_key(row) == anchor.key), None)

    def _edit(self, begin: int, end: int, new: Sequence[Row]) -> None:
        """Let the rows from ``begin`` up to ``end`` be others."""
        if begin < end:
            self.text.erase(f"{begin + 1}.0", f"{end + 1}.0")
        pieces: list[Any] = []
        for row in new:
            for piece in self._pieces(row):
                pieces += (piece.text, piece.tags)
            pieces += ("\n", tuple(tag for tag in pieces[-1] if tag in OF_ROWS))
        if pieces:
            self.text.write(f"{begin + 1}.0", *pieces)
