"""The daemon that things are posted to: lines and HTTP, and a journal in a file that outlives it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

from benchmarks.ports import free_ports

HOST = "127.0.0.1"
START_SECONDS = 30.0
_POLL_SECONDS = 0.02


class Server:
    """A daemon that can be killed and started again, at the same ports and with the same journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.line_port, self.web_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return when it takes connections. Raise `RuntimeError` if it does not."""
        options = ["--port", str(self.line_port), "--web", str(self.web_port), "--line-rate", "0"]
        command = [sys.executable, "-m", "chatd", *options, "--journal", f"sqlite:{self.folder}/journal"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        end = monotonic() + START_SECONDS
        while not (self._takes(self.line_port) and self._takes(self.web_port)):
            if self._process.poll() is not None or monotonic() > end:
                self.kill()
                raise RuntimeError(f"the daemon did not start: {self.log()[-500:]}")
            sleep(_POLL_SECONDS)

    def kill(self) -> None:
        """End it at once, by SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """Return all that it has written, over all its starts."""
        return self._log.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _takes(self, port: int) -> bool:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            return False
        return True
