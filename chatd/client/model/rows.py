"""Lines as rows of the window: days, the unread mark, who speaks, what is answered, and folds of joins and departures.

How a line is drawn depends on the lines before it alone, and on few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import Enum
from functools import lru_cache

from chatd.client.model.folding import fold_text
from chatd.client.model.lines import FOLDABLE, Kind, Line
from chatd.client.model.preferences import Traffic
from chatd.client.model.room import Room
from chatd.protocol import names
from chatd.protocol.actions import shown

MIN_FOLD = 3
"""How many lines in a row are folded."""
MAX_UNFOLDED = 500
"""How many lines of a fold are shown at most, the last ones."""
GROUP_MILLISECONDS = 5 * 60_000
"""How long after what somebody said the name need not be told again."""
MAX_CODE = 200
"""How far from the line that begins it code goes on."""
MAX_QUOTE = 160
"""How many characters of a message are quoted above its answer."""
_FENCE = re.compile(r"\s*```[\w+-]*\s*")
_INDENTED = (" " * 4, "\t")


class Shape(Enum):
    """What a line is within what a person says in a row."""

    PLAIN = "text"
    CODE = "a line of code"
    FENCE = "where code begins or ends"


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
class HeadRow:
    """Who says what follows, and since when: ``line`` is the first of it."""

    index: int
    line: Line


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """What the line ``serial`` at ``index`` answers: the message ``id``, of ``nick`` if that is known.

    ``text`` is empty if the message is not there: it is older than what is known, or was taken back.
    """

    index: int
    serial: int
    id: int
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line, and its index in the room."""

    index: int
    line: Line
    shape: Shape = Shape.PLAIN


@dataclass(frozen=True, slots=True)
class ReactionsRow:
    """The reactions to the line above."""

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


OfLine = HeadRow | QuoteRow | LineRow | ReactionsRow
Row = DayRow | UnreadRow | OfLine | FoldRow


def rows(room: Room, first_index: int, zone: tzinfo, traffic: Traffic = Traffic.FOLDED) -> tuple[int, list[Row]]:
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
    start = room.timeline.fold_start(start)
    day = _day(lines[start - 1], zone) if start else None
    code = _in_code(room, start, zone)
    found: list[Row] = []
    index = start
    while index < len(lines):
        line, today = lines[index], _day(lines[index], zone)
        if traffic is Traffic.HIDDEN and line.kind in FOLDABLE:
            index += 1
            continue
        if today != day:
            found.append(DayRow(today))
            day = today
        if line.serial == room.unread_serial:
            found.append(UnreadRow())
        end = room.timeline.fold_end(index)
        if end - index >= MIN_FOLD:
            found += _folded(room, index, end, shown=traffic is Traffic.SHOWN)
            index = end
            continue
        goes_on = _goes_on(room, index, zone)
        shape, code = _shape(line, code and goes_on)
        found += _of_line(room, index, shape, head=not goes_on or line.serial == room.unread_serial)
        index += 1
    return start, found


def page_start(room: Room, index: int, count: int) -> int:
    """Return from which line on there are so many rows of lines before the line ``index``, folds being one each."""
    while index > 0 and count > 0:
        index -= 1
        start = room.timeline.fold_start(index)
        if index - start + 1 >= MIN_FOLD:
            index = start
        count -= 1
    return index


def _folded(room: Room, index: int, end: int, *, shown: bool) -> Iterator[Row]:
    lines = room.lines
    unfolded = lines[index].serial in room.unfolded
    if not shown:
        yield FoldRow(index, end, lines[index].serial, fold_text(room, index, end), unfolded)
    if shown or unfolded:
        for i in range(max(index, end - MAX_UNFOLDED), end):
            yield LineRow(i, lines[i])


def _of_line(room: Room, index: int, shape: Shape, *, head: bool) -> Iterator[Row]:
    line = room.lines[index]
    if head and line.kind is Kind.SAID and not line.action:
        yield HeadRow(index, line)
    if line.reply:
        yield _quote(room, index)
    yield LineRow(index, line, shape)
    if line.reactions:
        yield ReactionsRow(index, line)


def _quote(room: Room, index: int) -> QuoteRow:
    line = room.lines[index]
    at = room.timeline.find(line.reply)
    answered = None if at is None else room.lines[at]
    if answered is None or answered.kind is not Kind.SAID:
        return QuoteRow(index, line.serial, line.reply, line.answers, "")
    text = shown(answered.nick, answered.text) if answered.action else answered.text
    cut = text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE].rstrip() + " …"
    return QuoteRow(index, line.serial, line.reply, answered.nick, cut)


def _goes_on(room: Room, index: int, zone: tzinfo) -> bool:
    """Return whether the line at ``index`` goes on with what the one before it says."""
    if not index:
        return False
    line, before = room.lines[index], room.lines[index - 1]
    return (
        line.kind is before.kind is Kind.SAID
        and not line.reply
        and abs(line.time - before.time) < GROUP_MILLISECONDS
        and not (line.action or before.action)
        and (line.nick == before.nick or names.key(line.nick) == names.key(before.nick))
        and room.is_from_before(line) == room.is_from_before(before)
        and _day(line, zone) == _day(before, zone)
    )


def _shape(line: Line, code: bool) -> tuple[Shape, bool]:  # noqa: FBT001  # the state that goes from line to line
    """Return the shape of a line, and whether code goes on after it; ``code`` is whether it does before."""
    if line.kind is not Kind.SAID:
        return Shape.PLAIN, False
    if _FENCE.fullmatch(line.text):
        return Shape.FENCE, not code
    return Shape.CODE if code or line.text.startswith(_INDENTED) else Shape.PLAIN, code


def _in_code(room: Room, index: int, zone: tzinfo) -> bool:
    """Return whether the line at ``index`` is within code, if it goes on with the line before it."""
    lines, start = room.lines, index
    earliest = max(0, index - MAX_CODE)
    while start > earliest and lines[start - 1].nick == lines[index].nick:
        start -= 1
    first_fence = next((i for i in range(start, index) if "```" in lines[i].text), index)
    start = index
    while start > first_fence and _goes_on(room, start, zone):
        start -= 1
    code = False
    for line in lines[start:index]:
        _, code = _shape(line, code)
    return code


def _day(line: Line, zone: tzinfo) -> date:
    return _day_of(line.time // 60_000, zone)


@lru_cache(maxsize=4096)
def _day_of(minute: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(minute * 60, zone).date()
