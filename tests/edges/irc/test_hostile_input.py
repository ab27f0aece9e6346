"""What IRC clients send that mean no good: it costs little, and commands nobody's terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.soak.check import dirt
from benchmarks.soak.malformed import NOISE
from chatd.chat import excerpts, replay
from chatd.edges.irc.glob import matcher
from chatd.edges.irc.message import MAX_TAGS, parse_tags
from chatd.journal import Page
from tests.support.irc import IrcChat, IrcClient, commands

FIELDS = (
    b"%s", b"NICK :%s", b"USER %s 0 * :%s", b"JOIN #%s", b"JOIN :%s", b"PRIVMSG %s :hi", b"PRIVMSG #den :%s",
    b"PRIVMSG bob :\x01VERSION %s\x01", b"PRIVMSG #den :\x01ACTION %s\x01", b"NOTICE bob :%s", b"TOPIC #den :%s",
    b"AWAY :%s", b"SETNAME :%s", b"@+note=%s;label=%s TAGMSG #den", b"@+note=%s;label=%s PRIVMSG #den :hi", b"PING :%s",
    b"KICK #den bob :%s", b"MODE #den +b %s", b"MODE #den +%s", b"WHO :%s", b"WHOIS :%s", b"LIST :%s", b"CAP REQ :%s",
    b"CAP %s", b"AUTHENTICATE %s", b"PASS %s", b"MONITOR + :%s", b"HELP :%s", b"CHATHISTORY %s #den * 5",
    b"CHATHISTORY LATEST #den %s 5", b"MARKREAD #den :%s", b"REGISTER * * %s", b"OPER %s %s", b"NS :%s",
    b"PART #den :%s", b"QUIT :%s",
)  # fmt: skip
EVERYTHING = ("message-tags", "batch", "labeled-response", "echo-message", "away-notify", "setname", "extended-join")


def sent(client: IrcClient) -> bytes:
    data: bytes = client.transport.value()
    client.transport.clear()
    return data.replace(b":\x01", b":").replace(b"\x01\r\n", b"\r\n")


@pytest.mark.parametrize("noise", NOISE)
def test_nobody_is_sent_what_commands_a_terminal(noise: bytes) -> None:
    for field in FIELDS:
        chat = IrcChat()
        newcomer, ann = chat.connect(), chat.irc("ann", *EVERYTHING, rooms="#den")
        bob, carol = chat.irc("bob", *EVERYTHING, rooms="#den"), chat.irc("carol", rooms="#den")
        for client in (newcomer, ann):
            client.send(field.replace(b"%s", noise))
        for client in (newcomer, ann, bob, carol):
            assert dirt(sent(client)) is None, field


def test_the_echo_is_what_others_read() -> None:
    chat = IrcChat()
    ann, bob = chat.irc("ann", "echo-message", rooms="#den"), chat.irc("bob", rooms="#den")
    ann.take()
    for text, read in [
        ("\x02bold\x02 and \x0304red", "bold and red"),
        ("a\x1b[31mb", "ab"),
        ("\x01ACTION \x02waves\x02\x01", "\x01ACTION waves\x01"),
        ("/me waves", "\x01ACTION waves\x01"),
    ]:
        assert ann.says(f"PRIVMSG #den :{text}")[-1].text == read
        assert bob.take()[-1].text == read


@pytest.mark.parametrize("begin", [b"", b"@label=", b"PRIVMSG #den :"])
def test_a_line_without_an_end_is_one_error_and_the_next_one_is_read(begin: bytes) -> None:
    ann = IrcChat().irc("ann", rooms="#den")
    ann.protocol.dataReceived(begin)
    for _ in range(64):
        ann.protocol.dataReceived(b"x" * (1 << 14))
    ann.send(b"", b"PING still-here")
    assert commands(ann.take()) == ["417", "PONG"]


def test_who_is_gone_is_answered_nothing_and_what_they_said_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    chat = IrcChat()
    ann, bob = chat.irc("ann", "draft/chathistory", rooms="#den"), chat.irc("bob", rooms="#den")

    async def counted(*args: Any) -> Page:
        read.append(args)
        return await replay.read(*args)

    monkeypatch.setattr(excerpts, "replay", SimpleNamespace(read=counted))
    ann.says("PRIVMSG #den :hello", "CHATHISTORY LATEST #den * 100")
    assert len(read) == 1
    asked = b"CHATHISTORY LATEST #den * 100\r\nWHO #den\r\nHELP\r\nJOIN #tea\r\nPART #tea\r\n" * 400
    ann.protocol.dataReceived(asked + b"PRIVMSG #den :last words\r\n")
    ann.lose()
    read.clear()
    bob.take()
    for _ in range(200):
        chat.clock.advance(1)
        chat.turn()
    assert [each.text for each in bob.take() if each.command == "PRIVMSG"] == ["last words"]
    assert read == []


def test_of_tags_without_number_the_first_are_looked_at() -> None:
    tags = parse_tags(";".join(f"k{number}" for number in range(2 * MAX_TAGS)))
    assert list(tags) == [f"k{number}" for number in range(MAX_TAGS)]


def test_a_list_of_rooms_is_rated_as_one_after_the_other() -> None:
    chat = IrcChat()
    chat.irc("bob")
    ann = chat.irc("ann")
    lists = [",".join(f"#{number}.{place}" for place in range(50)) for number in range(4)]
    told = [each for rooms in lists for each in ann.says(f"JOIN {rooms}", "JOIN 0")]
    entered = [each for each in told if each.command == "JOIN"]
    refused = {(each.command, each.params[1]) for each in told if each.command in ("FAIL", "405")}
    assert 0 < len(entered) < 200
    assert ("FAIL", "SLOW_DOWN") in refused, refused


def test_new_names_are_rated() -> None:
    ann = IrcChat().irc("ann")
    told = [each for number in range(200) for each in ann.says(f"NICK ann{number}")]
    assert {each.command for each in told} == {"NICK", "FAIL"}
    assert told[-1].params[:2] == ["NICK", "SLOW_DOWN"]


def test_a_mask_takes_no_longer_than_it_is_long() -> None:
    assert not matcher("*a" * 250 + "c")("a" * 500)
