"""A frame that can be scrolled when there is not enough height for what is in it: for forms in a small window."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from chatd.client.view.theme import Look, inside


class Scrolled(ttk.Frame):
    """What is in it goes into ``body``; it asks for the height of that, and may get less.

    What has the focus is brought into sight.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent)
        self._look = look
        self._canvas = tk.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=False)
        self._canvas.grid(row=0, column=0, sticky="nsew")
        self.bar = ttk.Scrollbar(self, command=self._canvas.yview, takefocus=False)
        self.bar.grid(row=0, column=1, sticky="ns")
        self._canvas.configure(yscrollcommand=self.bar.set)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.body = ttk.Frame(self._canvas)
        self._place = self._canvas.create_window(0, 0, window=self.body, anchor="nw")
        self.body.bind("<Configure>", lambda _: self._measure())
        self._canvas.bind("<Configure>", lambda event: self._canvas.itemconfigure(self._place, width=event.width))
        look.painters.append(self._paint)
        self._paint()

    def watch(self) -> None:
        """Follow the focus and the wheel in all that is in it now."""
        for widget in inside(self.body):
            widget.bind("<FocusIn>", lambda event: self._see(event.widget), add=True)
            if not isinstance(widget, ttk.Treeview | tk.Text):
                for event, by in (("<Button-4>", -1), ("<Button-5>", 1)):
                    widget.bind(event, lambda _, by=by: self._wheel(by), add=True)  # type: ignore[misc]
                widget.bind("<MouseWheel>", lambda event: self._wheel(-1 if event.delta > 0 else 1), add=True)

    def _measure(self) -> None:
        width, height = self.body.winfo_reqwidth(), self.body.winfo_reqheight()
        self._canvas.configure(scrollregion=(0, 0, width, height), width=width, height=height)

    def _wheel(self, by: int) -> None:
        if self.bar.instate(["!disabled"]):
            self._canvas.yview_scroll(by * 3, "units")

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
        unit = self._look.text.metrics("linespace")
        self._canvas.configure(background=self._look.palette.background, yscrollincrement=unit // 2)
