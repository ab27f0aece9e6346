"""The rooms at the left, by server: which there are, what is unread in them, and what can be done with one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.servers import ServerSession
from chatd.client.view.theme import Look

OPEN, CLOSED = "▾", "▸"
MARGIN = 24
"""How many points stand beside the texts of a row."""


@dataclass(frozen=True, slots=True)
class RoomActions:
    """What can be done with a room, by its key and its server."""

    show: Callable[[str, ServerSession], None]
    mute: Callable[[str, ServerSession], None]
    leave: Callable[[str, ServerSession], None]
    close: Callable[[str, ServerSession], None]
    settings: Callable[[str, ServerSession], None]


@dataclass(frozen=True, slots=True)
class ServerActions:
    """What can be done with a server."""

    connect: Callable[[ServerSession], None]
    disconnect: Callable[[ServerSession], None]
    remove: Callable[[ServerSession], None]
    add: Callable[[], None]


class RoomsPane(ttk.Frame):
    """A list of servers, if there are several, and in each of rooms and, after them, of private conversations.

    The row of a room has its key for an id, after the prefix of its server.
    """

    def __init__(
        self, parent: tk.Misc, look: Look, glyphs: Glyphs, actions: RoomActions, server_actions: ServerActions
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._actions = actions
        self._server_actions = server_actions
        self._rows: dict[str, str] = {}
        """The rows in their order, each with the one that it stands under."""
        self._places: dict[str, tuple[ServerSession, Room]] = {}
        self._headings: dict[str, tuple[ServerSession, bool]] = {}
        """The rows that are headings: of which server, and whether of its private conversations."""
        ttk.Label(self, text="Rooms", style="Strong.TLabel").grid(
            row=0, column=0, columnspan=2, sticky="w", padx="6p", pady="3p"
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
        self.tree.bind("<Button-1>", self._clicked)
        self.tree.bind("<Button-3>", lambda event: self._menu(self.tree.identify_row(event.y), event))
        for key in ("<Menu>", "<Shift-F10>"):
            self.tree.bind(key, lambda event: self._menu(self.tree.focus(), event))
        for event in ("<<TreeviewOpen>>", "<<TreeviewClose>>"):
            self.tree.bind(event, lambda _: self.after_idle(self._mark_headings))
        look.painters.append(self._paint)
        self._paint()

    @property
    def places(self) -> list[tuple[ServerSession, Room]]:
        """The rooms in the order of the list, each with its server."""
        return list(self._places.values())

    @property
    def needed_width(self) -> int:
        """How many pixels show every heading whole."""
        titles = [str(self.tree.item(row, "text")) for row in self._headings]
        widest = max(map(self._look.bold.measure, titles), default=0)
        return widest + int(self.tree.column("unread", "width")) + self._look.pixels(MARGIN) if widest else 0

    def fill(self, servers: Iterable[ServerSession], front: ServerSession) -> None:
        """Show the rooms of these servers; the room that one in front shows is marked."""
        self._list(list(servers))
        for session, room in self.places:
            self._mark_room(session, room)
        self._mark_headings()
        self.select(front)

    def _list(self, servers: list[ServerSession]) -> None:
        """Let there be the rows that are to be there, each in its place."""
        before, self._rows, self._places, self._headings = self._rows, {}, {}, {}
        for session in servers:
            self._list_server(session, "" if len(servers) == 1 else self._heading("", session, private=False))
        if list(self._rows.items()) == list(before.items()):
            return
        places: dict[str, int] = {}
        for row, parent in self._rows.items():
            place = places[parent] = places.get(parent, -1) + 1
            if self.tree.exists(row):
                self.tree.move(row, parent, place)
            else:
                self.tree.insert(parent, place, iid=row, open=True)
        # What is gone stands under headings that are gone, or after all that is there.
        for row in before:
            if row not in self._rows and self.tree.exists(row):
                self.tree.delete(row)

    def _list_server(self, session: ServerSession, parent: str) -> None:
        rooms = session.transcript.rooms.values()
        for room in rooms:
            if not room.private:
                self._place(parent, session, room)
        private = [room for room in rooms if room.private]
        if private:
            heading = self._heading(parent, session, private=True)
            for room in private:
                self._place(heading, session, room)

    def _place(self, parent: str, session: ServerSession, room: Room) -> None:
        row = session.prefix + room.key
        self._rows[row], self._places[row] = parent, (session, room)

    def _heading(self, parent: str, session: ServerSession, *, private: bool) -> str:
        row = f"{'private' if private else 'server'} {session.number}"
        self._rows[row], self._headings[row] = parent, (session, private)
        return row

    def mark(self, session: ServerSession, room: Room) -> None:
        """Show again how much of a room is unread."""
        if session.prefix + room.key in self._places:
            self._mark_room(session, room)
            self._mark_headings()

    def _mark_room(self, session: ServerSession, room: Room) -> None:
        name = self._glyphs.line(room.name)
        if room.muted:
            name += " (silent)"
        if not (room.private or room.joined or room.wanted):
            name += " (left)"
        tags = ["unread"] if room.unread else []
        if room.mentions:
            tags.append("mentioned")
        elif not session.connected:
            tags.append("away")
        self.tree.item(session.prefix + room.key, text=name, values=(unread_text(room),), tags=tags)

    def show_state(self, session: ServerSession) -> None:
        """Show again how the connection to a server is."""
        for row, (owner, room) in self._places.items():
            if owner is session and self.tree.exists(row):
                self._mark_room(session, room)
        self._mark_headings()

    def _mark_headings(self) -> None:
        """Show again what the headings say: how the connection is, and what is unread of what is folded away."""
        for row, (session, private) in self._headings.items():
            if not self.tree.exists(row):
                continue
            opened = bool(self.tree.tk.getboolean(self.tree.item(row, "open")))
            name = "Private" if private else self._glyphs.line(session.title)
            unread, mentions = (0, 0) if opened else _folded(session, private=private)
            tags = ["section"] if private else ["server"]
            if not (private or session.connected):
                tags.append("away")
            if mentions:
                tags.append("mentioned")
            text = f"{OPEN if opened else CLOSED} {name}"
            value = _count(unread, mentions) or ("" if private else session.state)
            self.tree.item(row, text=text, values=(value,), tags=tags)
        self._fit_counts()

    def select(self, front: ServerSession) -> None:
        """Mark the room in front."""
        row = "" if front.shown is None else front.prefix + front.shown.key
        if row in self._places:
            if self.tree.selection() != (row,):
                self.tree.selection_set(row)
            self.tree.focus(row)
            self.tree.see(row)
        else:
            self.tree.selection_set()

    def _selected(self, _: tk.Event[tk.Misc]) -> None:
        selection = self.tree.selection()
        place = self._places.get(selection[0]) if selection else None
        if place is not None:
            session, room = place
            self._actions.show(room.key, session)

    def _clicked(self, event: tk.Event[tk.Misc]) -> str | None:
        """Fold or unfold what stands under a heading."""
        row = self.tree.identify_row(event.y)
        if row not in self._headings:
            return None
        self.tree.item(row, open=not self.tree.tk.getboolean(self.tree.item(row, "open")))
        self._mark_headings()
        return "break"

    def _menu(self, row: str, event: tk.Event[tk.Misc]) -> None:
        if self.fill_menu(row):
            self.menu.tk_popup(event.x_root, event.y_root)

    def fill_menu(self, row: str) -> bool:
        """Let the menu be for one row; return whether there is anything to do with it."""
        self.menu.delete(0, "end")
        if row in self._places:
            self._fill_room_menu(*self._places[row])
        elif row in self._headings:
            self._fill_server_menu(self._headings[row][0])
        else:
            return False
        return True

    def _fill_room_menu(self, session: ServerSession, room: Room) -> None:
        actions, key = self._actions, room.key
        label = "Turn on notifications" if room.muted else "Turn off notifications"
        self.menu.add_command(label=label, command=lambda: actions.mute(key, session))
        if not room.private:
            self.menu.add_command(label="Room settings …", command=lambda: actions.settings(key, session))
            self.menu.add_command(label="Leave room", command=lambda: actions.leave(key, session))
        label = "Leave and close" if room.joined else "Close"
        self.menu.add_command(label=label, command=lambda: actions.close(key, session))

    def _fill_server_menu(self, session: ServerSession) -> None:
        actions = self._server_actions
        if session.ended:
            self.menu.add_command(label="Connect", command=lambda: actions.connect(session))
        else:
            self.menu.add_command(label="Disconnect", command=lambda: actions.disconnect(session))
        self.menu.add_command(label="Remove this server", command=lambda: actions.remove(session))
        self.menu.add_separator()
        self.menu.add_command(label="Another server …", command=actions.add)

    def _fit_counts(self) -> None:
        """Leave as much of the width to the names as the counts do not need."""
        counts = [str(self.tree.set(row, "unread")) for row in self._rows if self.tree.exists(row)]
        width = max(map(self._look.bold.measure, counts), default=0)
        self.tree.column("unread", width=width + self._look.pixels(9), stretch=False, anchor="e")

    def _paint(self) -> None:
        look = self._look
        self.tree.tag_configure("server", font=look.bold)
        self.tree.tag_configure("section", foreground=look.palette.faint)
        self.tree.tag_configure("away", foreground=look.palette.faint)
        self.tree.tag_configure("unread", font=look.bold)
        self.tree.tag_configure("mentioned", foreground=look.palette.alert)
        self._fit_counts()
        self.tree.column("#0", width=look.bold.measure("#some-room"), minwidth=40, stretch=True)


def unread_text(room: Room) -> str:
    """Return how many messages of a room are unread, and how many of them name the one who reads: ``5 (@2)``."""
    return _count(room.unread, room.mentions)


def _folded(session: ServerSession, *, private: bool) -> tuple[int, int]:
    """Return what is unread of the private conversations with a server, or of all, and how much of it names one."""
    rooms = session.transcript.rooms.values()
    under = [room for room in rooms if (room.private or not private) and not room.muted]
    return sum(room.unread for room in under), sum(room.mentions for room in under)


def _count(unread: int, mentions: int) -> str:
    if not unread:
        return ""
    return f"{unread} (@{mentions})" if mentions else str(unread)
