"""Emoji by their names, while they are typed: ``:smi`` brings up those that it can mean."""

from __future__ import annotations

import tkinter as tk

from chatd.client.model import emoji
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.name_popup import MAX_SHOWN, NamePopup
from chatd.client.view.text_keys import put
from chatd.client.view.theme import Look

_LOOKED_AT = 200
"""How many characters before the cursor are looked at: a name, and whether it is in code."""


class EmojiTyping:
    """Watches what is typed into a text, and offers what it can be; each method returns whether it did anything."""

    def __init__(self, text: tk.Text, look: Look, glyphs: Glyphs) -> None:
        self._text = text
        self._glyphs = glyphs
        self.popup = NamePopup(text.winfo_toplevel(), look, glyphs, self._put)
        self._left = False
        """Whether what is being typed now is to be left alone."""
        for event in ("<KeyRelease>", "<ButtonRelease-1>"):
            text.bind(event, lambda _: self.watch(), add=True)
        text.bind("<FocusOut>", lambda _: self.popup.hide(), add=True)

    def watch(self) -> None:
        """Offer what the word before the cursor can be."""
        part = self._begun()
        if not part:
            self._left = False
        if part and not self._left:
            self.popup.show(emoji.find(part[1:], MAX_SHOWN), self._text)
        else:
            self.popup.hide()

    def step(self, by: int) -> bool:
        """Mark the next one, if any are offered."""
        if self.popup.is_open:
            self.popup.step(by)
        return self.popup.is_open

    def take(self) -> bool:
        """Put in the one that is marked, if any are offered."""
        if not self.popup.is_open:
            return False
        self._put(self.popup.marked)
        return True

    def leave(self) -> bool:
        """Offer no more for this word, if anything was."""
        if not self.popup.is_open:
            return False
        self._left = True
        self.popup.hide()
        return True

    def _put(self, chosen: str) -> None:
        if part := self._begun():
            self._text.delete(f"insert - {len(part)} chars", "insert")
        put(self._text, self._glyphs.safe(chosen) + " ")
        self.popup.hide()

    def _begun(self) -> str:
        return emoji.begun(self._text.get(f"insert - {_LOOKED_AT} chars", "insert"))
