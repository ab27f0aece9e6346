"""Who logs in and who gets an account: the roll, what --auth brings, what guessing and asking cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, succeed
from twisted.logger import LogEvent, capturedLogs
from zope.interface import implementer

from chatd.accounts import AccountsError, checkers, passwords
from chatd.accounts import service as members
from chatd.accounts.checkers import Credentials
from chatd.accounts.store import Account, AccountStore
from chatd.accounts.throttle import FAILURES, SECONDS
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts, CountingHasher
from tests.support.in_memory_chat import ManualWorker

NET = "192.0.2.1"
WRONG = "ERR bad-password LOGIN the nick or the password is wrong"


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "bob")
    yield chat
    chat.close()


def login(chat: ChatWithAccounts, nick: str, password: str = PASSWORD, address: str | None = NET) -> str:
    return chat.answer(f"LOGIN {nick} {password}", address=address)


@implementer(ICredentialsChecker)
class Book:
    """An --auth method: what it lets in under which name, and whom it was asked for."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self, *known: str, avatar: Callable[[bytes], Any] = lambda name: name, password: str = PASSWORD
    ) -> None:
        self.known = known
        self.avatar = avatar
        self.password = password
        self.asked: list[bytes] = []

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[bytes | tuple[()]]:
        self.asked.append(credentials.username)
        if credentials.username.decode() in self.known and credentials.checkPassword(self.password.encode()):
            answer = self.avatar(credentials.username)
            return answer if isinstance(answer, Deferred) else succeed(answer)
        raise UnauthorizedLogin


# Passwords.


def test_the_right_password_and_no_other(chat: ChatWithAccounts) -> None:
    assert login(chat, "ANN") == "OK LOGIN ann"
    assert login(chat, "ann", "wrong-horse") == WRONG
    assert login(chat, "nobody") == WRONG


def test_whether_there_is_such_an_account_costs_the_same_and_says_nothing(chat: ChatWithAccounts) -> None:
    assert login(chat, "ann", "wrong-horse") == login(chat, "nobody", "wrong-horse")
    known, unknown = chat.hasher.verified
    assert known != unknown == chat.hasher.nobodys
    assert len(known) == len(unknown)


def test_an_account_without_a_password_of_its_own_costs_the_same() -> None:
    chat = ChatWithAccounts(checkers=[Book("carol")])
    login(chat, "carol")
    login(chat, "carol", "wrong-horse")
    assert len(chat.hasher.verified) == 2
    chat.close()


def test_a_hash_of_an_older_cost_is_made_anew() -> None:
    chat = ChatWithAccounts("ann", hasher=CountingHasher(rounds=2))
    before = chat.store.find("ann")
    assert login(chat, "ann", "wrong-horse") == WRONG
    assert chat.store.find("ann") == before
    assert login(chat, "ann") == "OK LOGIN ann"
    after = chat.store.find("ann")
    assert before is not None and before.hash is not None and "t=1" in before.hash
    assert after is not None and after.hash is not None and "t=2" in after.hash
    assert login(chat, "ann") == "OK LOGIN ann"
    assert chat.store.find("ann") == after
    chat.close()


def test_a_hash_that_cannot_be_made_anew_lets_its_owner_in(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ChatWithAccounts("ann", hasher=CountingHasher(rounds=2))

    def refuse(*_: object, **__: object) -> bool:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(chat.store, "set_hash", refuse)
    assert login(chat, "ann") == "OK LOGIN ann"
    chat.close()


@pytest.mark.parametrize("change", ["remove", "set_hash"])
def test_a_password_that_stops_being_right_while_it_is_checked_is_wrong(change: str) -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker])
    ann = chat.visitor(f"LOGIN ann {PASSWORD}")
    if change == "remove":
        chat.store.remove("ann")
    else:
        chat.store.set_hash("ann", CountingHasher().hash("another-horse"))
    worker.work()
    assert ann.sent[-1] == WRONG
    chat.close()


def test_a_damaged_hash_is_the_servers_fault_and_said_in_the_log(nothing_left_behind: list[LogEvent]) -> None:
    chat = ChatWithAccounts("ann")
    chat.store.set_hash("ann", "gone")
    assert login(chat, "ann").startswith("ERR unavailable LOGIN ")
    (event,) = nothing_left_behind
    assert "chatd user passwd" in str(event["log_failure"].value)
    assert PASSWORD not in event["log_failure"].getTraceback(detail="verbose")
    nothing_left_behind.clear()
    chat.close()


def test_no_password_is_printed() -> None:
    assert PASSWORD not in repr(Credentials(b"ann", PASSWORD.encode()))


def test_too_many_at_once_are_told_to_come_again() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker], most=2)
    first = chat.visitor(f"LOGIN ann {PASSWORD}")
    chat.visitor("LOGIN ann wrong-horse")
    assert login(chat, "ann", address="192.0.2.9").startswith("ERR slow-down LOGIN ")
    worker.work()
    assert first.sent[-1] == "OK LOGIN ann"
    worker.work()
    assert chat.visitor(f"LOGIN ann {PASSWORD}", address="192.0.2.9").sent == []  # it is on its way
    chat.close()


def test_who_is_gone_before_the_answer_is_no_trouble() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker])
    ann = chat.visitor(f"LOGIN ann {PASSWORD}")
    ann.lose()
    worker.work()
    chat.turn()
    assert not ann.sent
    chat.close()


# Guesses.


def test_guesses_at_an_account_end_before_its_hash(chat: ChatWithAccounts) -> None:
    for number in range(FAILURES):
        assert login(chat, "ann", "wrong-horse", f"198.51.100.{number}") == WRONG
    checked = len(chat.hasher.verified)
    assert login(chat, "ann").startswith("ERR slow-down LOGIN ")
    assert login(chat, "Ann", "wrong-horse").startswith("ERR slow-down LOGIN ")
    assert len(chat.hasher.verified) == checked
    assert login(chat, "bob") == "OK LOGIN bob"
    chat.clock.advance(SECONDS)
    assert login(chat, "ann") == "OK LOGIN ann"


def test_guesses_from_an_address_end_whatever_the_account(chat: ChatWithAccounts) -> None:
    for number in range(FAILURES):
        assert login(chat, f"user{'x' * number}") == WRONG
    checked = len(chat.hasher.verified)
    assert login(chat, "ann").startswith("ERR slow-down LOGIN ")
    assert len(chat.hasher.verified) == checked
    assert login(chat, "ann", address="192.0.2.2") == "OK LOGIN ann"
    assert login(chat, "bob", address="127.0.0.1") == "OK LOGIN bob"


def test_many_guesses_at_once_are_no_more_than_one_after_the_other() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker])
    for _ in range(3 * FAILURES):
        chat.visitor("LOGIN ann wrong-horse", address=None)
    assert len(worker.jobs) == FAILURES
    chat.close()


def test_an_account_that_is_none_is_shut_like_one(chat: ChatWithAccounts) -> None:
    for number in range(FAILURES):
        login(chat, "nobody", "wrong-horse", f"198.51.100.{number}")
    assert login(chat, "nobody").startswith("ERR slow-down LOGIN ")


def test_the_owner_is_not_shut_out_where_she_was_in_before(chat: ChatWithAccounts) -> None:
    assert login(chat, "ann") == "OK LOGIN ann"
    for number in range(FAILURES):
        login(chat, "ann", "wrong-horse", f"198.51.100.{number}")
    assert login(chat, "ann", address="203.0.113.1").startswith("ERR slow-down LOGIN ")
    assert login(chat, "ann") == "OK LOGIN ann"


def test_who_is_right_may_come_as_often_as_she_likes(chat: ChatWithAccounts) -> None:
    for _ in range(3 * FAILURES):
        assert login(chat, "ann") == "OK LOGIN ann"


def test_the_owner_is_not_shut_out_by_what_one_address_gets_wrong(chat: ChatWithAccounts) -> None:
    for _ in range(3 * FAILURES):
        login(chat, "ann", "wrong-horse", "198.51.100.1")
    assert login(chat, "ann", address="198.51.100.1").startswith("ERR slow-down LOGIN ")
    assert login(chat, "ann") == "OK LOGIN ann"


def test_where_the_owner_was_in_before_is_known_after_a_restart(tmp_path: Path) -> None:
    before = ChatWithAccounts("ann", path=tmp_path / "accounts")
    assert login(before, "ann") == "OK LOGIN ann"
    before.close()
    after = ChatWithAccounts(path=tmp_path / "accounts")
    for _ in range(20):
        for number in range(FAILURES):
            login(after, "ann", "wrong-horse", f"198.51.100.{number}")
        assert login(after, "ann", address="203.0.113.1").startswith("ERR slow-down LOGIN ")
        assert login(after, "ann") == "OK LOGIN ann"
        after.clock.advance(SECONDS)
    after.close()


def test_a_login_just_before_the_stop_is_remembered(tmp_path: Path) -> None:
    worker = ManualWorker()
    before = ChatWithAccounts("ann", path=tmp_path / "accounts", workers=[worker])
    ann = before.visitor(f"LOGIN ann {PASSWORD}", address=NET)
    while "OK LOGIN ann" not in ann.sent:
        worker.work()
        before.turn()
    assert worker.jobs
    before.close()
    while worker.jobs:
        worker.work()
    after = AccountStore(tmp_path / "accounts")
    after.open(make=False)
    assert after.last_login("ann", f"{NET}/32") is not None
    after.close()


def test_where_an_account_was_made_its_owner_is_not_shut_out() -> None:
    chat = ChatWithAccounts(registration="open")
    assert register(chat, "ann") == "OK REGISTER ann"
    for number in range(FAILURES):
        login(chat, "ann", "wrong-horse", f"198.51.100.{number}")
    assert login(chat, "ann", address="203.0.113.1").startswith("ERR slow-down LOGIN ")
    assert login(chat, "ann") == "OK LOGIN ann"
    chat.close()


def test_a_login_is_written_once_a_day(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    store_it = chat.store.note_login

    def note(key: str, network: str, now: int) -> None:
        noted.append(now)
        store_it(key, network, now)

    monkeypatch.setattr(chat.store, "note_login", note)
    start = chat.clock.seconds()
    for _ in range(50):
        assert login(chat, "ann") == "OK LOGIN ann"
        chat.clock.advance(3600)
    assert noted == [start, start + 24 * 3600, start + 48 * 3600]


def test_a_login_that_cannot_be_noted_is_one(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_login: object) -> None:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(chat.store, "note_login", full)
    with capturedLogs() as log:
        assert login(chat, "ann") == "OK LOGIN ann"
    assert [event["why"] for event in log] == ["the disk is full"]


# REGISTER.


def register(chat: ChatWithAccounts, nick: str, words: str = PASSWORD, address: str | None = NET) -> str:
    return chat.answer(f"JOIN {nick}", f"REGISTER {words}", address=address)


def test_what_is_registered_is_ones_own(tmp_path: Path) -> None:
    chat = ChatWithAccounts(path=tmp_path / "roll", registration="open")
    ann = chat.visitor("JOIN Ann", f"REGISTER {PASSWORD}", address=NET)
    assert ann.sent[-1] == "OK REGISTER Ann"
    assert ann.session.account == "ann"
    assert chat.send(ann, "REGISTER another-horse")[-1].startswith("ERR already-in REGISTER ")
    ann.lose()
    chat.turn()
    assert chat.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    chat.close()
    again = ChatWithAccounts(path=tmp_path / "roll")
    assert again.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    assert login(again, "ann", "another-horse") == WRONG
    assert login(again, "ann") == "OK LOGIN Ann"
    again.close()


def test_nobody_registers_where_it_is_off(chat: ChatWithAccounts) -> None:
    assert register(chat, "carol").startswith("ERR not-allowed REGISTER ")
    assert chat.store.find("carol") is None
    assert not chat.hasher.hashed


def test_a_short_password_is_refused() -> None:
    chat = ChatWithAccounts(registration="open")
    assert register(chat, "carol", "1234567").startswith("ERR bad-password REGISTER the password needs at least 8 ")
    assert not chat.hasher.hashed
    chat.close()


def test_neither_a_name_that_is_taken_since_nor_one_that_looks_like_it() -> None:
    chat = ChatWithAccounts(registration="open")
    carol, modem = chat.visitor("JOIN carol"), chat.visitor("JOIN modem")
    chat.store.add(Account("carol", "carol", None, operator=False, created=0))
    chat.store.add(Account("modern", "modern", None, operator=False, created=0))
    assert chat.send(carol, f"REGISTER {PASSWORD}")[-1].startswith("ERR name-taken REGISTER ")
    assert chat.send(modem, f"REGISTER {PASSWORD}")[-1].startswith("ERR name-taken REGISTER ")
    assert not chat.hasher.hashed
    chat.close()


def test_of_two_that_look_alike_one_is_registered() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts(registration="open", workers=[worker])
    modern = chat.visitor("JOIN modern", f"REGISTER {PASSWORD}")
    modern.lose()
    chat.turn()
    modem = chat.visitor("JOIN modem", f"REGISTER {PASSWORD}")
    worker.work()
    worker.work()
    assert modem.sent[-1].startswith("ERR name-taken REGISTER ")
    assert [each.name for each in chat.store.accounts()] == ["modern"]
    chat.close()


def test_an_invitation_is_needed_and_good_for_one() -> None:
    chat = ChatWithAccounts(registration="code")
    chat.store.add_code("c0de", None, 0)
    assert register(chat, "ann").startswith("ERR not-allowed REGISTER you need an invitation code")
    assert register(chat, "ben", f"{PASSWORD} c0df").startswith(
        "ERR not-allowed REGISTER the invitation code is invalid"
    )
    assert not chat.hasher.hashed
    assert register(chat, "eve", f"{PASSWORD} c0de") == "OK REGISTER eve"
    assert register(chat, "fay", f"{PASSWORD} c0de").startswith(
        "ERR not-allowed REGISTER the invitation code is invalid"
    )
    chat.close()


def test_an_invitation_used_by_two_at_once_lets_one_in() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts(registration="code", workers=[worker])
    chat.store.add_code("c0de", None, 0)
    people = [chat.visitor(f"JOIN {nick}", f"REGISTER {PASSWORD} c0de") for nick in ("ann", "bob")]
    worker.work()
    worker.work()
    assert [person.sent[-1].split()[:2] for person in people] == [["OK", "REGISTER"], ["ERR", "not-allowed"]]
    chat.close()


def test_an_old_invitation_is_none() -> None:
    chat = ChatWithAccounts(registration="code")
    chat.store.add_code("c0de", int(chat.clock.seconds()) + 10, 0)
    chat.clock.advance(10)
    assert register(chat, "ann", f"{PASSWORD} c0de").startswith("ERR not-allowed REGISTER ")
    chat.close()


def test_guesses_at_invitations_end() -> None:
    chat = ChatWithAccounts(registration="code")
    chat.store.add_code("c0de", None, 0)
    person = chat.visitor("JOIN ann", *[f"REGISTER {PASSWORD} {n}" for n in range(FAILURES)], address=NET)
    assert person.sent[-1].startswith("ERR not-allowed REGISTER ")
    assert chat.send(person, f"REGISTER {PASSWORD} c0de")[-1].startswith("ERR slow-down REGISTER ")
    chat.close()


def test_one_address_does_not_take_all_names() -> None:
    chat = ChatWithAccounts(registration="open")
    for number in range(members.NEW_IN_AN_HOUR):
        assert register(chat, f"user{'x' * (number % 25)}{'y' * (number // 25)}").startswith("OK ")
    assert register(chat, "carol").startswith("ERR slow-down REGISTER ")
    assert register(chat, "dave", address="192.0.2.2") == "OK REGISTER dave"
    chat.close()


# What --auth brings.


def test_whom_a_checker_lets_in_owns_the_name_from_then_on(tmp_path: Path) -> None:
    chat = ChatWithAccounts(path=tmp_path / "roll", checkers=[Book("carol")])
    assert chat.answer("JOIN carol").startswith("OK JOIN ")
    assert login(chat, "carol", "wrong-horse") == WRONG
    assert chat.store.find("carol") is None
    carol = chat.visitor(f"LOGIN carol {PASSWORD}")
    assert carol.sent[-1] == "OK LOGIN carol"
    assert chat.store.find("carol") == Account("carol", "carol", None, operator=False, created=1_000_000)
    chat.close()
    again = ChatWithAccounts(path=tmp_path / "roll")
    assert again.answer("JOIN carol").startswith("ERR not-allowed JOIN ")
    assert login(again, "carol") == WRONG
    again.close()


def test_one_checker_after_the_other_is_asked() -> None:
    books = [Book("ann"), Book("bob")]
    chat = ChatWithAccounts(checkers=books)
    assert login(chat, "bob") == "OK LOGIN bob"
    assert login(chat, "ann") == "OK LOGIN ann"
    assert [book.asked for book in books] == [[b"bob", b"ann"], [b"bob"]]
    chat.close()


def test_a_password_of_ones_own_is_the_only_one() -> None:
    book = Book("ann", password="another-horse")
    chat = ChatWithAccounts("ann", checkers=[book])
    assert login(chat, "ann", "another-horse") == WRONG
    assert login(chat, "ann") == "OK LOGIN ann"
    assert not book.asked
    chat.close()


def test_an_alias_does_not_lead_into_the_account_of_another() -> None:
    chat = ChatWithAccounts(
        "ann", checkers=[Book("nan", "al", avatar=lambda name: {b"nan": b"ann", b"al": b"alice"}[name])]
    )
    assert login(chat, "nan") == WRONG
    assert login(chat, "al") == "OK LOGIN alice"
    chat.close()


def test_two_names_that_a_checker_tells_apart_are_not_one_person_here() -> None:
    book = Book("carol", "Carol")
    chat = ChatWithAccounts(checkers=[book])
    assert login(chat, "carol") == "OK LOGIN carol"
    assert login(chat, "Carol") == "OK LOGIN carol"
    assert book.asked == [b"carol", b"carol"]
    book.known = ("Carol",)
    assert login(chat, "Carol") == WRONG
    chat.close()


@pytest.mark.parametrize("avatar", [(), b"a b", b"\xff", b"#lobby"])
def test_whoever_has_no_nick_does_not_get_in(avatar: Any) -> None:
    chat = ChatWithAccounts(checkers=[Book("ann", avatar=lambda _: avatar)])
    assert login(chat, "ann") == WRONG
    assert not chat.store.accounts()
    chat.close()


def test_checkers_that_answer_with_text_are_understood() -> None:
    chat = ChatWithAccounts(checkers=[Book("ann", avatar=bytes.decode)])
    assert login(chat, "ann") == "OK LOGIN ann"
    chat.close()


def test_those_of_a_checker_may_look_alike() -> None:
    chat = ChatWithAccounts(checkers=[Book("modern", "modem")])
    assert login(chat, "modern") == "OK LOGIN modern"
    assert login(chat, "modem") == "OK LOGIN modem"
    chat.close()


def test_a_checker_that_breaks_is_logged_and_lets_nobody_in(nothing_left_behind: list[LogEvent]) -> None:
    def broken(_: bytes) -> bytes:
        raise ConnectionError("no directory")

    chat = ChatWithAccounts(checkers=[Book("ann", avatar=broken)])
    assert login(chat, "ann").startswith("ERR unavailable LOGIN ")
    (event,) = nothing_left_behind
    assert PASSWORD not in str(event)
    nothing_left_behind.clear()
    chat.close()


def test_a_checker_that_never_answers_is_given_up(nothing_left_behind: list[LogEvent]) -> None:
    chat = ChatWithAccounts("ann", checkers=[Book("bob", avatar=lambda _: Deferred())])
    bob = chat.visitor(f"LOGIN bob {PASSWORD}", "PING 1")
    assert not bob.sent
    chat.wait(checkers.CHECK_SECONDS)
    assert [line.split()[:2] for line in bob.sent[-2:]] == [["ERR", "unavailable"], ["PONG", "1"]]
    assert nothing_left_behind.pop()
    chat.close()


def test_an_alias_leads_to_one_spelling_of_a_name_only() -> None:
    chat = ChatWithAccounts(checkers=[Book("carol", "nan", avatar=lambda name: b"CAROL" if name == b"nan" else name)])
    assert login(chat, "carol") == "OK LOGIN carol"
    assert login(chat, "nan") == WRONG
    chat.close()


def test_not_many_checkers_are_asked_at_once(nothing_left_behind: list[LogEvent]) -> None:
    chat = ChatWithAccounts(checkers=[Book(*(f"u{number}" for number in range(99)), avatar=lambda _: Deferred())])
    for number in range(checkers.MAX_ASKED):
        assert not chat.visitor(f"LOGIN u{number} {PASSWORD}").sent
    assert chat.answer(f"LOGIN u98 {PASSWORD}").startswith("ERR slow-down LOGIN ")
    chat.wait(checkers.CHECK_SECONDS)
    assert not chat.visitor(f"LOGIN u98 {PASSWORD}").sent
    chat.wait(checkers.CHECK_SECONDS)
    nothing_left_behind.clear()
    chat.close()


# What may go wrong with the roll.


def test_without_accounts_nothing_is_asked_of_the_password() -> None:
    chat = ChatWithAccounts(path=Path("/nowhere/roll"), make=False)
    assert login(chat, "ann").startswith("ERR not-allowed LOGIN ")
    assert chat.answer("JOIN ann").startswith("OK JOIN ")
    assert not chat.hasher.verified
    chat.close()


def test_a_roll_that_cannot_be_read_lets_nobody_take_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ChatWithAccounts("ann")
    ann = chat.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann")
    assert chat.hub.is_operator("ann")

    def fail(*_: object) -> None:
        raise AccountsError("input/output error")

    for look_up in ("find", "twin", "add"):
        monkeypatch.setattr(chat.store, look_up, fail)
    assert chat.answer("JOIN ann").startswith("ERR unavailable JOIN ")
    assert chat.answer("JOIN bob").startswith("ERR unavailable JOIN ")
    assert login(chat, "bob").startswith("ERR unavailable LOGIN ")
    assert not chat.hub.is_operator("ann")
    assert chat.members.name("ann") == "ann"
    assert chat.send(ann, "PING 1")[-1] == "PONG 1"
    monkeypatch.undo()
    chat.close()


def test_hashes_without_what_checks_them_are_no_start(tmp_path: Path) -> None:
    chat = ChatWithAccounts("ann", path=tmp_path / "roll")
    chat.close()
    without = members.AccountService(AccountStore(tmp_path / "roll"), chat.clock, chat.members._workers, None)
    with pytest.raises(AccountsError, match=re.escape(passwords.missing())):
        without.start()
    without.stop()


def test_a_checker_does_without_hashes() -> None:
    chat = ChatWithAccounts(checkers=[Book("carol")])
    chat.members = members.AccountService(chat.store, chat.clock, chat.members._workers, None, [Book("carol")])
    chat.hub.accounts = chat.members
    assert login(chat, "carol") == "OK LOGIN carol"
    chat.store.add(Account("ann", "ann", "hash", operator=False, created=0))
    assert login(chat, "ann").startswith("ERR unavailable LOGIN ")
    chat.close()


def test_who_looks_after_the_server(chat: ChatWithAccounts) -> None:
    assert chat.hub.is_operator("ann")
    assert not chat.hub.is_operator("bob")
    assert not chat.hub.is_operator("carol")
    chat.store.remove("ann")
    assert not chat.hub.is_operator("ann")


def test_what_waits_when_the_server_stops_is_told() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker])
    ann = chat.visitor(f"LOGIN ann {PASSWORD}")
    chat.close()
    worker.work()
    assert ann.sent[-1].startswith("ERR unavailable LOGIN ")
