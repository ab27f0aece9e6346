"""Rooms over IRC: JOIN, PART, NAMES, TOPIC, and what is said in them, beside people on lines."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.irc import IrcChat, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def test_people_of_both_edges_meet(chat: IrcChat) -> None:
    carol = chat.lines("carol")
    ann = chat.irc("ann")
    told = ann.says("JOIN #den")
    assert commands(told) == ["JOIN", "353", "366"]
    assert told[1].params == ["ann", "=", "#den", "carol ann"]
    assert carol.take() == ["JOIN ann #den"]
    assert ann.says("PRIVMSG #den :hello carol") == []
    assert carol.take() == ["MSG ann #den hello carol"]
    carol.says("MSG hello ann")
    chat.turn()
    (heard,) = ann.take()
    assert (heard.command, heard.nick, heard.params) == ("PRIVMSG", "carol", ["#den", "hello ann"])
    ann.says("PART #den :bye")
    assert carol.take() == ["PART ann #den bye"]


def test_what_one_says_comes_back_in_its_place_when_it_is_stored(chat: IrcChat) -> None:
    ann = chat.irc("ann", "echo-message", "labeled-response", "batch", "message-tags", "server-time", rooms="#den")
    (echo,) = ann.says("@label=a1;+x=y;z=w PRIVMSG #den :hello")
    assert (echo.command, echo.params) == ("PRIVMSG", ["#den", "hello"])
    assert (echo.tags["label"], echo.tags["+x"]) == ("a1", "y")
    assert echo.tags["msgid"]
    assert echo.tags["time"]
    assert "z" not in echo.tags


def test_a_label_is_answered_once(chat: IrcChat) -> None:
    ann = chat.irc("ann", "labeled-response", "batch")
    first, *inside, last = ann.says("@label=a1 JOIN #den,#two")
    assert (first.command, first.tags, first.params[1]) == ("BATCH", {"label": "a1"}, "labeled-response")
    assert last.params == [f"-{first.params[0][1:]}"]
    assert commands(inside) == ["JOIN", "353", "366", "JOIN", "353", "366"]
    assert {each.tags["batch"] for each in inside} == {first.params[0][1:]}
    for line, command in {"PONG x": "ACK", "PING x": "PONG", "PRIVMSG #den :x": "ACK", "NOPE": "421"}.items():
        (told,) = ann.says(f"@label=a2 {line}")
        assert (told.command, told.tags) == (command, {"label": "a2"})


def test_an_action_is_one_for_all(chat: IrcChat) -> None:
    ann, bob, carol = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den"), chat.lines("carol")
    ann.says("PRIVMSG #den :\x01ACTION waves\x01")
    assert bob.take()[-1].params == ["#den", "\x01ACTION waves\x01"]
    assert "waves" in carol.take()[-1]
    assert "\x01" not in carol.take()


def test_texts_that_are_longer_than_a_line_come_in_parts(chat: IrcChat) -> None:
    ann, carol = chat.irc("ann", rooms="#den"), chat.lines("carol")
    ann.take()
    text = "hällo wörld " * 200
    carol.says(f"MSG {text}")
    chat.turn()
    told = ann.take()
    assert len(told) > 4
    assert all(len(each.line.encode()) <= 510 for each in told)
    assert "".join(each.text for each in told) == text


def test_one_who_goes_is_gone_from_all_rooms_at_once(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", rooms="#den,#two"), chat.irc("bob", rooms="#den,#two")
    ann.take()
    bob.says("QUIT :so long")
    (told,) = ann.take()
    assert (told.command, told.nick, told.params) == ("QUIT", "bob", ["so long"])


def test_a_topic_is_told_with_who_set_it(chat: IrcChat) -> None:
    carol = chat.lines("carol")
    carol.says("TOPIC #den tea and talk")
    chat.turn()
    ann = chat.irc("ann")
    told = ann.says("JOIN #den")
    assert commands(told) == ["JOIN", "332", "333", "353", "366"]
    assert told[1].params == ["ann", "#den", "tea and talk"]
    assert told[2].params[2].startswith("carol!")
    assert commands(ann.says("TOPIC #den :more tea")) == ["TOPIC"]
    assert carol.take()[-1] == "TOPIC ann #den more tea"


def test_whoever_has_its_pong_was_told_all_that_was_said_before(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den")
    bob.take()
    ann.protocol.dataReceived(b"PRIVMSG #den :hello\r\n")
    bob.protocol.dataReceived(b"PING 1\r\n")
    chat.turn()
    assert commands(bob.take()) == ["PRIVMSG", "PONG"]


def test_a_notice_is_one_for_others_too(chat: IrcChat) -> None:
    ann, bob, carol = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den"), chat.program("JOIN carol #den")
    bob.take()
    ann.says("NOTICE #den :built", "NOTICE bob :psst", "NOTICE #nowhere :x", "NOTICE nobody :x")
    assert [(each.command, each.params) for each in bob.take()] == [
        ("NOTICE", ["#den", "built"]),
        ("NOTICE", ["bob", "psst"]),
    ]
    assert [line for line in carol.take() if ";notice MSG ann #den built" in line]
    assert ann.take() == []
    carol.says("@notice TELL ann quiet")
    chat.turn()
    assert [(each.command, each.text) for each in ann.take()] == [("NOTICE", "quiet")]


def test_a_topic_is_taken_away(chat: IrcChat) -> None:
    carol, ann = chat.lines("carol"), chat.irc("ann", rooms="#den")
    assert commands(ann.says("TOPIC #den")) == ["331"]
    ann.says("TOPIC #den :tea")
    assert ann.says("TOPIC #den :tea") == []
    carol.take()
    (told,) = ann.says("TOPIC #den :")
    assert (told.command, told.params) == ("TOPIC", ["#den", ""])
    assert told.line.endswith(" TOPIC #den :")
    assert ann.says("TOPIC #den :") == []
    assert carol.take() == ["NOTE ann removed the topic of #den"]
    assert commands(ann.says("TOPIC #den")) == ["331"]
    assert commands(chat.irc("bob").says("JOIN #den")) == ["JOIN", "353", "366"]
    assert ann.says("LIST #den")[-2].text == ""
    carol.says("TOPIC #den milk", "TOPIC #den -", "TOPIC #den", "ROOMS")
    chat.turn()
    assert [each.text for each in ann.take() if each.command == "TOPIC"] == ["milk", ""]
    assert carol.take()[-3:] == ["OK TOPIC #den", "ROOM #den 3", "OK ROOMS 1"]


def test_a_topic_fits_into_a_message(chat: IrcChat) -> None:
    carol, ann = chat.lines("carol"), chat.irc("ann", rooms="#den")
    ann.take()
    (told,) = ann.says(f"TOPIC #den :{'x' * 450}")
    assert told.text == "x" * 390
    carol.says(f"TOPIC #den {'ä' * 3000}")
    chat.turn()
    (told,) = ann.take()
    assert 400 < len(told.line.encode()) <= 510
    assert all(len(each.line.encode()) <= 510 for each in ann.says("TOPIC #den", "LIST"))


def test_a_topic_of_a_room_that_is_not_there(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    chat.irc("bob", rooms="#den")
    assert commands(ann.says("TOPIC #nowhere", "TOPIC #nowhere :x", "TOPIC #den :x", "TOPIC")) == [
        "403",
        "403",
        "442",
        "461",
    ]


def test_nobody_goes_on_talking_in_a_slow_room_by_leaving_it() -> None:
    chat = IrcChat(Limits(room_founders=True))
    ann = chat.lines("ann")
    bob, eve = chat.irc("bob", rooms="#den"), chat.irc("eve", rooms="#den")
    ann.says("SET #den slow=10m")
    chat.turn()
    eve.take()
    told = bob.says("PART #den :one", "JOIN #den")
    assert told[0].params == ["#den"]
    bob.says("QUIT :two")
    assert [(each.command, each.params) for each in eve.take()] == [
        ("PART", ["#den"]),
        ("JOIN", ["#den"]),
        ("QUIT", ["Quit"]),
    ]
