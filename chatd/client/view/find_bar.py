"""Finding in the room in front, and asking the server for more."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.view.entry import Entry
from chatd.client.view.theme import Look


@dataclass(frozen=True, slots=True)
class FindActions:
    """What the bar asks for."""

    find: Callable[[str], list[int]]
    """Return the indices of the lines that hold a text."""
    reveal: Callable[[int], None]
    search: Callable[[str], None]
    """Search on the server."""
    closed: Callable[[], None]


class FindBar(ttk.Frame):
    """A field, two buttons to go from one place to the next, and one to search on the server."""

    def __init__(self, parent: tk.Misc, look: Look, actions: FindActions) -> None:
        super().__init__(parent, padding=("6p", "3p"))
        self._actions = actions
        self._found: list[int] = []
        self._at = 0
        self.part = tk.StringVar(self)
        ttk.Label(self, text="Find").grid(row=0, column=0, padx=(0, "6p"))
        self.field = Entry(self, look, textvariable=self.part, width=12)
        self.field.grid(row=0, column=1, sticky="ew")
        ttk.Button(self, text="↑", width=2, command=lambda: self.step(-1)).grid(row=0, column=2, padx=("6p", 0))
        ttk.Button(self, text="↓", width=2, command=lambda: self.step(1)).grid(row=0, column=3, padx=("3p", "6p"))
        self.count = ttk.Label(self, style="Faint.TLabel")
        self.count.grid(row=0, column=4)
        self.search_button = ttk.Button(self, text="Search on the server", command=self._search)
        self.search_button.grid(row=0, column=5, padx=("6p", "3p"))
        self.close_button = ttk.Button(self, text="Close", command=self.close)
        self.close_button.grid(row=0, column=6)
        self.columnconfigure(1, weight=1)
        self.bind("<Configure>", lambda _: self._fit())
        self.part.trace_add("write", lambda *_: self.find())
        for child in self.winfo_children():
            child.bind("<Escape>", lambda _: self.close())
        for event, by in (("<Return>", -1), ("<Up>", -1), ("<Down>", 1), ("<Shift-Return>", 1)):
            self.field.bind(event, lambda _, by=by: self.step(by))  # type: ignore[misc]

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.winfo_manager())

    def open(self) -> None:
        """Show it."""
        self.grid()
        self.field.focus_set()
        self.field.select_range(0, "end")
        self.find()

    def close(self) -> str:
        """Take it away."""
        if self.is_open:
            self.grid_remove()
            self._actions.closed()
        return "break"

    def find(self) -> None:
        """Find what stands in the field, the newest first."""
        part = self.part.get().strip()
        self._found = self._actions.find(part) if part else []
        self._at = len(self._found) - 1
        self._show_count(part)

    def step(self, by: int) -> str:
        """Go to the next place."""
        if self._found:
            # Lines may have come since.
            self._found = self._actions.find(self.part.get().strip())
            self._at = (self._at + by) % max(1, len(self._found))
            self._show_count(self.part.get().strip())
        return "break"

    def _fit(self) -> None:
        """Put what the field leaves no place for beside it below."""
        needed = sum(child.winfo_reqwidth() for child in self.winfo_children()) + self.winfo_pixels("36p")
        if 1 < self.winfo_width() < needed:
            self.count.grid(row=1, column=1, columnspan=6, sticky="e", pady=("3p", 0))
            self.search_button.grid(row=1, column=1, columnspan=6, sticky="w", padx=0, pady=("3p", 0))
        else:
            self.count.grid(row=0, column=4, columnspan=1, sticky="", pady=0)
            self.search_button.grid(row=0, column=5, columnspan=1, sticky="", padx=("6p", "3p"), pady=0)

    def _show_count(self, part: str) -> None:
        if self._found:
            self.count.configure(text=f"{self._at + 1} of {len(self._found)}")
            self._actions.reveal(self._found[self._at])
        else:
            self.count.configure(text="Nothing found" if part else "")
        self._fit()

    def _search(self) -> None:
        if self.part.get().strip():
            self._actions.search(self.part.get().strip())
