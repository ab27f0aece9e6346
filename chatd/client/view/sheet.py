"""A sheet that lies over the window: for what is needed now and then. Escape closes it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from tkinter import ttk

from chatd.client.view.scrolled import STILL, Scrolled
from chatd.client.view.theme import Look, inside

LEAST_WIDTH = "330p"
NOWHERE = "<<FocusNowhere>>"
"""What the window is told when a sheet is closed and nothing had the focus before it."""


class Sheet(ttk.Frame):
    """A card with a title in the middle of the window; what is in it goes into ``body``.

    It is as high as that, and the body can be scrolled where the window is too small. If it ``grows``, for a list
    that scrolls itself, it is as high as the window has place.
    """

    def __init__(
        self, parent: tk.Misc, title: str, closed: Callable[[], None] | None = None, *, grows: bool = False
    ) -> None:
        super().__init__(parent, style="Side.TFrame")
        self._closed = closed
        self._grows = grows
        self._focus: tk.Misc | None = None
        self.card = card = ttk.Frame(self, style="Side.Card.TFrame", padding="12p")
        self.heading = ttk.Label(card, text=title, style="Title.TLabel")
        self.heading.grid(row=0, column=0, sticky="w", pady=(0, "9p"))
        self.close_button = ttk.Button(card, text="Close", command=self.close)
        self.close_button.grid(row=0, column=1, sticky="e", pady=(0, "9p"))
        self._scrolled = None if grows else Scrolled(card, self._fit)
        self.body = ttk.Frame(card) if self._scrolled is None else self._scrolled.body
        outer = self._scrolled or self.body
        outer.grid(row=1, column=0, columnspan=2, sticky="nsew")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(1, weight=1)
        self.body.columnconfigure(0, weight=1)
        self.body.rowconfigure(0, weight=1)
        self.bind("<Configure>", lambda _: self._fit())
        self.bind_all_inside()

    def _fit(self) -> None:
        """Give the card the place that it needs, as far as there is any."""
        width, height = self.winfo_width(), self.winfo_height()
        if width <= 1 or not self.is_open:
            return
        pixels = self.winfo_fpixels
        most = width - round(pixels("18p")), height - round(pixels("18p"))
        card = self.card
        card.update_idletasks()
        wide, high = card.winfo_reqwidth(), card.winfo_reqheight()
        if self._grows:
            wide, high = max(wide, width * 7 // 10), max(high, height * 8 // 10)
        else:
            wide = max(wide, round(pixels(LEAST_WIDTH)))
        card.place(relx=0.5, rely=0.45, anchor="center", width=min(wide, most[0]), height=min(high, most[1]))
        if high > 0.9 * height:
            card.place(rely=0.5)

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
        self._fit()
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
        for widget in inside(self):
            if widget.winfo_class() not in STILL:
                widget.bind("<Escape>", self._escaped)
        if self._scrolled is not None:
            self._scrolled.watch()

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
        super().__init__(parent, title, grows=True)
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
        pixels = self._look.pixels
        first = max([measure("a room's name"), *(measure(name) for name, _ in rows)])
        second = max([pixels(150), *(measure(what) for _, what in rows)])
        tree.column("#0", width=min(pixels(300), first) + pixels(24), stretch=False)
        tree.column("what", width=min(pixels(450), second) + pixels(15), stretch=True)
        super().open(focus or tree)

    def _chosen(self) -> None:
        selected = self.tree.selection()
        if self._choose is not None and selected:
            name = str(self.tree.item(selected[0], "text"))
            self.close()
            self._choose(name)
