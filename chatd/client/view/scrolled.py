"""A frame that can be scrolled when there is not enough height for what is in it: for forms in a small window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatd.client.view.theme import inside

STILL = frozenset({"TFrame", "TLabel", "Frame", "Label"})
"""What takes no keys: with a binding for one, or for the focus, Tab would stop there."""
STEP = "12p"
"""How far one turn of the wheel goes."""


class Scrolled(ttk.Frame):
    """What is in it goes into ``body``; it asks for the size of that, and may get less.

    What has the focus is brought into sight. ``changed`` is called when the body has another size.
    """

    def __init__(self, parent: tk.Misc, changed: Callable[[], object]) -> None:
        super().__init__(parent)
        self._changed = changed
        self._canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=False, yscrollincrement=STEP)
        self._canvas.grid(row=0, column=0, sticky="nsew")
        self.bar = ttk.Scrollbar(self, command=self._canvas.yview, takefocus=False)
        self.bar.grid(row=0, column=1, sticky="ns")
        self._canvas.configure(yscrollcommand=self._set)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.body = ttk.Frame(self._canvas)
        self._place = self._canvas.create_window(0, 0, window=self.body, anchor="nw")
        self.body.bind("<Configure>", lambda _: self._measure())
        self._canvas.bind("<Configure>", lambda event: self._canvas.itemconfigure(self._place, width=event.width))
        self.bind("<<ThemeChanged>>", lambda _: self._paint())
        self._watched: set[str] = set()
        self._paint()

    def watch(self) -> None:
        """Follow the focus and the wheel in all that is in it now."""
        for widget in inside(self.body):
            if str(widget) in self._watched:
                continue
            self._watched.add(str(widget))
            if widget.winfo_class() not in STILL:
                widget.bind("<FocusIn>", lambda event: self._see(event.widget), add=True)
            if not isinstance(widget, ttk.Treeview | tk.Text):  # which scroll themselves
                widget.bind("<Button-4>", lambda _: self._wheel(-1), add=True)
                widget.bind("<Button-5>", lambda _: self._wheel(1), add=True)
                widget.bind("<MouseWheel>", lambda event: self._wheel(-1 if event.delta > 0 else 1), add=True)

    def _set(self, first: float, last: float) -> None:
        """Show the bar, with its place, only where there is something to scroll."""
        self.bar.set(first, last)
        if self.bar.instate(["disabled"]):
            self.bar.grid_remove()
        else:
            self.bar.grid()

    def _measure(self) -> None:
        width, height = self.body.winfo_reqwidth(), self.body.winfo_reqheight()
        self._canvas.configure(scrollregion=(0, 0, width, height), width=width, height=height)
        self._changed()

    def _wheel(self, by: int) -> None:
        if self.bar.instate(["!disabled"]):
            self._canvas.yview_scroll(by, "units")

    def _see(self, widget: tk.Misc) -> None:
        """Scroll as little as it takes to see a widget."""
        height = self.body.winfo_reqheight()
        top = widget.winfo_rooty() - self.body.winfo_rooty()
        bottom = top + widget.winfo_height()
        first, last = (part * height for part in self._canvas.yview())
        if top < first:
            self._canvas.yview_moveto(top / height)
        elif bottom > last:
            self._canvas.yview_moveto((bottom - (last - first)) / height)

    def _paint(self) -> None:
        self._canvas.configure(background=str(ttk.Style(self).lookup("TFrame", "background")))
