"""What an error says to the person at a terminal is one line."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.runtime.error_texts import in_one_line, of_sqlite
from tests.support.checks import let_others_in

ADVICE = "; run this as the user of the server, or as root"
IS_ROOT = os.getuid() == 0
NOBODY = 65534


def test_an_error_of_the_system_names_its_file_and_not_its_number(tmp_path: Path) -> None:
    missing = tmp_path / "nope\n"
    with pytest.raises(FileNotFoundError) as raised:
        missing.read_text()
    assert in_one_line(raised.value) == f"{tmp_path}/nope : No such file or directory"


def test_an_error_of_the_system_without_a_file_is_its_reason() -> None:
    assert in_one_line(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == "No space left on device"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A directory of root's, for somebody who is not root; one's own where root does not run this."""
    let_others_in(tmp_path)
    if not IS_ROOT:
        yield tmp_path
        return
    try:
        os.setresuid(NOBODY, NOBODY, 0)
        yield tmp_path
    finally:
        os.setresuid(0, 0, 0)


def as_root(change: Callable[..., object], *arguments: int) -> None:
    """Change a file as its owner."""
    if IS_ROOT:
        os.setresuid(0, 0, 0)
    try:
        change(*arguments)
    finally:
        if IS_ROOT:
            os.setresuid(NOBODY, NOBODY, 0)


def said_of(path: Path, mode: str = "rw") -> str:
    """Return what is said of a file that cannot be opened or written to."""
    address = f"file:{path}?mode={mode}"
    with pytest.raises(sqlite3.OperationalError) as raised, closing(sqlite3.connect(address, uri=True)) as db:
        db.execute("CREATE TABLE a (b)")
    return of_sqlite(raised.value, path)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_file_of_another_user_says_who_may_open_it(folder: Path, mode: int) -> None:
    path = folder / "theirs"
    as_root(path.touch)
    as_root(path.chmod, mode)
    why = "attempt to write a readonly database" if mode else "unable to open database file"
    assert said_of(path) == f"{path}: {why}{ADVICE}"


def test_a_directory_of_another_user_says_who_may_write_there(folder: Path) -> None:
    as_root(folder.chmod, 0o555)
    assert said_of(folder / "new", "rwc") == f"{folder}/new: unable to open database file{ADVICE}"
    as_root(folder.chmod, 0o000)
    assert said_of(folder / "new", "rwc") == f"{folder}/new: unable to open database file{ADVICE}"
    as_root(folder.chmod, 0o755)


def test_a_file_that_is_not_there_is_no_matter_of_users(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "nowhere" / "none"):
        assert said_of(path) == f"{path}: unable to open database file"


def test_without_a_file_it_says_what_stands_for_it() -> None:
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect("file:/nowhere/none?mode=rw", uri=True)
    assert of_sqlite(raised.value, None, "memory") == "memory: unable to open database file"


def test_other_errors_say_what_they_say() -> None:
    assert in_one_line(ValueError("two\n lines\x1b")) == "two lines␛"
    assert in_one_line(OSError("a sentence")) == "a sentence"
