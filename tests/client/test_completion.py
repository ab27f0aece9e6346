"""The Tab key."""

from __future__ import annotations

from chatd.client.model.completion import Completer
from chatd.client.model.room import Room

ROOMS = ["#lobby", "#Builds", "#bikes"]


def room_with(*nicks: str) -> Room:
    room = Room("#r")
    for nick in nicks:
        room.members.add(nick)
    return room


def tabs(text: str, room: Room | None, times: int = 1, cursor: int | None = None) -> str:
    completer = Completer()
    at = len(text) if cursor is None else cursor
    for _ in range(times):
        text, at = completer.complete(text, at, room, ROOMS, "me")
    return f"{text[:at]}|{text[at:]}"


def test_a_nick_at_the_beginning_is_spoken_to() -> None:
    room = room_with("alice", "Bob", "me")
    assert tabs("AL", room) == "alice: |"
    assert tabs("ask b", room) == "ask Bob |"
    assert tabs("ask b now", room, cursor=5) == "ask Bob | now"


def test_those_who_spoke_last_come_first_and_oneself_last() -> None:
    room = room_with("ada", "abe", "alf", "amy", "me", "max")
    room.spoke("amy", 1)
    room.spoke("alf", 2)
    room.spoke("gone", 3)
    assert [tabs("a", room, times) for times in (1, 2, 3, 4, 5)] == ["alf: |", "amy: |", "abe: |", "ada: |", "alf: |"]
    assert [tabs("m", room, times) for times in (1, 2)] == ["max: |", "me: |"]
    assert tabs("gon", room) == "gon|"


def test_rooms_and_commands() -> None:
    assert [tabs("see #b", None, times) for times in (1, 2, 3)] == ["see #bikes |", "see #Builds |", "see #bikes |"]
    assert tabs("/TOP", None) == "/topic |"
    assert tabs("/h", None, 2) == "/help |"
    assert tabs("x /h", None) == "x /h|"
    assert tabs("/msg al", room_with("alice")) == "/msg alice |"


def test_names_of_irc_are_completed_from_their_first_character() -> None:
    room = room_with("[bob]", "al|away", "_bart", "a\\b", "{x}")
    assert [tabs(word, room) for word in ("[B", "al|", "_", "a\\", "{")] == [
        "[bob]: |", "al|away: |", "_bart: |", "a\\b: |", "{x}: |",
    ]  # fmt: skip
    completer = Completer()
    assert completer.complete("in ##c", 6, room, ["#c++", "##c++"], "me") == ("in ##c++ ", 9)


def test_nothing_that_fits_changes_nothing() -> None:
    assert tabs("zz", room_with("alice")) == "zz|"
    assert tabs("", room_with("alice")) == "|"
    assert tabs("a ", room_with("alice")) == "a |"


def test_typing_ends_the_round() -> None:
    room = room_with("alice", "alan")
    completer = Completer()
    text, at = completer.complete("a", 1, room, ROOMS, "me")
    assert text == "alan: "
    assert completer.complete("ali", 3, room, ROOMS, "me") == ("alice: ", 7)
    assert completer.complete(text, at, room, ROOMS, "me") == (text, at)


def test_in_a_private_conversation_the_other_is_meant() -> None:
    assert tabs("bo", Room("Bob")) == "Bob: |"
