"""What IRC clients send that mean no good: it costs little, and commands nobody's terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.soak.check import dirt
from benchmarks.soak.malformed import NOISE
from chatd.chat import excerpts, replay
from chatd.chat.limits import Limits
from chatd.edges.irc.departures import MAX_GONE, Departures
from chatd.edges.irc.glob import matcher
from chatd.edges.irc.message import MAX_BODY_BYTES, MAX_CLIENT_TAGS_BYTES, MAX_TAGS, parse_tags, rendered_tags
from chatd.edges.irc.person import Person
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


@pytest.mark.parametrize(
    ("mask", "meant", "not_meant"),
    [
        ("a*b", ["ab", "axb", "abb"], ["a", "b", "abx", "xab"]),
        ("?b*", ["ab", "abc"], ["b", "xab"]),
        ("*?b", ["ab", "aab"], ["b", "aba"]),
        ("a*b*a", ["aba", "abba"], ["aa", "abab", "ab"]),
        ("*a?c*d", ["abcd", "xabcxd", "acabcd"], ["acd", "abc", "abdc"]),
        ("ab", ["AB"], ["abc", "a", ""]),
        ("", [""], ["a"]),
    ],
)
def test_a_mask_stands_for_what_has_its_pieces_in_their_order(
    mask: str, meant: list[str], not_meant: list[str]
) -> None:
    matches = matcher(mask)
    assert [matches(text) for text in meant + not_meant] == [True] * len(meant) + [False] * len(not_meant)


@pytest.mark.parametrize("noise", ["\U0001f600" * 110, "\x01" * 440, "\x1b]0;x\x07" * 60, "a" * 440])
def test_no_client_is_sent_a_message_that_is_too_long(noise: str) -> None:
    for field in FIELDS:
        chat = IrcChat()
        newcomer, ann = chat.connect(), chat.irc("ann", *EVERYTHING, rooms="#den")
        bob, carol = chat.irc("bob", *EVERYTHING, rooms="#den"), chat.irc("carol", rooms="#den")
        line = field.replace(b"%s", noise.encode())
        newcomer.send(line)
        ann.send(line, b"JOIN #other")
        bob.send(b"WHO #den", b"WHOIS ann", b"JOIN #other", b"NAMES #other")
        for client in (newcomer, ann, bob, carol):
            for sent_line in sent(client).split(b"\r\n"):
                body = sent_line.partition(b" ")[2] if sent_line.startswith(b"@") else sent_line
                assert len(body) <= MAX_BODY_BYTES, (field, body)


def test_tags_do_not_grow_by_how_control_characters_are_shown() -> None:
    tags = parse_tags(";".join(f"+{number}=" + "\x01" * 1000 for number in range(4)))
    assert list(tags) == ["+0"]
    assert len(rendered_tags(tags)) <= MAX_CLIENT_TAGS_BYTES


@pytest.mark.parametrize(("line", "end"), [("LIST *x*y", "323"), ("WHO *x*y", "315")])
def test_others_have_their_turn_while_masks_are_compared(line: str, end: str) -> None:
    chat = IrcChat()
    for number in range(50):
        chat.irc(f"user{number}", rooms=f"#room{number}")
    ann = chat.irc("ann")
    ann.protocol.dataReceived(f"{line}\r\n".encode())
    assert end not in commands(ann.take())
    chat.turn()
    assert end in commands(ann.take())


def test_those_who_have_gone_are_found_by_nick_and_the_first_are_forgotten() -> None:
    departures = Departures()
    for number in range(MAX_GONE + 10):
        departures.note(Person(f"user{number}", "~u", "x.guest", ""), number)
    for number in range(MAX_GONE):
        departures.note(Person("Ann", "~u", f"{number}.guest", ""), number)
    assert departures.of("user9") == departures.of(f"user{MAX_GONE}") == []
    assert len(departures.of("ann")) == MAX_GONE
    last = departures.last("ANN")
    assert last is not None
    assert last.host == f"{MAX_GONE - 1}.guest"


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("@+a=1 TAGMSG #den", 40),
        ("@+a=1 TAGMSG #den,#two,#three,#four", 20),
        (f"@+a={'x' * 4000} TAGMSG #den", 10),
        (f"@+a={'x' * 4000} PRIVMSG #den :hi", 10),
    ],
)
def test_tags_count_as_the_lines_that_they_are_as_long_as(line: str, most: int) -> None:
    chat = IrcChat(Limits(lines_per_second=1, line_burst=40))
    bob = chat.irc("bob", "message-tags", rooms="#den,#two,#three,#four")
    ann = chat.irc("ann", "message-tags", rooms="#den,#two,#three,#four")
    chat.wait(60)
    bob.take()
    for _ in range(40):
        ann.send(line.encode())
    assert most / 2 <= len([each for each in bob.take() if each.params[0] == "#den"]) <= most
