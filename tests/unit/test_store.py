"""The file of the accounts: what is kept, who may read it, and what is refused to be one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.accounts import AccountsError
from chatd.accounts.store import (
    APPLICATION_ID,
    VERSION,
    Account,
    AccountStore,
    CodeError,
    TakenError,
    beside,
    open_account_store,
)
from chatd.protocol import names
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
    with pytest.raises(TakenError, match="somebody's own"):
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
        (foreign, "not one of chatd's accounts"),
        (lambda path: written(path, ("#a", "ann", "hi")), "not one of chatd's accounts"),
        (lambda path: path.mkdir(), "cannot be opened"),
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
        pytest.raises(AccountsError, match="cannot be opened"),
    ):
        roll.open(make=True)
    with pytest.raises(AccountsError, match="there is no file"):
        open_account_store(tmp_path / "roll", make=False)


def test_where_it_is() -> None:
    assert beside(Path("/a/chatd.sqlite3")) == Path("/a/chatd.accounts.sqlite3")
    assert beside(Path("/a/journal")) == Path("/a/journal.accounts")
