"""What lines were translated into for one client, kept for all others to whom it would be the same."""

from __future__ import annotations

from collections import OrderedDict
from enum import IntEnum

MAX_BATCHES = 64
MAX_LINES = 4000
"""More than many rooms have in one turn: what is kept need not outlive that by much."""


class Same(IntEnum):
    """For whom, of those who have the same capabilities, a line would be translated into the same."""

    FOR_NOBODY = 0
    FOR_THE_FREE = 1
    """For all who are in one room alone, and of whom no command is being carried out."""
    FOR_ALL = 2


class Translations:
    """Of a node. Lines have their ends in batches, and none in `lines`."""

    def __init__(self) -> None:
        self.batches: OrderedDict[tuple[bytes, frozenset[str]], bytes] = OrderedDict()
        """What batches are that are the same for all, by their lines and the capabilities of those who read them."""
        self.batches_for_the_free: OrderedDict[tuple[bytes, frozenset[str]], bytes] = OrderedDict()
        """What batches are for some alone."""
        self._lines: dict[frozenset[str], dict[bytes, bytes]] = {}
        self._line_count = 0

    def note_batch(self, lines: bytes, capabilities: frozenset[str], data: bytes, same: Same) -> None:
        """Keep what a batch is, if it is that for any others."""
        if same is Same.FOR_NOBODY:
            return
        known = self.batches if same is Same.FOR_ALL else self.batches_for_the_free
        known[lines, capabilities] = data
        if len(known) > MAX_BATCHES:
            known.popitem(last=False)

    def lines(self, capabilities: frozenset[str]) -> dict[bytes, bytes]:
        """Return what is known of single lines that are the same for all; to be looked at, and not to be kept."""
        known = self._lines.get(capabilities)
        if known is None:
            if len(self._lines) >= MAX_BATCHES:  # a client may ask for any capabilities, one set after the other
                self._forget_lines()
            known = self._lines[capabilities] = {}
        return known

    def note_line(self, line: bytes, capabilities: frozenset[str], data: bytes) -> None:
        """Keep what a line is for all."""
        if self._line_count >= MAX_LINES:
            self._forget_lines()
        self.lines(capabilities)[line] = data
        self._line_count += 1

    def _forget_lines(self) -> None:
        self._lines.clear()
        self._line_count = 0
