"""The daemon that is soaked, as a process of its own, and what it costs."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from time import clock_gettime, monotonic, sleep
from typing import Self

HOST = "127.0.0.1"
ACCOUNT = "admin"
"""Whose password is guessed."""
JOIN_SECONDS = 15
"""How long a connection may take to JOIN: less than by default, so that it ends within the soak."""
START_SECONDS = 30.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LISTENING = re.compile(r"listening on .*:(\d+)\n")


class SoakError(Exception):
    """The soak could not be carried out; the argument says why, in one line."""


@dataclass(frozen=True, slots=True)
class Places:
    """The ports of this machine at which a daemon listens."""

    plain: int
    proxied: int
    """Where the first line says, as the PROXY protocol has it, where a connection comes from."""
    tls: int
    irc: int
    irc_proxied: int
    """Where IRC clients come from, as they say in a first line."""

    def as_text(self) -> str:
        """Return what `from_text` makes the same of."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `as_text` was asked of."""
        return cls(**json.loads(text))


class Usage:
    """What a process uses; it must be running."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def cpu_seconds(self) -> float:
        """Return its user and system time, that of all its threads (clock_getcpuclockid(3))."""
        return clock_gettime(~self._pid << 3 | 2)

    def memory_bytes(self) -> int:
        """Return the size of its resident memory."""
        return int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * _PAGE_BYTES

    def open_files(self) -> int:
        """Return the number of its file descriptors."""
        return len(os.listdir(f"/proc/{self._pid}/fd"))


class Daemon:
    """A running daemon with a journal on the disk, and its limits as they are but one, on five ports."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "log"
        command = [sys.executable, "-m", "chatd"]
        _prepare(command, directory)
        with self._file.open("wb") as output:
            places = ["--port", "0", "--listen", f"haproxy:tcp:0:interface={HOST}"]
            places += ["--listen", f"tls:tls:port=0:interface={HOST}", "--join-timeout", str(JOIN_SECONDS)]
            places += ["--irc", "0", "--irc", f"haproxy:tcp:0:interface={HOST}", "--web", "off"]
            self._process = subprocess.Popen(
                [*command, *places], cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.usage = Usage(self._process.pid)
        try:
            self.places = self._wait_for_places()
        except BaseException:
            self.kill()
            raise

    def log(self) -> str:
        """Return all that it has logged so far."""
        return self._file.read_bytes().decode("utf-8", "backslashreplace")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to end, and return its exit status; it is killed if it takes too long."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _wait_for_places(self) -> Places:
        end = monotonic() + START_SECONDS
        wanted = len(fields(Places))
        while len(ports := _LISTENING.findall(self.log())) < wanted:
            if not self.is_running or monotonic() > end:
                said = self.log().strip().splitlines()[-1:] or ["it says nothing"]
                raise SoakError(f"the daemon did not start: {said[0]}")
            sleep(_POLL_SECONDS)
        return Places(*map(int, ports[:wanted]))


def _prepare(command: Sequence[str], directory: Path) -> None:
    """Make a certificate, and an account whose password nobody is told."""
    secret = f"{secrets.token_hex(16)}\n"
    for made in (["certificate", "tls", "localhost", HOST], ["user", "add", ACCOUNT, "--state-directory=."]):
        subprocess.run([*command, *made], cwd=directory, check=True, input=secret, text=True, stdout=subprocess.DEVNULL)


@contextmanager
def running() -> Iterator[Daemon]:
    """Start a daemon in a new directory, and kill it in the end.

    This process, and those that it starts meanwhile, keep off the first processor, if there are others: the daemon has
    all of them, as where its peers are on machines of their own.
    """
    allowed = os.sched_getaffinity(0)
    _, *others = sorted(allowed)
    with TemporaryDirectory(prefix="soak-") as name:
        daemon = Daemon(Path(name))
        try:
            os.sched_setaffinity(0, set(others) or allowed)
            yield daemon
        finally:
            daemon.kill()
            os.sched_setaffinity(0, allowed)
