"""What is typed where nothing can be typed, after a click into a list above all: it goes to the message field."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

_CONTROL_ALT_SUPER = 0x4C


def send_keys_to(typed: Callable[[str], None], *lists: tk.Misc) -> None:
    """Let ``typed`` have what is typed in the lists; a click into one of them gives it the focus, with an empty text.

    Whoever comes to a list by the Tab key moves in it with the arrow keys.
    """

    def pressed(event: tk.Event[tk.Misc]) -> str | None:
        text = event.char
        if not text or not text.isprintable() or _modified(event):
            return None
        typed(text)
        return "break"

    for each in lists:
        each.bind("<Key>", pressed, add=True)
        each.bind("<ButtonRelease-1>", lambda _: typed(""), add=True)


def _modified(event: tk.Event[tk.Misc]) -> bool:
    return isinstance(event.state, int) and bool(event.state & _CONTROL_ALT_SUPER)
