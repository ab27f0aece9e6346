"""REGISTER and VERIFY, by draft/account-registration of IRCv3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.accounts import AccountsError
from chatd.accounts.store import Account
from chatd.protocol.errors import NO_REGISTRATION
from tests.support.in_memory_accounts import PASSWORD
from tests.support.irc import ELSEWHERE, IrcChat, IrcClient, commands
from tests.support.irc_accounts import IrcChatWithAccounts, plain


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    chat = IrcChatWithAccounts("ann", registration="open", scram=True)
    yield chat
    chat.close()


def offers(client: IrcClient) -> bool:
    (told,) = client.says("CAP LS 302")
    return "draft/account-registration" in told.text.split()


def test_it_is_offered_where_one_may_register_and_nobody_listens_in(chat: IrcChatWithAccounts) -> None:
    assert offers(chat.connect())
    assert not offers(chat.connect(ELSEWHERE))
    assert not offers(IrcChat().connect())
    closed = IrcChatWithAccounts("ann")
    assert not offers(closed.connect())
    closed.close()


@pytest.mark.parametrize("account", ["*", "carol", "CAROL"])
def test_a_nick_becomes_ones_own(chat: IrcChatWithAccounts, account: str) -> None:
    client = chat.irc("carol", "draft/account-registration")
    done, logged_in = client.says(f"REGISTER {account} * {PASSWORD}")
    assert (done.command, done.params) == ("REGISTER", ["SUCCESS", "carol", "the account carol is now yours"])
    assert (logged_in.command, logged_in.params[2]) == ("900", "carol")
    client.says("QUIT")
    assert commands(plain(chat.connect(), "carol"))[-1] == "903"
    assert chat.accounts.scram.find("carol") is not None


def test_a_password_that_clients_may_count_on(chat: IrcChatWithAccounts) -> None:
    password = "\u00e9" * 150
    client = chat.irc("carol")
    assert commands(client.says(f"REGISTER * * {password}")) == ["REGISTER", "900"]
    client.says("QUIT")
    assert commands(plain(chat.connect(), "carol", password))[-1] == "903"


@pytest.mark.parametrize(
    ("line", "code", "account"),
    [
        (f"REGISTER dave * {PASSWORD}", "ACCOUNT_NAME_MUST_BE_NICK", "dave"),
        (f"REGISTER * me@example.org {PASSWORD}", "UNACCEPTABLE_EMAIL", "carol"),
        ("REGISTER * * short", "WEAK_PASSWORD", "carol"),
        ("REGISTER * * :correct horse", "UNACCEPTABLE_PASSWORD", "carol"),
        (f"REGISTER * * {'x' * 301}", "UNACCEPTABLE_PASSWORD", "carol"),
    ],
)
def test_what_is_refused(chat: IrcChatWithAccounts, line: str, code: str, account: str) -> None:
    client = chat.irc("carol")
    (told,) = client.says(line)
    assert (told.command, told.params[:3]) == ("FAIL", ["REGISTER", code, account])
    assert len(told.params) == 4
    assert client.protocol.peer.session.account is None


def test_it_needs_three_parameters(chat: IrcChatWithAccounts) -> None:
    assert commands(chat.irc("carol").says("REGISTER * *")) == ["461"]


def test_one_comes_in_first(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    (told,) = client.says("NICK carol", f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "COMPLETE_CONNECTION_REQUIRED", "*"]


def test_who_has_an_account_needs_no_other(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("carol")
    client.says(f"REGISTER * * {PASSWORD}")
    (told,) = client.says(f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "ALREADY_AUTHENTICATED", "carol"]


def test_a_name_that_was_given_meanwhile(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("carol")
    chat.accounts.store.add(Account("carol", "carol", None, operator=False, created=0))
    (told,) = client.says(f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "ACCOUNT_EXISTS", "carol"]


def test_nobody_registers_where_others_can_listen_in(chat: IrcChatWithAccounts) -> None:
    (told,) = chat.irc("carol", address=ELSEWHERE).says(f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "TEMPORARILY_UNAVAILABLE", "carol"]
    assert "TLS" in told.text
    assert not chat.accounts.hasher.hashed


@pytest.mark.parametrize("chat_without", [IrcChat, lambda: IrcChatWithAccounts("ann")])
def test_where_nobody_may(chat_without: type[IrcChat]) -> None:
    chat = chat_without()
    (told,) = chat.irc("carol").says(f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "TEMPORARILY_UNAVAILABLE", "carol"]
    assert told.text == NO_REGISTRATION
    assert NO_REGISTRATION in " ".join(each.text for each in chat.irc("dora").says("HELP REGISTER"))
    assert chat.irc("eve").says("NS REGISTER x")[0].text == NO_REGISTRATION
    if isinstance(chat, IrcChatWithAccounts):
        chat.close()


def test_accounts_that_cannot_be_written(chat: IrcChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(chat.accounts.store, "add", refuse)
    (told,) = chat.irc("carol").says(f"REGISTER * * {PASSWORD}")
    assert told.params[:3] == ["REGISTER", "TEMPORARILY_UNAVAILABLE", "carol"]


def test_an_invitation_goes_in_the_place_of_the_email() -> None:
    chat = IrcChatWithAccounts("ann", registration="code")
    chat.accounts.store.add_code("f00d", None, 0)
    client = chat.irc("carol")
    for email, why in (
        ("*", "you need an invitation code: REGISTER * <code> <password>"),
        ("beef", "the invitation code is invalid, used or expired"),
    ):
        (told,) = client.says(f"REGISTER * {email} {PASSWORD}")
        assert told.params == ["REGISTER", "INVALID_EMAIL", "carol", why]
    assert client.says(f"REGISTER * f00d {PASSWORD}")[0].params[0] == "SUCCESS"
    chat.close()


def test_nothing_has_to_be_verified(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("carol")
    (told,) = client.says("VERIFY carol 123")
    assert (told.command, told.params[:3]) == ("FAIL", ["VERIFY", "INVALID_CODE", "carol"])
    assert commands(client.says("VERIFY carol")) == ["461"]
