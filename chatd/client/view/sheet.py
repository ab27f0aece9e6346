"""A sheet that lies over the window: for what is needed now and then. Escape closes it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import ttk

from chatd.client.view.theme import Look

_STILL = ("TFrame", "TLabel")
"""What takes no keys: with a binding for one, Tab would stop there."""
NOWHERE = "<<FocusNowhere>>"
"""What the window is told when a sheet is closed and nothing had the focus before it."""

_STILL = frozenset({"TFrame", "TLabel", "Frame", "Label"})
"""What can have no focus."""


class Sheet(ttk.Frame):
    """A card with a title in the middle of the window; what is in it goes into ``body``."""

    def __init__(self, parent: tk.Misc, title: str, closed: Callable[[], None] | None = None) -> None:
        super().__init__(parent)
        self._closed = closed
        self._focus: tk.Misc | None = None
        card = ttk.Frame(self, style="Card.TFrame", padding=16)
        card.grid(row=1, column=1, sticky="nsew", pady=12)
        for edge in (0, 2):
            self.columnconfigure(edge, weight=1, minsize=12)
            self.rowconfigure(edge, weight=1)
        self.columnconfigure(1, weight=2)
        self.rowconfigure(1, weight=3)
        self.heading = ttk.Label(card, text=title, style="Title.TLabel")
        self.heading.grid(row=0, column=0, sticky="w", pady=(0, 10))
        self.close_button = ttk.Button(card, text="Close", command=self.close)
        self.close_button.grid(row=0, column=1, sticky="e", pady=(0, 10))
        self.body = ttk.Frame(card)
        self.body.grid(row=1, column=0, columnspan=2, sticky="nsew")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(1, weight=1)
        self.body.columnconfigure(0, weight=1)
        self.body.rowconfigure(0, weight=1)
        self.bind_all_inside()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.winfo_manager())

    def open(self, focus: tk.Misc | None = None) -> None:
        """Lay it over the window; ``focus`` is where typing goes."""
        if not self.is_open:
            try:
                self._focus = self.focus_get()
            except KeyError:
                self._focus = None
        self.place(relx=0, rely=0, relwidth=1, relheight=1)
        self.lift()
        (focus or self.close_button).focus_set()

    def close(self) -> None:
        """Take it away."""
        if not self.is_open:
            return
        self.place_forget()
        if self._focus is not None and self._focus.winfo_exists():
            self._focus.focus_set()
        else:
            self.master.event_generate(NOWHERE)
        if self._closed is not None:
            self._closed()

    def bind_all_inside(self) -> None:
        """Let Escape close it from wherever in it the focus is."""
        for widget in _inside(self):
            if widget.winfo_class() not in _STILL:
                widget.bind("<Escape>", self._escaped)

    def _escaped(self, _: tk.Event[tk.Misc]) -> str:
        self.close()
        return "break"


class Listing(Sheet):
    """A sheet with a list of two columns; a row can be chosen, if there is anything to do then."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        title: str,
        heads: tuple[str, str],
        choose: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(parent, title)
        self._look = look
        self._choose = choose
        self.tree = ttk.Treeview(
            self.body, style="Flat.Treeview", columns=("what",), selectmode="browse", show="tree headings", height=18
        )
        self.tree.heading("#0", text=heads[0], anchor="w")
        self.tree.heading("what", text=heads[1], anchor="w")
        self.tree.grid(row=0, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self.body, command=self.tree.yview)
        bar.grid(row=0, column=1, sticky="ns")
        self.tree.configure(yscrollcommand=bar.set)
        self.tree.bind("<Double-Button-1>", lambda _: self._chosen())
        self.tree.bind("<Return>", lambda _: self._chosen())
        self.bind_all_inside()

    def fill(self, rows: Iterable[tuple[str, str]]) -> None:
        """Show these rows."""
        self.tree.delete(*self.tree.get_children())
        for first, second in rows:
            self.tree.insert("", "end", text=first, values=(second,))
        first_row = self.tree.get_children()[:1]
        if first_row:
            self.tree.selection_set(first_row)
            self.tree.focus(first_row[0])

    def open(self, focus: tk.Misc | None = None) -> None:
        """Lay it over the window, as wide as what is in it is now."""
        tree, measure = self.tree, self._look.text.measure
        rows = [(str(tree.item(row, "text")), str(tree.set(row, "what"))) for row in tree.get_children()]
        first = max([measure("a room's name"), *(measure(name) for name, _ in rows)])
        second = max([200, *(measure(what) for _, what in rows)])
        tree.column("#0", width=min(420, first) + 30, stretch=False)
        tree.column("what", width=min(600, second) + 20, stretch=True)
        super().open(focus or tree)

    def _chosen(self) -> None:
        selected = self.tree.selection()
        if self._choose is not None and selected:
            name = str(self.tree.item(selected[0], "text"))
            self.close()
            self._choose(name)


def _inside(widget: tk.Misc) -> Iterable[tk.Misc]:
    yield widget
    for child in widget.winfo_children():
        yield from _inside(child)
