"""What WHO, WHOX, WHOIS and WHOWAS tell of people, field by field."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.chat.limits import Limits
from tests.support.irc import IrcChat, Told, commands
from tests.support.irc_accounts import IrcChatWithAccounts


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    chat = IrcChatWithAccounts("root", "Alice")
    yield chat
    chat.close()


def by_command(told: list[Told]) -> dict[str, list[str]]:
    return {each.command: each.params for each in told}


@pytest.mark.parametrize("letters", ["tcuihsnfdlaor", "roaldfnshiuct"])
def test_all_fields_come_in_one_order_whatever_order_they_were_asked_for_in(
    chat: IrcChatWithAccounts, letters: str
) -> None:
    ann = chat.irc("ann", rooms="#den")
    chat.owner("Alice", nick="al", rooms="#den").says("AWAY :lunch")
    ann.take()
    (told, end) = ann.says(f"WHO al %{letters},123")
    token, room, user, address, host, server, nick, flags, hops, idle, account, level, realname = told.params[1:]
    assert (told.command, token, room, user, nick, flags) == ("354", "123", "#den", "~Alice", "al", "G")
    assert (address, server, hops, idle) == ("255.255.255.255", "irc.example.org", "0", "0")
    assert (account, level, realname) == ("Alice", "n/a", "Alice Example")
    assert host.endswith(".account")
    assert (end.command, end.params[1]) == ("315", "al")


def test_a_field_that_there_is_nothing_for_has_something_that_is_no_name(chat: IrcChatWithAccounts) -> None:
    chat.irc("bob")
    (told, _) = chat.irc("ann").says("WHO bob %tca")
    assert told.params == ["ann", "0", "*", "0"]


def test_ranks_are_told_all_to_those_who_know_of_that_and_else_the_highest() -> None:
    chat = IrcChat(Limits(room_founders=True))
    ann = chat.irc("ann", "multi-prefix", rooms="#den")
    bob = chat.irc("bob", rooms="#den")
    ann.says("MODE #den +v ann")
    bob.take()
    for client, rank in ((ann, "@+"), (bob, "@")):
        assert client.says("NAMES #den")[0].text.split() == [f"{rank}ann", "bob"]
        assert client.says("WHO #den")[0].params[6] == f"H{rank}"
        assert client.says("WHO ann %nf")[0].params[1:] == ["ann", f"H{rank}"]
    assert by_command(bob.says("WHOIS ann"))["319"][-1] == "@+#den"


def test_whois_tells_the_account_and_that_somebody_is_a_server_operator(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann")
    chat.owner("root", nick="admin")
    told = by_command(ann.says("WHOIS ADMIN"))
    assert told["330"][:3] == ["ann", "admin", "root"]
    assert told["313"][:2] == ["ann", "admin"]
    assert told["318"][:2] == ["ann", "admin"]
    assert {"313", "330"}.isdisjoint(by_command(ann.says("WHOIS ann")))


@pytest.mark.parametrize("first", ["irc.example.org ", "bob ", ""])
def test_whois_takes_the_server_that_is_to_be_asked(first: str) -> None:
    chat = IrcChat()
    chat.irc("bob")
    told = chat.irc("ann").says(f"WHOIS {first}bob")
    assert (told[0].command, told[0].params[:3]) == ("311", ["ann", "bob", "~bob"])


def test_whois_tells_how_long_somebody_has_said_nothing_and_when_they_came() -> None:
    chat = IrcChat()
    ann = chat.irc("ann")
    came = chat.hub.now // 1000
    chat.irc("bob")
    chat.clock.advance(30)
    assert by_command(ann.says("WHOIS bob"))["317"][1:4] == ["bob", "30", str(came)]


@pytest.mark.parametrize(("count", "found"), [("", 2), (" 1", 1), (" 2", 2), (" 3", 2), (" 0", 2), (" -1", 2)])
def test_whowas_tells_as_many_as_are_asked_for_and_all_if_none_are(count: str, found: int) -> None:
    chat = IrcChat()
    ann = chat.irc("ann")
    for _ in range(2):
        chat.irc("bob").says("QUIT")
    assert commands(ann.says(f"WHOWAS bob{count}")) == ["314", "312"] * found + ["369"]
