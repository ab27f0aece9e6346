"""The clock of one process, which is not that of the machine, by libfaketime."""

from __future__ import annotations

from pathlib import Path


class FakeClock:
    """Sets the time of day of a process while it runs; its monotonic clock goes on as it is.

    ``inside`` is the command to start it with, see `tests.support.daemon.Daemon`; ``variables`` are those of its
    environment, where it is started otherwise.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            raise LookupError("libfaketime is not installed; tests/run installs it where it may")
        self.variables = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }
        self.inside = ["env", *(f"{name}={value}" for name, value in self.variables.items())]

    def set(self, seconds: float) -> None:
        """Let it differ by so many seconds from the machine's clock from here on."""
        # In one piece: the process reads the file whenever it asks for the time.
        made = self._file.with_name(self._file.name + ".new")
        made.write_text(f"{seconds:+.0f}s\n")
        made.replace(self._file)
