"""What an error says to the person at a terminal is one line."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from chatd.runtime.error_texts import in_one_line, of_sqlite


def test_an_error_of_the_system_names_its_file_and_not_its_number(tmp_path: Path) -> None:
    missing = tmp_path / "nope\n"
    with pytest.raises(FileNotFoundError) as raised:
        missing.read_text()
    assert in_one_line(raised.value) == f"{tmp_path}/nope : No such file or directory"


def test_an_error_of_the_system_without_a_file_is_its_reason() -> None:
    assert in_one_line(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == "No space left on device"


@pytest.mark.parametrize("lacks_permission", [True, False])
def test_a_file_of_another_user_says_who_may_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lacks_permission: bool
) -> None:
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect(f"file:{tmp_path}/none?mode=rw", uri=True)
    monkeypatch.setattr(os, "access", lambda _path, _mode: not lacks_permission)
    advice = "; run this as the user of the server, or as root" if lacks_permission else ""
    said = of_sqlite(raised.value, tmp_path / "none")
    assert said == f"{tmp_path}/none: unable to open database file{advice}"
    assert of_sqlite(raised.value, None, "memory") == "memory: unable to open database file"


def test_other_errors_say_what_they_say() -> None:
    assert in_one_line(ValueError("two\n lines\x1b")) == "two lines␛"
    assert in_one_line(OSError("a sentence")) == "a sentence"
