"""A frame with round corners around a text, which shows whether that has the focus and, while empty, what it is for."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from chatd.client.view.hint import make_hint, place_hint
from chatd.client.view.theme import Look


class FieldBox(ttk.Frame):
    """What is in it has no edge of its own."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, style="Field.TFrame", padding="2p")
        self._look = look
        self._text: tk.Text | None = None
        self.hint = make_hint(self)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)

    def hold(self, text: tk.Text) -> None:
        """Stand around this text, which was made in it."""
        self._text = text
        self.hint.bind("<Button-1>", lambda _: text.focus_set())
        text.grid(row=0, column=0, sticky="nsew")
        text.bind("<FocusIn>", lambda _: self.state(["focus"]), add=True)
        text.bind("<FocusOut>", lambda _: self.state(["!focus"]), add=True)

    def show_hint(self, hint: str | None = None) -> None:
        """Show the hint, or another one, if the text is empty."""
        if hint is not None:
            self.hint.configure(text=hint)
        if self._text is None:
            return
        if self.hint.cget("text") and self._text.compare("end-1c", "==", "1.0"):
            place_hint(self.hint, self._text)
        else:
            self.hint.place_forget()

    def paint(self) -> None:
        """Take the colours of the look."""
        palette = self._look.palette
        self.hint.configure(font=self._look.text, foreground=palette.faint, background=palette.background)
