"""A text that nobody can write into but the program.

A text whose ``state`` is ``disabled`` would have to be ``normal`` for every change of ours, and Tk lays out and draws
all of it anew for each of the two. So this one is always ``normal``, and its command lets no one insert or delete.
"""

from __future__ import annotations

import tkinter as tk
from typing import Any

_DISPATCH = "::chatd::read_only"
_PROCEDURE = """
namespace eval ::chatd {}
proc ::chatd::read_only {inner what args} {
    if {$what ni {insert delete replace}} {uplevel 1 [list $inner $what {*}$args]}
}
"""


class ReadOnlyText(tk.Text):
    """Shows what is given to `write`."""

    def __init__(self, parent: tk.Misc, **options: Any) -> None:
        super().__init__(parent, insertofftime=0, undo=False, **options)
        path = str(self)
        self._inner = f"{path}-inner"
        self.tk.eval(_PROCEDURE)
        self.tk.call("rename", path, self._inner)
        self.tk.call("interp", "alias", "", path, "", _DISPATCH, self._inner)

    def write(self, index: str, *pieces: Any) -> None:
        """Insert texts, each followed by its tags."""
        self.tk.call(self._inner, "insert", index, *pieces)

    def erase(self, start: str, end: str) -> None:
        """Delete what is between two places."""
        self.tk.call(self._inner, "delete", start, end)
