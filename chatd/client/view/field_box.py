"""A frame with round corners around a text, which shows whether that has the focus."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk


class FieldBox(ttk.Frame):
    """What is in it has no edge of its own."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, style="Field.TFrame", padding="2p")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)

    def hold(self, text: tk.Text) -> None:
        """Stand around this text, which was made in it."""
        text.grid(row=0, column=0, sticky="nsew")
        text.bind("<FocusIn>", lambda _: self.state(["focus"]), add=True)
        text.bind("<FocusOut>", lambda _: self.state(["!focus"]), add=True)
