"""Going to a room by typing a part of its name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.view.entry import Entry
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.rooms_pane import unread_text
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look
from chatd.protocol import names


class Switcher(Sheet):
    """A field and the rooms that fit; ``show`` is called with the key of the one that is chosen."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, show: Callable[[str], None]) -> None:
        super().__init__(parent, "Go to a room")
        self._glyphs = glyphs
        self._show = show
        self._rooms: list[Room] = []
        self.part = tk.StringVar(self)
        self.field = Entry(self.body, look, textvariable=self.part, width=36)
        self.field.grid(row=0, column=0, sticky="ew", pady=(0, 8))
        self.tree = ttk.Treeview(
            self.body, style="Flat.Treeview", columns=("unread",), show="tree", selectmode="browse", height=10
        )
        self.tree.column("unread", anchor="e", width=90, stretch=False)
        self.tree.grid(row=1, column=0, sticky="nsew")
        self.body.rowconfigure(0, weight=0)
        self.body.rowconfigure(1, weight=1)
        self.bind_all_inside()
        self.part.trace_add("write", lambda *_: self._fill())
        self.field.bind("<Down>", lambda _: self._step(1))
        self.field.bind("<Up>", lambda _: self._step(-1))
        for widget in (self.field, self.tree):
            widget.bind("<Return>", lambda _: self.choose())
        self.tree.bind("<Double-Button-1>", lambda _: self.choose())

    def ask(self, rooms: Iterable[Room]) -> None:
        """Open it for these rooms."""
        self._rooms = list(rooms)
        self.part.set("")
        self.open(self.field)

    def choose(self) -> None:
        """Go to the room that is marked."""
        selection = self.tree.selection()
        self.close()
        if selection:
            self._show(selection[0])

    def _fill(self) -> None:
        part = names.key(self.part.get().strip())
        fitting = [room for room in self._rooms if part in room.key]
        # What begins with it comes first, then what is unread.
        fitting.sort(
            key=lambda room: (not room.key.removeprefix("#").startswith(part.removeprefix("#")), not room.unread)
        )
        self.tree.delete(*self.tree.get_children())
        for room in fitting:
            self.tree.insert("", "end", iid=room.key, text=self._glyphs.safe(room.name), values=(unread_text(room),))
        if fitting:
            self.tree.selection_set(fitting[0].key)

    def _step(self, by: int) -> str:
        children = list(self.tree.get_children())
        if children:
            selection = self.tree.selection()
            at = children.index(selection[0]) if selection else -1
            target = children[(at + by) % len(children)]
            self.tree.selection_set(target)
            self.tree.see(target)
        return "break"
