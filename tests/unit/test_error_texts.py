"""What an error says to the person at a terminal is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.runtime.error_texts import in_one_line


def test_an_error_of_the_system_names_its_file_and_not_its_number(tmp_path: Path) -> None:
    missing = tmp_path / "nope\n"
    with pytest.raises(FileNotFoundError) as raised:
        missing.read_text()
    assert in_one_line(raised.value) == f"{tmp_path}/nope : No such file or directory"


def test_other_errors_say_what_they_say() -> None:
    assert in_one_line(ValueError("two\n lines\x1b")) == "two lines␛"
    assert in_one_line(OSError("a sentence")) == "a sentence"
