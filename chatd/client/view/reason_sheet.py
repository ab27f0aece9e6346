"""A sheet that asks whether to do something to somebody, and why."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import NamedTuple

from chatd.client.view.entry import Entry
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look


class Asked(NamedTuple):
    """What is asked: the title, a sentence that says what will happen, what the button says, and what it does."""

    title: str
    sentence: str
    button: str
    do: Callable[[str], None]


class ReasonSheet(Sheet):
    """A sentence, a field for the reason, which may stay empty, and two buttons."""

    def __init__(self, parent: tk.Misc, look: Look, safe: Callable[[str], str]) -> None:
        super().__init__(parent, "")
        self._safe = safe
        self._do: Callable[[str], None] = lambda _: None
        self.sentence = ttk.Label(self.body, justify="left", anchor="w", wraplength=look.pixels(360))
        self.sentence.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, "7.5p"))
        ttk.Label(self.body, text="Reason (optional)").grid(row=1, column=0, columnspan=2, sticky="w")
        self.field = Entry(self.body, look, width=48)
        self.field.grid(row=2, column=0, columnspan=2, sticky="ew", pady=("1.5p", "9p"))
        self.button = ttk.Button(self.body, command=self.confirm, style="Accent.TButton")
        self.button.grid(row=3, column=1, sticky="e")
        self.body.rowconfigure(0, weight=0)
        self.bind_all_inside()
        for widget in (self.field, self.button):
            widget.bind("<Return>", lambda _: self.confirm())

    def ask(self, asked: Asked) -> None:
        """Open it with a question."""
        self._do = asked.do
        self.heading.configure(text=self._safe(asked.title))
        self.sentence.configure(text=self._safe(asked.sentence))
        self.button.configure(text=asked.button)
        self.field.replace_all("")
        self.open(self.field)

    def confirm(self) -> None:
        """Do what was asked about."""
        reason = " ".join(self.field.get().split())
        self.close()
        self._do(reason)
