"""Laying rows out again that Tk does not lay out itself: what is seen at once, and the rest by and by."""

from __future__ import annotations

import time
from collections.abc import Callable

from chatd.client.view.row_diff import row_key
from chatd.client.view.row_text import RowText

SLICE_SECONDS = 0.03
"""How long it may go on before the window is to answer again."""
PAUSE_MS = 100
"""How long after the last new width the rest is begun."""


class LayingOut:
    """Does that for rows; ``keep_place`` calls what changes them, and what is read stays where it is."""

    def __init__(
        self, rows: RowText, keep_place: Callable[[Callable[[], None]], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._keep_place = keep_place
        self._now = now
        self._left: list[int] = []
        """The numbers of the rows that are still to be laid out, the next one last."""
        self._first: object = None
        """The first row while those numbers hold."""
        self._waiting = ""

    def begin(self) -> None:
        """Lay them out for a new width."""
        rows, text = self._rows, self._rows.text
        if self._waiting:
            text.after_cancel(self._waiting)
            self._waiting = ""
        numbers = rows.laid_out_here()
        top, bottom = rows.number_at("@0,0"), rows.number_at(f"@0,{text.winfo_height()}")
        seen = [number for number in numbers if top <= number <= bottom]
        self._left = [number for number in numbers if not top <= number <= bottom]
        self._first = row_key(rows.rows[0]) if rows.rows else None
        self._keep_place(lambda: rows.lay_out_again(seen))
        self._wait(PAUSE_MS)

    def _wait(self, milliseconds: int) -> None:
        if self._left:
            self._waiting = self._rows.text.after(milliseconds, self._go_on)

    def _go_on(self) -> None:
        self._waiting = ""
        rows = self._rows
        if not rows.text.winfo_exists():
            return
        if not rows.rows or row_key(rows.rows[0]) != self._first:
            self.begin()  # they have other numbers now
            return
        self._keep_place(self._lay_some)
        self._wait(1)

    def _lay_some(self) -> None:
        until = self._now() + SLICE_SECONDS
        while self._left:
            self._rows.lay_out_again([self._left.pop()])
            if self._now() >= until:
                return
