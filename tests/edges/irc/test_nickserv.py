"""What bots and bridges say to NickServ, who is nobody here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.accounts.service import Registration
from chatd.accounts.throttle import FAILURES
from tests.support.in_memory_accounts import PASSWORD
from tests.support.irc import ELSEWHERE, Told, commands
from tests.support.irc_accounts import IrcChatWithAccounts

WRONG = "the nick or the password is wrong"
HOW = "there are no services here; to log in, write IDENTIFY [<account>] <password> or use SASL"


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    chat = IrcChatWithAccounts("ann", "bob")
    yield chat
    chat.close()


def answer(told: list[Told]) -> str:
    """Return what NickServ says, which is the last message."""
    assert (told[-1].command, told[-1].nick) == ("NOTICE", "NickServ"), told
    return told[-1].text


@pytest.mark.parametrize(
    "line",
    [
        f"PRIVMSG NickServ :IDENTIFY bob {PASSWORD}",
        f"PRIVMSG nickserv :identify bob {PASSWORD}",
        f"PRIVMSG NickServ@services.example.org :IDENTIFY bob {PASSWORD}",
        f"NICKSERV IDENTIFY bob {PASSWORD}",
        f"NS :IDENTIFY bob {PASSWORD}",
    ],
)
def test_to_identify_is_to_log_in(line: str, chat: IrcChatWithAccounts) -> None:
    onlooker = chat.irc("eve", "account-notify", rooms="#den")
    bridge = chat.irc("bridge", "echo-message", rooms="#den")
    onlooker.take()
    told = bridge.says(line)
    assert commands(told) == ["900", "NOTICE"]
    assert answer(told) == "you have logged in"
    (heard,) = onlooker.take()
    assert (heard.nick, heard.command, heard.params) == ("bridge", "ACCOUNT", ["bob"])


def test_the_nick_is_the_account_if_none_is_named(chat: IrcChatWithAccounts) -> None:
    client = chat.logged_in("ann")
    assert answer(client.says(f"PRIVMSG NickServ :IDENTIFY {PASSWORD}")) == "you have logged in"


def test_a_wrong_password_is_said_to_be_wrong_and_counts_as_a_guess(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("bridge")
    assert answer(client.says("PRIVMSG NickServ :IDENTIFY ann wrong-horse")) == WRONG
    assert answer(client.says("PRIVMSG NickServ :IDENTIFY a\x03b wrong-horse")) != WRONG
    for _ in range(FAILURES):
        client.says("PRIVMSG NickServ :IDENTIFY ann wrong-horse")
    compared = len(chat.accounts.hasher.verified)
    assert "try again in" in answer(client.says(f"PRIVMSG NickServ :IDENTIFY ann {PASSWORD}"))
    assert len(chat.accounts.hasher.verified) == compared


def test_no_password_is_looked_at_where_others_can_listen_in(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("bridge", address=ELSEWHERE)
    said = answer(client.says(f"PRIVMSG NickServ :IDENTIFY ann {PASSWORD}"))
    assert said.startswith("passwords are accepted over TLS only")
    assert not chat.accounts.hasher.verified


def test_what_is_said_to_it_reaches_nobody_not_even_one_of_that_name(chat: IrcChatWithAccounts) -> None:
    thief = chat.irc("NickServ", "labeled-response", "batch")
    other = chat.irc("eve", "labeled-response", "batch", "echo-message")
    told = other.says(f"@label=7 PRIVMSG NickServ :IDENTIFY bob {PASSWORD}")
    assert commands(told) == ["BATCH", "900", "NOTICE", "BATCH"]
    assert other.says(f"NOTICE NickServ :IDENTIFY bob {PASSWORD}") == []
    assert thief.take() == []


@pytest.mark.parametrize("text", ["HELP", "GHOST ann", "IDENTIFY", "IDENTIFY a b c", "  "])
def test_whatever_else_is_asked_is_answered_by_what_there_is(text: str, chat: IrcChatWithAccounts) -> None:
    assert answer(chat.irc("eve").says(f"PRIVMSG NickServ :{text}")) == HOW


def test_whoever_wants_to_register_is_told_how(chat: IrcChatWithAccounts) -> None:
    chat.accounts.members.set_policy(Registration.OPEN, members_only=False)
    assert "/REGISTER * * <password>" in answer(chat.irc("eve").says("PRIVMSG NickServ :REGISTER correct-horse"))


def test_with_an_account_one_cannot_become_somebody_else(chat: IrcChatWithAccounts) -> None:
    client = chat.logged_in("ann")
    assert answer(client.says(f"PRIVMSG NickServ :IDENTIFY bob {PASSWORD}")).startswith("you are logged in as ann")
