"""Who logs in and who gets an account: the roll, what --auth brings, what guessing and asking cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, succeed
from twisted.logger import LogEvent
from zope.interface import implementer

from chatd.accounts import AccountsError, checkers
from chatd.accounts import service as members
from chatd.accounts.checkers import Credentials
from chatd.accounts.store import Account, AccountStore
from chatd.accounts.throttle import FAILURES, SECONDS
from tests.support.in_memory_accounts import PASSWORD, CountingHasher, Site
from tests.support.in_memory_chat import Desk

NET = "192.0.2.1"
WRONG = "ERR bad-password LOGIN the name or the password is wrong"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site("ann", "bob")
    yield site
    site.close()


def login(site: Site, nick: str, password: str = PASSWORD, address: str | None = NET) -> str:
    return site.answer(f"LOGIN {nick} {password}", address=address)


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


def test_the_right_password_and_no_other(site: Site) -> None:
    assert login(site, "ANN") == "OK LOGIN ann"
    assert login(site, "ann", "wrong-horse") == WRONG
    assert login(site, "nobody") == WRONG


def test_whether_there_is_such_an_account_costs_the_same_and_says_nothing(site: Site) -> None:
    assert login(site, "ann", "wrong-horse") == login(site, "nobody", "wrong-horse")
    known, unknown = site.hasher.verified
    assert known != unknown == site.hasher.nobodys
    assert len(known) == len(unknown)


def test_an_account_without_a_password_of_its_own_costs_the_same() -> None:
    site = Site(checkers=[Book("carol")])
    login(site, "carol")
    login(site, "carol", "wrong-horse")
    assert len(site.hasher.verified) == 2
    site.close()


def test_a_hash_of_an_older_cost_is_made_anew() -> None:
    site = Site("ann", hasher=CountingHasher(rounds=2))
    before = site.roll.find("ann")
    assert login(site, "ann", "wrong-horse") == WRONG
    assert site.roll.find("ann") == before
    assert login(site, "ann") == "OK LOGIN ann"
    after = site.roll.find("ann")
    assert before is not None and before.hash is not None and "t=1" in before.hash
    assert after is not None and after.hash is not None and "t=2" in after.hash
    assert login(site, "ann") == "OK LOGIN ann"
    assert site.roll.find("ann") == after
    site.close()


def test_a_hash_that_cannot_be_made_anew_lets_its_owner_in(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site("ann", hasher=CountingHasher(rounds=2))

    def refuse(*_: object, **__: object) -> bool:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(site.roll, "set_hash", refuse)
    assert login(site, "ann") == "OK LOGIN ann"
    site.close()


@pytest.mark.parametrize("change", ["remove", "set_hash"])
def test_a_password_that_stops_being_right_while_it_is_checked_is_wrong(change: str) -> None:
    desk = Desk()
    site = Site("ann", workers=[desk])
    ann = site.visitor(f"LOGIN ann {PASSWORD}")
    if change == "remove":
        site.roll.remove("ann")
    else:
        site.roll.set_hash("ann", CountingHasher().hash("another-horse"))
    desk.work()
    assert ann.sent[-1] == WRONG
    site.close()


def test_a_damaged_hash_is_the_servers_fault_and_said_in_the_log(nothing_left_behind: list[LogEvent]) -> None:
    site = Site("ann")
    site.roll.set_hash("ann", "gone")
    assert login(site, "ann").startswith("ERR unavailable LOGIN ")
    (event,) = nothing_left_behind
    assert "chatd user passwd" in str(event["log_failure"].value)
    assert PASSWORD not in event["log_failure"].getTraceback(detail="verbose")
    nothing_left_behind.clear()
    site.close()


def test_no_password_is_printed() -> None:
    assert PASSWORD not in repr(Credentials(b"ann", PASSWORD.encode()))


def test_too_many_at_once_are_told_to_come_again() -> None:
    desk = Desk()
    site = Site("ann", workers=[desk], most=2)
    first = site.visitor(f"LOGIN ann {PASSWORD}")
    site.visitor("LOGIN ann wrong-horse")
    assert login(site, "ann", address="192.0.2.9").startswith("ERR slow-down LOGIN ")
    desk.work()
    assert first.sent[-1] == "OK LOGIN ann"
    assert site.visitor(f"LOGIN ann {PASSWORD}", address="192.0.2.9").sent == []  # it is on its way
    site.close()


def test_who_is_gone_before_the_answer_is_no_trouble() -> None:
    desk = Desk()
    site = Site("ann", workers=[desk])
    ann = site.visitor(f"LOGIN ann {PASSWORD}")
    ann.lose()
    desk.work()
    site.turn()
    assert not ann.sent
    site.close()


# Guesses.


def test_guesses_at_an_account_end_before_its_hash(site: Site) -> None:
    for number in range(FAILURES):
        assert login(site, "ann", "wrong-horse", f"198.51.100.{number}") == WRONG
    checked = len(site.hasher.verified)
    assert login(site, "ann").startswith("ERR slow-down LOGIN ")
    assert login(site, "Ann", "wrong-horse").startswith("ERR slow-down LOGIN ")
    assert len(site.hasher.verified) == checked
    assert login(site, "bob") == "OK LOGIN bob"
    site.clock.advance(SECONDS)
    assert login(site, "ann") == "OK LOGIN ann"


def test_guesses_from_an_address_end_whatever_the_account(site: Site) -> None:
    for number in range(FAILURES):
        assert login(site, f"user{'x' * number}") == WRONG
    checked = len(site.hasher.verified)
    assert login(site, "ann").startswith("ERR slow-down LOGIN ")
    assert len(site.hasher.verified) == checked
    assert login(site, "ann", address="192.0.2.2") == "OK LOGIN ann"
    assert login(site, "bob", address="127.0.0.1") == "OK LOGIN bob"


def test_many_guesses_at_once_are_no_more_than_one_after_the_other() -> None:
    desk = Desk()
    site = Site("ann", workers=[desk])
    for _ in range(3 * FAILURES):
        site.visitor("LOGIN ann wrong-horse", address=None)
    assert len(desk.jobs) == FAILURES
    site.close()


def test_an_account_that_is_none_is_shut_like_one(site: Site) -> None:
    for number in range(FAILURES):
        login(site, "nobody", "wrong-horse", f"198.51.100.{number}")
    assert login(site, "nobody").startswith("ERR slow-down LOGIN ")


def test_the_owner_is_not_shut_out_where_she_was_in_before(site: Site) -> None:
    assert login(site, "ann") == "OK LOGIN ann"
    for number in range(FAILURES):
        login(site, "ann", "wrong-horse", f"198.51.100.{number}")
    assert login(site, "ann", address="203.0.113.1").startswith("ERR slow-down LOGIN ")
    assert login(site, "ann") == "OK LOGIN ann"


def test_who_is_right_may_come_as_often_as_she_likes(site: Site) -> None:
    for _ in range(3 * FAILURES):
        assert login(site, "ann") == "OK LOGIN ann"


# REGISTER.


def register(site: Site, nick: str, words: str = PASSWORD, address: str | None = NET) -> str:
    return site.answer(f"JOIN {nick}", f"REGISTER {words}", address=address)


def test_what_is_registered_is_ones_own(tmp_path: Path) -> None:
    site = Site(path=tmp_path / "roll", registration="open")
    ann = site.visitor("JOIN Ann", f"REGISTER {PASSWORD}", address=NET)
    assert ann.sent[-1] == "OK REGISTER Ann"
    assert ann.session.account == "ann"
    assert site.send(ann, "REGISTER another-horse")[-1].startswith("ERR already-in REGISTER ")
    ann.lose()
    site.turn()
    assert site.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    site.close()
    again = Site(path=tmp_path / "roll")
    assert again.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    assert login(again, "ann", "another-horse") == WRONG
    assert login(again, "ann") == "OK LOGIN Ann"
    again.close()


def test_nobody_registers_where_it_is_off(site: Site) -> None:
    assert register(site, "carol").startswith("ERR not-allowed REGISTER ")
    assert site.roll.find("carol") is None
    assert not site.hasher.hashed


def test_a_short_password_is_refused() -> None:
    site = Site(registration="open")
    assert register(site, "carol", "1234567").startswith("ERR bad-password REGISTER a password has at least 8 ")
    assert not site.hasher.hashed
    site.close()


def test_neither_a_name_that_is_taken_since_nor_one_that_looks_like_it() -> None:
    site = Site(registration="open")
    carol, modem = site.visitor("JOIN carol"), site.visitor("JOIN modem")
    site.roll.add(Account("carol", "carol", None, operator=False, created=0))
    site.roll.add(Account("modern", "modern", None, operator=False, created=0))
    assert site.send(carol, f"REGISTER {PASSWORD}")[-1].startswith("ERR name-taken REGISTER ")
    assert site.send(modem, f"REGISTER {PASSWORD}")[-1].startswith("ERR name-taken REGISTER ")
    assert not site.hasher.hashed
    site.close()


def test_of_two_that_look_alike_one_is_registered() -> None:
    desk = Desk()
    site = Site(registration="open", workers=[desk])
    modern = site.visitor("JOIN modern", f"REGISTER {PASSWORD}")
    modern.lose()
    site.turn()
    modem = site.visitor("JOIN modem", f"REGISTER {PASSWORD}")
    desk.work()
    desk.work()
    assert modem.sent[-1].startswith("ERR name-taken REGISTER ")
    assert [each.name for each in site.roll.accounts()] == ["modern"]
    site.close()


def test_an_invitation_is_needed_and_good_for_one() -> None:
    site = Site(registration="code")
    site.roll.add_code("c0de", None, 0)
    assert register(site, "ann").startswith("ERR not-allowed REGISTER it takes an invitation")
    assert register(site, "ben", f"{PASSWORD} c0df").startswith("ERR not-allowed REGISTER that is no invitation")
    assert not site.hasher.hashed
    assert register(site, "eve", f"{PASSWORD} c0de") == "OK REGISTER eve"
    assert register(site, "fay", f"{PASSWORD} c0de").startswith("ERR not-allowed REGISTER that is no invitation")
    site.close()


def test_an_invitation_used_by_two_at_once_lets_one_in() -> None:
    desk = Desk()
    site = Site(registration="code", workers=[desk])
    site.roll.add_code("c0de", None, 0)
    people = [site.visitor(f"JOIN {nick}", f"REGISTER {PASSWORD} c0de") for nick in ("ann", "bob")]
    desk.work()
    desk.work()
    assert [person.sent[-1].split()[:2] for person in people] == [["OK", "REGISTER"], ["ERR", "not-allowed"]]
    site.close()


def test_an_old_invitation_is_none() -> None:
    site = Site(registration="code")
    site.roll.add_code("c0de", int(site.clock.seconds()) + 10, 0)
    site.clock.advance(10)
    assert register(site, "ann", f"{PASSWORD} c0de").startswith("ERR not-allowed REGISTER ")
    site.close()


def test_guesses_at_invitations_end() -> None:
    site = Site(registration="code")
    site.roll.add_code("c0de", None, 0)
    person = site.visitor("JOIN ann", *[f"REGISTER {PASSWORD} {n}" for n in range(FAILURES)], address=NET)
    assert person.sent[-1].startswith("ERR not-allowed REGISTER ")
    assert site.send(person, f"REGISTER {PASSWORD} c0de")[-1].startswith("ERR slow-down REGISTER ")
    site.close()


def test_one_address_does_not_take_all_names() -> None:
    site = Site(registration="open")
    for number in range(members.NEW_IN_AN_HOUR):
        assert register(site, f"user{'x' * (number % 25)}{'y' * (number // 25)}").startswith("OK ")
    assert register(site, "carol").startswith("ERR slow-down REGISTER ")
    assert register(site, "dave", address="192.0.2.2") == "OK REGISTER dave"
    site.close()


# What --auth brings.


def test_whom_a_checker_lets_in_owns_the_name_from_then_on(tmp_path: Path) -> None:
    site = Site(path=tmp_path / "roll", checkers=[Book("carol")])
    assert site.answer("JOIN carol").startswith("OK JOIN ")
    assert login(site, "carol", "wrong-horse") == WRONG
    assert site.roll.find("carol") is None
    carol = site.visitor(f"LOGIN carol {PASSWORD}")
    assert carol.sent[-1] == "OK LOGIN carol"
    assert site.roll.find("carol") == Account("carol", "carol", None, operator=False, created=1_000_000)
    site.close()
    again = Site(path=tmp_path / "roll")
    assert again.answer("JOIN carol").startswith("ERR not-allowed JOIN ")
    assert login(again, "carol") == WRONG
    again.close()


def test_one_checker_after_the_other_is_asked() -> None:
    books = [Book("ann"), Book("bob")]
    site = Site(checkers=books)
    assert login(site, "bob") == "OK LOGIN bob"
    assert login(site, "ann") == "OK LOGIN ann"
    assert [book.asked for book in books] == [[b"bob", b"ann"], [b"bob"]]
    site.close()


def test_a_password_of_ones_own_is_the_only_one() -> None:
    book = Book("ann", password="another-horse")
    site = Site("ann", checkers=[book])
    assert login(site, "ann", "another-horse") == WRONG
    assert login(site, "ann") == "OK LOGIN ann"
    assert not book.asked
    site.close()


def test_an_alias_does_not_lead_into_the_account_of_another() -> None:
    site = Site("ann", checkers=[Book("nan", "al", avatar=lambda name: {b"nan": b"ann", b"al": b"alice"}[name])])
    assert login(site, "nan") == WRONG
    assert login(site, "al") == "OK LOGIN alice"
    site.close()


def test_two_names_that_a_checker_tells_apart_are_not_one_person_here() -> None:
    book = Book("carol", "Carol")
    site = Site(checkers=[book])
    assert login(site, "carol") == "OK LOGIN carol"
    assert login(site, "Carol") == "OK LOGIN carol"
    assert book.asked == [b"carol", b"carol"]
    book.known = ("Carol",)
    assert login(site, "Carol") == WRONG
    site.close()


@pytest.mark.parametrize("avatar", [(), b"a b", b"\xff", b"#lobby"])
def test_whoever_has_no_nick_does_not_get_in(avatar: Any) -> None:
    site = Site(checkers=[Book("ann", avatar=lambda _: avatar)])
    assert login(site, "ann") == WRONG
    assert not site.roll.accounts()
    site.close()


def test_checkers_that_answer_with_text_are_understood() -> None:
    site = Site(checkers=[Book("ann", avatar=bytes.decode)])
    assert login(site, "ann") == "OK LOGIN ann"
    site.close()


def test_those_of_a_checker_may_look_alike() -> None:
    site = Site(checkers=[Book("modern", "modem")])
    assert login(site, "modern") == "OK LOGIN modern"
    assert login(site, "modem") == "OK LOGIN modem"
    site.close()


def test_a_checker_that_breaks_is_logged_and_lets_nobody_in(nothing_left_behind: list[LogEvent]) -> None:
    def broken(_: bytes) -> bytes:
        raise ConnectionError("no directory")

    site = Site(checkers=[Book("ann", avatar=broken)])
    assert login(site, "ann").startswith("ERR unavailable LOGIN ")
    (event,) = nothing_left_behind
    assert PASSWORD not in str(event)
    nothing_left_behind.clear()
    site.close()


def test_a_checker_that_never_answers_is_given_up(nothing_left_behind: list[LogEvent]) -> None:
    site = Site("ann", checkers=[Book("bob", avatar=lambda _: Deferred())])
    bob = site.visitor(f"LOGIN bob {PASSWORD}", "PING 1")
    assert not bob.sent
    site.wait(checkers.CHECK_SECONDS)
    assert [line.split()[:2] for line in bob.sent[-2:]] == [["ERR", "unavailable"], ["PONG", "1"]]
    assert nothing_left_behind.pop()
    site.close()


def test_an_alias_leads_to_one_spelling_of_a_name_only() -> None:
    site = Site(checkers=[Book("carol", "nan", avatar=lambda name: b"CAROL" if name == b"nan" else name)])
    assert login(site, "carol") == "OK LOGIN carol"
    assert login(site, "nan") == WRONG
    site.close()


def test_not_many_checkers_are_asked_at_once(nothing_left_behind: list[LogEvent]) -> None:
    site = Site(checkers=[Book(*(f"u{number}" for number in range(99)), avatar=lambda _: Deferred())])
    for number in range(checkers.MAX_ASKED):
        assert not site.visitor(f"LOGIN u{number} {PASSWORD}").sent
    assert site.answer(f"LOGIN u98 {PASSWORD}").startswith("ERR slow-down LOGIN ")
    site.wait(checkers.CHECK_SECONDS)
    assert not site.visitor(f"LOGIN u98 {PASSWORD}").sent
    site.wait(checkers.CHECK_SECONDS)
    nothing_left_behind.clear()
    site.close()


# What may go wrong with the roll.


def test_without_accounts_nothing_is_asked_of_the_password() -> None:
    site = Site(path=Path("/nowhere/roll"), make=False)
    assert login(site, "ann").startswith("ERR not-allowed LOGIN ")
    assert site.answer("JOIN ann").startswith("OK JOIN ")
    assert not site.hasher.verified
    site.close()


def test_a_roll_that_cannot_be_read_lets_nobody_take_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site("ann")
    ann = site.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann")
    assert site.hub.is_operator("ann")

    def fail(*_: object) -> None:
        raise AccountsError("input/output error")

    for look_up in ("find", "twin", "add"):
        monkeypatch.setattr(site.roll, look_up, fail)
    assert site.answer("JOIN ann").startswith("ERR unavailable JOIN ")
    assert site.answer("JOIN bob").startswith("ERR unavailable JOIN ")
    assert login(site, "bob").startswith("ERR unavailable LOGIN ")
    assert not site.hub.is_operator("ann")
    assert site.members.name("ann") == "ann"
    assert site.send(ann, "PING 1")[-1] == "PONG 1"
    monkeypatch.undo()
    site.close()


def test_hashes_without_what_checks_them_are_no_start(tmp_path: Path) -> None:
    site = Site("ann", path=tmp_path / "roll")
    site.close()
    without = members.AccountService(AccountStore(tmp_path / "roll"), site.clock, site.members._workers, None)
    with pytest.raises(AccountsError, match="pip install 'chatd"):
        without.start()
    without.stop()


def test_a_checker_does_without_hashes() -> None:
    site = Site(checkers=[Book("carol")])
    site.members = members.AccountService(site.roll, site.clock, site.members._workers, None, [Book("carol")])
    site.hub.accounts = site.members
    assert login(site, "carol") == "OK LOGIN carol"
    site.roll.add(Account("ann", "ann", "hash", operator=False, created=0))
    assert login(site, "ann").startswith("ERR unavailable LOGIN ")
    site.close()


def test_who_looks_after_the_server(site: Site) -> None:
    assert site.hub.is_operator("ann")
    assert not site.hub.is_operator("bob")
    assert not site.hub.is_operator("carol")
    site.roll.remove("ann")
    assert not site.hub.is_operator("ann")


def test_what_waits_when_the_server_stops_is_told() -> None:
    desk = Desk()
    site = Site("ann", workers=[desk])
    ann = site.visitor(f"LOGIN ann {PASSWORD}")
    site.close()
    desk.work()
    assert ann.sent[-1].startswith("ERR unavailable LOGIN ")
