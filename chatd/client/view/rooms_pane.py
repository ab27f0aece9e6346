"""The rooms at the left: which there are, what is unread in them, and what can be done with one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look


@dataclass(frozen=True, slots=True)
class RoomActions:
    """What can be done with a room, by its key."""

    show: Callable[[str], None]
    mute: Callable[[str], None]
    leave: Callable[[str], None]
    close: Callable[[str], None]
    settings: Callable[[str], None]


class RoomsPane(ttk.Frame):
    """A list of rooms and, after them, of private conversations."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, actions: RoomActions) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._actions = actions
        self._muted: set[str] = set()
        ttk.Label(self, text="Rooms", style="Strong.TLabel").grid(
            row=0, column=0, columnspan=2, sticky="w", padx=8, pady=4
        )
        self.tree = ttk.Treeview(self, style="Flat.Treeview", columns=("unread",), show="tree", selectmode="browse")
        self.tree.grid(row=1, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.tree.yview)
        bar.grid(row=1, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.menu = tk.Menu(self, tearoff=False)
        self.tree.bind("<<TreeviewSelect>>", self._selected)
        self.tree.bind("<Button-3>", self._menu)
        look.painters.append(self._paint)
        self._paint()

    def fill(self, rooms: Iterable[Room], shown: Room | None) -> None:
        """Show these rooms; ``shown`` is the one in front."""
        ordered = sorted(rooms, key=lambda room: room.private)
        wanted = [room.key for room in ordered]
        there = list(self.tree.get_children())
        if wanted != there:
            gone = [key for key in there if key not in set(wanted)]
            if gone:
                self.tree.delete(*gone)
            for place, room in enumerate(ordered):
                if not self.tree.exists(room.key):
                    self.tree.insert("", place, iid=room.key)
                else:
                    self.tree.move(room.key, "", place)
        for room in ordered:
            self.mark(room)
        self.select(shown)

    def mark(self, room: Room) -> None:
        """Show again how much of a room is unread."""
        if not self.tree.exists(room.key):
            return
        name = self._glyphs.safe(room.name)
        if room.muted:
            self._muted.add(room.key)
            name += " (silent)"
        else:
            self._muted.discard(room.key)
        if not (room.private or room.joined or room.wanted):
            name += " (left)"
        tags = ["unread"] if room.unread else []
        if room.mentions:
            tags.append("mentioned")
        self.tree.item(room.key, text=name, values=(unread_text(room),), tags=tags)

    def select(self, room: Room | None) -> None:
        """Mark the room in front."""
        if room is not None and self.tree.exists(room.key):
            if self.tree.selection() != (room.key,):
                self.tree.selection_set(room.key)
            self.tree.focus(room.key)
            self.tree.see(room.key)
        else:
            self.tree.selection_set()

    def _selected(self, _: tk.Event[tk.Misc]) -> None:
        selection = self.tree.selection()
        if selection:
            self._actions.show(selection[0])

    def _menu(self, event: tk.Event[tk.Misc]) -> None:
        key = self.tree.identify_row(event.y)
        if key:
            self.fill_menu(key)
            self.menu.tk_popup(event.x_root, event.y_root)

    def fill_menu(self, key: str) -> None:
        """Let the menu be for one room."""
        self.menu.delete(0, "end")
        label = "Turn on notifications" if key in self._muted else "Turn off notifications"
        self.menu.add_command(label=label, command=lambda: self._actions.mute(key))
        if key.startswith("#"):
            self.menu.add_command(label="Room settings …", command=lambda: self._actions.settings(key))
            self.menu.add_command(label="Leave", command=lambda: self._actions.leave(key))
        self.menu.add_command(label="Close", command=lambda: self._actions.close(key))

    def _paint(self) -> None:
        look = self._look
        self.tree.tag_configure("unread", font=look.bold)
        self.tree.tag_configure("mentioned", foreground=look.palette.alert)
        self.tree.column("unread", width=look.bold.measure("99 (@9)") + 8, stretch=False, anchor="e")
        self.tree.column("#0", width=look.bold.measure("#some-room"), minwidth=40, stretch=True)


def unread_text(room: Room) -> str:
    """Return how many messages of a room are unread, and how many of them name the one who reads: ``5 (@2)``."""
    if not room.unread:
        return ""
    return f"{room.unread} (@{room.mentions})" if room.mentions else str(room.unread)
