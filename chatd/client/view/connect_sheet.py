"""The sheet that asks where to go and under which name, when nothing is known of it, and for a password."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass, field
from tkinter import ttk
from typing import Literal

from chatd.client.net.nearby import Nearby, NoNearby, Place
from chatd.client.view.entry import Entry
from chatd.client.view.nearby_list import NearbyList
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look
from chatd.client.view.troubles import TLS_PORT
from chatd.protocol import names
from chatd.protocol.commands import LOBBY
from chatd.protocol.moderation_commands import MAX_PASSWORD_BYTES
from chatd.runtime.server_address import DEFAULT_PORT, Address, check_host, check_port

_WRAP = "390p"


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered into the sheet."""

    address: Address
    nick: str
    room: str
    password: str = field(default="", repr=False)
    remember: bool = False
    """Whether the keyring is to keep the password."""
    offered: bool = False
    """Whether that was offered."""


class ConnectSheet(Sheet):
    """Host and port, name and password, room and TLS; ``connect`` is called with what was entered."""

    def __init__(self, parent: tk.Misc, look: Look, safe: Callable[[str], str]) -> None:
        super().__init__(parent, "Connect to a server", self._left)
        self.connect: Callable[[Entered], None] = lambda _: None
        self.reached_password: Callable[[], None] = lambda: None
        """Called whenever the focus comes to the password."""
        self.given_up: Callable[[], None] = lambda: None
        """Called when it is closed and nothing was entered."""
        self.nearby: Nearby = NoNearby()
        """Finds the servers that are offered; looked for while the sheet is open."""
        self._look = look
        self._submitted = False
        body = self.body
        self.host = self._field(0, 0, "Server", 28)
        self.port = self._field(0, 2, "Port", 7)
        self.name = self._field(1, 0, "Nick", 28)
        self.password = self._field(1, 2, "Password", 18, show="•")
        self.room = self._field(2, 0, "Room", 28)
        self._lay_out_boxes(body)
        self.note = ttk.Label(body, wraplength=_WRAP, justify="left")
        self.problem = ttk.Label(body, style="Alert.TLabel", wraplength=_WRAP, justify="left")
        for row, label in ((5, self.note), (6, self.problem)):
            label.grid(row=row, column=0, columnspan=4, sticky="w", pady=("3p", 0))
        self.button = ttk.Button(body, text="Connect", style="Accent.TButton", command=self.submit)
        self.button.grid(row=7, column=0, columnspan=4, sticky="e", pady=("9p", 0))
        self.near = NearbyList(body, safe, self._choose, self._choose_and_submit)
        self.near.grid(row=8, column=0, columnspan=4, sticky="ew")
        body.columnconfigure(0, weight=0)
        body.columnconfigure(1, weight=2)
        body.columnconfigure(3, weight=1)
        body.rowconfigure(0, weight=0)
        self.bind_all_inside()
        self.password.bind("<FocusIn>", lambda _: self.reached_password(), add=True)
        self._submit_by_return()

    def _lay_out_boxes(self, body: ttk.Frame) -> None:
        self.tls = tk.BooleanVar(self, value=False)
        self._tls_box = ttk.Checkbutton(
            body, text="Connect over TLS (encrypted)", variable=self.tls, command=self._change_port
        )
        self._tls_box.grid(row=3, column=1, columnspan=3, sticky="w", pady="3p")
        self.remember = tk.BooleanVar(self, value=False)
        self.remember_box = ttk.Checkbutton(body, text="Remember the password in the keyring", variable=self.remember)
        self.remember_box.grid(row=4, column=1, columnspan=3, sticky="w", pady="3p")
        self.remember_box.grid_remove()

    def _submit_by_return(self) -> None:
        fields = (self.host, self.port, self.name, self.password, self.room)
        for widget in (*fields, self._tls_box, self.remember_box, self.button):
            for key in ("<Return>", "<KP_Enter>"):
                widget.bind(key, self._entered)

    @property
    def offers_keyring(self) -> bool:
        """Whether the password can be remembered."""
        return bool(self.remember_box.winfo_manager())

    def ask(
        self,
        address: Address,
        name: str,
        room: str,
        note: str = "",
        *,
        problem: str = "",
        focus: Literal["host", "name", "password"] = "host",
        remember: bool = False,
    ) -> None:
        """Open it with these values, and a sentence about them; a problem is in the colour of an error."""
        for each, value in (
            (self.host, address.host), (self.port, str(address.port)), (self.name, name), (self.room, room or LOBBY),
            (self.password, ""),
        ):  # fmt: skip
            each.delete(0, "end")
            each.insert(0, value)
        self.tls.set(address.tls)
        self.remember.set(remember)
        self._submitted = False
        self._say(note, problem)
        field = self.name if not name else {"host": self.host, "name": self.name, "password": self.password}[focus]
        self.open(field)
        field.select_range(0, "end")
        self.nearby.stop()
        self.near.show_places(())
        self.near.explain(self.nearby.missing)
        self.nearby.start(self.near.show_places)
        if field is self.password:  # also where the window does not have the focus
            self.reached_password()

    def offer_keyring(self, offered: bool) -> None:  # noqa: FBT001  # whether it is
        """Offer to remember the password, or do not."""
        if offered:
            self.remember_box.grid()
        else:
            self.remember_box.grid_remove()

    def submit(self) -> None:
        """Do what the button does."""
        try:
            address = Address(check_host(self.host.get()), check_port(self.port.get()), self.tls.get())
            name = self.name.get().strip()
            if not name:
                raise ValueError("Enter a nick; others see it")
            room = self.room.get().strip() or LOBBY
            entered = names.nick(name), names.room(room if room.startswith("#") else f"#{room}")
            password = check_password(self.password.get())
        except ValueError as error:
            self._say("", str(error))
            return
        self.password.delete(0, "end")
        offered = self.offers_keyring
        self._submitted = True
        self.close()
        self.connect(Entered(address, *entered, password, offered and self.remember.get(), offered))

    def _entered(self, _: tk.Event[tk.Misc]) -> str:
        self.submit()
        return "break"

    def _say(self, note: str, problem: str) -> None:
        self.note.configure(text=note)
        self.problem.configure(text=f"! {problem}" if problem else "")
        for label in (self.note, self.problem):
            (label.grid if label.cget("text") else label.grid_remove)()

    def _choose(self, place: Place) -> None:
        for each, value in ((self.host, place.address.host), (self.port, str(place.address.port))):
            each.delete(0, "end")
            each.insert(0, value)
        self.tls.set(place.address.tls)

    def _choose_and_submit(self, place: Place) -> None:
        self._choose(place)
        if self.name.get().strip():
            self.submit()
        else:
            self.name.focus_set()

    def _change_port(self) -> None:
        """Let the port follow the box, as long as it is the usual one."""
        before, after = (DEFAULT_PORT, TLS_PORT) if self.tls.get() else (TLS_PORT, DEFAULT_PORT)
        if self.port.get().strip() == str(before):
            self.port.delete(0, "end")
            self.port.insert(0, str(after))

    def _left(self) -> None:
        self.nearby.stop()
        self.password.delete(0, "end")
        if not self._submitted:
            self.given_up()

    def _field(self, row: int, column: int, label: str, width: int, show: str = "") -> Entry:
        padding = ("0" if column == 0 else "9p", "9p" if column == 0 else "6p")
        ttk.Label(self.body, text=label).grid(row=row, column=column, sticky="w", padx=padding, pady="3p")
        field = Entry(self.body, self._look, width=width, show=show)
        field.grid(row=row, column=column + 1, sticky="ew", pady="3p")
        return field


def check_password(text: str) -> str:
    """Return a password, empty for none. Raise `ValueError` with a sentence if it can be none."""
    if not text.isprintable() or " " in text or len(text.encode(errors="replace")) > MAX_PASSWORD_BYTES:
        raise ValueError(f"A password has at most {MAX_PASSWORD_BYTES} bytes and no spaces")
    return text
