"""Opening a journal's file: what is refused, and that nothing is changed then."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatd.journal import JournalError
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.database import APPLICATION_ID, open_file, refuse_index, status
from chatd.protocol import unicode_tables
from chatd.runtime.schema import upgrade
from tests.unit.test_archive import written

SCRIPT = """-- two steps
-- version 1
CREATE TABLE a (x);
INSERT INTO a VALUES (1);
-- version 2
ALTER TABLE a ADD COLUMN y;
"""


def test_an_upgrade_applies_what_the_file_does_not_have() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        upgrade(db, SCRIPT.partition("-- version 2")[0])
        upgrade(db, SCRIPT)
        upgrade(db, SCRIPT)
        assert db.execute("SELECT x, y FROM a").fetchall() == [(1, None)]
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_an_upgrade_that_fails_leaves_the_version_before() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        with pytest.raises(sqlite3.Error):
            upgrade(db, SCRIPT + "INSERT INTO nowhere VALUES (1);")
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in db.execute("PRAGMA table_info(a)")] == ["x"]
        assert not db.in_transaction


def newer(path: Path) -> None:
    written(path, ("#a", "alice", "one"))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def of_a_later_unicode(path: Path) -> None:
    written(path, ("#a", "alice", "one"))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE names SET unicode = '100.0.0'")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name)")


def garbage(path: Path) -> None:
    path.write_bytes(b"These are my diaries. " * 500)


def damaged(path: Path) -> None:
    written(path, *(("#a", "alice", f"message {n}") for n in range(300)))
    data = bytearray(path.read_bytes())
    for page in range(2 * 4096, len(data), 4096):
        data[page + 100 : page + 400] = b"\xff" * 300
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (newer, "written by a newer chatd .version 99"),
        (of_a_later_unicode, "names of Unicode 100.0.0, but this chatd knows 17.0.0; update it"),
        (foreign, "not of chatd"),
        (garbage, "file is not a database"),
        (damaged, "damaged and was not changed|malformed"),
    ],
)
def test_what_is_no_sound_journal_is_left_as_it_is(make: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    path = tmp_path / "j"
    make(path)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=why):
        open_file(path)
    assert path.read_bytes() == before
    assert all(each.stat().st_size == 0 for each in tmp_path.glob("j-wal"))
    with pytest.raises(JournalError, match=why):  # and the lock was let go
        open_file(path)


@pytest.mark.parametrize("before", ["", "9.0.0", "14.0.0"])
def test_a_file_says_by_which_unicode_names_are_judged(tmp_path: Path, before: str) -> None:
    written(tmp_path / "j", ("#a", "alice", "one"))
    with closing(sqlite3.connect(tmp_path / "j")) as db, db:
        db.execute("UPDATE names SET unicode = ?", (before,))
    open_file(tmp_path / "j").close()
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        assert db.execute("SELECT unicode FROM names").fetchall() == [(unicode_tables.VERSION,)]


def test_beside_what_is_no_database_nothing_is_made(tmp_path: Path) -> None:
    garbage(tmp_path / "j")
    with pytest.raises(JournalError):
        open_file(tmp_path / "j")
    assert [each.name for each in tmp_path.iterdir()] == ["j"]


def test_a_file_whose_making_was_cut_short_is_brought_in_order(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "making", isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.execute("CREATE TABLE entry (x)")
        db.executemany("INSERT INTO entry VALUES (?)", [("x" * 3000,)] * 100)
        for name in ("", "-journal"):
            (tmp_path / f"j{name}").write_bytes((tmp_path / f"making{name}").read_bytes())
    assert (tmp_path / "j-journal").stat().st_size > 0
    open_file(tmp_path / "j").close()
    assert not (tmp_path / "j-journal").exists()


def test_a_file_whose_making_was_cut_short_at_its_first_page_is_made_anew(tmp_path: Path) -> None:
    mark = f"PRAGMA application_id = {APPLICATION_ID}"
    with closing(sqlite3.connect(tmp_path / "making", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")  # else what is in the journal counts only once it is on the disk
        db.execute("BEGIN")
        db.execute(mark)
        (tmp_path / "j-journal").write_bytes((tmp_path / "making-journal").read_bytes())
        db.execute("COMMIT")
        (tmp_path / "j").write_bytes((tmp_path / "making").read_bytes())
    assert (tmp_path / "j-journal").stat().st_size > 0
    open_file(tmp_path / "j").close()
    assert not (tmp_path / "j-journal").exists()


def test_two_names_of_a_file_have_one_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "j")
    assert sqlite_path(f"sqlite:{tmp_path}/link") == tmp_path / "j"
    with pytest.raises(ValueError, match="is a directory"):
        sqlite_path("sqlite:/")


def test_a_file_has_one_daemon(tmp_path: Path) -> None:
    file = open_file(tmp_path / "j")
    with pytest.raises(JournalError, match=r"in use by another chatd \(process [0-9]+\); stop it first"):
        open_file(tmp_path / "j")
    file.close()
    open_file(tmp_path / "j").close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file or directory"):
        open_file(tmp_path / "nowhere" / "j")


def test_a_new_file_is_marked_and_written_ahead(tmp_path: Path) -> None:
    file = open_file(tmp_path / "j")
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
    assert file.writer.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert file.writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert file.writer.execute("PRAGMA synchronous").fetchone() == (2,)
    with pytest.raises(sqlite3.Error, match="readonly"):
        file.reader.execute("CREATE TABLE x (y)")
    file.close()


def test_a_name_that_leads_elsewhere_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    assert status(path) is None
    path.touch()
    first = status(path)
    assert first is not None
    path.rename(tmp_path / "k")
    path.touch()
    second = status(path)
    assert second is not None
    assert second.identity != first.identity


def test_a_file_whose_making_was_cut_off_is_read_and_made_again(tmp_path: Path) -> None:
    begun, path = tmp_path / "begun", tmp_path / "chatd.sqlite3"
    with closing(sqlite3.connect(begun, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA cache_size = 1")  # so that the file is written to before the end
        db.execute("BEGIN")
        db.execute("CREATE TABLE unfinished (x)")
        db.executemany("INSERT INTO unfinished VALUES (zeroblob(4000))", [()] * 50)
        for end in ("", "-journal"):
            shutil.copy(f"{begun}{end}", f"{path}{end}")
    with pytest.raises(sqlite3.OperationalError, match="readonly"), closing(_read_only(path)) as db:
        db.execute("PRAGMA application_id").fetchone()
    refuse_index(path)
    opened = open_file(path)
    assert opened.reader.execute("SELECT count(*) FROM entry").fetchone() == (0,)
    opened.close()


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
