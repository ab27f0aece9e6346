"""The lines of one conversation in their order, however they arrive.

Every line has a place ``(run, id, rank)``, and the list is sorted by it. A stored line has its id and rank 0. A
passing one (somebody came, a note) has the id of the newest line there was when it came, and rank 1; so it stays
behind that line whatever is put in later. A bar (a gap, a new run) has rank 2, and what passes right after it rank
3. Lines that wait for the server come after all others, in the order in which they were said.

A line at the end costs the same in a room of ten lines and of ten thousand: the oldest are dropped many at a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from chatd.client.model.lines import FOLDABLE, Kind, Line

Place = tuple[int, int, int]

MAX_LINES = 10_000
"""How many lines of a room are kept."""
_STORED, _PASSING, _BAR = 0, 1, 2
_LAST_RUN = 2**63
_TIME = attrgetter("time")


class Folding(NamedTuple):
    """How many lines that can be folded stand in a row up to a line, and what they are; all 0 if it is none."""

    length: int
    joined: int
    parted: int


_UNFOLDABLE = Folding(0, 0, 0)


class Timeline:
    """The lines of one room. At most ``limit`` are kept, and a twentieth more until they are dropped together."""

    def __init__(self, limit: int = MAX_LINES) -> None:
        self.run = 0
        """Grows with every new epoch; the ids of one run are in order, those of two say nothing of each other."""
        self.last_id = 0
        """The newest id of this run that is known to exist, 0 if none is."""
        self.revision = 0
        """Grows with every change of the lines but the loss of the oldest."""
        self._limit = limit
        self._slack = max(1, limit // 20)
        self._lines: list[Line] = []
        self._places: list[Place] = []
        self._folding: list[Folding] = []
        self._waiting = 0
        self._serial = 0

    @property
    def lines(self) -> Sequence[Line]:
        """The lines, oldest first; to be looked at, not to be changed."""
        return self._lines

    @property
    def full(self) -> bool:
        """Whether no older lines can be taken in, because they would be dropped at once."""
        return len(self._lines) >= self._limit

    def serial(self) -> int:
        """Return a number for a new line."""
        self._serial += 1
        return self._serial

    def place_of(self, index: int) -> Place:
        """Return the place of the line at an index."""
        return self._places[index]

    def folding(self, index: int) -> Folding:
        """Return how many lines that can be folded stand in a row up to the one at ``index``, itself included."""
        return self._folding[index]

    def fold_start(self, index: int) -> int:
        """Return where the lines in a row begin that can be folded with the one at ``index``, itself if it cannot."""
        return max(0, index - max(0, self._folding[index].length - 1))

    def fold_end(self, index: int) -> int:
        """Return the index after the last line that can be folded with the one at ``index``, in few steps."""
        length = self._folding[index].length
        if not length:
            return index + 1
        # The length grows by one with every line of the row, and is smaller in every line after it.
        return bisect_left(
            range(len(self._folding)), 1, index, key=lambda i: self._folding[i].length < length + i - index
        )

    def put(self, line: Line, *, old: bool) -> int | None:
        """Put in a stored line of this run and return its index; None if its id is there already.

        A line that is told as ``old`` goes before what passed later than it was said, where its id leaves that open.
        """
        place = (self.run, line.id, _STORED)
        end = len(self._lines) - self._waiting
        index = end
        if end and self._places[end - 1] > place:
            index = bisect_left(self._places, place, 0, end)
        if (index < end and self._places[index] == place) or (index and self._places[index - 1] == place):
            return None
        if old and index:
            index = self._before_later(index, line.time, place)
        self._insert(index, line, place)
        self.last_id = max(self.last_id, line.id)
        return index

    def find(self, id_: int) -> int | None:
        """Return the index of the stored line of this run that has an id; None if there is none."""
        place = (self.run, id_, _STORED)
        index = bisect_left(self._places, place)
        return index if index < len(self._places) and self._places[index] == place else None

    def replace(self, index: int, line: Line) -> None:
        """Let another line stand in the place of one, neither of which can be folded."""
        self.revision += 1
        self._lines[index] = line

    def add(self, line: Line) -> int:
        """Put a passing line after all that is not waiting, and return its index."""
        end = len(self._lines) - self._waiting
        run, id_, rank = self._places[end - 1] if end else (self.run, 0, _PASSING)
        self._insert(end, line, max((run, id_, rank | _PASSING), (self.run, self.last_id, _PASSING)))
        return end

    def bar(self, line: Line, after: int) -> int | None:
        """Put a line after the id ``after`` that no stored line with a greater id is ever put before.

        Return its index; None if such a line is there already.
        """
        place = (self.run, after, _BAR)
        end = len(self._lines) - self._waiting
        index = bisect_left(self._places, place, 0, end)
        if index < end and self._places[index] == place:
            return None
        self._insert(index, line, place)
        return index

    def begin_run(self) -> None:
        """Let ids start over; what is there is from before."""
        self.run += 1
        self.last_id = 0

    def wait(self, line: Line) -> int:
        """Put a line that waits for the server at the very end, and return its index."""
        self._insert(len(self._lines), line, (_LAST_RUN, line.serial, _PASSING))
        self._waiting += 1
        return len(self._lines) - 1

    def take_waiting(self, serial: int) -> tuple[Line, int]:
        """Take out a line that waits: return it and the index that it had. Raise `KeyError` if no such line waits."""
        place = (_LAST_RUN, serial, _PASSING)
        index = bisect_left(self._places, place)
        if index == len(self._places) or self._places[index] != place:
            raise KeyError(serial)
        line = self._lines.pop(index)
        del self._places[index], self._folding[index]
        self._waiting -= 1
        self.revision += 1
        return line, index

    def trim(self) -> int:
        """Drop the oldest lines if there are too many by far; return how many were dropped."""
        if len(self._lines) <= self._limit + self._slack:
            return 0
        count = min(len(self._lines) - self._limit, len(self._lines) - self._waiting)
        del self._lines[:count], self._places[:count], self._folding[:count]
        return count

    def index(self, serial: int, place: Place) -> int | None:
        """Return the index of the line with a serial that was put at ``place``; None if it is there no more."""
        index = bisect_left(self._places, place)
        while index < len(self._lines) and self._places[index] == place:
            if self._lines[index].serial == serial:
                return index
            index += 1
        return None

    def _before_later(self, index: int, time: int, place: Place) -> int:
        """Return where a line goes, at ``index`` at most, for what passed after it was said to stand behind it."""
        around = self._places[index - 1]
        if around[0] != self.run or not around[2] & _PASSING:
            return index
        first = bisect_left(self._places, around, 0, index)
        found = bisect_right(self._lines, time, first, index, key=_TIME)
        self._places[found:index] = [(place[0], place[1], _PASSING)] * (index - found)
        return found

    def _insert(self, index: int, line: Line, place: Place) -> None:
        self._lines.insert(index, line if line.run == self.run else line._replace(run=self.run))
        self._places.insert(index, place)
        self._folding.insert(index, _UNFOLDABLE)
        self.revision += 1
        folding = self._folding[index - 1] if index else _UNFOLDABLE
        for i in range(index, len(self._lines)):
            folding = _next_folding(folding, self._lines[i].kind)
            if i > index and self._folding[i] == folding:
                break
            self._folding[i] = folding


def _next_folding(before: Folding, kind: Kind) -> Folding:
    if kind not in FOLDABLE:
        return _UNFOLDABLE
    return Folding(before.length + 1, before.joined + (kind is Kind.JOINED), before.parted + (kind is Kind.PARTED))
