"""The file of the accounts: what is kept, who may read it, and what is refused to be one."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from chatd.accounts import AccountsError
from chatd.accounts.database import APPLICATION_ID, VERSION
from chatd.accounts.store import (
    MAX_NETWORKS,
    NETWORK_SECONDS,
    Account,
    AccountStore,
    CodeError,
    TakenError,
    beside,
    open_account_store,
)
from chatd.protocol import names, unicode_tables
from tests.unit.test_archive import written


def account(nick: str, kept: str | None = "hash", *, operator: bool = False) -> Account:
    return Account(names.key(nick), nick, kept, operator, 1_000)


@pytest.fixture(params=["file", "memory"])
def roll(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccountStore]:
    with closing(AccountStore(tmp_path / "roll" if request.param == "file" else None)) as roll:
        roll.open(make=True)
        yield roll


def test_an_account_is_found_until_it_is_removed(roll: AccountStore) -> None:
    ann = account("Ann", operator=True)
    roll.add(ann)
    roll.add(account("bob", None))
    assert roll.find("ann") == ann
    assert roll.find("carol") is None
    assert [each.name for each in roll.accounts()] == ["Ann", "bob"]
    assert roll.remove("ann")
    assert not roll.remove("ann")
    assert roll.find("ann") is None
    roll.add(ann)
    assert roll.remove("ann")
    roll.add(account("аnn"))  # Cyrillic: nothing is left of the look either


def test_a_name_is_given_once_and_look_alikes_not_at_all(roll: AccountStore) -> None:
    roll.add(account("modern"))
    with pytest.raises(TakenError, match="belongs to a registered user"):
        roll.add(account("MODERN"))
    with pytest.raises(TakenError, match="mistaken for modern"):
        roll.add(account("modem"))
    roll.add(account("modem"), twins=True)
    assert roll.twin("modern") == "modem"
    assert roll.twin("moderm") is None


def test_what_looks_like_somebody_in_capitals_or_small_letters(roll: AccountStore) -> None:
    roll.add(account("Alice"))
    assert roll.twin("alice") is None
    assert roll.twin("аlice") == "Alice"
    assert roll.twin("AIice") == roll.twin("aIice") == "Alice"


def test_an_invitation_lets_one_in(roll: AccountStore) -> None:
    roll.add_code("abc", None, 0)
    assert roll.has_code("abc", 10**10)
    with pytest.raises(CodeError):
        roll.add(account("ann"), "abd")
    assert roll.find("ann") is None
    roll.add(account("ann"), "abc")
    assert not roll.has_code("abc", 0)
    with pytest.raises(CodeError):
        roll.add(account("bob"), "abc")


def test_an_invitation_is_not_used_up_by_who_is_refused(roll: AccountStore) -> None:
    roll.add(account("ann"))
    roll.add_code("abc", None, 0)
    with pytest.raises(TakenError):
        roll.add(account("ann"), "abc")
    roll.add(account("bob"), "abc")


def test_an_invitation_can_grow_too_old(roll: AccountStore) -> None:
    roll.add_code("abc", 1_000, 0)
    assert roll.has_code("abc", 999)
    assert not roll.has_code("abc", 1_000)
    with pytest.raises(CodeError):
        roll.add(account("ann"), "abc")  # made at 1,000


def test_a_hash_is_replaced_only_if_it_is_still_the_same(roll: AccountStore) -> None:
    roll.add(account("ann", "one"))
    assert roll.set_hash("ann", "two")
    assert not roll.set_hash("ann", "three", instead_of="one")
    assert roll.set_hash("ann", "four", instead_of="two")
    assert not roll.set_hash("bob", "five")
    assert roll.find("ann") == account("ann", "four")
    assert roll.has_hashes()


def test_changes_may_come_from_any_thread(roll: AccountStore) -> None:
    threads = [threading.Thread(target=roll.add, args=(account(f"user{'x' * n}"),)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(roll.accounts()) == 10


def test_once_closed_it_stays_so(roll: AccountStore) -> None:
    roll.add(account("ann"))
    roll.close()
    assert roll.find("ann") is None
    with pytest.raises(AccountsError, match="closed"):
        roll.add(account("bob"))
    roll.close()


def test_it_prints_no_hash() -> None:
    assert "secret" not in repr(account("ann", "secret"))


def test_two_see_at_once_what_the_other_writes(tmp_path: Path) -> None:
    with (
        open_account_store(tmp_path / "roll", make=True) as one,
        open_account_store(tmp_path / "roll", make=False) as other,
    ):
        other.add(account("ann"))
        assert one.find("ann") == account("ann")
        assert one.remove("ann")
        assert other.find("ann") is None


def test_a_file_that_is_not_to_be_made_is_read_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "roll"
    with closing(AccountStore(path)) as roll:
        roll.open(make=False)
        assert not path.exists()
        assert not roll.is_there
        assert roll.find("ann") is None
        path.touch(0o600)  # as it is for a moment
        assert roll.find("ann") is None
        with open_account_store(path, make=True) as other:
            other.add(account("ann"))
            assert roll.find("ann") == account("ann")
            assert roll.is_there


def test_a_file_that_is_taken_away_leaves_nobody_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "roll"
    with open_account_store(path, make=True) as roll:
        roll.add(account("ann"))
        path.unlink()
        assert roll.find("ann") == account("ann")


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    with open_account_store(tmp_path / "roll", make=True) as roll:
        roll.add(account("ann"))
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    with closing(sqlite3.connect(tmp_path / "roll")) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def newer(path: Path) -> None:
    with open_account_store(path, make=True), closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipe (x)")


def damaged(path: Path) -> None:
    with open_account_store(path, make=True) as roll:
        for number in range(200):
            roll.add(account(f"user{'x' * (number % 20)}{'y' * (number // 20)}", "h" * 100))
    content = bytearray(path.read_bytes())
    content[4096 * 5 : 4096 * 8] = b"\xff" * 4096 * 3
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_bytes(b"my diaries " * 500), "file is not a database"),
        (newer, "newer chatd"),
        (damaged, "is damaged"),
        (foreign, "not of chatd accounts"),
        (lambda path: written(path, ("#a", "ann", "hi")), "not of chatd accounts"),
        (lambda path: path.mkdir(), "cannot open"),
    ],
)
def test_what_is_no_roll_is_left_as_it_is(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    path = tmp_path / "roll"
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    for make in (True, False):
        with closing(AccountStore(path)) as roll, pytest.raises(AccountsError, match=why):
            roll.open(make=make)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        closing(AccountStore(tmp_path / "no" / "roll")) as roll,
        pytest.raises(AccountsError, match="cannot open"),
    ):
        roll.open(make=True)
    with pytest.raises(AccountsError, match="no such file"):
        open_account_store(tmp_path / "roll", make=False)


def test_where_it_is() -> None:
    assert beside(Path("/a/chatd.sqlite3")) == Path("/a/chatd.accounts.sqlite3")
    assert beside(Path("/a/journal")) == Path("/a/journal.accounts")


# Where owners have logged in from.

DAY = 24 * 60 * 60


def test_where_an_owner_logged_in_from_is_known(roll: AccountStore) -> None:
    roll.add(account("ann"))
    roll.note_login("ann", "192.0.2.1/32", 10 * DAY)
    roll.note_login("ann", "192.0.2.1/32", 12 * DAY)
    assert roll.last_login("ann", "192.0.2.1/32") == 12 * DAY
    assert roll.last_login("ann", "192.0.2.2/32") is None
    assert roll.last_login("bob", "192.0.2.1/32") is None


def test_of_an_account_that_is_none_nothing_is_noted(roll: AccountStore) -> None:
    roll.note_login("nobody", "192.0.2.1/32", 10 * DAY)
    assert roll.last_login("nobody", "192.0.2.1/32") is None


def test_with_an_account_goes_where_it_was_reached_from(roll: AccountStore) -> None:
    roll.add(account("ann"))
    roll.note_login("ann", "192.0.2.1/32", 10 * DAY)
    roll.remove("ann")
    roll.add(account("ann"))
    assert roll.last_login("ann", "192.0.2.1/32") is None


def test_the_networks_of_an_account_are_so_many(roll: AccountStore) -> None:
    roll.add(account("ann"))
    for number in range(MAX_NETWORKS + 3):
        roll.note_login("ann", f"192.0.2.{number}/32", DAY + number)
    known = [roll.last_login("ann", f"192.0.2.{number}/32") is not None for number in range(MAX_NETWORKS + 3)]
    assert known == [False] * 3 + [True] * MAX_NETWORKS


def test_a_clock_that_jumps_ahead_forgets_no_network(roll: AccountStore) -> None:
    roll.add(account("ann"))
    roll.note_login("ann", "old", DAY)
    roll.note_login("ann", "new", DAY + NETWORK_SECONDS)
    roll.note_login("ann", "jumped", 10 * NETWORK_SECONDS)
    assert roll.last_login("ann", "old") == DAY
    roll.note_login("ann", "jumped", 10 * NETWORK_SECONDS + DAY)
    assert roll.last_login("ann", "old") is roll.last_login("ann", "new") is None


# What names look like.


def made_by_version_1(path: Path, *names_: tuple[str, str, str]) -> None:
    """Make a file as the first version did, with the key, the name and a look of each account."""
    first, _, _ = files("chatd.accounts").joinpath("schema.sql").read_text().partition("-- version 2")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(first)
        db.execute("PRAGMA user_version = 1")
        for key, name, look in names_:
            db.execute("INSERT INTO account VALUES (?, ?, NULL, 0, 0)", (key, name))
            db.execute("INSERT INTO look VALUES (?, ?)", (look, key))
        db.commit()


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    made_by_version_1(tmp_path / "roll", ("шow", "шow", "of another table"), ("wow", "wow", "of another table too"))
    with open_account_store(tmp_path / "roll", make=False) as roll:
        assert [each.name for each in roll.accounts()] == ["wow", "шow"]
        assert roll.twin("wow") == "шow"
        assert roll.twin("шow") == "wow"
        roll.note_login("wow", "192.0.2.1/32", DAY)
        assert roll.last_login("wow", "192.0.2.1/32") == DAY


def execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


def test_looks_are_computed_anew_for_another_unicode_and_not_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_account_store(tmp_path / "roll", make=True) as roll:
        roll.add(account("ann"))
    execute(tmp_path / "roll", "UPDATE look SET look = 'x'")
    with open_account_store(tmp_path / "roll", make=False) as roll:
        assert roll.twin("аnn") is None
    monkeypatch.setattr(unicode_tables, "VERSION", "17.1.0")
    with open_account_store(tmp_path / "roll", make=False) as roll:
        assert roll.twin("аnn") == "ann"


def test_names_of_a_later_unicode_are_refused(tmp_path: Path) -> None:
    with open_account_store(tmp_path / "roll", make=True):
        pass
    execute(tmp_path / "roll", "UPDATE names SET unicode = '103.0.0'")
    with pytest.raises(AccountsError, match=r"roll has names of Unicode 103.0.0, but this chatd knows 17.0.0"):
        open_account_store(tmp_path / "roll", make=False)


def mark_of(store: AccountStore, key: str) -> str:
    account = store.find(key)
    assert account is not None
    return account.mark


def test_an_account_that_is_made_again_has_another_mark(roll: AccountStore) -> None:
    marks: list[str] = []
    for hash_ in ("x", "x", None, None):
        roll.add(Account("ann", "Ann", hash_, operator=False, created=7))
        marks.append(mark_of(roll, "ann"))
        roll.remove("ann")
    assert len(set(marks)) == 4
    assert not any(set(mark) & set(".=~") for mark in marks)


def test_accounts_of_an_auth_method_have_the_same_mark_in_the_files_of_all_nodes(tmp_path: Path) -> None:
    marks: list[str] = []
    for number in range(2):
        store = AccountStore(tmp_path / f"{number}")
        store.open(make=True)
        store.add(Account("ann", "Ann", None, operator=False, created=number))
        marks.append(mark_of(store, "ann"))
        store.close()
    assert marks[0] == marks[1]


def test_accounts_of_a_file_from_before_there_were_marks_are_given_some(tmp_path: Path) -> None:
    made_by_version_1(tmp_path / "roll", ("wow", "wow", "wow"))
    shutil.copy(tmp_path / "roll", tmp_path / "copy")
    marks: list[str] = []
    for name in ("roll", "copy"):
        store = AccountStore(tmp_path / name)
        store.open(make=False)
        marks.append(mark_of(store, "wow"))
        store.close()
    assert marks[0] and marks[0] == marks[1]
