"""What a menu that opens at a place offers: entries as values, put into Tk's menu when it opens."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu; one that does nothing and has nothing ``below`` is a heading."""

    label: str
    do: Callable[[], object] | None = None
    enabled: bool = True
    below: tuple[Entry, ...] = ()


SEPARATOR = Entry("")
Entries = Sequence[Entry]


def fill(menu: tk.Menu, entries: Entries) -> None:
    """Let a menu have these entries and no others."""
    menu.delete(0, "end")
    for child in menu.winfo_children():
        child.destroy()
    for entry in entries:
        state: Literal["normal", "disabled"] = "normal" if entry.enabled and (entry.do or entry.below) else "disabled"
        if entry == SEPARATOR:
            menu.add_separator()
        elif entry.below:
            below = tk.Menu(menu, tearoff=False)
            fill(below, entry.below)
            menu.add_cascade(label=entry.label, menu=below, state=state)
        else:
            menu.add_command(label=entry.label, command=entry.do or "", state=state)


def find(entries: Entries, *labels: str) -> Entry:
    """Return the entry of a label, or the one below it of the next label and so on. Raise `LookupError` for none."""
    for entry in entries:
        if entry.label == labels[0]:
            return entry if len(labels) == 1 else find(entry.below, *labels[1:])
    raise LookupError(labels[0])
