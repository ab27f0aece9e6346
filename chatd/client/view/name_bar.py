"""The line at the top: one's name and the Join button, and the menu."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatd.client.view.entry import Entry
from chatd.client.view.theme import Look

PLACEHOLDER = "Enter Your Name Here!"


class NameBar(ttk.Frame):
    """A field for the name, which is locked once one has joined; ``join`` is called with what stands in it."""

    def __init__(self, parent: tk.Misc, look: Look, join: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._join = join
        ttk.Label(self, text="Name").grid(row=0, column=0, padx=(0, 8))
        self.field = Entry(self, look, width=24)
        self.field.grid(row=0, column=1, sticky="ew")
        self.button = ttk.Button(self, text="Join", command=self.submit, style="Accent.TButton")
        self.button.grid(row=0, column=2, padx=8)
        self.topic = ttk.Label(self, anchor="w", style="Faint.TLabel")
        self.topic.grid(row=0, column=3, sticky="ew")
        self.menu_button = ttk.Menubutton(self, text="Menu")
        self.menu_button.grid(row=0, column=4, sticky="e", padx=(8, 0))
        self.columnconfigure(3, weight=1)
        self.field.insert(0, PLACEHOLDER)
        self.field.bind("<FocusIn>", self._entered)
        self.field.bind("<Button-1>", self._clicked)
        self.field.bind("<FocusOut>", self._left)
        self.field.bind("<Return>", lambda _: self.submit())

    @property
    def name(self) -> str:
        """What stands in the field; nothing while it only says what to enter."""
        text = self.field.get().strip()
        return "" if text == PLACEHOLDER else text

    @property
    def locked(self) -> bool:
        """Whether the name cannot be changed here."""
        return bool(self.field.instate(["readonly"]))

    def show_name(self, name: str, *, locked: bool) -> None:
        """Show a name, and whether it can be changed here."""
        self.field.state(["!readonly"])
        if self.field.get() != (name or PLACEHOLDER):
            self.field.delete(0, "end")
            self.field.insert(0, name or PLACEHOLDER)
        self.field.state(["readonly"] if locked else ["!readonly"])
        self.button.state(["disabled"] if locked else ["!disabled"])

    def submit(self) -> None:
        """Do what the button does; once one has joined, that is only to go on to the message field."""
        self._join(self.name)

    def _entered(self, _: tk.Event[tk.Misc]) -> None:
        if not self.locked and self.field.get() == PLACEHOLDER:
            self.field.select_range(0, "end")

    def _clicked(self, _: tk.Event[tk.Misc]) -> str | None:
        """Select what only says what to enter, which a click would otherwise put the cursor into."""
        if self.locked or self.field.get() != PLACEHOLDER:
            return None
        self.field.focus_set()
        self.field.select_range(0, "end")
        return "break"

    def _left(self, _: tk.Event[tk.Misc]) -> None:
        if not self.locked and not self.field.get().strip():
            self.show_name("", locked=False)
