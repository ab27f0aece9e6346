"""The sheet that asks where to go and under which name, when nothing is known of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from chatd.client.net.nearby import Nearby, NoNearby, Place
from chatd.client.view.entry import Entry
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look
from chatd.protocol import names
from chatd.protocol.commands import LOBBY
from chatd.protocol.moderation_commands import MAX_PASSWORD_BYTES
from chatd.runtime.server_address import Address, check_host, check_port

Connect = Callable[[Address, str, str, str], None]
SHOWN_PLACES = 4
"""How many servers on the network are seen without scrolling."""


class ConnectSheet(Sheet):
    """Host, port, name, room, password and TLS; ``connect`` is called with what was entered, once it can be."""

    def __init__(self, parent: tk.Misc, look: Look, connect: Connect, safe: Callable[[str], str]) -> None:
        super().__init__(parent, "Connect to a server", self._look_no_more)
        self.nearby: Nearby = NoNearby()
        """Finds the servers that are offered; looked for while the sheet is open."""
        self._look = look
        self._connect = connect
        self._safe = safe
        self._places: dict[str, Place] = {}
        body = self.body
        self.host = self._field(0, "Host")
        self.port = self._field(1, "Port")
        self.name = self._field(2, "Name")
        self.room = self._field(3, "Room")
        self.password = self._field(4, "Password", show="•")
        self.tls = tk.BooleanVar(self, value=False)
        ttk.Checkbutton(body, text="TLS (encrypted; the server must offer it)", variable=self.tls).grid(
            row=5, column=1, sticky="w", pady=4
        )
        self.problem = ttk.Label(body, style="Alert.TLabel", wraplength=420, justify="left")
        self.problem.grid(row=6, column=0, columnspan=2, sticky="w", pady=(4, 0))
        self.button = ttk.Button(body, text="Connect", style="Accent.TButton", command=self.submit)
        self.button.grid(row=7, column=1, sticky="e", pady=(12, 0))
        self.near = ttk.Treeview(body, style="Flat.Treeview", columns=("where",), selectmode="browse", show="tree")
        self.near_label = ttk.Label(body, text="On this network")
        self.near.configure(height=SHOWN_PLACES)
        self.near.bind("<<TreeviewSelect>>", lambda _: self._choose())
        self.near.bind("<Return>", lambda _: self.submit())
        body.columnconfigure(0, weight=0)
        body.columnconfigure(1, weight=1)
        body.rowconfigure(0, weight=0)
        self.bind_all_inside()
        for field in (self.host, self.port, self.name, self.room, self.password):
            field.bind("<Return>", lambda _: self.submit())
        self.button.bind("<Return>", lambda _: self.submit())

    def ask(self, address: Address, name: str, room: str, problem: str = "") -> None:
        """Open it with these values; if there is a problem, it is one with the password."""
        for field, value in (
            (self.host, address.host), (self.port, str(address.port)), (self.name, name), (self.room, room or LOBBY),
            (self.password, ""),
        ):  # fmt: skip
            field.delete(0, "end")
            field.insert(0, value)
        self.tls.set(address.tls)
        self.problem.configure(text=f"! {problem}" if problem else "")
        self.open(self.password if problem else self.name)
        self.nearby.stop()
        self.show_places(())
        self.nearby.start(self.show_places)

    def show_places(self, places: Sequence[Place]) -> None:
        """Offer the servers that are on the network; nothing is seen of it if there are none."""
        chosen = next(iter(self.near.selection()), "")
        self._places = {f"{each.name} {each.address}": each for each in places}
        self.near.delete(*self.near.get_children())
        for row, each in self._places.items():
            self.near.insert("", "end", row, text=self._safe(each.name), values=(str(each.address),))
        if chosen in self._places:
            self.near.selection_set(chosen)
        if not places:
            self.near_label.grid_forget()
            self.near.grid_forget()
            return
        self.near_label.grid(row=8, column=0, sticky="nw", padx=(0, 12), pady=4)
        self.near.grid(row=8, column=1, sticky="ew", pady=4)

    def submit(self) -> None:
        """Do what the button does."""
        try:
            address = Address(check_host(self.host.get()), check_port(self.port.get()), self.tls.get())
            name = self.name.get().strip()
            if not name:
                raise ValueError("Enter a name: it is what others see")
            room = self.room.get().strip() or LOBBY
            entered = names.nick(name), names.room(room if room.startswith("#") else f"#{room}")
            password = check_password(self.password.get())
        except ValueError as error:
            self.problem.configure(text=f"! {error}")
            return
        self.password.delete(0, "end")
        self.close()
        self._connect(address, *entered, password)

    def _choose(self) -> None:
        place = self._places.get(next(iter(self.near.selection()), ""))
        if place is None:
            return
        for field, value in ((self.host, place.address.host), (self.port, str(place.address.port))):
            field.delete(0, "end")
            field.insert(0, value)
        self.tls.set(place.address.tls)

    def _look_no_more(self) -> None:
        self.nearby.stop()

    def _field(self, row: int, label: str, show: str = "") -> Entry:
        ttk.Label(self.body, text=label).grid(row=row, column=0, sticky="w", padx=(0, 12), pady=4)
        field = Entry(self.body, self._look, width=32, show=show)
        field.grid(row=row, column=1, sticky="ew", pady=4)
        return field


def check_password(text: str) -> str:
    """Return a password, empty for none. Raise `ValueError` with a sentence if it can be none."""
    if not text.isprintable() or " " in text or len(text.encode(errors="replace")) > MAX_PASSWORD_BYTES:
        raise ValueError(f"A password has no spaces and at most {MAX_PASSWORD_BYTES} bytes")
    return text
