"""What somebody is told who may not read or write the files of a server."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from twisted.internet.error import CannotListenError

from chatd.app.doors import _why_not
from chatd.app.options import ReadOptions


@pytest.mark.parametrize("words", [("--state-directory", "theirs/x"), ("--auth", "file:theirs/x")])
def test_a_file_that_one_may_not_look_for_is_one_line(
    words: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "is_dir", refuse)
    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(SystemExit) as stop:
        ReadOptions().parseOptions(words)
    said = str(stop.value).replace(f"{tmp_path}/", "")
    assert said == "chatd: theirs/x: Permission denied; run this as the user of the server, or as root"


@pytest.mark.parametrize(
    ("description", "advice"),
    [
        ("unix:/root/socket", "choose a directory that the user of the server may write to"),
        ("tcp:80", "choose a port above 1023 or run the server as root"),
    ],
)
def test_a_place_that_is_not_allowed_says_what_to_choose(description: str, advice: str) -> None:
    error = CannotListenError(None, 80, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    assert _why_not(error, description) == f"not allowed; {advice}"
