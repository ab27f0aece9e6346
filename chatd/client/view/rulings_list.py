"""The bans, mutes, invitations, voices and operators of a room as a list, with a button to take one back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime, tzinfo
from tkinter import ttk

from chatd.client.model.rulings import TAKEN_BACK_BY, Ruling, holds
from chatd.client.view.theme import Look
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command

_COMMANDS: dict[str, Callable[[str, str], Command]] = {
    "UNMUTE": orders.Unmute,
    "UNBAN": orders.Unban,
    "DEOP": orders.Deop,
    "UNVOICE": orders.Unvoice,
    "UNINVITE": orders.Uninvite,
}


def taken_back(ruling: Ruling) -> Command:
    """Return the command that takes back what holds."""
    event = ruling.event
    return _COMMANDS[TAKEN_BACK_BY[event.verb]](event.subject, event.room)


def question_before(ruling: Ruling, *, private: bool) -> str:
    """Return what to ask before something is taken back that somebody has; empty if there is nothing to ask."""
    who, room = ruling.event.subject, ruling.event.room
    if ruling.event.verb == "OP":
        return f"Remove {who} as an operator of {room}?"
    if ruling.event.verb == "INVITE" and private:
        return f"Withdraw {who}'s invitation? If {who} is in {room}, this removes them."
    return ""


class RulingsList(ttk.Frame):
    """``take_back`` is called with what is to be taken back, ``safe`` makes a text one that can be drawn."""

    def __init__(
        self, parent: tk.Misc, look: Look, safe: Callable[[str], str], zone: tzinfo, take_back: Callable[[Ruling], None]
    ) -> None:
        super().__init__(parent, padding="9p")
        self._safe = safe
        self._zone = zone
        self._take_back = take_back
        self._rulings: list[Ruling] = []
        self._may = False
        self.tree = ttk.Treeview(
            self, style="Flat.Treeview", columns=("what", "by", "when"), show="headings", selectmode="browse", height=9
        )
        for column, words in (("what", "Rule"), ("by", "By"), ("when", "Since")):
            self.tree.heading(column, text=words, anchor="w")
        self.tree.column("what", width=look.text.measure("0" * 40), stretch=True)
        self.tree.column("by", width=look.text.measure("somebody-there"), stretch=False)
        self.tree.column("when", width=look.text.measure("2000-00-00 00:00 00"), stretch=False)
        self.tree.grid(row=0, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.tree.yview)
        bar.grid(row=0, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.button = ttk.Button(self, text="Remove", command=self.take_back)
        self.button.grid(row=1, column=0, columnspan=2, sticky="e", pady=("6p", 0))
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._selected())
        for key in ("<Delete>", "<Return>"):
            self.tree.bind(key, lambda _: self.take_back())

    def show(self, rulings: list[Ruling], *, may: bool) -> None:
        """Show what holds; ``may`` is whether one may take it back."""
        before = self.selected()
        self._rulings, self._may = rulings, may
        self.tree.delete(*self.tree.get_children())
        for number, ruling in enumerate(rulings):
            event = ruling.event
            since = f"{datetime.fromtimestamp(ruling.time / 1000, self._zone):%Y-%m-%d %H:%M}"
            values = (self._safe(holds(event)), self._safe(event.nick), since)
            self.tree.insert("", "end", iid=str(number), values=values)
            if ruling == before:
                self.tree.selection_set(str(number))
        self._selected()

    def selected(self) -> Ruling | None:
        """Return the one that is marked, if one is."""
        selection = self.tree.selection()
        return self._rulings[int(selection[0])] if selection else None

    def take_back(self) -> None:
        """Do what the button does."""
        ruling = self.selected()
        if ruling is not None and self._may:
            self._take_back(ruling)

    def _selected(self) -> None:
        usable = self._may and self.selected() is not None
        self.button.state(["!disabled"] if usable else ["disabled"])
