"""The field for one's name and the Join button; once one has joined they are gone, until the name is to be changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatd.client.view.entry import Entry
from chatd.client.view.theme import GAP, Look

PLACEHOLDER = "Enter Your Name Here!"


class NameBar(ttk.Frame):
    """A field for the name, which is locked once one has joined; ``join`` is called with what stands in it.

    ``changed`` is called when it is to be seen, or not any more.
    """

    def __init__(
        self, parent: tk.Misc, look: Look, join: Callable[[str], None], changed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(parent)
        self._join = join
        self._changed = changed
        self._before = ""
        """The name that it is if it is not changed, while that is asked for."""
        self.changing = False
        ttk.Label(self, text="Nick").grid(row=0, column=0, padx=(0, look.pixels(GAP)))
        self.field = Entry(self, look, width=24)
        self.field.grid(row=0, column=1, sticky="ew")
        self.button = ttk.Button(self, text="Join", command=self.submit, style="Accent.TButton")
        self.button.grid(row=0, column=2, padx=(look.pixels(GAP), 0), sticky="ns")
        self.columnconfigure(1, weight=1)
        self.field.insert(0, PLACEHOLDER)
        self.field.bind("<FocusIn>", self._entered)
        self.field.bind("<Button-1>", self._clicked)
        self.field.bind("<FocusOut>", self._left)
        self.field.bind("<Return>", lambda _: self.submit())
        self.field.bind("<Escape>", lambda _: self.leave(), add=True)
        self.button.bind("<Return>", lambda _: self.submit())

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
        self.changing = False
        self.button.configure(text="Join")
        self.field.state(["!readonly"])
        if self.field.get() != (name or PLACEHOLDER):
            self.field.delete(0, "end")
            self.field.insert(0, name or PLACEHOLDER)
        self.field.state(["readonly"] if locked else ["!readonly"])
        self.button.state(["disabled"] if locked else ["!disabled"])
        self._changed()

    def change(self) -> None:
        """Let the name be changed that one has joined under."""
        self._before = self.name
        if self.locked:
            self.show_name(self._before, locked=False)
            self.changing = True
            self.button.configure(text="Change")
            self._changed()
        self.field.focus_set()
        self.field.select_range(0, "end")

    def leave(self) -> str | None:
        """Let the name be as it was, if it was to be changed."""
        if not self.changing:
            return None
        self.show_name(self._before, locked=True)
        return "break"

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
        if not self.locked and not self.changing and not self.field.get().strip():
            self.show_name("", locked=False)
