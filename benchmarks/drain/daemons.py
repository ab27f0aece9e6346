"""Daemons that take over a listening socket from one another, as systemd has them do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

PASS_ON = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
    " os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
)
"""What sd_listen_fds(3) asks of whoever passes a socket on: the descriptor is 3, the process the one named."""
PATIENCE_SECONDS = 30.0


class HeldSocket:
    """A listening socket that outlives the daemons that it is passed on to; a context manager."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self.socket.getsockname()[1]
        self.fileno = self.socket.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


class Daemon:
    """One daemon in ``folder``; it listens on a socket that is ``held`` open here, or where ``options`` say."""

    def __init__(self, folder: Path, held: int | None, *options: str) -> None:
        self._output = folder / "output"
        command = [str(Path(sys.executable).parent / "chatd"), *options]
        pass_fds: tuple[int, ...] = ()
        if held is not None:
            command = [sys.executable, "-c", PASS_ON, str(held), *command, "--listen", "systemd:index=0"]
            pass_fds = (held,)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
            )

    def wait_until_listening(self) -> None:
        """Return when it listens."""
        self.wait_until_logged("listening on")

    def wait_until_logged(self, what: str) -> None:
        """Return when its log has that."""
        end = time.monotonic() + PATIENCE_SECONDS
        while what not in self.log():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the daemon did not start: {self.log()}")
            time.sleep(0.02)

    def drain(self) -> None:
        """Have it send everybody away and end."""
        self.process.send_signal(signal.SIGUSR1)

    def wait(self) -> int:
        """Return its exit status when it has ended."""
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End it at once; nothing if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """Return what it has written."""
        return self._output.read_text(errors="replace")
