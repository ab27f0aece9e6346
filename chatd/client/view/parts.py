"""The parts of the window, one after the other: F6."""

from __future__ import annotations

import tkinter as tk


def go_to_next_part(*parts: tk.Widget) -> None:
    """Give the focus to the part after the one that has it, of those that can be seen."""
    seen = [part for part in parts if part.winfo_viewable()]
    if not seen:
        return
    try:
        focus = str(seen[0].focus_get() or "")
    except KeyError:  # a widget of Tk's own
        focus = ""
    at = next((n for n, part in enumerate(seen) if focus == str(part)), -1)
    seen[(at + 1) % len(seen)].focus_set()
