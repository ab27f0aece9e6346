"""The servers that were found on the network, to choose one from; nothing is seen of the list if there are none."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from chatd.client.net.nearby import Place

SHOWN_PLACES = 4
"""How many servers are seen without scrolling."""
_WRAP = "390p"

Choose = Callable[[Place], None]


class NearbyList(ttk.Frame):
    """A list of servers: ``choose`` is called with the one that is selected, ``go`` with one that is double-clicked."""

    def __init__(self, parent: tk.Misc, safe: Callable[[str], str], choose: Choose, go: Choose) -> None:
        super().__init__(parent)
        self._safe = safe
        self._places: dict[str, Place] = {}
        self._missing = ttk.Label(self, style="Faint.TLabel", wraplength=_WRAP, justify="left")
        self.label = ttk.Label(self, text="On this network")
        self.tree = ttk.Treeview(
            self, style="Flat.Treeview", columns=("where",), selectmode="browse", show="tree", height=SHOWN_PLACES
        )
        self._bar = ttk.Scrollbar(self, command=self.tree.yview)
        self.tree.configure(yscrollcommand=self._bar.set)
        self.tree.bind("<<TreeviewSelect>>", lambda _: self._with_chosen(choose))
        for event in ("<Return>", "<KP_Enter>", "<Double-Button-1>"):
            self.tree.bind(event, lambda _: self._with_chosen(go))
        self.tree.bind("<FocusIn>", lambda _: self._begin())
        self.columnconfigure(0, weight=1)

    def show_places(self, places: Sequence[Place]) -> None:
        """Offer these servers."""
        chosen = next(iter(self.tree.selection()), "")
        self._places = {f"{each.name} {each.address}": each for each in places}
        self.tree.delete(*self.tree.get_children())
        for row, each in self._places.items():
            self.tree.insert("", "end", row, text=self._safe(each.name), values=(str(each.address),))
        if chosen in self._places:
            self.tree.selection_set(chosen)
        if not places:
            for widget in (self.label, self.tree, self._bar):
                widget.grid_forget()
            return
        self.label.grid(row=0, column=0, sticky="w", pady=("9p", "3p"))
        self.tree.configure(height=min(SHOWN_PLACES, len(places)))
        self.tree.grid(row=1, column=0, sticky="ew")
        if len(places) > SHOWN_PLACES:
            self._bar.grid(row=1, column=1, sticky="ns")
        else:
            self._bar.grid_forget()

    def explain(self, missing: str) -> None:
        """Say why none can be found, if that is so."""
        self._missing.configure(text=missing)
        if missing:
            self._missing.grid(row=2, column=0, columnspan=2, sticky="w", pady=("9p", 0))
        else:
            self._missing.grid_forget()

    def _begin(self) -> None:
        """Let the keys begin at the first one."""
        rows = self.tree.get_children()
        if rows and not self.tree.selection():
            self.tree.focus(rows[0])
            self.tree.selection_set(rows[0])

    def _with_chosen(self, act: Choose) -> str:
        place = self._places.get(next(iter(self.tree.selection()), ""))
        if place is not None:
            act(place)
        return "break"
