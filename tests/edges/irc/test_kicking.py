"""KICK over IRC."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.irc import IrcChat, IrcClient, commands


@pytest.fixture
def chat() -> IrcChat:
    """A chat in which who opens a room runs it."""
    return IrcChat(Limits(room_founders=True))


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    """The one who has opened #chan."""
    return chat.irc("ann", rooms="#chan")


def people(chat: IrcChat, *nicks: str) -> list[IrcClient]:
    """Return those who are in #chan as well and have read what came."""
    clients = [chat.irc(nick, rooms="#chan") for nick in nicks]
    for client in clients:
        client.take()
    return clients


def test_all_read_who_was_put_out_and_why(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = people(chat, "bob", "carol")
    ann.take()
    for client in (ann, bob, carol):
        (told,) = ann.says("KICK #chan bob :off you go") if client is ann else client.take()
        assert (told.command, told.nick, told.params) == ("KICK", "ann", ["#chan", "bob", "off you go"])
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["404"]


def test_without_a_reason_it_is_the_nick_of_who_did_it(chat: IrcChat, ann: IrcClient) -> None:
    (bob,) = people(chat, "bob")
    ann.says("KICK #chan bob")
    assert bob.take()[0].params == ["#chan", "bob", "ann"]


@pytest.mark.parametrize("line", ["KICK #chan bob,carol :bye", "KICK #chan,#chan bob,carol :bye"])
def test_several_are_put_out_each_with_a_line(chat: IrcChat, ann: IrcClient, line: str) -> None:
    _, _, dave = people(chat, "bob", "carol", "dave")
    ann.says(line)
    assert [each.params for each in dave.take()] == [["#chan", "bob", "bye"], ["#chan", "carol", "bye"]]


def test_a_long_reason_is_cut(chat: IrcChat, ann: IrcClient) -> None:
    (bob,) = people(chat, "bob")
    ann.says(f"KICK #chan bob :{'x' * 400}")
    assert bob.take()[0].text == "x" * 300


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("KICK #nowhere bob", "403", ["ann", "#nowhere"]),
        ("KICK nowhere bob", "403", ["ann", "nowhere"]),
        ("KICK #far far", "442", ["ann", "#far"]),
        ("KICK #chan far", "441", ["ann", "far", "#chan"]),
        ("KICK #chan nobody", "401", ["ann", "nobody"]),
        ("KICK #chan", "461", ["ann", "KICK"]),
        ("KICK #chan,#far bob", "461", ["ann", "KICK"]),
    ],
)
def test_what_cannot_be_is_answered(chat: IrcChat, ann: IrcClient, line: str, command: str, params: list[str]) -> None:
    chat.irc("far", rooms="#far")
    ann.take()
    (told,) = ann.says(line)
    assert (told.command, told.params[:-1]) == (command, params)


def test_operators_alone_put_others_out_operators_too(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = people(chat, "bob", "carol")
    assert commands(bob.says("KICK #chan carol")) == ["482"]
    ann.says("MODE #chan +o bob")
    bob.take()
    assert [each.params for each in bob.says("KICK #chan ann", "KICK #chan carol")] == [
        ["#chan", "ann", "bob"],
        ["#chan", "carol", "bob"],
    ]
    assert commands(carol.take()) == ["MODE", "KICK", "KICK"]
