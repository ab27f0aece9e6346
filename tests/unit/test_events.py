"""What a server may write, and how a client reads it."""

from __future__ import annotations

import pytest

from chatd.protocol import names
from chatd.protocol.commands import Ping
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import (
    Done,
    Ended,
    Event,
    Joined,
    Listed,
    Note,
    Parted,
    Pong,
    Present,
    Refused,
    Renamed,
    Replayed,
    Said,
    Told,
    TopicSet,
    present,
)
from chatd.protocol.wire import MAX_SERVER_LINE_BYTES, encode, parse_event, render

NEED_WORDS = ("MSG", "JOIN", "PART", "NICK", "TOPIC", "TELL", "OLD", "NOTE", "WHO", "ROOM", "OK", "ERR", "BYE")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Note("welcome"), "NOTE welcome"),
        (Joined("bob", "#a"), "JOIN bob #a"),
        (Parted("bob", "#a"), "PART bob #a"),
        (Parted("bob", "#a", " so long "), "PART bob #a  so long "),
        (Renamed("bob", "rob"), "NICK bob rob"),
        (TopicSet("bob", "#a", "new topic"), "TOPIC bob #a new topic"),
        (Said("bob", "#a", "hi there"), "MSG bob #a hi there"),
        (Said("bob", "#a", " "), "MSG bob #a  "),
        (Told("bob", "hi"), "TELL bob hi"),
        (Replayed("2026-01-01T00:00:00.000Z", "bob", "#a", " hi"), "OLD 2026-01-01T00:00:00.000Z MSG bob #a  hi"),
        (Present("#a", ("bob", "eve")), "WHO #a bob eve"),
        (Listed("#a", 3), "ROOM #a 3"),
        (Listed("#a", 3, "the topic"), "ROOM #a 3 the topic"),
        (Done("TALK", ("#a",)), "OK TALK #a"),
        (Done("HELP"), "OK HELP"),
        (Done("JOIN", ("#a", "2"), {"last": "7", "recovered": "no"}), "OK JOIN #a 2 last=7 recovered=no"),
        (Done("HELLO", (), {"max-line": "8192"}), "OK HELLO max-line=8192"),
        (Pong(), "PONG"),
        (Pong("7"), "PONG 7"),
        (Ping("7"), "PING 7"),
        (Refused(Code.NOT_UTF8, "*", "no good"), "ERR not-utf8 * no good"),
        (Ended(DisconnectReason.QUIT, "so long"), "BYE quit so long"),
        (Ended(DisconnectReason.QUIT, "retry=2 so long"), "BYE quit retry=2 so long"),
        (Ended(DisconnectReason.RESTART, "so long"), "BYE restart so long"),
        (Ended(DisconnectReason.RESTART, "so long", 1.5), "BYE restart retry=1.50 so long"),
    ],
)
def test_events(event: Event, line: str) -> None:
    assert render(event) == line
    assert parse_event(line.encode()) == ({}, event)
    assert parse_event(f"@id=57;old {line}".encode()) == ({"id": "57", "old": ""}, event)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *((verb, Code.BAD_SYNTAX) for verb in NEED_WORDS),
        *((verb + " ", Code.BAD_SYNTAX) for verb in NEED_WORDS),
        ("MSG bob #a", Code.BAD_SYNTAX),
        ("MSG bob #a ", Code.BAD_SYNTAX),
        ("MSG  bob #a hi", Code.BAD_SYNTAX),
        ("JOIN bob", Code.BAD_SYNTAX),
        ("JOIN bob #a #b", Code.BAD_SYNTAX),
        ("PART bob  #a", Code.BAD_SYNTAX),
        ("NICK bob", Code.BAD_SYNTAX),
        ("TOPIC bob #a", Code.BAD_SYNTAX),
        ("TELL bob", Code.BAD_SYNTAX),
        ("OLD now MSG bob #a", Code.BAD_SYNTAX),
        ("OLD now PART bob #a hi", Code.BAD_SYNTAX),
        ("WHO #a bob ", Code.BAD_SYNTAX),
        ("ROOM #a", Code.BAD_SYNTAX),
        ("ROOM #a many", Code.BAD_SYNTAX),
        ("ROOM #a " + "9" * 5000, Code.BAD_SYNTAX),
        ("PING 7 8", Code.BAD_SYNTAX),
        ("PONG 7 ", Code.BAD_SYNTAX),
        ("OK  HELP", Code.BAD_SYNTAX),
        ("ERR not-a-code MSG no", Code.BAD_SYNTAX),
        ("ERR full MSG", Code.BAD_SYNTAX),
        ("BYE soon bye", Code.BAD_SYNTAX),
        ("BYE quit", Code.BAD_SYNTAX),
        ("BYE restart", Code.BAD_SYNTAX),
        ("", Code.UNKNOWN_VERB),
        (" MSG bob #a hi", Code.UNKNOWN_VERB),
        ("msg bob #a hi", Code.UNKNOWN_VERB),
        ("INVADE bob #a eve", Code.UNKNOWN_VERB),
        ("KICK bob #a", Code.BAD_SYNTAX),
        ("BAN bob  eve", Code.BAD_SYNTAX),
        ("BAN bob #a eve for=soon", Code.BAD_SYNTAX),
        ("@id=57", Code.UNKNOWN_VERB),
        ("@ NOTE hi", Code.BAD_TAGS),
        ("@id=1;id=2 NOTE hi", Code.BAD_TAGS),
        ("@id=1; NOTE hi", Code.BAD_TAGS),
        ("@ID=1 NOTE hi", Code.BAD_TAGS),
        ("NOTE " + "x" * (MAX_SERVER_LINE_BYTES - 4), Code.TOO_LONG),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_refused(line: str, code: Code) -> None:
    with pytest.raises(ChatError) as caught:
        parse_event(line.encode())
    assert caught.value.code is code


def test_not_utf8() -> None:
    with pytest.raises(ChatError) as caught:
        parse_event(b"NOTE \xff")
    assert caught.value.code is Code.NOT_UTF8


def test_the_longest_line_is_read() -> None:
    text = "x" * (MAX_SERVER_LINE_BYTES - 5)
    assert parse_event(f"NOTE {text}".encode()) == ({}, Note(text))


def test_what_a_server_sends_is_cleaned() -> None:
    assert parse_event(b"MSG b\x1bb #a \xc2\x9b") == ({}, Said("b␛b", "#a", "\ufffd"))


@pytest.mark.parametrize("count", [0, 1, 2, 500, 5000])
@pytest.mark.parametrize("letter", ["a", "é", "\U00020000"])
def test_a_list_takes_as_many_lines_as_it_needs(letter: str, count: int) -> None:
    nicks = [names.nick(f"{number}{letter * 26}") for number in range(count)]
    lines = list(present("#" + letter * 63, nicks))
    assert [nick for line in lines for nick in line.nicks] == nicks
    assert all(line.nicks for line in lines)
    assert len(lines) <= count // 60 + 1
    for line in lines:
        encoded = encode(render(line))
        assert len(encoded) <= 9000
        assert parse_event(encoded[:-2]) == ({}, line)
