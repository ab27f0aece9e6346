"""A ring around a widget while what is typed goes to it."""

from __future__ import annotations

import tkinter as tk

from chatd.client.view.theme import Look


class FocusRing(tk.Frame):
    """Holds a widget and draws the ring; without the focus it has the colour of the background."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, borderwidth=0)
        self._look = look
        self._inner: tk.Misc | None = None

    def surround(self, inner: tk.Misc) -> None:
        """Follow the focus of a widget."""
        self._inner = inner
        for event in ("<FocusIn>", "<FocusOut>"):
            inner.bind(event, lambda _: self.paint(), add=True)

    def paint(self) -> None:
        """Take the colours of the look."""
        palette = self._look.palette
        colour = palette.accent if self._inner is not None and self.focus_get() is self._inner else palette.background
        self.configure(
            background=palette.background,
            highlightbackground=colour,
            highlightcolor=colour,
            highlightthickness=self._look.pixels(1),
        )
