"""A list that comes up while the name of an emoji is typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from chatd.client.view.glyphs import Glyphs
from chatd.client.view.overlay import place_near
from chatd.client.view.theme import Look

MAX_SHOWN = 8


class NamePopup(tk.Frame):
    """Emoji with their names, one of them marked; ``taken`` is called with the one that is clicked."""

    def __init__(self, root: tk.Misc, look: Look, glyphs: Glyphs, taken: Callable[[str], None]) -> None:
        super().__init__(root, borderwidth=0, highlightthickness=1, padx="1.5p", pady="1.5p", takefocus=False)
        self._look = look
        self._glyphs = glyphs
        self._emoji: Sequence[str] = ()
        self._at = 0
        self.rows: list[tk.Label] = []
        for number in range(MAX_SHOWN):
            row = tk.Label(self, anchor="w", padx="6p", pady="1.5p", cursor="hand2", takefocus=False)
            row.bind("<Button-1>", lambda _, number=number: taken(self._emoji[number]))  # type: ignore[misc]
            row.bind("<Motion>", lambda _, number=number: self._mark(number))  # type: ignore[misc]
            self.rows.append(row)
        look.painters.append(self._paint)
        self._paint()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.winfo_manager())

    @property
    def marked(self) -> str:
        """The emoji that is to be taken."""
        return self._emoji[self._at]

    def show(self, found: Sequence[tuple[str, str]], at: tk.Text) -> None:
        """Show these emoji and names where the cursor of a text is; nothing if there are none."""
        if not found:
            self.hide()
            return
        emoji = [each for each, _ in found]
        if self.is_open and emoji == self._emoji:
            return
        self._emoji = emoji
        for row, (each, name) in zip(self.rows, found, strict=False):
            drawn = self._glyphs.safe(each)
            row.configure(text=f":{name}:" if ":" in drawn else f"{drawn}  :{name}:")
            row.pack(fill="x")
        for row in self.rows[len(found) :]:
            row.pack_forget()
        self._mark(0)
        place_near(self, at, at.bbox("insert"))

    def hide(self) -> None:
        """Take it away."""
        self.place_forget()

    def step(self, by: int) -> None:
        """Mark another one."""
        self._mark((self._at + by) % len(self._emoji))

    def _mark(self, number: int) -> None:
        self._at = number
        palette = self._look.palette
        for each, row in enumerate(self.rows):
            row.configure(background=palette.found if each == number else palette.background)

    def _paint(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.background, highlightbackground=palette.border)
        for row in self.rows:
            row.configure(font=self._look.text, foreground=palette.text)
        self._mark(self._at)
