"""What others see of accounts: account-notify, account-tag and extended-join."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.in_memory_accounts import PASSWORD
from tests.support.irc import commands
from tests.support.irc_accounts import IrcChatWithAccounts, pieces, plain


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    chat = IrcChatWithAccounts("root", "Alice", registration="open")
    yield chat
    chat.close()


def test_who_makes_an_account_is_seen_to_have_it_from_then_on(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann", "account-notify", "account-tag", rooms="#den")
    bob = chat.irc("bob", "account-notify", rooms="#den")
    without = chat.irc("dora", "account-tag", rooms="#den")
    watcher = chat.irc("erin", "account-notify", "extended-monitor")
    watcher.says("MONITOR + bob")
    for each in (ann, without, watcher):
        each.take()
    bob.says("PRIVMSG #den :before")
    assert (ann.take()[0].tags, without.take()[0].tags) == ({}, {})
    told = bob.says(f"REGISTER * * {PASSWORD}")
    assert [each.params for each in told if each.command == "ACCOUNT"] == [["bob"]]
    for each in (ann, watcher):
        (account,) = each.take()
        assert (account.command, account.nick, account.params) == ("ACCOUNT", "bob", ["bob"])
    assert without.take() == []
    bob.says("PRIVMSG #den :after")
    assert ann.take()[0].tags == without.take()[0].tags == {"account": "bob"}


def test_the_account_is_told_as_its_owner_writes_it(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann", "extended-join", "account-tag", rooms="#den")
    alice = chat.logged_in("ALICE")
    alice.says("JOIN #den", "PRIVMSG #den :hi", "PRIVMSG ann :hi")
    joined, said, told = ann.take()
    assert (joined.nick, joined.params) == ("ALICE", ["#den", "Alice", "Alice Example"])
    assert joined.tags == said.tags == told.tags == {"account": "Alice"}


def test_who_has_none_is_told_with_a_star(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann", "extended-join", "account-tag", rooms="#den")
    chat.irc("bob", rooms="#den")
    (joined,) = ann.take()
    assert (joined.params, joined.tags) == (["#den", "*", "Bob Example"], {})


@pytest.mark.parametrize("way", ["AUTHENTICATE", "OPER"])
def test_who_logs_in_later_is_seen_to_have_an_account(chat: IrcChatWithAccounts, way: str) -> None:
    ann = chat.irc("ann", "account-notify", "account-tag", rooms="#den")
    bob = chat.irc("bob", "account-notify", rooms="#den")
    ann.take()
    told = plain(bob, "root") if way == "AUTHENTICATE" else bob.says(f"OPER root {PASSWORD}")
    assert [each.params for each in told if each.command == "ACCOUNT"] == [["root"]]
    (account,) = ann.take()
    assert (account.command, account.nick, account.params) == ("ACCOUNT", "bob", ["root"])
    bob.says("PRIVMSG #den :after")
    assert ann.take()[0].tags == {"account": "root"}


@pytest.mark.parametrize("label", ["", "@label=7 "])
def test_one_is_told_of_ones_own_account_after_the_numerics_of_the_login(chat: IrcChatWithAccounts, label: str) -> None:
    bob = chat.irc("bob", "account-notify", "labeled-response", "batch")
    bob.says("AUTHENTICATE PLAIN")
    (line,) = pieces(f"\0root\0{PASSWORD}".encode())
    told = bob.says(f"{label}{line}")
    assert [each for each in commands(told) if each != "BATCH"] == ["900", "903", "ACCOUNT"]
    assert commands(told).count("BATCH") == (2 if label else 0)


def test_logging_in_before_coming_in_is_told_to_nobody(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann", "account-notify", rooms="#den")
    alice = chat.logged_in("Alice", "account-notify")
    assert commands(ann.take()) == []
    alice.says("JOIN #den")
    assert commands(ann.take()) == ["JOIN"]


def test_whois_tells_of_accounts_and_of_who_looks_after_the_server(chat: IrcChatWithAccounts) -> None:
    ann = chat.irc("ann")
    chat.logged_in("root")
    chat.logged_in("Alice")
    told = {each.command: each.params[:3] for each in ann.says("WHOIS root")}
    assert (told["330"], told["313"][:2]) == (["ann", "root", "root"], ["ann", "root"])
    told = {each.command: each.params[:3] for each in ann.says("WHOIS alice")}
    assert told["330"] == ["ann", "Alice", "Alice"]
    assert "313" not in told
    assert not {"313", "330"} & set(commands(ann.says("WHOIS ann")))
