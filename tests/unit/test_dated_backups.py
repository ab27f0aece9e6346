"""``chatd backup --directory``: dated copies of all that the daemon keeps, and as many as are wanted."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatd.app import archive_commands
from tests.unit.test_archive import lines, written

BackUp = Callable[..., str]
NAME = re.compile(r"(chatd(?:\.\w+)?)-\d{8}T\d{6}Z\.sqlite3")
OLDER = [f"chatd-2026010{day}T030000Z.sqlite3" for day in (1, 2, 3)]


@pytest.fixture
def back_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> BackUp:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "chatd.sqlite3", ("#a", "ann", "one"))
    with closing(sqlite3.connect(tmp_path / "chatd.accounts.sqlite3")) as accounts, accounts:
        accounts.execute("PRAGMA journal_mode = WAL").fetchall()
        accounts.execute("CREATE TABLE account (key TEXT)")
        accounts.execute("INSERT INTO account VALUES ('ann')")

    def back_up(*words: str) -> str:
        archive_commands.main(["backup", *words])
        return capsys.readouterr().out

    return back_up


def kinds(folder: Path) -> list[str]:
    """Return of which files there are dated copies; fail if anything else is there."""
    found = [NAME.fullmatch(name) for name in sorted(os.listdir(folder))]
    assert all(found), os.listdir(folder)
    return [match[1] for match in found if match is not None]


def test_the_journal_and_the_accounts_are_copied_for_their_owner_alone(tmp_path: Path, back_up: BackUp) -> None:
    told = back_up("--directory", "backups")
    folder = tmp_path / "backups"
    assert kinds(folder) == ["chatd", "chatd.accounts"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    journal, accounts = sorted(folder.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in (journal, accounts)} == {0o600}
    assert lines(journal) == [("MSG", "#a", "ann", "one")]
    with closing(sqlite3.connect(accounts)) as db:
        assert db.execute("SELECT * FROM account").fetchall() == [("ann",)]
    assert told.startswith(f"backups has {journal.name}, {accounts.name}, with 1 message in 1 room, the newest of ")


def test_the_newest_are_left_and_what_has_another_name(tmp_path: Path, back_up: BackUp) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    others = ["chatd-20260101T030000Z.sqlite3.gz", "notes", "chatd-before.sqlite3"]
    for name in (*OLDER, *others, ".chatd-20260101T030000Z.sqlite3.77", ".chatd-20260101T030000Z.sqlite3.77-journal"):
        (folder / name).touch()
    back_up("--directory", str(folder), "--copies", "2")
    left = sorted(set(os.listdir(folder)) - set(others))
    assert left[0] == OLDER[-1]
    assert [NAME.fullmatch(name) is not None for name in left] == [True] * 3
    assert set(others) <= set(os.listdir(folder))


def test_without_a_number_all_are_left(tmp_path: Path, back_up: BackUp) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in OLDER:
        (folder / name).touch()
    back_up("--directory", str(folder))
    assert kinds(folder) == ["chatd"] * 4 + ["chatd.accounts"]


def test_a_backup_that_fails_deletes_nothing(tmp_path: Path, back_up: BackUp) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in OLDER:
        (folder / name).touch()
    (tmp_path / "chatd.accounts.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(SystemExit, match=r"chatd\.accounts\.sqlite3: file is not a database"):
        back_up("--directory", str(folder), "--copies", "1")
    assert set(OLDER) < set(os.listdir(folder))


def test_two_at_a_time_would_be_in_each_others_way(tmp_path: Path, back_up: BackUp) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    other = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SystemExit, match="another backup to backups is in progress; wait for it"):
            back_up("--directory", "backups")
    finally:
        os.close(other)
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("file", "--copies", "3"), "chatd: --copies works only with --directory"),
        (("--directory", "backups", "-j", "nats://127.0.0.1"), "chatd: the messages of a cluster are in its streams"),
        (("--directory", "chatd.sqlite3"), "chatd: "),
    ],
)
def test_what_makes_no_backup_is_one_sentence(back_up: BackUp, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(SystemExit, match=why) as ended:
        back_up(*words)
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "one of the arguments file --directory is required"),
        (("file", "--directory", "backups"), "not allowed with argument"),
        (("--directory", "backups", "--copies", "0"), "not a number of copies: '0'; give 1 or more"),
    ],
)
def test_what_it_does_not_take_is_said(
    back_up: BackUp, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(SystemExit):
        back_up(*words)
    assert why in capsys.readouterr().err
