"""LOGIN and REGISTER, and whose nick is whose, as those who are in see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.accounts.store import Account
from chatd.protocol.names import Nick
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "Bob", registration="open")
    yield chat
    chat.close()


@pytest.mark.parametrize("line", [f"LOGIN ann {PASSWORD}", "LOGIN ann wrong-horse", f"LOGIN nobody {PASSWORD}"])
def test_where_others_can_listen_in_a_password_is_not_looked_at(chat: ChatWithAccounts, line: str) -> None:
    person = ChatClient(chat.hub, "192.0.2.1")
    person.private = False
    for _ in range(30):
        assert chat.send(person, line)[-1].startswith("ERR tls-needed LOGIN ")
    assert not chat.hasher.verified
    assert person.session.account is None
    person.private = True  # and it was not counted as a guess
    assert chat.send(person, f"LOGIN ann {PASSWORD}")[-1] == "OK LOGIN ann"


def test_where_others_can_listen_in_nobody_registers(chat: ChatWithAccounts) -> None:
    person = ChatClient(chat.hub, "192.0.2.1")
    person.private = False
    assert chat.send(person, "JOIN carol", f"REGISTER {PASSWORD}")[-1].startswith("ERR tls-needed REGISTER ")
    assert not chat.hasher.hashed
    assert chat.store.find("carol") is None


def test_a_registered_nick_is_refused_to_others(chat: ChatWithAccounts) -> None:
    assert chat.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    assert chat.answer("JOIN ANN").startswith("ERR not-allowed JOIN ")
    assert chat.answer("JOIN carol", "NICK ann").startswith("ERR not-allowed NICK ")
    assert chat.answer(f"LOGIN bob {PASSWORD}", "JOIN ann").startswith("ERR not-allowed JOIN ")


def test_nobody_takes_a_nick_that_looks_like_a_registered_one(chat: ChatWithAccounts) -> None:
    assert chat.answer("JOIN аnn").startswith("ERR name-taken JOIN ")  # Cyrillic
    assert chat.answer("JOIN carol", "NICK аnn").startswith("ERR name-taken NICK ")
    assert chat.answer(f"LOGIN bob {PASSWORD}", "JOIN аnn").startswith("ERR name-taken JOIN ")
    assert chat.answer("JOIN anna").startswith("OK JOIN ")


def test_two_accounts_that_look_alike_are_both_usable_at_once(chat: ChatWithAccounts) -> None:
    kept = chat.hasher.hash(PASSWORD)
    for name in ("\u0448ow", "wow"):
        chat.store.add(Account(name, name, kept, operator=False, created=0), twins=True)
        assert chat.visitor(f"LOGIN {name} {PASSWORD}", f"JOIN {name}").sent[-1].startswith("OK JOIN ")
    assert chat.answer("JOIN W0W").startswith("ERR name-taken ")


def test_who_looks_like_an_owner_does_not_keep_her_out(chat: ChatWithAccounts) -> None:
    chat.visitor("JOIN \u0441arol")
    chat.store.add(Account("carol", "carol", chat.hasher.hash(PASSWORD), operator=False, created=0))
    assert chat.visitor(f"LOGIN carol {PASSWORD}", "JOIN carol").sent[-1].startswith("OK JOIN ")


def test_the_owner_comes_in_under_it_and_may_go_by_another(chat: ChatWithAccounts) -> None:
    ann = chat.visitor(f"LOGIN ANN {PASSWORD}")
    assert ann.sent[-1] == "OK LOGIN ann"
    assert ann.session.account == "ann"
    assert chat.send(ann, "JOIN ann")[-1] == "OK JOIN #lobby 1"
    assert chat.send(ann, "NICK annie")[-1] == "OK NICK annie"
    assert chat.send(ann, "NICK аnn")[-1] == "OK NICK аnn"  # her own twin
    assert chat.send(ann, "NICK ann")[-1] == "OK NICK ann"


def test_the_owner_takes_the_nick_over(chat: ChatWithAccounts) -> None:
    carol = chat.visitor("JOIN carol")
    other = chat.visitor("JOIN dave")
    chat.store.add(Account("carol", "carol", chat.hasher.hash(PASSWORD), operator=False, created=0))
    owner = chat.visitor(f"LOGIN carol {PASSWORD}", "JOIN carol")
    assert owner.sent[-1].startswith("OK JOIN #lobby ")
    assert carol.sent[-1].startswith("BYE replaced ")
    assert chat.hub.client(Nick("carol")) is owner.session
    assert not other.session.ended


def test_login_comes_before_join(chat: ChatWithAccounts) -> None:
    assert chat.answer("JOIN carol", f"LOGIN ann {PASSWORD}").startswith("ERR already-in LOGIN ")


def test_register_comes_after_it(chat: ChatWithAccounts) -> None:
    assert chat.answer(f"REGISTER {PASSWORD}").startswith("ERR name-needed REGISTER ")


def test_who_has_an_account_needs_no_other(chat: ChatWithAccounts) -> None:
    answer = chat.answer(f"LOGIN ann {PASSWORD}", "JOIN carol", f"REGISTER {PASSWORD}")
    assert answer.startswith("ERR already-in REGISTER ")


def test_what_follows_a_login_waits_for_it(chat: ChatWithAccounts) -> None:
    ann = chat.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann", "PING 1")
    assert [line.split()[0] for line in ann.sent[-3:]] == ["OK", "OK", "PONG"]


def test_a_program_gets_its_label_back(chat: ChatWithAccounts) -> None:
    ann = chat.visitor("HELLO 1", f"@label=a LOGIN ann {PASSWORD}", "@label=b LOGIN ann wrong-horse")
    assert ann.sent[-2] == "@label=a OK LOGIN ann"
    assert ann.sent[-1].startswith("@label=b ERR bad-password LOGIN ")


def test_a_closed_site_is_for_members() -> None:
    chat = ChatWithAccounts("ann", members_only=True)
    visitor = chat.visitor("JOIN carol")
    assert visitor.sent[-1].startswith("ERR not-allowed JOIN ")
    assert not visitor.session.nick
    assert chat.send(visitor, "ROOMS")[-1].startswith("ERR name-needed ROOMS ")
    assert chat.answer(f"LOGIN ann {PASSWORD}", "JOIN carol").startswith("OK JOIN ")
    assert chat.answer("LOGIN ann wrong-horse", "JOIN ann").startswith("ERR not-allowed JOIN ")
    chat.close()


def test_help_and_leaving_need_no_account() -> None:
    chat = ChatWithAccounts("ann", members_only=True)
    assert chat.answer("HELP") == "OK HELP"
    assert chat.answer("QUIT").startswith("BYE quit ")
    chat.close()


def test_no_password_is_said_back(chat: ChatWithAccounts) -> None:
    for line in ("LOGIN ann s3cret-horse", "LOGIN ann s3cret-horse more", "LOGIN s3cret-horse"):
        assert not any("s3cret" in said for said in chat.visitor(line).sent), line
    carol = chat.visitor("JOIN carol")
    assert not any("s3cret" in said for said in chat.send(carol, "REGISTER s3cret", "REGISTER s3cret-horse co de"))


def test_which_accounts_there_are_is_told_by_these_and_not_by_login(chat: ChatWithAccounts) -> None:
    mine = chat.visitor(f"LOGIN bob {PASSWORD}", "JOIN bob #b", "SET #b registered=yes")
    told = {
        verb: [chat.send(mine, f"{verb} {nick} #b")[-1].split(" ", 2)[:2] for nick in ("ann", "nobody")]
        for verb in ("OP", "INVITE", "BAN")
    }
    told["JOIN"] = [chat.answer(f"JOIN {nick}").split(" ", 2)[:2] for nick in ("ann", "nobody")]
    assert told == {
        "OP": [["OK", "OP"], ["ERR", "not-allowed"]],
        "INVITE": [["OK", "INVITE"], ["ERR", "no-such-nick"]],
        "BAN": [["ERR", "not-allowed"], ["OK", "BAN"]],
        "JOIN": [["ERR", "not-allowed"], ["OK", "JOIN"]],
    }
    assert chat.answer("LOGIN ann wrong-horse") == chat.answer("LOGIN nobody wrong-horse")
