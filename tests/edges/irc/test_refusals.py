"""What is not done is answered with the numeric that says why, and with what it was about."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from chatd.model.room_policy import MAX_ACTIONS
from tests.support.irc import IrcChat, IrcClient, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat(Limits(room_founders=True))


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    client = chat.irc("ann", rooms="#den")
    client.take()
    return client


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_a_text_needs_a_recipient_and_words(ann: IrcClient, command: str) -> None:
    told = ann.says(command, f"{command} #den", f"{command} #den :", f"{command} :")
    expected = ["411", "412", "412", "411"] if command == "PRIVMSG" else []
    assert commands(told) == expected
    assert all(each.params[0] == "ann" for each in told)


def test_a_text_goes_to_four_at_a_time(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#den")
    ann.take()
    (told,) = ann.says("PRIVMSG bob,#den,ann,#a,#b :hello")
    assert (told.command, told.params[:2]) == ("407", ["ann", "#b"])
    assert bob.take() == []


def test_a_text_that_others_could_not_read_as_a_whole_is_refused_as_a_whole(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#den")
    (joined,) = ann.take()
    source = len(joined.line.partition(" ")[0])  # as long as ann's own: the nicks are
    room = 510 - source - len(" PRIVMSG #den :")
    assert commands(ann.says(f"PRIVMSG #den :{'x' * (room + 1)}")) == ["417"]
    assert bob.take() == []
    assert ann.says(f"PRIVMSG #den :{'x' * room}") == []
    (heard,) = bob.take()
    assert (heard.text, len(heard.line)) == ("x" * room, 510)


@pytest.mark.parametrize("line", [b"PRIVMSG #den :" + b"x" * 497, b"@+x=" + b"y" * 4096 + b" PRIVMSG #den :hello"])
def test_a_message_or_tags_beyond_the_limit_are_not_looked_at(chat: IrcChat, ann: IrcClient, line: bytes) -> None:
    bob = chat.irc("bob", rooms="#den")
    ann.take()
    ann.send(line)
    assert [(each.command, each.params[0]) for each in ann.take()] == [("417", "ann")]
    assert bob.take() == []


def test_a_user_name_of_no_letters_is_refused_and_another_is_taken(chat: IrcChat) -> None:
    client = chat.connect()
    assert commands(client.says("NICK ann", "USER 😊 0 * :Ann")) == ["468"]
    assert "001" in commands(client.says("USER ann 0 * :Ann"))


def test_one_needs_a_real_name(chat: IrcChat) -> None:
    client = chat.connect()
    (told,) = client.says("NICK ann", "USER ann 0 * :")
    assert (told.command, told.params[:2]) == ("461", ["*", "USER"])
    assert "001" in commands(client.says("USER ann 0 * :Ann"))


def test_a_private_room_is_for_those_who_are_invited(chat: IrcChat, ann: IrcClient) -> None:
    ann.says("MODE #den +i")
    (told,) = chat.irc("bob").says("JOIN #den")
    assert (told.command, told.params[:2]) == ("473", ["bob", "#den"])


def test_all_the_rooms_there_may_be_are_entered_at_once_and_no_more() -> None:
    chat = IrcChat(Limits(names_per_minute=1, rooms_per_connection=30))
    ann = chat.irc("ann")
    rooms = [f"#r{number}" for number in range(30)]
    assert [each.params[0] for each in ann.says(f"JOIN {','.join(rooms)}") if each.command == "JOIN"] == rooms
    (told,) = ann.says("JOIN #one-more")
    assert (told.command, told.params[:2]) == ("405", ["ann", "#one-more"])


def test_a_list_of_bans_is_full(ann: IrcClient) -> None:
    masks = [f"eve{number}!*@*" for number in range(MAX_ACTIONS)]
    for first in range(0, MAX_ACTIONS, 10):
        (told,) = ann.says(f"MODE #den +bbbbbbbbbb {' '.join(masks[first : first + 10])}")
        assert told.command == "MODE"
    (told,) = ann.says("MODE #den +b mallory!*@*")
    assert (told.command, told.params[:3]) == ("478", ["ann", "#den", "mallory!*@*"])


def test_a_name_that_no_room_can_have_does_not_keep_out_of_others(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    told = ann.says("JOIN #den,inv@lid,#two")
    assert [each.params for each in told if each.command == "JOIN"] == [["#den"], ["#two"]]
    assert [each.params[:2] for each in told if each.command == "403"] == [["ann", "inv@lid"]]


def test_what_no_numeric_says_is_a_standard_reply() -> None:
    chat = IrcChat(Limits(names_per_minute=1, rooms_per_connection=1))
    ann = chat.irc("ann", "standard-replies")
    told = [ann.says(f"NICK ann{number}")[-1] for number in range(3)][-1]
    assert (told.command, told.params[:3], told.nick) == ("FAIL", ["NICK", "SLOW_DOWN", "ann2"], "irc.example.org")
