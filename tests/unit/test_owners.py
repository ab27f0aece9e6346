"""Whose the files are that root makes in a folder of somebody else."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from chatd.accounts.store import open_account_store
from chatd.app import archive_commands, hook_command, user_commands
from chatd.app.audit_log import note_command
from chatd.feeder.state_file import State, StateFile
from chatd.journal.sqlite.store import Store
from chatd.runtime.files import make_folder, make_own, open_own, replace_file

IS_ROOT = os.geteuid() == 0
OWNER, GROUP = (12345, 54321) if IS_ROOT else (os.getuid(), os.getgid())
real_root = pytest.mark.skipif(not IS_ROOT, reason="only root may give files away")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What was given away; whoever runs this is root to the program."""
    given: list[tuple[int, int]] = []
    give = os.fchown

    def fchown(file: int, user: int, group: int) -> None:
        given.append((user, group))
        give(file, user, group)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", fchown)
    return given


@pytest.fixture
def theirs(tmp_path: Path, given: list[tuple[int, int]]) -> Path:
    """A folder of somebody else."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o750)
    os.chown(folder, OWNER, GROUP)
    given.clear()
    return folder


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_uid, path.lstat().st_gid) for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("make", [make_own, open_own, lambda path: replace_file(path, b"x")])
def test_a_new_file_is_theirs(make: Callable[[Path], int | None], theirs: Path, given: list[tuple[int, int]]) -> None:
    made = make(theirs / "file")
    if made is not None:
        os.close(made)
    assert owners(theirs) == {"file": (OWNER, GROUP)}
    assert given == [(OWNER, GROUP)]
    assert stat.S_IMODE((theirs / "file").stat().st_mode) == 0o600


def test_new_folders_are_theirs(theirs: Path, given: list[tuple[int, int]]) -> None:
    make_folder(theirs / "a" / "b", 0o700)
    make_folder(theirs / "a" / "b", 0o700)
    assert owners(theirs) == {"a": (OWNER, GROUP), "a/b": (OWNER, GROUP)}
    assert len(given) == 2


def test_a_file_that_is_there_stays_whose_it_is(theirs: Path, given: list[tuple[int, int]]) -> None:
    (theirs / "file").write_bytes(b"")
    before = owners(theirs)
    os.close(open_own(theirs / "file"))
    assert owners(theirs) == before
    assert not given


def test_a_file_that_is_there_is_opened_as_if_it_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that Linux refuses what somebody has planted in a sticky folder, see ``fs.protected_regular``."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    opened, asked = os.open, []

    def note(name: str | Path, flags: int, *rest: int, **options: int) -> int:
        if Path(name).name == path.name:
            asked.append(flags)
        return opened(name, flags, *rest, **options)

    monkeypatch.setattr(os, "open", note)
    os.close(open_own(path))
    assert asked
    assert all(flags & os.O_CREAT for flags in asked)


def test_who_is_not_root_gives_nothing_away(
    theirs: Path, given: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    os.close(make_own(theirs / "file"))
    make_folder(theirs / "folder")
    assert not given


@pytest.mark.parametrize("target", ["target", "nothing"])
def test_a_link_that_was_planted_is_not_followed(target: str, theirs: Path, given: list[tuple[int, int]]) -> None:
    (theirs.parent / "target").write_bytes(b"root's")
    (theirs / "file").symlink_to(theirs.parent / target)
    with pytest.raises(OSError, match="it is a symbolic link; remove it"):
        open_own(theirs / "file")
    with pytest.raises(FileExistsError):
        make_own(theirs / "file")
    assert not given
    assert not (theirs.parent / "nothing").exists()
    replace_file(theirs / "file", b"new")
    assert (theirs.parent / "target").read_bytes() == b"root's"


def test_a_folder_that_leads_elsewhere_meanwhile_does_not_say_whose_the_file_is(
    theirs: Path, given: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, through = theirs.parent / "own", theirs.parent / "through"
    own.mkdir()
    through.symlink_to(own)
    opened = os.open

    def swap(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        descriptor = opened(path, flags, mode, dir_fd=dir_fd)
        if path == through and flags & os.O_DIRECTORY:
            through.unlink()
            through.symlink_to(theirs)
        return descriptor

    monkeypatch.setattr(os, "open", swap)
    os.close(make_own(through / "file"))
    assert os.listdir(own) == ["file"]
    assert os.listdir(theirs) == []
    assert given == ([] if IS_ROOT else [(OWNER, GROUP)])
    if IS_ROOT:
        assert owners(own) == {"file": (0, 0)}


def test_another_folder_in_place_of_a_new_one_is_not_given_away(
    theirs: Path, given: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (theirs / "full").mkdir()
    (theirs / "full" / "secret").write_bytes(b"")
    make = os.mkdir

    def swap(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        make(path, mode, dir_fd=dir_fd)
        (theirs / "new").rmdir()
        (theirs / "full").rename(theirs / "new")

    monkeypatch.setattr(os, "mkdir", swap)
    make_folder(theirs / "new")
    assert not given


def test_a_folder_that_another_process_makes_first_is_taken(
    theirs: Path, given: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkdir

    def make_twice(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        make(path, mode, dir_fd=dir_fd)
        make(path, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", make_twice)
    make_folder(theirs / "new")
    assert not given
    (theirs / "nowhere").symlink_to(theirs / "nothing")
    with pytest.raises(FileExistsError):
        make_folder(theirs / "nowhere")


def test_where_nothing_can_be_given_away_it_is_made_all_the_same(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchown", refuse)
    os.close(make_own(theirs / "file"))
    assert (theirs / "file").exists()


@pytest.fixture
def in_theirs(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(theirs)
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse\n"))
    yield theirs


def journal(folder: Path) -> None:
    with closing(Store(folder / "chatd.sqlite3")):
        pass


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (user_commands.main, ("add", "ann")),
        (user_commands.main, ("invite",)),
        (hook_command.main, ("add", "#a", "https://example.org/")),
    ],
)
def test_what_a_command_makes_is_theirs(
    main: Callable[[Sequence[str]], None], words: Sequence[str], in_theirs: Path
) -> None:
    main([words[0], "--state-directory", ".", *words[1:]])
    made = owners(in_theirs)
    assert made
    assert set(made.values()) == {(OWNER, GROUP)}


def test_a_backup_and_what_it_is_put_back_to_are_theirs(in_theirs: Path) -> None:
    journal(in_theirs)
    archive_commands.main(["backup", "--state-directory", ".", "--directory", "backups/of/all"])
    archive_commands.main(["backup", "--state-directory", ".", "copy.sqlite3"])
    archive_commands.main(["restore", "--state-directory", ".", "copy.sqlite3"])
    made = owners(in_theirs)
    assert len([name for name in made if name.startswith("backups/of/all/")]) == 1
    assert any("-before-" in name for name in made)
    assert set(made.values()) == {(OWNER, GROUP)}


@real_root
def test_a_copy_of_a_file_of_root_stays_with_root(in_theirs: Path, tmp_path: Path) -> None:
    journal(tmp_path)
    archive_commands.main(["backup", "--state-directory", str(tmp_path), "copy.sqlite3"])
    assert owners(in_theirs) == {"copy.sqlite3": (0, 0)}


def test_a_certificate_and_its_key_are_theirs(in_theirs: Path) -> None:
    archive_commands.main(["certificate", "tls", "chat.example.org"])
    made = owners(in_theirs)
    assert made == dict.fromkeys(("tls", "tls/certificate.pem", "tls/key.pem"), (OWNER, GROUP))


def test_the_state_of_a_feeder_is_theirs(theirs: Path) -> None:
    file = StateFile(theirs / "state" / "tail.json")
    file.lock()
    file.save(State("#a"))
    file.release()
    assert set(owners(theirs).values()) == {(OWNER, GROUP)}


def test_what_sqlite_makes_beside_a_file_is_theirs(in_theirs: Path) -> None:
    with open_account_store(in_theirs / "accounts", make=True) as store:
        store.add_code("x", None, 0)
        made = owners(in_theirs)
        assert made == dict.fromkeys(("accounts", "accounts-shm", "accounts-wal"), (OWNER, GROUP))
    with closing(Store(in_theirs / "journal")):
        made = owners(in_theirs)
        assert {"journal", "journal-lock", "journal-shm", "journal-wal"} < made.keys()
        assert set(made.values()) == {(OWNER, GROUP)}
    with closing(sqlite3.connect(in_theirs / "accounts")) as db:
        db.execute("PRAGMA user_version").fetchone()
        assert set(owners(in_theirs).values()) == {(OWNER, GROUP)}


def test_an_audit_log_in_a_folder_of_all_can_be_written_twice(theirs: Path) -> None:
    theirs.chmod(0o777)
    for _ in range(2):
        note_command(theirs / "audit.log", "user add", "ann")
    assert len((theirs / "audit.log").read_bytes().splitlines()) == 2
    assert owners(theirs) == {"audit.log": (OWNER, GROUP)}
