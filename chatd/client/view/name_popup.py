"""A list that comes up while the name of an emoji is typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from chatd.client.model import emoji
from chatd.client.view.emoji_font import EmojiFont
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.overlay import place_near
from chatd.client.view.theme import Look

MAX_SHOWN = 8
MAX_NAME = 40
"""How many characters of a name are shown."""


class NamePopup(tk.Frame):
    """Emoji with their names, one of them marked; ``taken`` is called with the one that is clicked."""

    def __init__(self, root: tk.Misc, look: Look, glyphs: Glyphs, taken: Callable[[str], None]) -> None:
        super().__init__(root, borderwidth=0, highlightthickness=1, padx="1.5p", pady="1.5p", takefocus=False)
        self._look = look
        self._glyphs = glyphs
        self._emoji: Sequence[str] = ()
        self._at = 0
        self._font = EmojiFont(root, look)
        self.rows: list[tuple[tk.Label, tk.Label]] = []
        for number in range(MAX_SHOWN):
            pair = tk.Label(self), tk.Label(self)
            for label in pair:
                label.configure(anchor="w", padx="4.5p", pady="1.5p", borderwidth=0, cursor="hand2", takefocus=False)
                label.bind("<Button-1>", lambda _, number=number: taken(self._emoji[number]))  # type: ignore[misc]
                label.bind("<Motion>", lambda _, number=number: self._mark(number))  # type: ignore[misc]
            self.rows.append(pair)
        self.columnconfigure(1, weight=1)
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
        offered = [each for each, _ in found]
        if self.is_open and offered == self._emoji:
            return
        self._emoji = offered
        self._font.fit(coloured=self._glyphs.colour)
        for number, (pair, (each, name)) in enumerate(zip(self.rows, found, strict=False)):
            drawn = self._glyphs.safe(each)
            pair[0].configure(text="" if ":" in drawn else emoji.country_of(each) or drawn)
            pair[1].configure(text=f":{name}:" if len(name) <= MAX_NAME else f":{name[:MAX_NAME]}…")
            for column, label in enumerate(pair):
                label.grid(row=number, column=column, sticky="nsew")
        for pair in self.rows[len(found) :]:
            for label in pair:
                label.grid_remove()
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
        for each, pair in enumerate(self.rows):
            for label in pair:
                label.configure(background=palette.found if each == number else palette.background)

    def _paint(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.background, highlightbackground=palette.border)
        for drawn, name in self.rows:
            drawn.configure(font=self._font.font, foreground=palette.text)
            name.configure(font=self._look.text, foreground=palette.text)
        self._mark(self._at)
