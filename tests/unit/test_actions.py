"""``/me``: how it is typed, what programs are sent of it, and how people read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.protocol import events, plain, wire
from chatd.protocol.commands import Msg
from chatd.protocol.events import Event, Replayed, Said, Told, ToldBefore, ToldOthers
from chatd.protocol.references import Edited
from chatd.protocol.unknown_verbs import UnknownVerbError
from chatd.protocol.wire import Mode, Request, parse_command
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_telling import logged_in, people


@pytest.fixture
def chat() -> Iterator[InMemoryChat]:
    chat = InMemoryChat()
    yield chat
    chat.journal.stop()


def lines(person: ChatClient, *said: str) -> list[str]:
    """Return what somebody is sent after sending lines, without tags."""
    person.take()
    person.says(*said)
    return [line.partition(" ")[2] if line.startswith("@") else line for line in person.take()]


@pytest.mark.parametrize(
    ("event", "read"),
    [
        (Said("ann", "#den", "/me waves"), "MSG ann #den * ann waves"),
        (Replayed("T", "ann", "#den", "/me waves"), "OLD T MSG ann #den * ann waves"),
        (Replayed("T", "ann", "#den", "/me waves", 7), "OLD T 7 MSG ann #den * ann waves"),
        (Told("ann", "/me waves"), "FROM ann * ann waves"),
        (ToldBefore("T", "ann", "/me waves"), "OLD T FROM ann * ann waves"),
        (ToldOthers("bob", "/me waves", by="ann"), "TO bob * ann waves"),
        (Edited("ann", "#den", 7, "/me waves"), "NOTE ann edited a message in #den: * ann waves"),
        (Said("ann", "#den", "/me  waves"), "MSG ann #den * ann  waves"),
        (Said("ann", "#den", "/me"), "MSG ann #den /me"),
        (Said("ann", "#den", "/mean"), "MSG ann #den /mean"),
        (Said("ann", "#den", "/ME waves"), "MSG ann #den /ME waves"),
        (Said("ann", "#den", " /me waves"), "MSG ann #den  /me waves"),
        (Said("ann", "#den", "/me wa\x1bves\r\n"), "MSG ann #den * ann wa␛ves␍␊"),
    ],
)
def test_people_read_who_does_it(event: Event, read: str) -> None:
    assert plain.render(event) == read
    assert plain.render(event, wire.render(event)) == read
    assert "* ann" not in wire.render(event)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("/me waves", "/me waves"),
        ("/ME waves", "/me waves"),
        ("/me  waves ", "/me  waves "),
        ("//me waves", "/me waves"),
    ],
)
def test_in_talk_it_is_said(line: str, text: str) -> None:
    assert parse_command(line.encode(), Mode.TALK) == Request(Msg(text))


@pytest.mark.parametrize("line", ["/me", "/me ", "/mean it", "/emote waves"])
def test_what_does_nothing_is_explained(line: str) -> None:
    with pytest.raises(UnknownVerbError):
        parse_command(line.encode(), Mode.TALK)


def test_it_is_said_outside_talk_by_people_and_programs_are_served_as_ever(chat: InMemoryChat) -> None:
    ann, bob, ci = chat.person("JOIN ann #den"), chat.person("JOIN bob #den"), chat.program("JOIN ci #den")
    for person in (ann, bob):
        person.take()
    assert lines(ann, "/me waves", "/Me waves again") == []
    chat.turn()
    assert bob.take() == ["MSG ann #den * ann waves", "MSG ann #den * ann waves again"]
    assert [line.partition(" ")[2] for line in ci.take()] == ["MSG ann #den /me waves", "MSG ann #den /me waves again"]
    assert lines(ci, "/me waves")[0].startswith("ERR unknown-verb ")
    assert lines(ci, "MSG /me waves") == []
    chat.turn()
    assert bob.take() == ["MSG ci #den * ci waves"]
    assert ci.take()[0].endswith(" MSG ci #den /me waves")


def test_it_keeps_its_place_among_what_is_said(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob #den")
    bob.take()
    ann.says("MSG one", "/me waves", "MSG two", "TALK", "/me waves more", "three", "/who")
    chat.turn()
    said = ["one", "* ann waves", "two", "* ann waves more", "three"]
    assert bob.take() == [f"MSG ann #den {text}" for text in said]
    assert ann.take()[-1] == "OK WHO #den 2"


def test_who_has_not_come_in_or_does_nothing_is_told_what_to_write(chat: InMemoryChat) -> None:
    eve = chat.person()
    assert lines(eve, "/me waves") == ["ERR name-needed MSG choose a nick first: JOIN <your name>"]
    eve.says("JOIN eve #den")
    chat.turn()
    assert lines(eve, "/me")[0].endswith("is not a command; write MSG /me <text>")
    eve.says("TALK")
    chat.turn()
    assert lines(eve, "/emote waves")[0].endswith("write MSG /me waves (after TALK, commands begin with /)")
    assert lines(eve, "/MSG /me waves") == []


def test_what_was_said_before_reads_the_same(chat: InMemoryChat) -> None:
    ann, ci = chat.person("JOIN ann #den"), chat.program("JOIN ci #den")
    ann.says("/me waves")
    chat.turn()
    for asked in ("HISTORY", "SEARCH waves"):
        ann.take(), ci.take()
        for person in (ann, ci):
            person.says(asked)
        chat.turn()
        assert ann.take()[0].endswith(" MSG ann #den * ann waves")
        assert ci.take()[0].endswith(" MSG ann #den /me waves")


def test_it_reads_so_in_private_too() -> None:
    with people("ann", "bob") as chat:
        ann, also, bob = logged_in(chat, "ann"), logged_in(chat, "ann", nick="also"), logged_in(chat, "bob")
        for person in (also, bob):
            person.session.tagged = False
            person.take()
        chat.send(ann, "TELL bob /me waves")
        assert bob.take() == ["FROM ann * ann waves"]
        assert also.take()[-1] == "TO bob * ann waves"
        chat.send(bob, "HISTORY ann")
        assert bob.take()[0].endswith(" FROM ann * ann waves")
        ann.take()
        chat.send(bob, "TELL ann /me nods")
        assert [line.partition(" ")[2] for line in ann.take()] == ["TELL bob /me nods"]


def test_a_client_reads_it_as_any_text() -> None:
    assert wire.parse_event(b"MSG ann #den /me waves")[1] == Said("ann", "#den", "/me waves")
    assert events.read("TELL", "ann /me waves") == Told("ann", "/me waves")
