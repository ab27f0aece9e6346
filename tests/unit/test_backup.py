"""Backups of a journal: what is in them, and what is put in the place of what."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatd.journal import JournalError
from chatd.journal.sqlite.backup import Contents, back_up, restore
from chatd.journal.sqlite.database import lacks_log, open_to_read
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import Said
from tests.unit.test_archive import lines, written

ONE = ("MSG", "#a", "alice", "one")
TWO = ("MSG", "#a", "alice", "two")


def ignored(_done: int, _all: int) -> None:
    pass


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return written(tmp_path / "j", ("#a", "alice", "one"), ("#a", "alice", "two"))


def test_a_backup_is_one_file_for_its_owner_with_all_that_is_in_the_log(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    store = Store(tmp_path / "j")
    with closing(store):
        store.begin("e1")
        store.write([Entry("#a", Said("alice", "#a", "one"), time=5)])
        contents = back_up(tmp_path / "j", tmp_path / "copy", lambda done, pages: told.append((done, pages)))
    assert contents == Contents(1, 1, 5)
    assert lines(tmp_path / "copy") == [ONE]
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith((".", "copy"))] == ["copy"]
    assert told and told[-1][0] == told[-1][1] > 0
    assert not lacks_log(tmp_path / "copy")


def test_what_is_written_meanwhile_is_not_in_it_and_does_not_make_it_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.backup.PAGES_AT_A_TIME", 1)
    store = Store(tmp_path / "j")
    calls = 0

    def say_more(_done: int, _all: int) -> None:
        nonlocal calls
        calls += 1
        store.write([Entry("#a", Said("bob", "#a", "more"), time=9)])

    with closing(store):
        store.write([Entry("#a", Said("alice", "#a", "one"), time=5)])
        pages = store.transaction()
        with pages as db:
            (count,) = db.execute("PRAGMA page_count").fetchone()
        back_up(tmp_path / "j", tmp_path / "copy", say_more)
    assert lines(tmp_path / "copy") == [ONE]
    assert calls <= count + 1


def test_the_daemon_goes_first_after_each_piece_and_finds_nothing_of_it_unwritten(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.backup.PAGES_AT_A_TIME", 10)
    now = 0.0
    did: list[object] = []

    def sync(_file: int) -> None:
        nonlocal now
        now += 0.5
        did.append("written")

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        did.append(seconds)

    monkeypatch.setattr("chatd.journal.sqlite.backup.monotonic", lambda: now)
    monkeypatch.setattr("chatd.journal.sqlite.backup.sleep", sleep)
    monkeypatch.setattr("chatd.journal.sqlite.backup.os.fsync", sync)
    back_up(journal, journal.with_name("copy"), lambda _done, _pages: did.append("copied"))
    pieces = did.count("copied")
    assert pieces > 2
    assert did[: 3 * pieces] == ["copied", "written", 0.5] * pieces


def test_a_folder_that_is_not_there_is_a_sentence_about_the_file_that_was_named(journal: Path) -> None:
    target = journal.with_name("nowhere") / "copy"
    with pytest.raises(JournalError, match="nowhere/copy: No such file or directory; name another"):
        back_up(journal, target, lambda _done, _pages: None)


def test_a_file_that_is_there_is_not_written_over(journal: Path) -> None:
    for made in (lambda path: path.write_text("mine"), lambda path: path.symlink_to("nowhere")):
        target = journal.with_name("copy")
        made(target)
        with pytest.raises(JournalError, match="copy already exists; nothing was changed"):
            back_up(journal, target, ignored)
        target.unlink()


def test_a_backup_is_put_in_the_place_of_what_was_there_which_is_kept(journal: Path) -> None:
    copy = journal.with_name("copy")
    back_up(journal, copy, ignored)
    with closing(Store(journal)) as store:
        store.write([Entry("#a", Said("alice", "#a", "three"), time=7)])
    restored = restore(journal, copy, "e2", ignored)
    assert restored.contents == Contents(2, 1, 1000)
    assert lines(journal) == lines(copy) == [ONE, TWO]
    assert restored.set_aside is not None
    assert [text for *_, text in lines(restored.set_aside)] == ["one", "two", "three"]
    again = restore(journal, copy, "e3", ignored)
    assert again.set_aside not in (None, restored.set_aside)
    with closing(Store(journal)) as store:
        starts = store.begin("e4")
    assert starts.epoch == "e3.e4"
    assert not starts.hold("e1", 1)


def test_a_backup_is_restored_where_there_was_nothing(journal: Path) -> None:
    copy = journal.with_name("copy")
    back_up(journal, copy, ignored)
    assert restore(journal.with_name("new"), copy, "e2", ignored).set_aside is None
    assert lines(journal.with_name("new")) == [ONE, TWO]


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1000)


def of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 99")


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA application_id = 1")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (cut_off, "copy"),
        (of_a_newer_version, "written by a newer chatd"),
        (of_another_program, "not of chatd"),
        (lambda path: path.write_text("x" * 5000), "file is not a database"),
        (Path.unlink, "no such file"),
    ],
)
def test_what_is_no_backup_changes_nothing(journal: Path, spoil: Callable[[Path], object], why: str) -> None:
    copy = journal.with_name("copy")
    back_up(journal, copy, ignored)
    spoil(copy)
    before = sorted(os.listdir(journal.parent))
    with pytest.raises(JournalError, match=why):
        restore(journal, copy, "e2", ignored)
    assert lines(journal) == [ONE, TWO]
    left = [name for name in os.listdir(journal.parent) if not name.endswith(("-lock", "-wal", "-shm"))]
    assert sorted(left) == [name for name in before if not name.endswith(("-lock", "-wal", "-shm"))]


def test_a_pipe_is_not_waited_for(journal: Path) -> None:
    pipe = journal.with_name("pipe")
    os.mkfifo(pipe)
    with pytest.raises(JournalError, match="pipe: it is not a regular file"):
        restore(journal, pipe, "e2", ignored)
    with pytest.raises(JournalError, match="pipe: it is not a regular file"):
        Store(pipe)
    with pytest.raises(JournalError, match="no such file: "):
        open_to_read(pipe)
    assert lines(journal) == [ONE, TWO]


def test_a_journal_in_use_is_not_replaced(journal: Path) -> None:
    copy = journal.with_name("copy")
    back_up(journal, copy, ignored)
    with closing(Store(journal)), pytest.raises(JournalError, match="in use by another chatd"):
        restore(journal, copy, "e2", ignored)


def test_a_copy_without_its_log_is_known_as_one(tmp_path: Path) -> None:
    path, copy = tmp_path / "j", tmp_path / "copy"
    with closing(Store(path)) as store:
        store.begin("e1")
        store.write([Entry("#a", Said("alice", "#a", "one"), time=5)])
        copy.write_bytes(path.read_bytes())
        assert not lacks_log(path)
    assert not lacks_log(path)
    assert lacks_log(copy)
    with closing(Store(copy)) as store:
        assert store.lacks_log
    with closing(Store(copy)) as store:
        assert not store.lacks_log


def test_a_backup_has_private_lines_and_does_not_count_their_rooms(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "ann", "hi"), ("=ann.d0=bob.d0", "ann", "psst"))
    assert back_up(path, tmp_path / "copy", ignored) == Contents(2, 1, 1000)
    assert b"psst" in (tmp_path / "copy").read_bytes()
