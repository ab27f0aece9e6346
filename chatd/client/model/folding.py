"""Lines as rows of the window: days between them, the unread mark, and joins and departures folded into one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from chatd.client.model.lines import FOLDABLE, Kind, Line
from chatd.client.model.room import Room
from chatd.protocol import names

MIN_FOLD = 3
"""How many lines in a row are folded."""
MAX_FOLD = 100
"""How many lines one fold holds at most, so that drawing the newest does not depend on how many joined and left."""
MAX_NAMES = 3


@dataclass(frozen=True, slots=True)
class DayRow:
    """What follows is of this day."""

    date: date

    def __str__(self) -> str:
        return f"{self.date:%A}, {self.date.day} {self.date:%B %Y}"


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """What follows is unread."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line, and its index in the room."""

    index: int
    line: Line


@dataclass(frozen=True, slots=True)
class FoldRow:
    """The lines from ``index`` up to ``end``, which is excluded, in one sentence.

    ``key`` names the fold in `Room.unfolded`; one that is ``unfolded`` is followed by a LineRow for each of its lines.
    """

    index: int
    end: int
    key: int
    text: str
    unfolded: bool


Row = DayRow | UnreadRow | LineRow | FoldRow


def rows(room: Room, first_index: int, zone: tzinfo) -> tuple[int, list[Row]]:
    """Return the rows of a room from the line ``first_index`` on, and the index of the line that they begin with.

    That index can be smaller, where the line belongs to a fold: what stood there from that line on, the day and the
    mark before it included, gives way to these rows. ``zone`` is where the days begin.
    """
    lines = room.lines
    if first_index >= len(lines):
        return len(lines), []
    start = first_index
    if start and lines[start - 1].kind in FOLDABLE:  # the fold before may have ended elsewhere until now
        start -= 1
    start = room.timeline.fold_start(start, MAX_FOLD)
    day = _day(lines[start - 1], zone) if start else None
    found: list[Row] = []
    index = start
    while index < len(lines):
        line = lines[index]
        today = _day(line, zone)
        if today != day:
            found.append(DayRow(today))
            day = today
        if line.serial == room.unread_serial:
            found.append(UnreadRow())
        end = _fold_end(room, index, today, zone)
        if end - index >= MIN_FOLD:
            unfolded = line.serial in room.unfolded
            found.append(FoldRow(index, end, line.serial, summary(lines[index:end]), unfolded))
            if unfolded:
                found += [LineRow(i, lines[i]) for i in range(index, end)]
        else:
            found += [LineRow(i, lines[i]) for i in range(index, end)]
        index = end
    return start, found


def _fold_end(room: Room, index: int, day: date, zone: tzinfo) -> int:
    """Return the index after the last line that goes into one row with the line at ``index``."""
    lines, end = room.lines, index + 1
    if lines[index].kind not in FOLDABLE:
        return end
    fold = room.timeline.fold_start(index, MAX_FOLD)
    while (
        end < len(lines)
        and lines[end].kind in FOLDABLE
        and room.timeline.fold_start(end, MAX_FOLD) == fold
        and _day(lines[end], zone) == day
    ):
        end += 1
    return end


def _day(line: Line, zone: tzinfo) -> date:
    return datetime.fromtimestamp(line.time / 1000, zone).date()


@dataclass(slots=True)
class _Person:
    """What one person did within a fold."""

    nick: str
    was: str
    joined_first: bool
    left_last: bool = False
    moved: bool = False
    """Whether the person joined or left at all."""

    def did(self) -> tuple[str, str]:
        """Return a name and what its bearer did in all."""
        if self.joined_first:
            return self.nick, "joined and left" if self.left_last else "joined"
        if self.moved:
            return self.nick, "left" if self.left_last else "left and rejoined"
        return self.was, f"is now {self.nick}" if self.nick != self.was else "changed names and changed back"


def summary(lines: Sequence[Line]) -> str:
    """Return in one sentence what lines that can be folded say: ``alice, bob and 3 others joined; carol left``."""
    groups: dict[str, list[str]] = {}
    for nick, did in map(_Person.did, _people(lines)):
        groups.setdefault(did, []).append(nick)
    return "; ".join(f"{_listed(nicks)} {did}" for did, nicks in _in_order(groups))


def _in_order(groups: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield those who joined, then those who left, then what each of the others did, as it happened."""
    for did in ("joined", "left", "joined and left", "left and rejoined"):
        if did in groups:
            yield did, groups.pop(did)
    yield from groups.items()


def _people(lines: Sequence[Line]) -> list[_Person]:
    """Return what each person did in all, those who did something first at the beginning."""
    people: list[_Person] = []
    present: dict[str, _Person] = {}
    for line in lines:
        key = names.key(line.nick)
        person = present.get(key)
        if person is None:
            person = present[key] = _Person(line.nick, line.nick, line.kind is Kind.JOINED)
            people.append(person)
        if line.kind is Kind.RENAMED:
            del present[key]
            person.nick = line.text
            present[names.key(line.text)] = person
        else:
            person.moved = True
            person.left_last = line.kind is Kind.PARTED
    return people


def _listed(nicks: Sequence[str]) -> str:
    """Return up to three names, or two and how many others."""
    if len(nicks) > MAX_NAMES:
        return f"{nicks[0]}, {nicks[1]} and {len(nicks) - 2} others"
    return " and ".join(filter(None, (", ".join(nicks[:-1]), nicks[-1])))
