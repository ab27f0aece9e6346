"""The parts of the window, one after the other: F6."""

from __future__ import annotations

import tkinter as tk

from chatd.client.view.question import Question


def go_to_next_part(question: Question, *parts: tk.Widget) -> None:
    """Give the focus to the part after the one that has it, of those that can be seen; to a question before all."""
    try:
        focus = str(question.focus_get() or "")
    except KeyError:  # a widget of Tk's own
        focus = ""
    if question.is_open and not focus.startswith(f"{question}."):
        question.focus_first()
        return
    seen = [part for part in parts if part.winfo_viewable()]
    at = next((number for number, part in enumerate(seen) if focus == str(part)), -1)
    if seen:
        seen[(at + 1) % len(seen)].focus_set()
