"""The people of the room in front, at the right: how many, who, what is known of them, a field to look for one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.model.people import Facts
from chatd.client.model.room import Room
from chatd.client.view.entry import Entry
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look
from chatd.protocol import names

AFEW = 50
"""How many joins and departures are drawn one by one; with more, the list is redrawn."""
MAX_SHOWN = 2000
"""How many people stand in the list; of a crowd that changes by the second, more cost the window its time."""

MENU_KEYS = ("<Menu>", "<App>", "<Shift-F10>")
"""What opens the menu of what is selected; the second is that key on Windows."""


@dataclass(frozen=True, slots=True)
class PeopleActions:
    """What can be done with somebody, by nick."""

    talk: Callable[[str], None]
    menu: Callable[[str, int, int], None]
    """Open the menu of somebody, at a place of the screen."""


class MembersPane(ttk.Frame):
    """A list of nicks, and beside each what the one is: an operator, a bot, away."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, actions: PeopleActions) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._actions = actions
        self._room: Room | None = None
        self._shown: dict[str, tuple[str, Facts]] = {}
        """Who stands in the list, by key, and what was known of them when they were drawn."""
        self.heading = ttk.Label(self, text="People", style="Strong.TLabel")
        self.heading.grid(row=0, column=0, columnspan=2, sticky="w", padx="6p", pady="3p")
        self.filter = tk.StringVar(self)
        self.filter_label = ttk.Label(self, text="Filter", style="Faint.TLabel")
        self.filter_label.grid(row=1, column=0, sticky="w", padx="6p")
        self.field = Entry(self, look, textvariable=self.filter, width=6)
        self.field.grid(row=2, column=0, columnspan=2, sticky="ew", padx="4.5p", pady=("1.5p", "3p"))
        self.tree = ttk.Treeview(self, style="Flat.Treeview", columns=("marks",), show="tree", selectmode="browse")
        self.tree.grid(row=3, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.tree.yview)
        bar.grid(row=3, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.more = ttk.Label(self, style="Faint.TLabel")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(3, weight=1)
        self.filter.trace_add("write", lambda *_: self.draw())
        self.field.bind("<Escape>", lambda _: self.filter.set(""))
        for event in ("<Double-Button-1>", "<Return>"):
            self.tree.bind(event, self._chosen)
        self.tree.bind("<Button-3>", self._menu_clicked)
        for event in MENU_KEYS:
            try:
                self.tree.bind(event, self._menu_key)
            except tk.TclError:  # not a key of this system
                continue
        self.tree.bind("<FocusIn>", self._focused)
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
        """Show who is there now: what is the same stays, and costs no more than to find that out."""
        room, shown = self._room, self._shown
        self._shown = wanted = self._find()
        gone = [key for key in shown if key not in wanted]
        came = [place for place, key in enumerate(wanted) if key not in shown]
        keys = list(wanted) if came or len(gone) > AFEW else []
        if len(gone) + len(came) > AFEW:
            self.tree.delete(*self.tree.get_children())
            shown, came = {}, list(range(len(keys)))
        elif gone:
            self.tree.delete(*gone)
        for place in came:
            self.tree.insert("", place, iid=keys[place])
        for key, row in wanted.items():
            if room is not None and shown.get(key) != row:
                self._draw_row(room, key, *row)

    def _draw_row(self, room: Room, key: str, nick: str, facts: Facts) -> None:
        roles = [mark for mark in facts.marks if mark != "away"]
        tag = "away" if facts.away else f"nick{room.colours.of(nick)}"
        self.tree.item(key, text=self._glyphs.line(nick), values=(", ".join(roles or facts.marks),), tags=(tag,))

    def _find(self) -> dict[str, tuple[str, Facts]]:
        """Return who is to stand in the list, and say above and below it how many others there are."""
        room, part = self._room, self.filter.get().strip()
        found: dict[str, tuple[str, Facts]] = {}
        count = 0
        if room is not None and not room.private:
            found, count = room.members.matching(part, MAX_SHOWN), room.members.count_matching(part)
        self.heading.configure(text=self._title(count))
        if count > len(found):
            self.more.configure(text=f"and {count - len(found):,} more")
            self.more.grid(row=4, column=0, columnspan=2, sticky="w", padx="6p", pady="3p")
        else:
            self.more.grid_remove()
        return found

    @property
    def selected(self) -> str | None:
        """The nick that is selected, if one is."""
        selection = self.tree.selection()
        return self._shown[selection[0]][0] if selection and selection[0] in self._shown else None

    def _title(self, matching: int) -> str:
        if self._room is None or self._room.private:
            return "People"
        count = max(self._room.count, len(self._room.members))
        return f"People ({matching} of {count})" if self.filter.get().strip() else f"People ({count})"

    def _chosen(self, _: tk.Event[tk.Misc]) -> None:
        if self.selected is not None:
            self._actions.talk(self.selected)

    def _menu_clicked(self, event: tk.Event[tk.Misc]) -> None:
        key = self.tree.identify_row(event.y)
        if key:
            self.tree.selection_set(key)
            self.tree.focus(key)
            self._actions.menu(self._shown[key][0], event.x_root, event.y_root)

    def _menu_key(self, _: tk.Event[tk.Misc]) -> str:
        nick = self.selected
        if nick is not None:
            key = names.key(nick)
            self.tree.see(key)
            self.tree.update_idletasks()
            place = self.tree.bbox(key) or (0, 0, 0, 0)
            x, y = self.tree.winfo_rootx() + int(place[0]) + 20, self.tree.winfo_rooty() + int(place[1] + place[3])
            self._actions.menu(nick, x, y)
        return "break"

    def _focused(self, _: tk.Event[tk.Misc]) -> None:
        """Select the first one, so that keys have somebody to be about."""
        children = self.tree.get_children()
        if not self.tree.selection() and children:
            self.tree.selection_set(children[0])
            self.tree.focus(children[0])

    def _paint(self) -> None:
        for number, colour in enumerate(self._look.palette.nicks):
            self.tree.tag_configure(f"nick{number}", foreground=colour)
        self.tree.tag_configure("away", foreground=self._look.palette.faint)
        self.tree.column("marks", width=self._look.text.measure("operator 0"), minwidth=20, stretch=False, anchor="e")
        self.tree.column("#0", width=self._look.text.measure("somebody-there"), minwidth=40, stretch=True)
