"""``--hooks``: the file in which ``chatd hook`` stores webhooks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

from chatd.app.state_options import StateOptions
from chatd.chat.hub import Hub
from chatd.hooks.service import Hooks
from chatd.hooks.store import beside
from chatd.journal.sqlite.address import sqlite_path
from chatd.runtime.threads import Thread


class HookOptions(StateOptions):
    """``--hooks``."""

    optParameters: ClassVar[list[list[object]]] = [
        ["hooks", None, None, "file of the webhooks (default: chatd.hooks.sqlite3 beside the journal)"],
    ]

    def make_hooks(self, reactor: Any, hub: Hub) -> Hooks | None:
        """Return what sends on what is said, nothing opened yet; None if there is no file for hooks."""
        path = self.hooks_path
        if path is None:
            return None
        thread = Thread(reactor, "chatd hooks")
        return Hooks(path, reactor, thread, hub.journal, time.time, hub.log_limiter)

    @property
    def hooks_path(self) -> Path | None:
        """The file of the hooks; None if none is given and the journal is in no file."""
        if self["hooks"] is not None:
            return self.in_state_directory(self["hooks"])
        try:
            return beside(sqlite_path(self["journal"]))
        except ValueError:
            return None
