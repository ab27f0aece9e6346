"""What is typed from right to left, as others will see it: a Tk that draws from left to right alone shows it here."""

from __future__ import annotations

import tkinter as tk

from chatd.client.model.bidi import has_right_to_left
from chatd.client.model.bidi_lines import BidiText
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look

MAX_LINES = 3
"""How many lines are shown: the last ones."""
_MAX_CHARACTERS = 2000
"""How much of what is typed is looked at: that before the cursor."""


class Preview(tk.Label):
    """A label above a text, gridded by whoever makes it and told of every change.

    It is there while something in the text needs it.
    """

    def __init__(self, parent: tk.Misc, text: tk.Text, look: Look, glyphs: Glyphs) -> None:
        super().__init__(parent, anchor="w", justify="left", borderwidth=0, padx="6p", pady="1.5p", takefocus=False)
        self._typed = text
        self._look = look
        self._glyphs = glyphs
        if not glyphs.shapes:
            self.bind("<Configure>", lambda _: self.show(), add=True)
        look.painters.append(self._paint)
        self._paint()

    def show(self) -> None:
        """Show what is typed now, or nothing."""
        text = self._typed.get(f"insert lineend -{_MAX_CHARACTERS} chars", "insert lineend")
        if self._glyphs.shapes or not has_right_to_left(text):
            self.grid_remove()
            return
        lines: list[str] = []
        from_right = False
        for each in text.split("\n"):
            found = BidiText(each, self._glyphs.has)
            from_right = found.from_right
            wide = max(100, self.winfo_width() - 20)
            for start, end in found.broken(lambda a, b, of=found: self._look.text.measure(of.shape(a, b)), wide, wide):  # type: ignore[misc]
                lines.append("".join(drawn.text for drawn in found.drawn(start, end)).strip())
        self.configure(
            text="\n".join(lines[-MAX_LINES:]),
            anchor="e" if from_right else "w",
            justify="right" if from_right else "left",
        )
        self.grid()

    def _paint(self) -> None:
        palette = self._look.palette
        self.configure(font=self._look.text, foreground=palette.faint, background=palette.background)
        self.show()
