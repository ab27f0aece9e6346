"""What is said of the accounts and the hooks, with real files."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatd.accounts.store import Account, AccountStore, open_account_store
from chatd.app.checks import accounts, hooks
from chatd.app.checks.result import Result, State
from chatd.hooks.store import open_hook_store
from tests.support.checks import named, one, question, snapshot, states


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*words: str) -> list[Result]:
    return list(accounts.check(question(*words)))


def store(folder: Path) -> closing[AccountStore]:
    return open_account_store(folder / "chatd.accounts.sqlite3", make=True)


def account(nick: str, *, operator: bool = False, password: bool = True) -> Account:
    return Account(nick, nick, "$argon2id$..." if password else None, operator, 1)


def test_how_many_there_are(folder: Path) -> None:
    with store(folder) as opened:
        opened.add(account("ann", operator=True))
        opened.add(account("bob"))
    before = snapshot(folder)
    results = checked()
    assert snapshot(folder) == before
    assert set(states(results)) == {State.GOOD}
    assert one(results, "accounts.count").what.endswith(" has 2 accounts, including 1 server operator")


def test_none_are_kept_in_memory() -> None:
    assert checked("--journal", "memory:") == []


def test_nobody_is_operator(folder: Path) -> None:
    with store(folder) as opened:
        opened.add(account("bob"))
    operators = one(checked(), "accounts.operators")
    assert (operators.state, operators.do) == (State.WARNING, "chatd user add NICK --operator")


def test_passwords_without_argon2(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    monkeypatch.setattr("chatd.accounts.passwords.find_spec", lambda _: None)
    with store(folder) as opened:
        opened.add(account("ann", operator=True, password=False))
        assert named(checked(), "accounts.argon2") == []
        opened.add(account("bob"))
    assert one(checked(), "accounts.argon2").state is State.WRONG


def test_registration_by_codes_of_which_there_are_none(folder: Path) -> None:
    words = ("--registration", "code")
    assert one(checked(*words), "accounts.codes").state is State.WARNING
    with store(folder) as opened:
        opened.add(account("ann", operator=True))
        opened.add_code("old", 1, 0)
        assert one(checked(*words), "accounts.codes").do == "chatd user invite"
        opened.add_code("new", None, 1)
        codes = one(checked(*words), "accounts.codes")
    assert (codes.state, codes.what) == (State.GOOD, "1 invitation code can be used")
    assert named(checked(), "accounts.codes") == []


def test_members_only_where_nobody_is_one(folder: Path) -> None:
    assert one(checked("--members-only"), "accounts.members").state is State.WARNING
    with store(folder):
        assert one(checked("--members-only"), "accounts.members").state is State.WARNING
    (folder / "users").write_text("ann:secret\n")
    assert named(checked("--members-only", "--auth", "file:users"), "accounts.members") == []


@pytest.mark.parametrize("version", [99, 3])
def test_another_version(folder: Path, version: int) -> None:
    with store(folder):
        pass
    with closing(sqlite3.connect(folder / "chatd.accounts.sqlite3")) as db:
        db.execute(f"PRAGMA user_version = {version}")
    results = checked()
    found = one(results, "accounts.version")
    assert found.state is (State.WRONG if version == 99 else State.WARNING)
    assert named(results, "accounts.count") == []


def test_the_journal_is_no_file_of_accounts(folder: Path) -> None:
    with open_hook_store(folder / "hooks", make=True):
        pass
    file = one(checked("--accounts", "hooks"), "accounts.file")
    assert (file.state, "not accounts of chatd" in file.what) == (State.WRONG, True)


def test_hooks(folder: Path) -> None:
    assert list(hooks.check(question())) == []
    assert states(hooks.check(question("--hooks", "elsewhere"))) == [State.GOOD]
    path = folder / "chatd.hooks.sqlite3"
    with open_hook_store(path, make=True):
        pass
    insert = (
        "INSERT INTO hook (room, url, secret, private, made, series, disabled) VALUES ('#a', 'u', x'00', 0, 1, 's', ?)"
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(insert, (0,))
    counted = one(hooks.check(question()), "hooks.count")
    assert (counted.state, "1 webhook" in counted.what) == (State.GOOD, True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(insert, (1,))
    counted = one(hooks.check(question()), "hooks.count")
    assert (counted.state, "2 webhooks, 1 of them disabled" in counted.what) == (State.WARNING, True)
