"""People who type into nc, and read what it shows."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from tests.support.daemon import wait_until
from tests.support.programs import program


class Netcat:
    """``nc`` to a port of this machine, in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(exist_ok=True)
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [program("nc"), "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=output, stderr=output
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def type(self, *lines: str) -> None:
        """Type lines."""
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()

    def join(self, nick: str, room: str) -> None:
        """Come into a room."""
        self.type(f"JOIN {nick} {room}")
        wait_until(lambda: any(line.startswith(f"OK JOIN {room} ") for line in self.shown()), lambda: f"{self.shown()}")

    def shown(self) -> list[str]:
        """Return all lines that it has shown whole."""
        return self._output.read_bytes().decode().split("\r\n")[:-1]

    def wait_for(self, *wanted: str) -> None:
        """Wait until lines are shown, in any order."""
        wait_until(lambda: set(wanted) <= set(self.shown()), lambda: f"{wanted} in {self.shown()}")
