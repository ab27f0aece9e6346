"""Which Tk the window takes, and what it does by which Tk it finds."""

from __future__ import annotations

import tkinter as tk

import pytest

from chatd.client import __main__ as command
from chatd.client.view import pump
from tests.support.display import MISSING


@pytest.mark.parametrize("level", ["8.6.6", "8.6.13", "8.6.16", "9.0.1", "9.0b3", "9.1a0", "10.0"])
def test_a_tk_that_can_draw_the_window_is_taken(level: str) -> None:
    assert command.old_tk(level) == ""


@pytest.mark.parametrize("level", ["8.4.20", "8.5.9", "8.6b2", "8.6.0", "8.6.5"])
def test_an_older_one_is_told_with_what_is_needed(level: str) -> None:
    assert command.old_tk(level) == f"chatd-client: this Python has Tk {level}, but the window needs 8.6.6 or later"


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_the_command_asks_the_tk_that_is_there(
    display: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert display
    made: list[tk.Tk] = []

    def open_root() -> tuple[tk.Tk, int | None]:
        root, descriptor = real()
        root.setvar("tk_patchLevel", "8.5.9")
        made.append(root)
        return root, descriptor

    real = pump.open_root
    monkeypatch.setattr(pump, "open_root", open_root)
    with pytest.raises(SystemExit):
        command.main([])
    assert "this Python has Tk 8.5.9" in capsys.readouterr().err
    with pytest.raises(tk.TclError):
        made[0].winfo_exists()
