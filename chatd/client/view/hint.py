"""What stands in a text while it is empty: it begins where the first letter will, behind the cursor."""

from __future__ import annotations

import tkinter as tk


def make_hint(parent: tk.Misc, text: str = "") -> tk.Label:
    """Return what `place_hint` puts over a text."""
    return tk.Label(parent, text=text, anchor="w", bd=0, padx=0, pady=0, highlightthickness=0, cursor="xterm")


def place_hint(hint: tk.Label, text: tk.Text) -> None:
    """Put it over the middle of a text, and leave the cursor to be seen."""
    edge = sum(text.winfo_pixels(text.cget(option)) for option in ("padx", "borderwidth", "highlightthickness"))
    start = edge + text.winfo_pixels(text.cget("insertwidth"))
    hint.place(
        in_=text, bordermode="outside", x=start, rely=0.5, anchor="w", relwidth=1, width=-start - edge
    )  # fmt: skip
    hint.lift()
