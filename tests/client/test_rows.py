"""Lines as rows: who speaks, what is answered, code, and the colours of people."""

from __future__ import annotations

from datetime import UTC

import pytest

from chatd.client.model.colours import COLOURS, MAX_KNOWN, Colours, colour_of
from chatd.client.model.lines import Kind, Line
from chatd.client.model.members import Members
from chatd.client.model.room import Room
from chatd.client.model.rows import GROUP_MILLISECONDS, HeadRow, QuoteRow, rows
from tests.client.test_folding import drawn, room_with


def put(room: Room, id_: int, nick: str, text: str, time: int = 0, reply: int = 0) -> None:
    line = Line(room.timeline.serial(), Kind.SAID, time, nick, text, id_, reply=reply)
    room.timeline.put(line, old=False)


def test_what_one_says_in_a_row_has_one_name() -> None:
    room = room_with("ann: one", "ANN: two", "bob: three", "ann: /me waves", "ann: four", "+x", "ann: five")
    assert drawn(room)[1:] == [
        "<ann>", "0 one", "1 two", "<bob>", "2 three", "3 /me waves", "<ann>", "4 four", "5 x", "<ann>", "6 five",
    ]  # fmt: skip


def test_after_a_while_the_name_is_told_again() -> None:
    room = Room("#r")
    for id_, time in enumerate((0, GROUP_MILLISECONDS - 1, 2 * GROUP_MILLISECONDS - 1), start=1):
        put(room, id_, "ann", f"m{id_}", time)
    assert drawn(room)[1:] == ["<ann>", "0 m1", "1 m2", "<ann>", "2 m3"]
    assert drawn(room, 2) == ["<ann>", "2 m3"]


def test_the_name_is_told_after_the_unread_mark() -> None:
    room = room_with("ann: one", "ann: two")
    room.count_unread(1)
    assert drawn(room)[1:] == ["<ann>", "0 one", "unread", "<ann>", "1 two"]


def test_an_answer_quotes_what_it_answers_as_that_is_now() -> None:
    room = Room("#r")
    put(room, 1, "ann", "lunch?")
    put(room, 2, "bob", "yes", reply=1)
    put(room, 3, "bob", "and this", reply=99)
    assert drawn(room)[1:] == ["<ann>", "0 lunch?", "<bob>", "> ann lunch?", "1 yes", "<bob>", ">  ", "2 and this"]
    room.timeline.replace(0, room.lines[0]._replace(text="dinner? " * 40))
    (quote,) = [row for row in rows(room, 0, UTC)[1] if isinstance(row, QuoteRow) and row.id == 1]
    assert quote.text.endswith("dinner? …")
    assert len(quote.text) < 170


def test_code_goes_from_fence_to_fence_of_one_person() -> None:
    room = room_with("ann: ```py", "ann: x = 1", "ann: ```", "ann: so", "ann:     indented", "bob: ```", "ann: no code")
    assert drawn(room)[2:] == [
        "0 ```py (FENCE)", "1 x = 1 (CODE)", "2 ``` (FENCE)", "3 so", "4     indented (CODE)",
        "<bob>", "5 ``` (FENCE)", "<ann>", "6 no code",
    ]  # fmt: skip
    assert drawn(room, 1) == drawn(room)[3:]


def test_people_of_a_room_have_different_colours_while_there_are_enough() -> None:
    here = Members()
    colours = Colours(here)
    people = [f"person{n}" for n in range(COLOURS)]
    here.add_listed(people)
    here.end_list()
    given = [colours.of(nick) for nick in people]
    assert sorted(given) == list(range(COLOURS))
    assert [colours.of(nick.upper()) for nick in people] == given
    here.remove("person3")
    here.add("late")
    assert colours.of("late") == given[3]


def test_a_colour_goes_with_its_bearer() -> None:
    colours = Colours(Members())
    before = colours.of("ann")
    assert before == colour_of("ann")
    colours.renamed("ann", "anna")
    assert colours.of("Anna") == before


def test_in_a_crowd_colours_are_shared_and_looked_up_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Members()
    here.add_listed(f"person{n}" for n in range(2000))
    here.end_list()
    colours = Colours(here)
    for nick in here:
        assert 0 <= colours.of(nick) < COLOURS
    asked = 0

    def count(_: Members, nick: str) -> bool:
        nonlocal asked
        asked += 1
        return bool(nick)

    monkeypatch.setattr(Members, "__contains__", count)
    for nick in here:
        colours.of(nick)
    assert asked <= MAX_KNOWN


def test_a_name_stands_above_what_is_said_and_nothing_else() -> None:
    room = room_with("a topic", "+x", "ann: hi")
    assert [row.index for row in rows(room, 0, UTC)[1] if isinstance(row, HeadRow)] == [2]
