"""Going to a room by typing a part of its name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.view.entry import Entry
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.rooms_pane import unread_text
from chatd.client.view.servers import ServerSession
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look
from chatd.protocol import names


class Switcher(Sheet):
    """A field and the rooms of all servers that fit; ``show`` is called with the one that is chosen."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, show: Callable[[str, ServerSession], None]) -> None:
        super().__init__(parent, "Go to a room", grows=True)
        self._glyphs = glyphs
        self._show = show
        self._rooms: dict[str, tuple[ServerSession, Room]] = {}
        self.part = tk.StringVar(self)
        self.field = Entry(self.body, look, textvariable=self.part, width=36)
        self.field.grid(row=0, column=0, sticky="ew", pady=(0, "6p"))
        self.tree = ttk.Treeview(
            self.body, style="Flat.Treeview", columns=("server", "unread"), show="tree", selectmode="browse", height=10
        )
        self.tree.column("server", width=look.pixels(135), stretch=True)
        self.tree.column("unread", anchor="e", width=look.pixels(68), stretch=False)
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

    def ask(self, places: Iterable[tuple[ServerSession, Room]]) -> None:
        """Open it for these rooms, each of a server."""
        self._rooms = {session.prefix + room.key: (session, room) for session, room in places}
        several = len({session.number for session, _ in self._rooms.values()}) > 1
        self.tree.configure(displaycolumns=("server", "unread") if several else ("unread",))
        self.part.set("")
        self.open(self.field)

    def choose(self) -> None:
        """Go to the room that is marked."""
        selection = self.tree.selection()
        self.close()
        if selection:
            session, room = self._rooms[selection[0]]
            self._show(room.key, session)

    def _fill(self) -> None:
        part = names.key(self.part.get().strip())
        fitting = [(row, *place) for row, place in self._rooms.items() if part in place[1].key]
        # What begins with it comes first, then what is unread.
        fitting.sort(key=lambda each: (not _begins(each[2], part), not each[2].unread))
        self.tree.delete(*self.tree.get_children())
        line = self._glyphs.line
        for row, session, room in fitting:
            values = (line(session.title), unread_text(room))
            self.tree.insert("", "end", iid=row, text=line(room.name), values=values)
        if fitting:
            self.tree.selection_set(fitting[0][0])

    def _step(self, by: int) -> str:
        children = list(self.tree.get_children())
        if children:
            selection = self.tree.selection()
            at = children.index(selection[0]) if selection else -1
            target = children[(at + by) % len(children)]
            self.tree.selection_set(target)
            self.tree.see(target)
        return "break"


def _begins(room: Room, part: str) -> bool:
    return room.key.removeprefix("#").startswith(part.removeprefix("#"))
