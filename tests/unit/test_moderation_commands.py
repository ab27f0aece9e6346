"""What a client may write to prove who it is, and to moderate."""

from __future__ import annotations

import pytest

from chatd.protocol import events, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import (
    Ban,
    Deop,
    Invite,
    Kick,
    Login,
    ModerationCommand,
    Mute,
    Op,
    Register,
    Set,
    Unban,
    Unmute,
)

ORDERS = {
    "LOGIN alice s3cret=x": Login("alice", "s3cret=x"),
    "REGISTER s3cret": Register("s3cret"),
    "REGISTER s3cret c0de": Register("s3cret", "c0de"),
    "KICK bob": Kick("bob"),
    "KICK bob #a": Kick("bob", "#a"),
    "KICK bob #* too much": Kick("bob", "#*", "too much"),
    "KICK bob for=1h": Kick("bob", None, "for=1h"),
    "MUTE bob": Mute("bob"),
    "MUTE bob for=1h": Mute("bob", None, 3600),
    "MUTE 10.0.0.0/8 #a for=90s calm down": Mute("10.0.0.0/8", "#a", 90, "calm down"),
    "BAN 10.1.2.3": Ban("10.1.2.3"),
    "BAN 2001:db8::/32 #* spam": Ban("2001:db8::/32", "#*", None, "spam"),
    "BAN bob forever": Ban("bob", None, None, "forever"),
    "UNMUTE bob #a": Unmute("bob", "#a"),
    "UNBAN 10.0.0.0/8": Unban("10.0.0.0/8"),
    "OP bob": Op("bob"),
    "DEOP bob #*": Deop("bob", "#*"),
    "INVITE bob #a": Invite("bob", "#a"),
    "SET private=yes": Set("private", "yes"),
    "SET #a private=yes who=keep": Set("private", "yes", "#a", "keep"),
    "SET private=yes who=remove": Set("private", "yes", None, "remove"),
    "SET #a topic=operators": Set("topic", "operators", "#a"),
}


@pytest.mark.parametrize(("line", "order"), ORDERS.items())
def test_orders(line: str, order: ModerationCommand) -> None:
    assert wire.parse_command(line.encode()) == wire.Request(order)
    assert wire.render(order) == line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.7/8", "10.0.0.0/8"),
        ("10.0.0.7/32", "10.0.0.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("10", "10"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
    ],
)
def test_addresses_have_one_form(written: str, meant: str) -> None:
    assert wire.parse_command(f"BAN {written}".encode()).command == Ban(meant)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("LOGIN alice", Code.BAD_SYNTAX),
        ("LOGIN alice two words", Code.BAD_SYNTAX),
        ("LOGIN !! x", Code.BAD_NICK),
        ("LOGIN alice " + "x" * 301, Code.BAD_SYNTAX),
        ("REGISTER a b c", Code.BAD_SYNTAX),
        ("KICK #a bob", Code.BAD_NICK),
        ("KICK bob #*x", Code.BAD_ROOM),
        ("BAN bob for=0s", Code.BAD_SYNTAX),
        ("BAN bob for=", Code.BAD_SYNTAX),
        ("BAN bob #a ", Code.BAD_SYNTAX),
        ("BAN 10.0.0.0/33", Code.BAD_NICK),
        ("BAN fe80::1%eth0", Code.BAD_NICK),
        ("UNBAN bob #a x", Code.BAD_SYNTAX),
        ("SET #a", Code.BAD_SYNTAX),
        ("SET colour=red", Code.BAD_SYNTAX),
        ("SET registered=no", Code.BAD_SYNTAX),
        ("SET private=yes x", Code.BAD_SYNTAX),
        ("SET private=yes who=all", Code.BAD_SYNTAX),
        ("SET private=yes who=keep who=keep", Code.BAD_SYNTAX),
        ("SET private=no who=keep", Code.BAD_SYNTAX),
        ("SET topic=members who=remove", Code.BAD_SYNTAX),
    ],
)
def test_refused(line: str, code: Code) -> None:
    with pytest.raises(ChatError) as caught:
        wire.parse_command(line.encode())
    assert caught.value.code is code
    assert caught.value.verb == line.split()[0]


@pytest.mark.parametrize("line", ["LOGIN alice a\x00b", "REGISTER a\x1bb", "REGISTER s3cret c\x7f"])
def test_a_secret_with_a_control_character_is_refused_because_no_program_could_write_it(line: str) -> None:
    with pytest.raises(ChatError, match="cannot have control characters") as error:
        wire.parse_command(line.encode())
    assert error.value.code is Code.BAD_SYNTAX


def test_a_password_is_in_no_representation() -> None:
    assert "s3cret" not in repr(ORDERS["LOGIN alice s3cret=x"]) + repr(ORDERS["REGISTER s3cret c0de"])


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("KICK ann #a bob", Moderated("KICK", "ann", "#a", "bob")),
        ("KICK ann #a bob too much", Moderated("KICK", "ann", "#a", "bob", None, "too much")),
        (
            "BAN ann #* 10.0.0.0/8 for=2w spam, spam",
            Moderated("BAN", "ann", "#*", "10.0.0.0/8", 14 * 86400, "spam, spam"),
        ),
        ("MUTE ann #a bob for=90s", Moderated("MUTE", "ann", "#a", "bob", 90)),
        ("KICK ann #a bob for=x", Moderated("KICK", "ann", "#a", "bob", None, "for=x")),
        ("BAN ann #a bob for=1h for=x", Moderated("BAN", "ann", "#a", "bob", 3600, "for=x")),
        ("SET ann #a private=yes", Moderated("SET", "ann", "#a", "private=yes")),
    ],
)
def test_what_the_server_says_of_them(line: str, event: Moderated) -> None:
    assert wire.parse_event(line.encode()) == ({}, event)
    assert events.render(event) == line
