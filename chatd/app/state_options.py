"""``--state-directory``: where the daemon stores its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from twisted.python import usage

from chatd.app.configuration.layers import LayeredOptions
from chatd.journal.sqlite.address import in_directory


class StateOptions(LayeredOptions):
    """``--state-directory``: relative names of the journal, the accounts, the hooks and the pid file begin there."""

    optParameters: ClassVar[list[list[object]]] = [
        [
            "state-directory",
            None,
            None,
            "directory of the journal, accounts, webhooks and pid file"
            " (default: $STATE_DIRECTORY, which systemd sets, or the working directory)",
        ],
    ]

    def postOptions(self) -> None:
        """Check that it is there; the journal is given by its whole path from here on."""
        super().postOptions()
        if self["state-directory"] is None:
            return
        directory = self.state_directory
        if not directory.is_dir():
            raise usage.UsageError(f"--state-directory: no such directory: {directory}; create it or name another")
        self["state-directory"] = str(directory)
        self["journal"] = in_directory(self["journal"], directory)

    @property
    def state_directory(self) -> Path:
        """The directory, by its whole path: twistd may leave the working directory."""
        return Path(os.path.abspath(self["state-directory"] or "."))

    def in_state_directory(self, file: str) -> Path:
        """Return the whole path of a file that is looked for in the directory if its own is relative."""
        return (self.state_directory / file).resolve()
