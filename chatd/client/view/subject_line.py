"""The line above the field that says what is written is about: a message that is answered, or one that is changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from chatd.client.model.lines import Line
from chatd.client.model.room import Room
from chatd.protocol.actions import shown
from chatd.protocol.text import excerpt

MAX_EXCERPT = 80
"""How many characters of a message are shown that is answered."""


class Subject(NamedTuple):
    """What is written next is about this message."""

    room: Room
    line: Line
    edits: bool
    """Whether it takes the place of that message; else it answers it."""


class SubjectLine(ttk.Frame):
    """A sentence and a button; ``leave`` is what the button does."""

    def __init__(self, parent: tk.Misc, safe: Callable[[str], str], leave: Callable[[], None]) -> None:
        super().__init__(parent, padding=("6p", "3p"), style="Card.TFrame")
        self._safe = safe
        self.subject: Subject | None = None
        self.label = ttk.Label(self, anchor="w", justify="left")
        self.label.grid(row=0, column=0, sticky="ew")
        self.button = ttk.Button(self, text="Close", command=leave, takefocus=False)
        self.button.grid(row=0, column=1, sticky="e", padx=("6p", 0))
        self.columnconfigure(0, weight=1)
        self.label.bind("<Configure>", lambda event: self.label.configure(wraplength=max(100, event.width)))

    def place_in(self, row: int, edge: int, gap: int) -> None:
        """Take a row of the window, so many pixels from its edges; it is empty until something is shown."""
        self.grid(row=row, column=0, sticky="ew", padx=edge, pady=(gap, 0))
        self.grid_remove()

    def show(self, subject: Subject | None) -> None:
        """Show what is answered or changed; nothing if it is None."""
        self.subject = subject
        if subject is None:
            self.grid_remove()
            return
        line = subject.line
        if subject.edits:
            text = "Editing: Enter saves, Escape cancels"
        else:
            text = f"Replying to {line.nick}: {excerpt(shown(line.nick, line.text), MAX_EXCERPT)} (Escape cancels)"
        self.label.configure(text=self._safe(text))
        self.grid()
