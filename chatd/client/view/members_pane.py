"""The people of the room in front, at the right: how many, who, and a field to look for one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.view.entry import Entry
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look
from chatd.protocol import names

AFEW = 50
"""How many joins and departures are drawn one by one; with more, the list is redrawn."""


class MembersPane(ttk.Frame):
    """A list of nicks; ``talk_to`` is called with the one that is chosen."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, talk_to: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._talk_to = talk_to
        self._room: Room | None = None
        self._shown: dict[str, str] = {}
        self.heading = ttk.Label(self, text="People", style="Strong.TLabel")
        self.heading.grid(row=0, column=0, columnspan=2, sticky="w", padx=8, pady=4)
        self.filter = tk.StringVar(self)
        self.filter_label = ttk.Label(self, text="Filter", style="Faint.TLabel")
        self.filter_label.grid(row=1, column=0, sticky="w", padx=8)
        self.field = Entry(self, look, textvariable=self.filter, width=6)
        self.field.grid(row=2, column=0, columnspan=2, sticky="ew", padx=4, pady=(0, 4))
        self.tree = ttk.Treeview(self, style="Flat.Treeview", show="tree", selectmode="browse")
        self.tree.grid(row=3, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.tree.yview)
        bar.grid(row=3, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.filter.trace_add("write", lambda *_: self.draw())
        self.field.bind("<Escape>", lambda _: self.filter.set(""))
        for event in ("<Double-Button-1>", "<Return>"):
            self.tree.bind(event, self._chosen)
        look.painters.append(self._paint)
        self._paint()

    def show_room(self, room: Room | None) -> None:
        """Show the people of another room."""
        if room is not self._room:
            self._room = room
            self.tree.delete(*self._shown)
            self._shown = {}
            if self.filter.get():
                self.filter.set("")
        self.draw()

    def draw(self) -> None:
        """Show who is there now: what is the same stays."""
        room = self._room
        nicks = [] if room is None or room.private else room.members.matching(self.filter.get().strip())
        self.heading.configure(text=self._title(len(nicks)))
        wanted = {names.key(nick): nick for nick in nicks}
        gone = [key for key in self._shown if key not in wanted]
        came = [place for place, key in enumerate(wanted) if key not in self._shown]
        if len(gone) + len(came) > AFEW:
            self.tree.delete(*self.tree.get_children())
            self._shown = {}
            came = list(range(len(nicks)))
        elif gone:
            self.tree.delete(*gone)
        for place in came:
            self.tree.insert("", place, iid=names.key(nicks[place]))
        for key, nick in wanted.items():
            if room is not None and self._shown.get(key) != nick:
                self.tree.item(key, text=self._glyphs.line(nick), tags=(f"nick{room.colours.of(nick)}",))
        self._shown = wanted

    def _title(self, matching: int) -> str:
        if self._room is None or self._room.private:
            return "People"
        count = max(self._room.count, len(self._room.members))
        return f"People ({matching} of {count})" if self.filter.get().strip() else f"People ({count})"

    def _chosen(self, _: tk.Event[tk.Misc]) -> None:
        selection = self.tree.selection()
        if selection:
            self._talk_to(self._shown[selection[0]])

    def _paint(self) -> None:
        for number, colour in enumerate(self._look.palette.nicks):
            self.tree.tag_configure(f"nick{number}", foreground=colour)
        self.tree.column("#0", width=self._look.text.measure("somebody-there"), minwidth=40, stretch=True)
