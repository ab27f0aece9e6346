"""What a person types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.slash import (
    MAX_LABEL_BYTES,
    MAX_TEXT_BYTES,
    NEWEST_OF_OTHERS,
    SLASHES,
    ShowSettings,
    Typed,
    help_lines,
    read,
)
from chatd.protocol import commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol import reference_commands as about
from chatd.protocol.commands import Command, Tell
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import MAX_LINE_BYTES


def one(text: str, front: str | None = "#r") -> Command:
    typed = read(text, front)
    assert typed.complaint == ""
    (command,) = typed.commands
    assert not isinstance(command, ShowSettings)
    return command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("hello there ", Tell("#r", "hello there ")),
        ("//who", Tell("#r", "/who")),
        ("///", Tell("#r", "//")),
        ("MSG x", Tell("#r", "MSG x")),
        ("tab\there\x1b", Tell("#r", "tab\there␛")),
        ("/topic tea  time", commands.Topic("#r", "tea  time")),
        ("/topic", commands.Topic("#r")),
        ("/topic #other tea", commands.Topic("#other", "tea")),
        ("/who", commands.Who("#r")),
        ("/WHO  #x ", commands.Who("#x")),
        ("/tell bob hi you", Tell("bob", "hi you")),
        ("/msg bob hi", Tell("bob", "hi")),
        ("/msg #x hi", Tell("#x", "hi")),
        ("/me waves", Tell("#r", "/me waves")),
        ("/ME  waves ", Tell("#r", "/me waves")),
        ("//me waves", Tell("#r", "/me waves")),
        ("/nick rob", commands.Nick("rob")),
        ("/join #b", commands.Join(None, "#b")),
        ("/part", commands.Part("#r")),
        ("/part bye all", commands.Part("#r", "bye all")),
        ("/part #x bye", commands.Part("#x", "bye")),
        ("/rooms", commands.Rooms()),
        ("/ignore bob", commands.Ignore("bob")),
        ("/ignore", commands.Ignore(None)),
        ("/unignore bob", commands.Unignore("bob")),
        ("/history", commands.History("#r", 50)),
        ("/history 7", commands.History("#r", 7)),
        ("/history bob 7", commands.History(None, 7, person="bob")),
        ("/search with=bob red", commands.Search(None, "red", person="bob")),
        ("/search green tree", commands.Search("#r", "green tree")),
        ("/retract last", about.Retract(None, "#r")),
        ("/edit 57 better", about.Edit(57, "#r", "better")),
        ("/react last 👍", about.React(None, "👍", "#r")),
        ("/unreact 57 +1 #x", about.Unreact(57, "+1", "#x")),
        ("/help", commands.Help()),
        ("/quit", commands.Quit()),
        ("/quit so long", commands.Quit("so long")),
    ],
)
def test_what_is_typed_becomes_a_command(text: str, command: Command) -> None:
    assert one(text) == command


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("/nonsense", '"/nonsense"'),
        ("/me", "write /me <text>"),
        ("/", '"/"'),
        ("/ who", '"/"'),
        ("/tell", "/tell <#room or nick> <text>"),
        ("/msg bob", "/msg <#room or nick> <text>"),
        ("/msg b@b hi", '"b@b"'),
        ("/nick", "/nick <nick>"),
        ("/nick two words", "/nick"),
        ("/join", "/join <#room>"),
        ("/join bob", "/join <#room>"),
        ("/join bob #room", "/join <#room>"),
        ("/join #r since=1", "/join <#room>"),
        ("/join #b@d", '"b@d"'),
        ("/history 0", "/history [#room] [<count>]"),
        ("/history 9999", "1000"),
        ("/history since=4", "/history [#room] [<count>]"),
        ("/search", "/search [#room] <words>"),
        ("/rooms x", "/rooms"),
        ("/who\nthere", "on its own"),
        ("/hello 1", "/help"),
        ("/pipe", "/help"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(text: str, part: str) -> None:
    typed = read(text, "#r")
    assert typed.commands == ()
    assert part in typed.complaint
    assert typed.complaint[0].isupper() or typed.complaint[0] == '"'


def test_every_line_is_said_by_itself_and_empty_ones_are_not() -> None:
    text = "//etc\n\n  x\r\n \t\n/who\u2028//y\n"
    assert read(text, "bob").commands == tuple(Tell("bob", each) for each in ("/etc", "  x", "/who", "//y"))
    assert read("\n \n", "#r") == Typed()


def test_without_a_room_there_is_nowhere_to_say_it() -> None:
    assert "/join" in read("hi", None).complaint
    assert "/who <#room>" in read("/who", None).complaint
    assert "/topic <#room>" in read("/topic tea", "bob").complaint
    assert one("/rooms", None) == commands.Rooms()
    assert one("hi", "bob") == Tell("bob", "hi")


def test_a_line_that_would_be_too_long_is_refused_before_anything_is_sent() -> None:
    room = "#" + "r" * 63
    fits = "é" * ((MAX_TEXT_BYTES - len(f"TELL {room} ")) // 2)
    (command,) = read(fits, room).commands
    assert not isinstance(command, ShowSettings)
    label = "x" * MAX_LABEL_BYTES
    line = wire.encode(wire.render(command), {"label": label}).removesuffix(b"\r\n")
    assert len(line) <= MAX_LINE_BYTES
    assert wire.parse_command(line) == wire.Request(command, label)
    assert "too long" in read(fits + "éé", room).complaint
    assert read(f"first\n{fits}éé", room).commands == ()
    assert "too long" in read("/quit " + "x" * 9000, room).complaint


def test_help_lists_every_command() -> None:
    assert [line.split()[0] for line in help_lines()] == list(SLASHES)


@given(st.text() | st.text("/# \nawhojintelmsgpr1=\ud800"), st.sampled_from(["#r", "bob", None]))
def test_whatever_is_typed_can_be_sent_or_is_refused(text: str, front: str | None) -> None:
    typed = read(text, front)
    assert not (typed.commands and typed.complaint)
    for command in typed.commands:
        if isinstance(command, ShowSettings) or (isinstance(command, Tell) and command.reply == NEWEST_OF_OTHERS):
            continue
        line = wire.encode(wire.render(command), {"label": "x" * MAX_LABEL_BYTES}).removesuffix(b"\r\n")
        assert wire.parse_command(line).command == command


def test_in_a_private_conversation_history_and_search_are_of_that() -> None:
    assert read("/history", "bob").commands == (commands.History(None, 50, person="bob"),)
    assert read("/search red", "bob").commands == (commands.Search(None, "red", person="bob"),)


NOT_TYPED = {
    "MSG": "it is what text without a slash does; /msg is TELL, as elsewhere",
    "POST": "it is for who has not joined",
    "TALK": "the window does that with every line",
    "PIPE": "it ends with the input, and a window has none",
    "SEEN": "the window reports by itself what was read",
    "TIME": "the window shows times by itself, and the verb is not for programs",
    "PING": "the link does that by itself",
    "HELLO": "the link says it first",
}


def test_every_verb_of_the_protocol_that_a_person_can_use_can_be_typed() -> None:
    missing = {verb for verb in VERBS if f"/{verb.lower()}" not in SLASHES or verb in NOT_TYPED}
    assert missing == set(NOT_TYPED)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/away out for  lunch", commands.Away("out for  lunch")),
        ("/away", commands.Away()),
        ("/back", commands.Away()),
        ("/reply yes, of course", Tell("#r", "yes, of course", NEWEST_OF_OTHERS)),
        ("/voice bob", orders.Voice("bob", "#r")),
        ("/unvoice bob #x", orders.Unvoice("bob", "#x")),
        ("/uninvite bob", orders.Uninvite("bob", "#r")),
        ("/rules", orders.Rules("#r")),
        ("/rules #*", orders.Rules("#*")),
        ("/settings", ShowSettings("#r")),
        ("/settings #x", ShowSettings("#x")),
        ("/set private=yes who=keep", orders.Set("private", "yes", "#r", "keep")),
    ],
)
def test_what_is_newer_can_be_typed_too(text: str, command: Command | ShowSettings) -> None:
    assert read(text, "#r").commands == (command,)


@pytest.mark.parametrize("text", ["/reply", "/back soon", "/settings x", "/voice"])
def test_what_is_wrong_with_it_is_said(text: str) -> None:
    typed = read(text, "#r")
    assert (typed.commands, bool(typed.complaint)) == ((), True)
    assert "<#room>" in read("/settings", "bob").complaint
