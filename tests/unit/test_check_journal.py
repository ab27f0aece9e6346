"""What is said of the journal's file, with real files."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatd.app.checks import file_systems, journal
from chatd.app.checks.file_systems import Room
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, State
from chatd.app.checks.sqlite_file import opened, soundness
from chatd.journal.sqlite.database import LACKS_LOG, schema
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.word_index import MAX_LEVELS
from chatd.protocol import unicode_tables
from chatd.runtime.schema import upgrade, versions
from tests.support.checks import let_others_in, named, one, question, snapshot, states
from tests.support.small_disks import SmallDisk
from tests.unit.test_archive import written
from tests.unit.test_word_index import put_levels

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="only root can become somebody who may not")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def path(folder: Path) -> Path:
    return written(folder / "chatd.sqlite3", ("#a", "ann", "one"), ("#b", "bob", "two"))


def checked(*words: str, in_daemon: bool = False) -> list[Result]:
    return list(journal.check(question(*words, in_daemon=in_daemon)))


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(sql)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@pytest.mark.usefixtures("path")
def test_one_that_is_good(folder: Path) -> None:
    before = snapshot(folder)
    results = checked()
    assert snapshot(folder) == before
    assert set(states(results)) == {State.GOOD}
    assert "has entries up to 2 in 2 rooms, the newest from 1970-01-01" in one(results, "journal.file").what
    assert one(results, "journal.integrity").what.endswith("is undamaged")
    assert "no visible process uses" in one(results, "journal.holder").what


def test_a_new_one(folder: Path) -> None:
    file = one(checked(), "journal.file")
    assert (file.state, "does not exist yet" in file.what) == (State.GOOD, True)
    assert list(folder.iterdir()) == []


def test_one_that_is_empty(folder: Path) -> None:
    (folder / "chatd.sqlite3").touch(0o600)
    assert set(states(checked())) == {State.GOOD}


def test_one_in_a_folder_that_is_not_there() -> None:
    file = one(checked("--journal", "sqlite:nowhere/j"), "journal.file")
    assert (file.state, "no such directory" in file.what) == (State.WRONG, True)


def test_one_in_memory() -> None:
    (result,) = checked("--journal", "memory:")
    assert (result.state, "lost when" in result.what) == (State.GOOD, True)


@pytest.mark.parametrize("description", ["sqlite:", "postgres:x", "/var/chatd"])
def test_what_is_no_journal(description: str) -> None:
    (result,) = checked("--journal", description)
    assert (result.state, description in result.what) == (State.WRONG, True)


def test_a_password_in_what_is_no_journal_is_not_shown() -> None:
    (result,) = checked("--journal", "nat://chat:sesame@10.0.0.1")
    assert "sesame" not in result.what and "10.0.0.1" in result.what


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "chatd.sqlite3").mkdir()
    assert one(checked(), "journal.file").state is State.WRONG


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3"])
def test_what_is_no_database(folder: Path, content: bytes) -> None:
    (folder / "chatd.sqlite3").write_bytes(content)
    file = one(checked(), "journal.file")
    assert (file.state, "is not a database" in file.what) == (State.WRONG, True)


def test_another_programs_database(folder: Path) -> None:
    change(folder / "chatd.sqlite3", "CREATE TABLE other (a)")
    file = one(checked(), "journal.file")
    assert (file.state, "not a journal of chatd" in file.what) == (State.WRONG, True)


def test_damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 3 * 4096 + 100] = b"x" * 100
    path.write_bytes(content)
    integrity = one(checked(), "journal.integrity")
    assert integrity.state is State.WRONG
    assert "chatd restore" in integrity.do


def test_an_end_that_is_missing(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 100)
    integrity = one(checked(), "journal.integrity")
    assert (integrity.state, "its end is missing" in integrity.what) == (State.WRONG, True)


def test_a_check_is_left_at_a_part_when_its_time_is_over(path: Path) -> None:
    with closing(Store(path)) as store, store.transaction():
        pass
    change(path, "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40000)"
           "INSERT INTO label SELECT i + 10, 1, 'a' || i, 'l', 1, x'00' FROM n")  # fmt: skip
    told: list[float] = []
    with opened(path) as db:
        assert not soundness(db, 0, told.append).whole
        assert soundness(db, None, told.append).whole
    assert len(told) > 1
    shown: list[str] = []
    results = list(journal.check(Question(question().options, 0, shown.append)))
    integrity = one(results, "journal.integrity")
    assert (integrity.state, "no damage found in the first 0 s" in integrity.what) == (State.GOOD, True)
    assert shown[0] == "chatd.sqlite3 for 0 s"


def test_a_newer_version(path: Path) -> None:
    change(path, "PRAGMA user_version = 99")
    version = one(checked(), "journal.version")
    assert (version.state, "written by a newer chatd (version 99" in version.what) == (State.WRONG, True)


def test_an_older_version(folder: Path) -> None:
    path = folder / "chatd.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        older = schema().partition("-- version 3")[0]
        upgrade(db, older)
        db.execute("PRAGMA application_id = 1667785076")
    path.chmod(0o600)
    results = checked()
    version = one(results, "journal.version")
    assert version.state is State.WARNING
    assert f"of version 2; the next start upgrades it to {max(versions(schema()))}" in version.what
    assert "entries up to 0 in 0 rooms" in one(results, "journal.file").what


def test_names_of_a_later_unicode(path: Path) -> None:
    change(path, "UPDATE names SET unicode = '99.0.0'")
    later = [each for each in named(checked(), "journal.version") if each.state is State.WRONG]
    assert unicode_tables.VERSION in later[0].what and later[0].do == "update chatd"


@pytest.mark.usefixtures("path")
def test_the_index_of_a_node_is_no_journal(path: Path) -> None:
    change(path, "CREATE TABLE run (a); INSERT INTO run VALUES (1)")
    file = one(checked(), "journal.file")
    assert (file.state, "index of a node" in file.what) == (State.WRONG, True)


@pytest.mark.usefixtures("path")
def test_the_journal_of_a_single_chatd_is_no_index() -> None:
    file = one(checked("--journal", "nats://10.0.0.1?index=chatd.sqlite3"), "journal.file")
    assert (file.state, "journal of a single chatd" in file.what) == (State.WRONG, True)
    file = one(checked("--journal", "nats://10.0.0.1?index=new"), "journal.file")
    assert (file.state, "does not exist yet" in file.what) == (State.GOOD, True)


def test_a_copy_without_its_log(path: Path) -> None:
    change(path, "UPDATE journal SET running = 1")
    log = one(checked(), "journal.log")
    assert (log.state, LACKS_LOG in log.what) == (State.WARNING, True)


def test_other_users_may_read_it(path: Path) -> None:
    path.chmod(0o640)
    permissions = one(checked(), "journal.permissions")
    assert (permissions.state, permissions.do) == (State.WARNING, f"chmod 600 {path}")


def _as_nobody(asked: Callable[[], list[Result]]) -> list[Result]:
    os.seteuid(65534)
    try:
        return asked()
    finally:
        os.seteuid(0)


@only_root
def test_a_user_who_may_only_read_changes_nothing_and_is_told(folder: Path, path: Path) -> None:
    path.chmod(0o644)
    let_others_in(folder)
    before, asked = snapshot(folder), question()
    results = _as_nobody(lambda: list(journal.check(asked)))
    assert snapshot(folder) == before
    permissions = one(results, "journal.permissions")
    assert (permissions.state, "cannot read and write" in permissions.what) == (State.WRONG, True)
    assert one(results, "journal.integrity").state is State.GOOD


@only_root
def test_a_user_who_may_not_write_to_the_folder(folder: Path, path: Path) -> None:
    path.chmod(0o600)
    os.chown(path, 65534, 65534)
    let_others_in(folder)
    asked = question()
    permissions = one(_as_nobody(lambda: list(journal.check(asked))), "journal.permissions")
    assert (permissions.state, "cannot write to" in permissions.what) == (State.WRONG, True)
    path.unlink()
    file = one(_as_nobody(lambda: list(journal.check(asked))), "journal.file")
    assert (file.state, "cannot create" in file.what) == (State.WRONG, True)


def test_a_lock_that_is_a_link(folder: Path) -> None:
    (folder / "chatd.sqlite3-lock").symlink_to("elsewhere")
    holder = one(checked(), "journal.holder")
    assert (holder.state, "symbolic link" in holder.what) == (State.WRONG, True)


def test_who_has_it(path: Path) -> None:
    """Held by this process, which is no chatd; then by one that looks like one."""
    with closing(Store(path)):
        holder = one(checked(), "journal.holder")
        assert (holder.state, f"process {os.getpid()}" in holder.what) == (State.WRONG, True)
    code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    command = [sys.executable, "-c", code, f"{path}-lock", "chatd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        holder = one(checked(), "journal.holder")
        process.communicate()
    assert (holder.state, f"process {process.pid}" in holder.what) == (State.GOOD, True)


def test_one_that_was_left_by_a_crash_is_read_and_not_changed(folder: Path, path: Path) -> None:
    crashed = folder / "crashed"
    crashed.mkdir()
    with closing(Store(path)) as store:
        with store.transaction():
            store.rename("e2")
        for beside in ("", "-wal", "-shm"):
            shutil.copy(f"{path}{beside}", crashed / f"chatd.sqlite3{beside}")
    before = snapshot(crashed)
    listed = ("--journal", "sqlite:crashed/chatd.sqlite3")
    assert one(checked(*listed), "journal.integrity").what.endswith("is undamaged")
    (crashed / "chatd.sqlite3-shm").unlink()
    without = one(checked(*listed), "journal.integrity")
    assert (without.state, "in the log beside it" in without.what) == (State.WARNING, True)
    before.pop("chatd.sqlite3-shm")
    assert snapshot(crashed) == before


def test_a_write_that_was_broken_off(path: Path) -> None:
    path.with_name("chatd.sqlite3-journal").write_bytes(b"half")
    integrity = one(checked(), "journal.integrity")
    assert (integrity.state, "interrupted" in integrity.what) == (State.WARNING, True)


@pytest.mark.parametrize("in_daemon", [True, False])
def test_the_daemon_itself_keeps_its_locks(path: Path, in_daemon: bool) -> None:
    """Closing any descriptor of a file ends the locks that a process has on it, SQLite's too."""
    code = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        results = checked(in_daemon=in_daemon)
        taken = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=False)
    assert (taken.returncode != 0) is in_daemon
    names = {each.name for each in results}
    assert (names == {"journal.permissions", "journal.space", "journal.file-system"}) is in_daemon


@pytest.mark.parametrize(
    ("size", "total", "free", "state", "why"),
    [
        (10, 1000, 500, State.GOOD, "MB free for"),
        (600, 1000, 500, State.WARNING, "write the whole file again"),
        (10, 1000, 99, State.WARNING, "lower --keep"),
        (0, 1000, 0, State.WRONG, "messages are refused"),
    ],
)
def test_the_room_that_is_left(size: int, total: int, free: int, state: State, why: str) -> None:
    found = journal.space(Path("/j"), size << 20, Room(total << 20, free << 20))
    assert found.state is state
    assert why in found.what + found.do


@pytest.mark.slow
def test_a_disk_that_is_full(folder: Path) -> None:
    disk = SmallDisk(folder / "disk", 4)
    try:
        disk.fill(4096)
        left = file_systems.room(disk.seen)
        assert (left.size, left.free) == (4 << 20, 4096)
        found = journal.space(disk.folder / "j", 0, left)
        assert (found.state, "the disk is full" in found.what) == (State.WRONG, True)
    finally:
        disk.close()


MOUNTS = r"""
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:40 / /srv rw shared:1 - nfs4 files:/srv rw
24 23 0:41 / /srv/my\040chat rw - xfs /dev/sdb1 rw
25 22 0:42 / /mnt/win rw - cifs //box/share rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "state"),
    [
        ("/var/lib/chatd/j", "ext4", State.GOOD),
        ("/srv/j", "nfs4", State.WARNING),
        ("/srv/my chat/j", "xfs", State.GOOD),
        ("/srvother/j", "ext4", State.GOOD),
        ("/mnt/win/a/j", "cifs", State.WARNING),
    ],
)
def test_the_file_system(path: str, kind: str, state: State) -> None:
    assert file_systems.kind(Path(path), MOUNTS) == kind
    found = journal.file_system(Path(path), kind)
    assert (found.state, kind in found.what) == (state, True)


def test_the_file_system_here(folder: Path) -> None:
    told = subprocess.run(
        ["findmnt", "-n", "-o", "FSTYPE", "-T", str(folder)], capture_output=True, text=True, check=False
    )
    if told.returncode:
        pytest.skip("there is no findmnt")
    assert file_systems.kind(folder, file_systems.MOUNTS.read_text()) == told.stdout.split()[0]


def test_a_search_index_that_cannot_be_read_is_repaired_by_the_next_start(path: Path) -> None:
    put_levels(path, MAX_LEVELS, 0)
    what = f"SQLite cannot read the search index of {path}; the next start repairs it"
    found = one(checked("--journal", f"sqlite:{path}"), "journal.integrity")
    assert (found.state, found.what, found.do) == (State.WARNING, what, "restart the server, then check again")
    Store(path).close()
    assert one(checked("--journal", f"sqlite:{path}"), "journal.integrity").state is State.GOOD
