"""Lines as rows: days, the unread mark, and folds."""

from __future__ import annotations

from datetime import UTC, date, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.folding import MAX_TOLD, summary
from chatd.client.model.lines import Kind, Line
from chatd.client.model.room import Room
from chatd.client.model.rows import (
    MAX_UNFOLDED,
    DayRow,
    FoldRow,
    HeadRow,
    LineRow,
    QuoteRow,
    Row,
    Shape,
    UnreadRow,
    page_start,
    rows,
)

DAY = 86_400_000
WORDS = {"+": Kind.JOINED, "-": Kind.PARTED, "=": Kind.RENAMED}


def line(word: str, serial: int = 1, time: int = 0) -> Line:
    """Return the line for ``+nick``, ``-nick``, ``=old=new``, ``nick: text``, or a topic that somebody set."""
    if ": " in word:
        nick, _, text = word.partition(": ")
        return Line(serial, Kind.SAID, time, nick, text)
    kind = WORDS.get(word[0], Kind.TOPIC)
    nick, _, new = word[1:].partition("=")
    return Line(serial, kind, time, nick, word if kind is Kind.TOPIC else new)


def room_with(*words: str, time: int = 0) -> Room:
    room = Room("#r")
    for word in words:
        room.timeline.add(line(word, room.timeline.serial(), time))
    return room


def told(*words: str) -> str:
    return summary([line(word) for word in words])


def drawn(room: Room, first: int = 0) -> list[str]:
    def draw(row: Row) -> str:
        match row:
            case FoldRow():
                return f"[{row.index}-{row.end}] {row.text}"
            case LineRow(index, each, shape):
                return f"{index} {each.text or each.nick}{'' if shape is Shape.PLAIN else f' ({shape.name})'}"
            case HeadRow(_, each):
                return f"<{each.nick}>"
            case QuoteRow(nick=nick, text=text):
                return f"> {nick} {text}"
            case _:
                return str(row) if isinstance(row, DayRow) else "unread"

    return [draw(row) for row in rows(room, first, UTC)[1]]


def test_three_in_a_row_are_one() -> None:
    assert drawn(room_with("+a", "+b", "hi", "+c", "-c", "+d", "bye")) == [
        "Thursday, 1 January 1970",
        "0 a",
        "1 b",
        "2 hi",
        "[3-6] d joined; c joined and left",
        "6 bye",
    ]


def test_a_fold_is_told_in_one_sentence() -> None:
    assert told("+alice", "+bob", "+c", "+d", "+e", "-carol") == "alice, bob and 3 others joined; carol left"
    assert told("+a", "+b", "+c") == "a, b and c joined"
    assert told("+a", "+b") == "a and b joined"
    assert told("+a", "-a", "+a") == "a joined"
    assert told("+a", "-A") == "a joined and left"
    assert told("-a", "+a") == "a left and rejoined"
    assert told("-a", "+a", "-a") == "a left"
    assert told("=a=b", "=b=c") == "a is now c"
    assert told("=a=b", "=b=a") == "a changed nicks and changed back"
    assert told("+a", "=a=b") == "b joined"
    assert told("=a=b", "-b") == "b left"
    assert told("=a=b", "+a", "-b") == "a joined; b left"


def test_a_fold_can_be_unfolded() -> None:
    room = room_with("hi", "+a", "+b", "+c")
    (fold,) = [row for row in rows(room, 0, UTC)[1] if isinstance(row, FoldRow)]
    assert not fold.unfolded
    room.unfolded.add(fold.key)
    assert drawn(room)[2:] == ["[1-4] a, b and c joined", "1 a", "2 b", "3 c"]


def test_rows_begin_where_the_fold_of_the_line_begins() -> None:
    room = room_with("hi", "+a", "+b", "+c")
    assert rows(room, 3, UTC)[0] == 1
    assert drawn(room, 3) == ["[1-4] a, b and c joined"]
    assert rows(room, 4, UTC) == (4, [])
    # A line put into a fold draws what stands before it anew too.
    room.timeline.add(line("bye", 99))
    assert rows(room, 4, UTC)[0] == 1


def test_a_new_day_begins_where_the_reader_is() -> None:
    room = room_with("a")
    for time in (DAY - 1, DAY, DAY + 3_600_000):
        room.timeline.add(line("x", room.timeline.serial(), time))
    days = [row.date for row in rows(room, 0, UTC)[1] if isinstance(row, DayRow)]
    assert days == [date(1970, 1, 1), date(1970, 1, 2)]
    kinds = [type(row) for row in rows(room, 0, timezone(timedelta(hours=-1)))[1]]
    assert kinds == [DayRow, LineRow, DayRow, LineRow, LineRow, DayRow, LineRow]
    assert [type(row) for row in rows(room, 2, UTC)[1]] == [DayRow, LineRow, LineRow]


def test_a_fold_goes_on_over_days() -> None:
    room = room_with("+a", "+b", "+c", time=DAY - 1)
    for nick in "def":
        room.timeline.add(line(f"+{nick}", room.timeline.serial(), DAY))
    room.timeline.add(line("hi", 7, DAY))
    assert drawn(room) == [
        "Thursday, 1 January 1970",
        "[0-6] a, b and 4 others joined",
        "Friday, 2 January 1970",
        "6 hi",
    ]
    assert drawn(room, 6)[-2:] == drawn(room)[-2:]


def test_the_unread_mark_stands_before_its_line() -> None:
    room = room_with("a", "b", "c")
    room.count_unread(1)
    assert drawn(room)[1:] == ["0 a", "unread", "1 b", "2 c"]
    assert [type(row) for row in rows(room, 1, UTC)[1]] == [UnreadRow, LineRow, LineRow]


def test_all_who_come_and_go_in_a_row_are_one_row() -> None:
    """However many there are: 1,800 of them leave the talk before them in sight."""
    room = room_with("hi", *(f"+n{i}" for i in range(1500)), *(f"-n{i}" for i in range(299)), "=a=b", "bye")
    assert drawn(room)[1:] == ["0 hi", "[1-1801] 1,500 joins, 299 departures and 1 new nick", "1801 bye"]
    assert drawn(room, 1700) == drawn(room)[2:]


def test_a_page_counts_a_fold_as_one_line() -> None:
    room = room_with("one", *(f"+n{i}" for i in range(1800)), "two", "+x", "+y", "three")
    end = len(room.lines)
    assert [page_start(room, end, count) for count in range(8)] == [
        end, end - 1, end - 2, end - 3, end - 4, 1, 0, 0,
    ]  # fmt: skip


def test_one_more_of_many_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_with(*(f"+n{i}" for i in range(5000)))
    lines = CountingLines(room.lines)
    monkeypatch.setattr(Room, "lines", property(lambda _: lines))
    start, found = rows(room, 4999, UTC)
    assert (start, len(found)) == (0, 2)
    assert lines.asked < 50


class CountingLines(list[Line]):
    """Lines that count how often one is asked for."""

    asked = 0

    def __getitem__(self, which: Any) -> Any:
        found = super().__getitem__(which)
        self.asked += len(found) if isinstance(found, list) else 1
        return found


def test_of_what_is_unfolded_the_last_are_shown() -> None:
    room = room_with(*(f"+n{i}" for i in range(MAX_UNFOLDED + 10)))
    room.unfolded.add(room.lines[0].serial)
    found = rows(room, 0, UTC)[1]
    assert len(found) == 2 + MAX_UNFOLDED
    assert isinstance(found[2], LineRow) and found[2].index == 10
    assert MAX_TOLD < MAX_UNFOLDED


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hi", "ann: one", "ann: ```", "bob: two", "+a", "-a", "+b", "=a=b", "-c"]),
            st.integers(0, 3),
        )
    ),
    st.data(),
)
def test_rows_from_any_line_are_the_end_of_all_rows(words: list[tuple[str, int]], data: st.DataObject) -> None:
    room = Room("#r")
    for word, day in words:
        room.timeline.add(line(word, room.timeline.serial(), day * DAY))
    _, everything = rows(room, 0, UTC)
    covered = [i for row in everything for i in _indices(row)]
    assert covered == list(range(len(words)))
    first = data.draw(st.integers(0, len(words)))
    start, found = rows(room, first, UTC)
    assert start <= first
    assert found == everything[len(everything) - len(found) :]
    assert [i for row in found for i in _indices(row)] == list(range(start, len(words)))


def _indices(row: Row) -> range:
    match row:
        case FoldRow():
            return range(row.index, row.end)
        case LineRow():
            return range(row.index, row.index + 1)
        case _:  # a HeadRow and what is like it belong to the LineRow after them
            return range(0)
