"""LOGIN and REGISTER, and whose nick is whose, as those who are in see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.accounts.store import Account
from chatd.protocol.names import Nick
from tests.support.in_memory_accounts import PASSWORD, Site
from tests.support.in_memory_chat import Person


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site("ann", "Bob", registration="open")
    yield site
    site.close()


@pytest.mark.parametrize("line", [f"LOGIN ann {PASSWORD}", "LOGIN ann wrong-horse", f"LOGIN nobody {PASSWORD}"])
def test_where_others_can_listen_in_a_password_is_not_looked_at(site: Site, line: str) -> None:
    person = Person(site.hub, "192.0.2.1")
    person.private = False
    for _ in range(30):
        assert site.send(person, line)[-1].startswith("ERR tls-needed LOGIN ")
    assert not site.hasher.verified
    assert person.session.account is None
    person.private = True  # and it was not counted as a guess
    assert site.send(person, f"LOGIN ann {PASSWORD}")[-1] == "OK LOGIN ann"


def test_where_others_can_listen_in_nobody_registers(site: Site) -> None:
    person = Person(site.hub, "192.0.2.1")
    person.private = False
    assert site.send(person, "JOIN carol", f"REGISTER {PASSWORD}")[-1].startswith("ERR tls-needed REGISTER ")
    assert not site.hasher.hashed
    assert site.roll.find("carol") is None


def test_a_registered_nick_is_refused_to_others(site: Site) -> None:
    assert site.answer("JOIN ann").startswith("ERR not-allowed JOIN ")
    assert site.answer("JOIN ANN").startswith("ERR not-allowed JOIN ")
    assert site.answer("JOIN carol", "NICK ann").startswith("ERR not-allowed NICK ")
    assert site.answer(f"LOGIN bob {PASSWORD}", "JOIN ann").startswith("ERR not-allowed JOIN ")


def test_nobody_takes_a_nick_that_looks_like_a_registered_one(site: Site) -> None:
    assert site.answer("JOIN аnn").startswith("ERR name-taken JOIN ")  # Cyrillic
    assert site.answer("JOIN carol", "NICK аnn").startswith("ERR name-taken NICK ")
    assert site.answer(f"LOGIN bob {PASSWORD}", "JOIN аnn").startswith("ERR name-taken JOIN ")
    assert site.answer("JOIN anna").startswith("OK JOIN ")


def test_the_owner_comes_in_under_it_and_may_go_by_another(site: Site) -> None:
    ann = site.visitor(f"LOGIN ANN {PASSWORD}")
    assert ann.sent[-1] == "OK LOGIN ann"
    assert ann.session.account == "ann"
    assert site.send(ann, "JOIN ann")[-1] == "OK JOIN #lobby 1"
    assert site.send(ann, "NICK annie")[-1] == "OK NICK annie"
    assert site.send(ann, "NICK аnn")[-1] == "OK NICK аnn"  # her own twin
    assert site.send(ann, "NICK ann")[-1] == "OK NICK ann"


def test_the_owner_takes_the_nick_over(site: Site) -> None:
    carol = site.visitor("JOIN carol")
    other = site.visitor("JOIN dave")
    site.roll.add(Account("carol", "carol", site.hasher.hash(PASSWORD), operator=False, created=0))
    owner = site.visitor(f"LOGIN carol {PASSWORD}", "JOIN carol")
    assert owner.sent[-1].startswith("OK JOIN #lobby ")
    assert carol.sent[-1].startswith("BYE replaced ")
    assert site.hub.client(Nick("carol")) is owner.session
    assert not other.session.ended


def test_login_comes_before_join(site: Site) -> None:
    assert site.answer("JOIN carol", f"LOGIN ann {PASSWORD}").startswith("ERR already-in LOGIN ")


def test_register_comes_after_it(site: Site) -> None:
    assert site.answer(f"REGISTER {PASSWORD}").startswith("ERR name-needed REGISTER ")


def test_who_has_an_account_needs_no_other(site: Site) -> None:
    answer = site.answer(f"LOGIN ann {PASSWORD}", "JOIN carol", f"REGISTER {PASSWORD}")
    assert answer.startswith("ERR already-in REGISTER ")


def test_what_follows_a_login_waits_for_it(site: Site) -> None:
    ann = site.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann", "PING 1")
    assert [line.split()[0] for line in ann.sent[-3:]] == ["OK", "OK", "PONG"]


def test_a_program_gets_its_label_back(site: Site) -> None:
    ann = site.visitor("HELLO 1", f"@label=a LOGIN ann {PASSWORD}", "@label=b LOGIN ann wrong-horse")
    assert ann.sent[-2] == "@label=a OK LOGIN ann"
    assert ann.sent[-1].startswith("@label=b ERR bad-password LOGIN ")


def test_a_closed_site_is_for_members() -> None:
    site = Site("ann", members_only=True)
    visitor = site.visitor("JOIN carol")
    assert visitor.sent[-1].startswith("ERR not-allowed JOIN ")
    assert not visitor.session.nick
    assert site.send(visitor, "ROOMS")[-1].startswith("ERR name-needed ROOMS ")
    assert site.answer(f"LOGIN ann {PASSWORD}", "JOIN carol").startswith("OK JOIN ")
    assert site.answer("LOGIN ann wrong-horse", "JOIN ann").startswith("ERR not-allowed JOIN ")
    site.close()


def test_help_and_leaving_need_no_account() -> None:
    site = Site("ann", members_only=True)
    assert site.answer("HELP") == "OK HELP"
    assert site.answer("QUIT").startswith("BYE quit ")
    site.close()


def test_no_password_is_said_back(site: Site) -> None:
    for line in ("LOGIN ann s3cret-horse", "LOGIN ann s3cret-horse more", "LOGIN s3cret-horse"):
        assert not any("s3cret" in said for said in site.visitor(line).sent), line
    carol = site.visitor("JOIN carol")
    assert not any("s3cret" in said for said in site.send(carol, "REGISTER s3cret", "REGISTER s3cret-horse co de"))
