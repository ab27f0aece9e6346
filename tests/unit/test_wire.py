"""Lines become commands and events and those become lines; whatever the bytes are, nothing else happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol import commands, events, names
from chatd.protocol import moderation_commands as moderation_commands
from chatd.protocol.commands import Command, Msg
from chatd.protocol.duration import MAX_SECONDS
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Event
from chatd.protocol.moments import Moment
from chatd.protocol.search_words import is_short_prefix
from chatd.protocol.search_words import size as words_of
from chatd.protocol.text import clean, plain
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import (
    MAX_LINE_BYTES,
    MAX_SERVER_LINE_BYTES,
    NO_TAGS,
    Mode,
    Request,
    encode,
    parse_command,
    parse_event,
    render,
    timestamp,
)

UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

RAW = st.text(
    st.sampled_from("\x00\n\r\x1b\x7f\x85\x9b\u2028\u202e\u2066 #@=/x") | st.characters(exclude_categories=["Cs"])
)
TEXT = RAW.filter(bool).map(clean)
WORD = TEXT.map(lambda text: text.replace(" ", "")).filter(bool)
NICK = st.text(st.sampled_from("aZ09éßłжαшあ漢한Ａ_[]\\`^{|}"), min_size=1, max_size=32).map(names.nick)
ROOM = st.text(st.sampled_from("aZ09éжあ漢_[]`^{|}#+"), min_size=1, max_size=63).map(
    lambda text: names.room("#" + text)
)
VALUE = st.text("azAZ09._:+-", min_size=1, max_size=64)
KEY = st.text("az09-", min_size=1, max_size=32)
VERB = st.sampled_from(sorted(VERBS))
TAGS = st.dictionaries(KEY, VALUE | st.just(""), max_size=16)
# Without a room the text does not begin with #: there a room would be read.
PLAIN = TEXT.filter(lambda text: not text.startswith("#"))

IDS = st.none() | st.integers(0, 2**63 - 1)
POINTS = IDS | st.sampled_from(["2h", "2026-11-01", "2026-11-01T09:30:15.250Z"]).map(Moment)


def optional_room_and_text(make: Callable[[str | None, str | None], Command]) -> st.SearchStrategy[Command]:
    return st.builds(make, ROOM, st.none() | TEXT) | st.builds(make, st.none(), st.none() | PLAIN)


def can_be_searched(text: str) -> bool:
    words = text.split()
    special = any(word.startswith(("from:", "since=", "before=")) or is_short_prefix(word) for word in words)
    return bool(words) and not special and words_of(text) <= commands.MAX_SEARCH_WORDS


COMMAND: st.SearchStrategy[Command] = st.one_of(
    st.builds(commands.Hello, WORD),
    st.builds(
        commands.Join,
        st.none() | NICK,
        ROOM,
        st.none() | st.integers(0, 2**63 - 1),
        st.none() | VALUE,
        st.none() | VALUE,
    ),
    st.builds(Msg, TEXT),
    st.builds(commands.Tell, NICK | ROOM, TEXT),
    st.builds(commands.Talk),
    st.builds(commands.Pipe, st.none() | ROOM),
    st.builds(commands.Nick, NICK),
    optional_room_and_text(commands.Part),
    st.builds(commands.Who, st.none() | ROOM),
    st.builds(commands.Rooms),
    optional_room_and_text(commands.Topic),
    st.builds(commands.History, st.none() | ROOM, st.integers(1, 1000), POINTS, POINTS),
    st.builds(commands.Search, ROOM, TEXT.filter(can_be_searched))
    | st.builds(commands.Search, st.none(), PLAIN.filter(can_be_searched))
    | st.builds(commands.Search, st.none() | ROOM, st.sampled_from(["", "a fail* 天"]), NICK, POINTS, POINTS),
    st.builds(commands.Ping, st.none() | WORD),
    st.builds(commands.Help, st.none() | WORD.map(str.upper)),
    st.builds(commands.Quit, st.none() | TEXT),
)


def events_with(text: st.SearchStrategy[str], word: st.SearchStrategy[str]) -> st.SearchStrategy[Event]:
    return st.one_of(
        st.builds(events.Note, text),
        st.builds(events.Joined, NICK, ROOM),
        st.builds(events.Parted, NICK, ROOM, st.none() | text),
        st.builds(events.Renamed, NICK, NICK),
        st.builds(events.TopicSet, NICK, ROOM, text),
        st.builds(events.Said, NICK, ROOM, text),
        st.builds(
            events.Moderated, st.sampled_from(["KICK", "OP", "SET"]), NICK, ROOM, NICK, st.none(), st.none() | text
        ),
        st.builds(
            events.Moderated,
            st.sampled_from(["MUTE", "BAN"]),
            NICK,
            ROOM,
            NICK | st.just("10.0.0.0/8"),
            st.integers(min_value=1, max_value=MAX_SECONDS),
            st.none() | text,
        ),
        st.builds(events.Moderated, st.just("BAN"), NICK, ROOM, NICK, st.none(), st.none()),
        st.builds(events.Told, NICK, text),
        st.builds(events.Replayed, word, NICK, ROOM, text),
        st.builds(events.Present, ROOM, st.lists(NICK, min_size=1, max_size=5).map(tuple)),
        st.builds(events.Listed, ROOM, st.integers(min_value=0), st.none() | text),
        st.builds(
            events.Done, VERB, st.lists(NICK | ROOM, max_size=3).map(tuple), st.dictionaries(KEY, VALUE, max_size=5)
        ),
        st.builds(events.Pong, st.none() | word),
        st.builds(commands.Ping, st.none() | word),
        st.builds(events.Refused, st.sampled_from(Code), VERB | st.just("*"), text),
        st.builds(events.Ended, st.sampled_from(DisconnectReason), text),
        st.builds(events.Ended, st.just(DisconnectReason.RESTART), text, st.integers(0, 9999).map(lambda n: n / 100)),
    )


def line_of(value: Command | Event, tags: Mapping[str, str] = NO_TAGS) -> bytes:
    """Return the encoded line without the one terminator that it must have."""
    encoded = encode(render(value), tags)
    assert encoded.endswith(b"\r\n")
    assert UNSAFE.search(encoded[:-2].decode()) is None
    return encoded[:-2]


def refusal(line: bytes, mode: Mode = Mode.COMMAND) -> tuple[Code, str, str | None, bool]:
    with pytest.raises(ChatError) as caught:
        parse_command(line, mode)
    error = caught.value
    return error.code, error.verb, error.label, error.fatal


@settings(deadline=None, max_examples=300)
@given(COMMAND, TAGS, st.none() | VALUE)
def test_every_command_is_read_back_as_it_was(command: Command, tags: dict[str, str], label: str | None) -> None:
    assert parse_command(line_of(command)) == Request(command)
    if not isinstance(command, Msg):  # elsewhere /msg is for one person alone, so that it is refused here
        assert parse_command(b"/" + line_of(command), Mode.TALK) == Request(command)
    tags = {key: tags[key] for key in sorted(tags)[:15] if key != "label"}
    if label is not None:
        tags["label"] = label
    assert parse_command(line_of(command, tags)) == Request(command, label)


@settings(deadline=None, max_examples=300)
@given(events_with(TEXT, WORD), TAGS)
def test_every_event_is_read_back_as_it_was(event: Event, tags: dict[str, str]) -> None:
    assert parse_event(line_of(event)) == ({}, event)
    assert parse_event(line_of(event, tags)) == (tags, event)


@settings(deadline=None)
@given(events_with(RAW, RAW), TAGS)
def test_no_event_carries_a_control_character(event: Event, tags: dict[str, str]) -> None:
    line = render(event)
    assert UNSAFE.search(line) is None
    assert encode(line) == line.encode() + b"\r\n"
    assert line_of(event, tags).endswith(line.encode())


@settings(deadline=None)
@given(RAW, st.none() | ROOM)
def test_no_command_carries_a_control_character(text: str, room: str | None) -> None:
    values: list[Command] = [Msg(text), commands.Quit(text), commands.Part(room, text), commands.Topic(room, text)]
    values += [commands.Tell("bob", text), commands.Ping(text), commands.Hello(text), commands.Help(text)]
    values += [
        moderation_commands.Kick("bob", room, text),
        moderation_commands.Ban("bob", room, 60, text),
        moderation_commands.Login("bob", text),
    ]
    for value in values:
        assert UNSAFE.search(render(value)) is None


PIECES = st.sampled_from(
    [
        *(verb.encode() for verb in VERBS),
        *(verb.lower().encode() for verb in VERBS),
        *(b"MSG", b"JOIN", b"OK", b"ERR", b"BYE", b"WHO", b"ROOM", b"NOTE", b"full", b"quit", b"*", b"7"),
        *(b"alice", b"#lobby", b"#a", b"since=1", b"epoch=e", b"resume=", b"/", b"//", b"@label=a", b"@x;y=1", b"@"),
        *[b" "] * 12,
        b"\xff",
        b"\0",
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        "漢ßſ\u0301".encode(),
        b"9" * 70,
    ]
)
BYTES = st.binary(max_size=200) | st.lists(PIECES | st.binary(max_size=4), max_size=12).map(b"".join)


@settings(deadline=None, max_examples=500)
@given(BYTES)
def test_any_bytes_are_a_line_or_a_chat_error(line: bytes) -> None:
    for mode in Mode:
        try:
            request = parse_command(line, mode)
        except ChatError as error:
            refused = events.Refused(error.code, error.verb, error.text)
            assert parse_event(line_of(refused)) == ({}, events.Refused(error.code, error.verb, clean(error.text)))
            assert error.verb in {*VERBS, "*"}
            label = error.label
        else:
            assert parse_command(line_of(request.command)).command == request.command
            label = request.label
        assert label is None or re.fullmatch(r"[A-Za-z0-9._:+-]{1,64}", label)


@settings(deadline=None, max_examples=500)
def outcome(line: bytes, mode: Mode = Mode.COMMAND) -> object:
    try:
        return parse_command(line, mode)
    except ChatError as error:
        return vars(error)


@given(RAW.map(str.encode) | BYTES, st.none() | VALUE)
def test_what_is_said_is_read_the_same_on_the_short_way_and_the_long(said: bytes, label: str | None) -> None:
    tags = f"@label={label} ".encode() if label else b""
    assert outcome(tags + b"MSG " + said) == outcome(tags + b"msg " + said)


@settings(deadline=None, max_examples=500)
@given(BYTES)
def test_any_bytes_are_an_event_or_a_chat_error(line: bytes) -> None:
    try:
        tags, event = parse_event(line)
    except ChatError as error:
        assert error.text
    else:
        assert parse_event(line_of(event, tags)) == (tags, event)


@settings(deadline=None)
@given(RAW.filter(plain))
def test_every_line_of_a_pipe_is_said(text: str) -> None:
    assert parse_command(text.encode(), Mode.PIPE) == Request(Msg(plain(text)))


@settings(deadline=None)
@given(RAW.filter(plain))
def test_every_line_of_a_talk_without_a_slash_is_said(text: str) -> None:
    text = text.lstrip("/") if plain(text.lstrip("/")) else "x"
    assert parse_command(text.encode(), Mode.TALK) == Request(Msg(plain(text)))
    assert parse_command(b"//" + text.encode(), Mode.TALK) == Request(Msg("/" + plain(text)))


@pytest.mark.parametrize(
    ("line", "mode", "command"),
    [
        (b"//x", Mode.TALK, Msg("/x")),
        (b"//", Mode.TALK, Msg("/")),
        (b"///", Mode.TALK, Msg("//")),
        (b" /x", Mode.TALK, Msg(" /x")),
        (b" ", Mode.TALK, Msg(" ")),
        (b"QUIT", Mode.TALK, Msg("QUIT")),
        (b"/QUIT", Mode.TALK, commands.Quit()),
        (b"/msg hi", Mode.TALK, Msg("hi")),
        (b"/pipe #a", Mode.TALK, commands.Pipe("#a")),
        (b"@label=a MSG hi", Mode.TALK, Msg("@label=a MSG hi")),
        (b"@;;", Mode.TALK, Msg("@;;")),
        (b"@label=a MSG hi", Mode.PIPE, Msg("@label=a MSG hi")),
        (b"/QUIT", Mode.PIPE, Msg("/QUIT")),
        (b"//", Mode.PIPE, Msg("//")),
        (b"PIPE #", Mode.PIPE, Msg("PIPE #")),
        (b"\x1b]0;\x07x", Mode.PIPE, Msg("x")),
    ],
)
def test_what_is_said_in_talk_and_pipe(line: bytes, mode: Mode, command: Command) -> None:
    assert parse_command(line, mode) == Request(command)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"/", (Code.BAD_SYNTAX, "*", None, False)),
        (b"/ x", (Code.BAD_SYNTAX, "*", None, False)),
        (b"/x", (Code.UNKNOWN_VERB, "*", None, False)),
        (b"/@label=a MSG hi", (Code.UNKNOWN_VERB, "*", None, False)),
        (b"/MSG", (Code.BAD_SYNTAX, "MSG", None, False)),
        (b"/PIPE x", (Code.BAD_SYNTAX, "PIPE", None, True)),
    ],
)
def test_refused_in_talk(line: bytes, expected: tuple[Code, str, str | None, bool]) -> None:
    assert refusal(line, Mode.TALK) == expected


NO_TAG = [
    b"@",
    b"@;",
    b"@a;",
    b"@;a",
    b"@a;;b",
    b"@=1",
    b"@a=",
    b"@A=1",
    b"@a_b",
    b"@a=1=2",
    b"@a=/",
    b"@a=\x1b",
    b"@a\t",
    b"@@a",
    "@ż=1".encode(),
    "@a=ż".encode(),
    "@a=٣".encode(),
    b"@" + b"k" * 33,
    b"@k=" + b"v" * 65,
    b"@a;a",
    b"@a=1;a=1",
    b"@a;a=1",
    b"@label=a;label=b",
    b"@label=",
    b"@label",
    b"@x=1;label",
    b"@" + b";".join(b"t%d" % n for n in range(17)),
]


@pytest.mark.parametrize("tags", NO_TAG, ids=repr)
def test_bad_tags(tags: bytes) -> None:
    assert refusal(tags) == (Code.BAD_TAGS, "*", None, False)
    assert refusal(tags + b" SAY hi") == (Code.BAD_TAGS, "*", None, False)
    assert refusal(tags + b" msg hi") == (Code.BAD_TAGS, "MSG", None, False)


@pytest.mark.parametrize("tags", NO_TAG, ids=repr)
def test_a_pipe_with_bad_tags_is_fatal(tags: bytes) -> None:
    for pipe in (b" PIPE", b" pipe #a", b" PIPE #a b"):
        assert refusal(tags + pipe) == (Code.BAD_TAGS, "PIPE", None, True)


@pytest.mark.parametrize(
    ("tags", "label"),
    [
        (b"@label=a3", "a3"),
        (b"@x;y=1;label=A.b_c:d+e-f", "A.b_c:d+e-f"),
        (b"@x=label", None),
        (b"@" + b";".join(b"t%d" % n for n in range(15)) + b";label=z", "z"),
        (b"@" + b"k" * 32 + b"=" + b"v" * 64, None),
        (b"@-", None),
    ],
)
def test_tags(tags: bytes, label: str | None) -> None:
    assert parse_command(tags + b" MSG  hi") == Request(Msg(" hi"), label)
    assert refusal(tags + b"  MSG hi") == (Code.BAD_SYNTAX, "*", label, False)
    assert refusal(tags) == (Code.BAD_SYNTAX, "*", label, False)
    assert refusal(tags + b" ") == (Code.BAD_SYNTAX, "*", label, False)
    assert refusal(tags + b" SAY hi") == (Code.UNKNOWN_VERB, "*", label, False)
    assert refusal(tags + b" MSG") == (Code.BAD_SYNTAX, "MSG", label, False)
    assert refusal(tags + b" MSG \xff") == (Code.NOT_UTF8, "*", label, False)


@pytest.mark.parametrize("head", [b"MSG ", b"@label=a3 MSG "])
@pytest.mark.parametrize("size", [8191, 8192])
def test_the_longest_line(head: bytes, size: int) -> None:
    line = head.ljust(size, b"x")
    assert parse_command(line).command == Msg("x" * (size - len(head)))
    assert parse_command(line, Mode.PIPE).command == Msg(line.decode())


TOO_LONG = [
    (b"MSG ", Mode.COMMAND, None, False),
    (b"@label=a3 MSG ", Mode.COMMAND, "a3", False),
    (b"@x;label=a3;y=2 MSG ", Mode.COMMAND, "a3", False),
    (b"@label MSG ", Mode.COMMAND, None, False),
    (b"PIPE ", Mode.COMMAND, None, True),
    (b"@label=a3 pipe #a ", Mode.COMMAND, "a3", True),
    (b"@bad! PIPE ", Mode.COMMAND, None, True),
    (b"PIPES ", Mode.COMMAND, None, False),
    (b"MSG PIPE ", Mode.COMMAND, None, False),
    (b"/PIPE ", Mode.TALK, None, True),
    (b"/MSG ", Mode.TALK, None, False),
    (b"//PIPE ", Mode.TALK, None, False),
    (b"PIPE ", Mode.TALK, None, False),
    (b"PIPE ", Mode.PIPE, None, False),
    (b"/PIPE ", Mode.PIPE, None, False),
    (b"@label=a3 PIPE ", Mode.PIPE, None, False),
    (b"@label=a3 PIPE ", Mode.TALK, None, False),
]


@pytest.mark.parametrize(("head", "mode", "label", "fatal"), TOO_LONG)
def test_too_long(head: bytes, mode: Mode, label: str | None, fatal: bool) -> None:
    for filler in (b"x", b"\xff"):
        for size in (8193, 100_000):
            assert refusal(head.ljust(size, filler), mode) == (Code.TOO_LONG, "*", label, fatal)


@pytest.mark.parametrize(("head", "mode", "label", "fatal"), TOO_LONG)
@pytest.mark.parametrize("end", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xc3"], ids=repr)
def test_not_utf8(head: bytes, mode: Mode, label: str | None, fatal: bool, end: bytes) -> None:
    assert refusal(head + end, mode) == (Code.NOT_UTF8, "*", label, fatal)


def test_a_label_that_was_cut_off_is_not_taken_for_another() -> None:
    line = b"@" + b"x;" * (MAX_LINE_BYTES // 2 - 8) + b"label=" + b"a" * 64 + b" MSG hi"
    assert refusal(line) == (Code.TOO_LONG, "*", None, False)


LONGEST_NICK = names.nick("\U00020000" * 32)
LONGEST_ROOM = names.room("#" + "\U00020000" * 63)
LONGEST_TAGS = {"id": str(2**63 - 1), "time": timestamp(0), "label": "x" * 64, "old": ""}


@pytest.mark.parametrize(
    "character", ["x", "\x01", "\x7f", "é", "\x85", "\u202e", "漢", "😀", "ΐ", "ŉ", "\u0390"], ids=ascii
)
def test_what_comes_of_the_longest_line_has_room_in_a_line_of_the_server(character: str) -> None:
    def longest(head: str) -> Command:
        return parse_command(
            (head + character * ((MAX_LINE_BYTES - len(head)) // len(character.encode()))).encode()
        ).command

    said, told, topic, part = longest("MSG "), longest("TELL b "), longest("TOPIC #b "), longest("PART #b ")
    ping, asked, version = longest("PING "), longest("HELP "), longest("HELLO ")
    assert isinstance(said, Msg)
    assert isinstance(told, commands.Tell)
    assert isinstance(topic, commands.Topic)
    assert isinstance(part, commands.Part)
    assert isinstance(ping, commands.Ping)
    assert topic.text is not None
    for value in (
        events.Said(LONGEST_NICK, LONGEST_ROOM, said.text),
        events.Told(LONGEST_NICK, told.text),
        events.TopicSet(LONGEST_NICK, LONGEST_ROOM, topic.text),
        events.Parted(LONGEST_NICK, LONGEST_ROOM, part.text),
        events.Listed(LONGEST_ROOM, 10**9, topic.text),
        events.Pong(ping.token),
    ):
        line = encode(render(value), LONGEST_TAGS).removesuffix(b"\r\n")
        assert len(line) <= MAX_SERVER_LINE_BYTES
        assert parse_event(line) == (LONGEST_TAGS, value)
    for command in (asked, version):
        assert len(encode(render(command))) <= MAX_SERVER_LINE_BYTES


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (86_399_999, "1970-01-01T23:59:59.999Z"),
        (86_400_000, "1970-01-02T00:00:00.000Z"),
        (951_827_696_789, "2000-02-29T12:34:56.789Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_timestamp(milliseconds: int, text: str) -> None:
    assert timestamp(milliseconds) == text


@given(st.lists(st.datetimes(datetime(1970, 1, 1)), max_size=20))  # noqa: DTZ001  # hypothesis wants them without a zone
def test_a_timestamp_is_the_time(moments: list[datetime]) -> None:
    for moment in moments:
        milliseconds = (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)  # noqa: DTZ001  # both are in UTC
        assert timestamp(milliseconds) == f"{moment.isoformat(timespec='milliseconds')}Z"
