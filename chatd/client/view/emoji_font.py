"""The font that draws emoji in colours: others have a few of them without, and Tk takes those if it can."""

from __future__ import annotations

import tkinter as tk
import tkinter.font

from chatd.client.view.theme import Look


class EmojiFont:
    """A font for emoji that is ``scale`` times as large as the text."""

    def __init__(self, root: tk.Misc, look: Look, scale: float = 1.0) -> None:
        self.font = tkinter.font.Font(root, font=look.text)
        self._root = root
        self._look = look
        self._scale = scale

    def fit(self, *, coloured: bool) -> None:
        """Follow the text's size; ``coloured`` is whether fonts with colours can be used."""
        families = tkinter.font.families(self._root) if coloured else ()
        text = self._look.text
        family = next((name for name in families if "emoji" in name.lower()), text.actual("family"))
        self.font.configure(family=family, size=round(text.cget("size") * self._scale))
