"""The three panes side by side: rooms, conversation, people; the outer ones go where there is no place for them."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from typing_extensions import override

from chatd.client.view.theme import Look

ROOMS_FROM, PEOPLE_FROM = 340, 525
"""How wide the window is at least, in points, so that the rooms and the people are seen."""
SHARE = {"left": 0.34, "right": 0.28}
"""How much of the width a pane at the side has at most."""


class Panes(ttk.PanedWindow):
    """``fill`` says what stands in them."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, orient="horizontal", style="Side.TPanedwindow")
        self._look = look
        self._wanted = {"left": True, "right": True}
        self._widths: dict[str, float] = {}
        """How wide the panes at the sides are, for each point of the font."""
        self._needed = 0
        self._waiting: str | None = None

    @override
    def destroy(self) -> None:
        if self._waiting is not None:
            self.after_cancel(self._waiting)
        super().destroy()

    def fill(self, left: tk.Widget, middle: tk.Widget, right: tk.Widget) -> None:
        """Let these stand in them, each side as wide as what is in it."""
        self._left, self._middle, self._right = left, middle, right
        self.update_idletasks()  # so that they know
        self._widths = {
            name: pane.winfo_reqwidth() / self._look.size for name, pane in (("left", left), ("right", right))
        }
        self.add(middle, weight=1)
        self.bind("<Configure>", lambda _: self.fit())
        self.bind("<ButtonRelease-1>", lambda _: self._moved(), add=True)
        self._look.painters.append(self.fit)

    def want(self, *, left: bool, right: bool) -> None:
        """Let the panes at the sides be seen, where there is place for them, or not."""
        wanted = {"left": left, "right": right}
        if wanted != self._wanted:
            self._wanted = wanted
            self.fit()

    @property
    def has_place(self) -> bool:
        """Whether there is place for the pane at the right."""
        return self.winfo_width() >= self._look.pixels(PEOPLE_FROM)

    def widen_left(self, pixels: int) -> None:
        """Let the pane at the left be that wide at least, unless somebody has made it narrower since it was told so."""
        if pixels > self._needed:
            self._widths["left"] = max(self._widths["left"], pixels / self._look.size)
            self.fit()
        self._needed = pixels

    def fit(self) -> None:
        """Let the panes at the sides come, go, grow and shrink with the window and the font, once Tk is done."""
        if self._waiting is None:
            self._waiting = self.after_idle(self._fit)

    def _fit(self) -> None:
        self._waiting = None
        width = self.winfo_width()
        if width <= 1:
            return
        left = self._wanted["left"] and width >= self._look.pixels(ROOMS_FROM)
        right = self._wanted["right"] and self.has_place
        there = [str(each) for each in self.panes()]
        come = False
        for pane, shown, place in ((self._left, left, 0), (self._right, right, "end")):
            if shown and str(pane) not in there:
                self.insert(place, pane, weight=0)
                come = True
            elif not shown and str(pane) in there:
                self.forget(pane)
        if come:
            self.update_idletasks()  # once for both, since all of the window is drawn by it
        if left:
            self.sashpos(0, self._pixels("left"))
        if right:
            self.sashpos(int(left), width - self._pixels("right"))

    def _pixels(self, side: str) -> int:
        return min(round(self._widths[side] * self._look.size), round(self.winfo_width() * SHARE[side]))

    def _moved(self) -> None:
        """Note how wide somebody has made the panes."""
        there = [str(each) for each in self.panes()]
        if str(self._left) in there:
            self._widths["left"] = self.sashpos(0) / self._look.size
        if str(self._right) in there:
            self._widths["right"] = (self.winfo_width() - self.sashpos(len(there) - 2)) / self._look.size
