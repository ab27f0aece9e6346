"""Which ids a journal has given since which of its starts: by this an older copy of it, put back, is known as one.

An id alone does not tell: what was said after the copy was made had ids that are given once more, to other things.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chatd.protocol.arguments import MAX_ID

MAX_STARTS = 10_000
"""Of how many starts it is known what they gave."""
MARK_CHARACTERS = 8
"""How much of something random is the mark of a start."""


class Start(NamedTuple):
    """One start of a journal."""

    mark: str
    """What no other start has; empty for the first."""
    first_id: int
    """The least id that it may have given."""


class Starts:
    """The starts of one journal, oldest first; there is at least one.

    An epoch is the journal's name and, after the first start, the mark of a start: what a client has been told is in
    this journal if the start is and has given the id.
    """

    __slots__ = ("_last_ids", "_name", "epoch")

    def __init__(self, name: str, starts: Iterable[Start]) -> None:
        self._name = name
        self._last_ids = {name: MAX_ID}
        self.epoch = name
        """What clients are told from here on."""
        for start in starts:
            self.add(start)

    def add(self, start: Start) -> None:
        """Note the newest start."""
        self._last_ids[self.epoch] = start.first_id - 1
        self.epoch = f"{self._name}.{start.mark}" if start.mark else self._name
        self._last_ids[self.epoch] = MAX_ID

    def hold(self, epoch: str | None, id_: int) -> bool:
        """Return whether the history in which an id was told under an epoch is that of this journal."""
        return epoch is not None and id_ <= self._last_ids.get(epoch, -1)
