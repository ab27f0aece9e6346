"""What commands print: where that fails is told from where something else fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chatd.app.reference.output import until_closed


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionRefusedError])
def test_what_fails_elsewhere_is_not_called_standard_output(
    error: type[OSError], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    with pytest.raises(error), until_closed():
        print("first", flush=True)
        raise error(1, "of a socket")
    assert sys.stdout is before
    assert capsys.readouterr().out == "first\n"


@pytest.mark.parametrize("text", ["short", "long" * 10_000])
def test_a_full_disk_is_one_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit, match=r"^chatd: cannot write to standard output: No space left on device$"):
            _print(text)


def _print(text: str) -> None:
    with until_closed(), until_closed():
        print(text)
