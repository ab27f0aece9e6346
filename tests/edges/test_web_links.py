"""Links that log in to an account once, and invitations for several accounts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from chatd.accounts.database import schema
from chatd.accounts.link_store import LinkStore, ensure_operator
from chatd.accounts.store import Account, CodeError, NoAccountError, TakenError
from chatd.protocol import names
from chatd.runtime.schema import versions
from tests.support.in_memory_accounts import ChatWithAccounts, CountingHasher
from tests.support.web import ELSEWHERE, HERE, Answer, Web

EXPIRES = 4_000_000_000
"""Seconds since 1970; long after the chat's own time."""


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "Bob", registration="code")
    yield chat
    chat.close()


@pytest.fixture
def web(chat: ChatWithAccounts) -> Web:
    return Web(chat=chat)


def redeem(web: Web, code: str, *, address: str = HERE, headers: dict[str, str] | None = None) -> Answer:
    kind = {"Content-Type": "application/json", **(headers or {})}
    return web.request("POST", "/-/redeem", json.dumps({"code": code}), kind, address=address)


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]


def test_a_link_logs_in_once(web: Web, chat: ChatWithAccounts) -> None:
    code = LinkStore(chat.store).make("ann", 0, EXPIRES)
    answer = redeem(web, code)
    assert answer.status == 200
    assert answer.json == {"nick": "ann", "account": "ann", "operator": True}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert web.request("GET", "/-/me", headers={"Cookie": cookie.partition(";")[0]}).json["account"] == "ann"
    assert said(redeem(web, code)) == (401, "bad-password")


def test_a_link_is_not_used_up_where_others_can_read_it(web: Web, chat: ChatWithAccounts) -> None:
    code = LinkStore(chat.store).make("ann", 0, EXPIRES)
    assert said(redeem(web, code, address=ELSEWHERE)) == (403, "tls-needed")
    assert redeem(web, code).status == 200


def test_a_page_elsewhere_cannot_use_a_link(web: Web, chat: ChatWithAccounts) -> None:
    code = LinkStore(chat.store).make("ann", 0, EXPIRES)
    assert redeem(web, code, headers={"Origin": "http://elsewhere.example"}).status == 403
    assert redeem(web, code).status == 200


def test_a_link_that_is_too_old_or_none_is_refused(web: Web, chat: ChatWithAccounts) -> None:
    links = LinkStore(chat.store)
    assert links.use(links.make("ann", 0, EXPIRES), EXPIRES) is None
    for code in ("", "x", "0" * 64):
        assert said(redeem(web, code)) == (401, "bad-password")
    with pytest.raises(NoAccountError):
        links.make("nobody", 0, EXPIRES)


def test_a_new_link_a_new_password_and_a_removed_account_end_a_link(chat: ChatWithAccounts) -> None:
    links = LinkStore(chat.store)
    old, new = links.make("ann", 0, EXPIRES), links.make("ann", 0, EXPIRES)
    assert links.use(old, 1) is None
    chat.store.set_hash("ann", CountingHasher().hash("another-horse"))
    assert links.use(new, 1) is None
    code = links.make("ann", 0, EXPIRES)
    chat.store.remove("ann")
    chat.store.add(Account("ann", "ann", None, operator=True, created=0))
    assert links.use(code, 1) is None


def test_only_the_hash_of_a_link_is_kept(chat: ChatWithAccounts) -> None:
    code = LinkStore(chat.store).make("ann", 0, EXPIRES)
    kept = chat.store.read("SELECT * FROM login_link", ())
    assert len(kept) == 1
    assert code not in str(kept)
    assert bytes.fromhex(code) not in kept[0]


def test_the_operator_is_made_once_and_nobody_elses_account_is_taken(chat: ChatWithAccounts) -> None:
    made = ensure_operator(chat.store, names.nick("Teacher"), 5)
    assert made.operator
    assert made.hash is None
    assert ensure_operator(chat.store, names.nick("teacher"), 9) == made
    with pytest.raises(TakenError, match="choose another --nick"):
        ensure_operator(chat.store, names.nick("bob"), 5)


def test_an_invitation_is_good_for_as_many_accounts_as_it_says(chat: ChatWithAccounts) -> None:
    chat.store.add_code("class", EXPIRES, 0, 2)
    for nick in ("c1", "d2"):
        chat.store.add(Account(nick, nick, None, operator=False, created=1), "class")
    assert not chat.store.has_code("class", 1)
    with pytest.raises(CodeError):
        chat.store.add(Account("e3", "e3", None, operator=False, created=1), "class")


def test_an_invitation_of_the_version_before_holds_for_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "accounts", isolation_level=None)) as db:
        for number, statements in versions(schema()).items():
            if number < 5:
                db.executescript(f"{statements}; PRAGMA user_version = {number}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO code (digest) VALUES (?)", (sha256(b"old").digest(),))
    chat = ChatWithAccounts(path=tmp_path / "accounts")
    chat.store.add(Account("c1", "c1", None, operator=False, created=1), "old")
    assert not chat.store.has_code("old", 1)
    chat.close()
