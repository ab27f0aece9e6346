"""What is to be done after every one of many events, and may take long: then it is done after the last of them."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable

QUICK_SECONDS = 0.03
"""How long it may take and be done after each."""
PAUSE_MS = 100
"""After how long without another event it is done, where it takes longer."""


class Unhurried:
    """Does something for a widget: at once, if that was quick the last time."""

    def __init__(self, widget: tk.Misc, act: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        self._widget = widget
        self._act = act
        self._now = now
        self._took = 0.0
        self._waiting = ""

    def call(self) -> None:
        """Do it, now or when nobody has asked for it for a moment."""
        if self._waiting:
            self._widget.after_cancel(self._waiting)
            self._waiting = ""
        if self._took <= QUICK_SECONDS:
            self._do()
        else:
            self._waiting = self._widget.after(PAUSE_MS, self._do)

    def _do(self) -> None:
        self._waiting = ""
        if self._widget.winfo_exists():
            before = self._now()
            self._act()
            self._took = self._now() - before
