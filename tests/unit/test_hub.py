"""Names, batches and shutdown, over many sessions."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_chat import House


def test_fifty_at_once_claim_a_name_and_one_wins() -> None:
    house = House()
    people = [house.person() for _ in range(50)]
    for person in people:
        person.says("JOIN alice")
    house.turn()
    answers = [person.take()[0] for person in people]
    assert sum(answer.startswith("OK JOIN #lobby") for answer in answers) == 1
    assert sum(answer.startswith("ERR name-taken") for answer in answers) == 49


@pytest.mark.parametrize("twin", ["ALICE", "аlice", "АLICE", "aIice", "a1ice"])
def test_a_name_that_could_be_mistaken_for_one_in_use_is_taken(twin: str) -> None:
    house = House()
    alice = house.person("JOIN alice")
    other = house.person()
    other.says(f"JOIN {twin}")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    alice.says("NICK zoe")
    house.turn()
    other.says(f"JOIN {twin}")
    house.turn()
    assert other.take()[0].startswith("OK JOIN ")


def test_rooms_are_the_same_in_any_spelling_and_shown_as_first_written() -> None:
    house = House()
    alice, bob = house.person(), house.person()
    alice.says("JOIN alice #Foo")
    bob.says("JOIN bob #fOO")
    house.turn()
    assert alice.take() == ["OK JOIN #Foo 1", "JOIN bob #Foo"]
    assert bob.take() == ["OK JOIN #Foo 2"]


def test_who_comes_in_the_middle_of_a_turn_gets_what_follows_and_nothing_before() -> None:
    house = House()
    alice, bob, carol = house.program("JOIN alice"), house.person(), house.program()
    alice.says("MSG one")
    bob.says("JOIN bob")
    alice.says("MSG two")
    carol.says("JOIN carol")
    alice.says("MSG three")
    house.turn()
    assert bob.take() == ["OK JOIN #lobby 2", "MSG alice #lobby two", "JOIN carol #lobby", "MSG alice #lobby three"]
    ok, three = carol.take()
    assert ok.startswith("OK JOIN #lobby 3 last=2 ")
    assert three.endswith("MSG alice #lobby three")
    assert [line.split(" ", 1)[1] for line in alice.take()] == [
        "MSG alice #lobby one",
        "JOIN bob #lobby",
        "MSG alice #lobby two",
        "JOIN carol #lobby",
        "MSG alice #lobby three",
    ]


def test_who_leaves_in_the_middle_of_a_turn_gets_what_came_before() -> None:
    house = House()
    alice, bob = house.person("JOIN alice"), house.person("JOIN bob")
    alice.take()
    alice.says("MSG one")
    bob.says("PART")
    alice.says("MSG two")
    house.turn()
    assert bob.take() == ["MSG alice #lobby one", "OK PART #lobby"]
    assert alice.take() == ["PART bob #lobby"]


def test_a_name_changes_between_what_was_said_before_and_after() -> None:
    house = House()
    alice, bob, carol = house.person("JOIN alice"), house.person("JOIN bob"), house.person("JOIN carol")
    bob.take()
    carol.says("MSG before")
    alice.says("NICK zoe")
    carol.says("MSG after")
    house.turn()
    assert bob.take()[-3:] == ["MSG carol #lobby before", "NICK alice zoe", "MSG carol #lobby after"]


def test_replies_come_after_what_happened_in_other_rooms_before() -> None:
    house = House()
    alice, bob = house.person("JOIN alice #a"), house.person("JOIN bob #a")
    alice.says("MSG one")
    bob.says("JOIN #b")
    house.turn()
    assert bob.take() == ["MSG alice #a one", "OK JOIN #b 1"]


def test_a_room_that_is_empty_is_gone() -> None:
    house = House()
    house.person("JOIN alice #a", "PART")
    assert list(house.hub.rooms()) == []


def test_a_room_that_is_left_and_entered_again_in_one_batch_keeps_what_was_said() -> None:
    house = House()
    alice, dave = house.program("JOIN alice #a", "MSG one"), house.program("JOIN dave #b")
    bob = house.program()
    alice.says("MSG two", "MSG three")
    alice.session.gone()
    dave.says("NICK dora")
    bob.says("JOIN bob #a since=1 epoch=e1")
    house.turn()
    lines = [line.partition(" ")[2] if line.startswith("@") else line for line in bob.take()]
    assert lines[:2] == ["MSG alice #a two", "MSG alice #a three"]
    assert lines[2].startswith("OK JOIN #a 1 last=3 ")
    assert lines[2].endswith(" recovered=yes")
    bob.says("PART")
    house.turn()
    assert [room.name for room in house.hub.rooms()] == ["#b"]


def test_a_room_that_cannot_be_made_costs_those_who_enter_it_and_nobody_else(
    nothing_left_behind: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    alice, bob = house.program("JOIN alice #a"), house.program()
    monkeypatch.setattr("chatd.chat.hub.Room", lambda *_: 1 / 0)
    bob.says("JOIN bob #broken")
    alice.says("@label=1 MSG hi", "@label=2 PING")
    house.turn()
    assert bob.farewell is DisconnectReason.INTERNAL
    assert [line.partition(" ")[2] for line in alice.take()] == ["MSG alice #a hi", "PONG"]
    assert nothing_left_behind
    nothing_left_behind.clear()


def test_shutdown_delivers_what_was_said_and_takes_leave_of_everybody() -> None:
    house = House()
    alice, bob = house.person("JOIN alice"), house.person("JOIN bob")
    alice.take()
    alice.says("MSG last words")
    Deferred.fromCoroutine(house.hub.shut_down())
    assert [line.split()[:2] for line in alice.take()] == [["BYE", "shutdown"]]
    assert bob.take()[0] == "MSG alice #lobby last words"
    assert bob.farewell is DisconnectReason.SHUTDOWN


def test_a_fault_of_ours_costs_one_connection(
    nothing_left_behind: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    alice, bob = house.person("JOIN alice"), house.person("JOIN bob #b")
    monkeypatch.setattr(alice.session, "enter", lambda *_: 1 / 0)
    alice.says("JOIN #c")
    bob.says("MSG hi", "PING")
    house.turn()
    assert alice.farewell is DisconnectReason.INTERNAL
    assert bob.take() == ["PONG"]
    assert len(nothing_left_behind) == 1
    nothing_left_behind.clear()
