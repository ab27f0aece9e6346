"""Who is banned from the server may still LOGIN, and nobody bans themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.chat.barred import LOGIN_SECONDS, MOST
from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient

HERE = "127.0.0.1"
GOODBYE = "BYE banned you are banned: flood"


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    """A chat in which everybody from here is banned; root is a server operator's account, and bob nobody's."""
    chat = ChatWithAccounts("root", "bob")
    root = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN root", address="10.1.1.1")
    chat.send(root, f"BAN {HERE} #* flood", "QUIT")
    yield chat
    chat.close()


def test_a_server_operator_who_is_banned_logs_in_and_takes_it_back(chat: ChatWithAccounts) -> None:
    root = ChatClient(chat.hub, HERE)
    assert chat.send(root, "HELLO 1", f"@label=1 LOGIN root {PASSWORD}", "@label=2 JOIN root")[1:] == [
        "@label=1 OK LOGIN root",
        "@label=2 OK JOIN #lobby 1 last=0 resume=secret1 seen=0",
    ]
    root.take()
    assert chat.send(root, f"UNBAN {HERE} #*")[-1] == f"OK UNBAN #* {HERE}"
    assert chat.answer("JOIN alice", address=HERE) == "OK JOIN #lobby 2"


@pytest.mark.parametrize(
    "line",
    [
        *("JOIN alice", "PING", "HELP", "ROOMS", "MSG hi", "NICK a", f"REGISTER {PASSWORD}", "WHO", "FROBNICATE"),
        *("LOGIN", "@label=1 PIPE #a"),
    ],
)
def test_nothing_else_is_heard(chat: ChatWithAccounts, line: str) -> None:
    person = ChatClient(chat.hub, HERE)
    assert chat.send(person, line, "JOIN alice") == [GOODBYE]
    assert person.farewell is DisconnectReason.BANNED
    assert not chat.hub.barred


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (f"LOGIN bob {PASSWORD}", "OK LOGIN bob"),
        ("LOGIN root wrong-horse", "ERR bad-password LOGIN the nick or the password is wrong"),
    ],
)
def test_a_login_that_is_no_server_operators_is_the_last_thing(chat: ChatWithAccounts, line: str, answer: str) -> None:
    person = ChatClient(chat.hub, HERE)
    assert chat.send(person, line, f"LOGIN root {PASSWORD}", "JOIN alice") == [answer, GOODBYE]
    assert not chat.hub.barred


def test_leaving_is_as_ever(chat: ChatWithAccounts) -> None:
    assert chat.answer("QUIT", address=HERE).startswith("BYE quit ")
    assert not chat.hub.barred


def test_it_has_a_deadline(chat: ChatWithAccounts) -> None:
    person, other = ChatClient(chat.hub, HERE), ChatClient(chat.hub, HERE)
    chat.send(other, f"LOGIN root {PASSWORD}")
    chat.wait(LOGIN_SECONDS - 1)
    assert person.farewell is None
    chat.wait(2)
    assert person.sent == [GOODBYE]
    assert other.farewell is None


def test_where_no_password_is_taken_there_is_nothing_to_wait_for(
    chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChatClient, "private", False)
    assert ChatClient(chat.hub, HERE).farewell is DisconnectReason.BANNED


def test_so_many_at_a_time(chat: ChatWithAccounts) -> None:
    people = [ChatClient(chat.hub, HERE) for _ in range(MOST + 1)]
    assert [person.farewell for person in people] == [*[None] * MOST, DisconnectReason.BANNED]
    people[0].lose()
    assert ChatClient(chat.hub, HERE).farewell is None


def test_a_ban_that_has_ended_meanwhile_keeps_nobody_out(chat: ChatWithAccounts) -> None:
    person = ChatClient(chat.hub, HERE)
    chat.send(ChatClient(chat.hub, "10.1.1.1"), f"LOGIN root {PASSWORD}", "JOIN root", f"UNBAN {HERE} #*")
    assert chat.send(person, "JOIN alice")[-1] == "OK JOIN #lobby 2"
    assert not person.session.barred


@pytest.mark.parametrize("where", ["#*", "#den"])
@pytest.mark.parametrize(
    "who", ["10.1.1.1", "10.0.0.0/8", "::ffff:10.1.1.1", "0.0.0.0/0", "root", "ROOT", "chief", "mine"]
)
def test_a_ban_that_holds_for_the_one_who_says_it_is_refused(chat: ChatWithAccounts, who: str, where: str) -> None:
    mine = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN mine #den", address="10.2.2.2")
    root = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN chief #den", address="10.1.1.1")
    answer = chat.send(root, f"BAN {who} {where}")[-1]
    assert answer.startswith("ERR not-allowed BAN a BAN of ")
    assert answer.endswith(" would apply to you, too; name somebody else")
    assert root.farewell is mine.farewell is None
    assert chat.send(root, f"BAN 10.1.1.2 {where}")[-1] == f"OK BAN {where} 10.1.1.2"
