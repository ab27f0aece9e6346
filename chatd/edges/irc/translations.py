"""What lines were translated into for one client, kept for all others to whom it would be the same."""

from __future__ import annotations

from enum import IntEnum

MAX_SETS = 64
"""For how many sets of capabilities something is kept: a client may ask for any, one after the other."""
MAX_LINES = 4000
"""More than many rooms have in one turn: what is kept need not outlive that by much."""


class Same(IntEnum):
    """For whom, of those who have the same capabilities, a line would be translated into the same."""

    FOR_NOBODY = 0
    FOR_THE_FREE = 1
    """For all who are in one room alone, and of whom no command is being carried out."""
    FOR_ALL = 2


class Batch:
    """What was translated last for those who have the same capabilities, with the ends of lines.

    It is known by its object, which all readers of a room are given one after the other: of those who have a batch of
    their own, each would be compared or hashed for nothing.
    """

    __slots__ = ("data", "lines", "same")

    def __init__(self) -> None:
        self.note(b"", b"", Same.FOR_NOBODY)

    def note(self, lines: bytes, data: bytes, same: Same) -> None:
        """Keep what a batch was translated into."""
        self.lines, self.data, self.same = lines, data, same


class Translations:
    """Of a node. Lines have no ends here."""

    def __init__(self) -> None:
        self._lines: dict[frozenset[str], dict[bytes, bytes]] = {}
        self._line_count = 0

    def lines(self, capabilities: frozenset[str]) -> dict[bytes, bytes]:
        """Return what is known of single lines that are the same for all; to be looked at, and not to be kept."""
        known = self._lines.get(capabilities)
        if known is None:
            if len(self._lines) >= MAX_SETS:
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
