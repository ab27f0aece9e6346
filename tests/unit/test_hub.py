"""Names, batches and shutdown, over many sessions."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent

from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_chat import InMemoryChat


def test_fifty_at_once_claim_a_name_and_one_wins() -> None:
    chat = InMemoryChat()
    people = [chat.person() for _ in range(50)]
    for person in people:
        person.says("JOIN alice")
    chat.turn()
    answers = [person.take()[0] for person in people]
    assert sum(answer.startswith("OK JOIN #lobby") for answer in answers) == 1
    assert sum(answer.startswith("ERR name-taken") for answer in answers) == 49


@pytest.mark.parametrize("twin", ["ALICE", "аlice", "АLICE", "aIice", "a1ice"])
def test_a_name_that_could_be_mistaken_for_one_in_use_is_taken(twin: str) -> None:
    chat = InMemoryChat()
    alice = chat.person("JOIN alice")
    other = chat.person()
    other.says(f"JOIN {twin}")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    alice.says("NICK zoe")
    chat.turn()
    other.says(f"JOIN {twin}")
    chat.turn()
    assert other.take()[0].startswith("OK JOIN ")


def test_rooms_are_the_same_in_any_spelling_and_shown_as_first_written() -> None:
    chat = InMemoryChat()
    alice, bob = chat.person(), chat.person()
    alice.says("JOIN alice #Foo")
    bob.says("JOIN bob #fOO")
    chat.turn()
    assert alice.take() == ["OK JOIN #Foo 1", "JOIN bob #Foo"]
    assert bob.take() == ["OK JOIN #Foo 2"]


def test_who_comes_in_the_middle_of_a_turn_gets_what_follows_and_nothing_before() -> None:
    chat = InMemoryChat()
    alice, bob, carol = chat.program("JOIN alice"), chat.person(), chat.program()
    alice.says("MSG one")
    bob.says("JOIN bob")
    alice.says("MSG two")
    carol.says("JOIN carol")
    alice.says("MSG three")
    chat.turn()
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
    chat = InMemoryChat()
    alice, bob = chat.person("JOIN alice"), chat.person("JOIN bob")
    alice.take()
    alice.says("MSG one")
    bob.says("PART")
    alice.says("MSG two")
    chat.turn()
    assert bob.take() == ["MSG alice #lobby one", "OK PART #lobby"]
    assert alice.take() == ["PART bob #lobby"]


def test_a_name_changes_between_what_was_said_before_and_after() -> None:
    chat = InMemoryChat()
    alice, bob, carol = chat.person("JOIN alice"), chat.person("JOIN bob"), chat.person("JOIN carol")
    bob.take()
    carol.says("MSG before")
    alice.says("NICK zoe")
    carol.says("MSG after")
    chat.turn()
    assert bob.take()[-3:] == ["MSG carol #lobby before", "NICK alice zoe", "MSG carol #lobby after"]


def test_replies_come_after_what_happened_in_other_rooms_before() -> None:
    chat = InMemoryChat()
    alice, bob = chat.person("JOIN alice #a"), chat.person("JOIN bob #a")
    alice.says("MSG one")
    bob.says("JOIN #b")
    chat.turn()
    assert bob.take() == ["MSG alice #a one", "OK JOIN #b 1"]


def test_a_room_that_is_empty_is_gone() -> None:
    chat = InMemoryChat()
    chat.person("JOIN alice #a", "PART")
    assert list(chat.hub.rooms()) == []


def test_a_room_that_is_left_and_entered_again_in_one_batch_keeps_what_was_said() -> None:
    chat = InMemoryChat()
    alice, dave = chat.program("JOIN alice #a", "MSG one"), chat.program("JOIN dave #b")
    bob = chat.program()
    alice.says("MSG two", "MSG three")
    alice.session.connection_lost()
    dave.says("NICK dora")
    bob.says("JOIN bob #a since=1 epoch=e1")
    chat.turn()
    lines = [line.partition(" ")[2] if line.startswith("@") else line for line in bob.take()]
    assert lines[:2] == ["MSG alice #a two", "MSG alice #a three"]
    assert lines[2].startswith("OK JOIN #a 1 last=3 ")
    assert lines[2].endswith(" recovered=yes")
    bob.says("PART")
    chat.turn()
    assert [room.name for room in chat.hub.rooms()] == ["#b"]


def test_a_room_that_cannot_be_made_costs_those_who_enter_it_and_nobody_else(
    nothing_left_behind: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = InMemoryChat()
    alice, bob = chat.program("JOIN alice #a"), chat.program()
    monkeypatch.setattr("chatd.chat.hub.Room", lambda *_: 1 / 0)
    bob.says("JOIN bob #broken")
    alice.says("@label=1 MSG hi", "@label=2 PING")
    chat.turn()
    assert bob.farewell is DisconnectReason.INTERNAL
    assert [line.partition(" ")[2] for line in alice.take()] == ["MSG alice #a hi", "PONG"]
    assert nothing_left_behind
    nothing_left_behind.clear()


def test_shutdown_delivers_what_was_said_and_takes_leave_of_everybody() -> None:
    chat = InMemoryChat()
    alice, bob = chat.person("JOIN alice"), chat.person("JOIN bob")
    alice.take()
    alice.says("MSG last words")
    Deferred.fromCoroutine(chat.hub.shut_down())
    assert [line.split()[:2] for line in alice.take()] == [["BYE", "shutdown"]]
    assert bob.take()[0] == "MSG alice #lobby last words"
    assert bob.farewell is DisconnectReason.SHUTDOWN


def test_a_fault_of_ours_costs_one_connection(
    nothing_left_behind: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = InMemoryChat()
    alice, bob = chat.person("JOIN alice"), chat.person("JOIN bob #b")
    monkeypatch.setattr(alice.session, "enter", lambda *_: 1 / 0)
    alice.says("JOIN #c")
    bob.says("MSG hi", "PING")
    chat.turn()
    assert alice.farewell is DisconnectReason.INTERNAL
    assert bob.take() == ["PONG"]
    assert len(nothing_left_behind) == 1
    nothing_left_behind.clear()


def test_who_comes_in_with_others_is_answered_and_told_of_those_behind_in_one_piece() -> None:
    chat = InMemoryChat()
    people = [chat.person() for _ in range(3)]
    pieces: list[list[bytes]] = [[] for _ in people]
    for each, sent in zip(people, pieces, strict=True):
        each.session.send = sent.append
    for number, each in enumerate(people):
        each.says(f"JOIN nick{number} #b")
    chat.turn()
    assert [len(sent) for sent in pieces] == [1, 1, 1]
    assert pieces[0][0].decode().splitlines() == ["OK JOIN #b 1", "JOIN nick1 #b", "JOIN nick2 #b"]
