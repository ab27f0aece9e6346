"""The button over the conversation that says how much is new below, and goes there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from chatd.client.view.theme import Look


class BelowButton(ttk.Button):
    """Stands at the lower edge of what it is placed in while something is new below."""

    def __init__(self, parent: tk.Misc, look: Look, go: Callable[[], None]) -> None:
        super().__init__(parent, command=go, style="Accent.TButton", cursor="hand2")
        self._look = look

    def show(self, unread: int, mentions: int) -> None:
        """Say how much is new, and how much of it names the one who reads; nothing if nothing is."""
        if not unread:
            self.place_forget()
            return
        named = f" · {mentions:,} mention{'s' if mentions == 1 else ''} you" if mentions else ""
        text = f"↓ {unread:,} new message{'' if unread == 1 else 's'}{named}"
        if text != self.cget("text"):
            self.configure(text=text)
        if not self.winfo_manager():
            self.place(relx=0.5, rely=1.0, y=-self._look.pixels(8), anchor="s")
