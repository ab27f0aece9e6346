"""What the server says of itself: VERSION, TIME, ADMIN, INFO, STATS, LUSERS and LIST, parameter by parameter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chatd import __version__
from tests.support.irc import IrcChat, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def test_version_tells_program_and_server_and_what_it_supports(chat: IrcChat) -> None:
    first, *rest = chat.irc("ann").says("VERSION")
    assert (first.command, first.params[:3]) == ("351", ["ann", f"chatd-{__version__}", "irc.example.org"])
    assert set(commands(rest)) == {"005"}


def test_time_is_that_of_the_server_as_people_read_it(chat: IrcChat) -> None:
    (told,) = chat.irc("ann").says("TIME")
    now = datetime.fromtimestamp(chat.hub.now // 1000, UTC)
    assert (told.command, told.params) == ("391", ["ann", "irc.example.org", f"{now:%Y-%m-%d %H:%M:%S} UTC"])


def test_answers_of_several_messages_have_an_end(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    assert commands(ann.says("INFO")) == ["371", "371", "374"]
    assert commands(ann.says("ADMIN")) == ["256", "257"]
    (end,) = ann.says("STATS u")
    assert (end.command, end.params[:2]) == ("219", ["ann", "u"])


def test_lusers_counts_people_rooms_and_those_who_have_no_name_yet(chat: IrcChat) -> None:
    ann = chat.irc("ann", rooms="#den")
    chat.lines("carol")
    gone = chat.irc("bob", rooms="#two")
    gone.says("QUIT")
    chat.connect()
    told = {each.command: each.params[1:] for each in ann.says("LUSERS")}
    assert told["251"] == ["There are 2 users and 0 invisible on 1 server"]
    assert told["253"] == ["1", "connection that has no nick yet"]
    assert told["254"] == ["1", "room with people in it"]
    assert told["255"] == ["I have 2 clients and 0 servers"]
    assert told["265"][:2] == told["266"][:2] == ["2", "3"]


def test_lusers_of_one_are_in_the_singular_and_all_others_in_the_plural(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    told = {each.command: each.params[1:] for each in ann.says("LUSERS")}
    assert told["251"] == ["There is 1 user and 0 invisible on 1 server"]
    assert told["253"] == ["0", "connections that have no nick yet"]
    assert told["254"] == ["0", "rooms with people in them"]
    assert told["255"] == ["I have 1 client and 0 servers"]


def test_list_has_a_beginning_and_an_end_and_a_message_for_each_room(chat: IrcChat) -> None:
    ann = chat.irc("ann", rooms="#den")
    first, room, last = ann.says("LIST")
    assert (first.command, first.params) == ("321", ["ann", "Channel", "Users  Name"])
    assert (room.command, room.params) == ("322", ["ann", "#den", "1", ""])
    assert (last.command, last.params[0]) == ("323", "ann")
