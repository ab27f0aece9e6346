"""The line at the bottom: as whom and where one is connected, or when it is tried again."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Trouble
from chatd.client.view.theme import GAP, TIGHT, Look


class StatusLine(ttk.Frame):
    """A sentence and a button; ``reconnect`` is what the button does."""

    def __init__(self, parent: tk.Misc, look: Look, reactor: Any, reconnect: Callable[[], None]) -> None:
        super().__init__(parent, padding=(look.pixels(GAP), look.pixels(TIGHT)))
        self._reactor = reactor
        self._status: Status | None = None
        self._who = self._where = self._away = ""
        self._again: Any = None
        self.label = ttk.Label(self, anchor="w", style="Small.TLabel", text="Not connected")
        self.label.grid(row=0, column=0, sticky="ew")
        self.button = ttk.Button(self, text="Reconnect", style="Small.TButton", command=reconnect)
        self.button.grid(row=0, column=1, sticky="e", padx=(look.pixels(GAP), 0))
        self.button.grid_remove()
        self.columnconfigure(0, weight=1)
        self.paint()
        self.remark = ""
        """Something of the moment that stands at the end."""

    def show_status(self, status: Status | None, who: str, where: str) -> None:
        """Show how things are."""
        self._status, self._who, self._where = status, who, where
        if status is None or status.state is not LinkState.CONNECTED:
            self.remark = ""
        self._draw()

    def show_away(self, why: str) -> None:
        """Show why one is away; nothing if one is not."""
        self._away = why
        self._draw()

    def paint(self) -> None:
        """Keep the place for the button, so that nothing moves when it comes and goes."""
        self.rowconfigure(0, minsize=self.button.winfo_reqheight())

    def stop(self) -> None:
        """Count no seconds any more."""
        if self._again is not None and self._again.active():
            self._again.cancel()

    def _draw(self) -> None:
        self.stop()
        status = self._status
        self.label.configure(text=self.sentence())
        if status is None or status.state is LinkState.CONNECTED:
            self.button.grid_remove()
        else:
            self.button.grid()
        if status is not None and status.state is LinkState.WAITING and status.retry_at is not None:
            self._again = self._reactor.callLater(1, self._draw)

    def sentence(self) -> str:
        """Return what it says."""
        status = self._status
        if status is None:
            return "Not connected"
        match status.state:
            case LinkState.CONNECTED:
                parts = [f"Connected as {self._who} to {self._where}"]
                if self._away:
                    parts.append(f"away: {self._away}")
                if status.latency is not None:
                    parts.append(f"{status.latency * 1000:.0f} ms")
                return " · ".join([*parts, *filter(None, [self.remark])])
            case LinkState.CONNECTING:
                return f"Connecting to {self._where} …"
            case LinkState.WAITING:
                left = 0 if status.retry_at is None else math.ceil(status.retry_at - self._reactor.seconds())
                when = f"Reconnecting in {max(0, left)} s"
                return f"{when}: {status.detail}" if status.detail else when
            case LinkState.LOCKED if status.trouble is Trouble.PASSWORD_NEEDED:
                return "Not connected: enter your password"
            case LinkState.REFUSED:
                return f"Refused: {status.detail}"
            case _:
                return f"Not connected: {status.detail}" if status.detail else "Not connected"
