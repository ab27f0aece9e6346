"""A daemon on a copy of a big file: how long it takes to start, and what it costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import NamedTuple

from benchmarks.fanout.process import Process, ServerError, processors
from benchmarks.ports import free_ports

HOST = "127.0.0.1"
START_SECONDS = 120.0
_POLL_SECONDS = 0.002
_CHATD = (sys.executable, "-m", "chatd")
_NO_LIMITS = ("--line-rate", "--name-rate", "--max-connections", "--max-waiting", "--max-rooms")


class Start(NamedTuple):
    """What a start took, until somebody had an answer."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    """Of resident memory."""


class Daemon:
    """A chatd that can be started again; with a journal in memory if it has no file.

    While `on_processors_of_its_own` it has the first of two processors, and this process the second.
    """

    def __init__(self, folder: Path, journal: Path | None) -> None:
        self.journal = journal
        self._folder = folder
        self._where = "memory:" if journal is None else f"sqlite:{journal}"
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._first: set[int] | None = None
        self.settings = folder / "chatd.toml"
        """Its configuration beside the command line: a reload reads it again."""
        self.settings.touch()

    def start(self) -> Start:
        """Start it; return when it has answered. Raise `ServerError` if it does not in time."""
        limits = [word for option in _NO_LIMITS for word in (option, "0")]
        where = ["--interface", HOST, "--port", str(self.port), "--web", "off", "--journal", self._where]
        command = [*_CHATD, "--config", str(self.settings), *where, *limits]
        began = perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        if self._first is not None:
            os.sched_setaffinity(self._process.pid, self._first)
        self._wait_for_answer(began + START_SECONDS)
        return Start(perf_counter() - began, self.process.cpu_seconds(), self.process.memory_bytes() / 1e6)

    @property
    def process(self) -> Process:
        """What runs."""
        assert self._process is not None
        return Process(self._process.pid, self.port)

    def reload(self) -> subprocess.Popen[bytes]:
        """Begin to let it read its configuration again."""
        return self._command("reload")

    def back_up(self, target: Path) -> subprocess.Popen[bytes]:
        """Begin to copy its journal."""
        return self._command("backup", "--journal", self._where, str(target))

    def _command(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin to carry out a command of chatd, on whatever processor is free."""
        process = subprocess.Popen(
            [*_CHATD, *words], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        os.sched_setaffinity(process.pid, range(os.cpu_count() or 1))
        return process

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def on_processors_of_its_own(self) -> Iterator[None]:
        """Keep what is started within apart from this process."""
        with processors() as (self._first, second):
            os.sched_setaffinity(0, second)
            yield

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _wait_for_answer(self, end: float) -> None:
        """Wait for the answer to a PING: the port takes connections before the file is read."""
        assert self._process is not None
        while True:
            try:
                with create_connection((HOST, self.port), timeout=START_SECONDS) as connection:
                    connection.sendall(b"PING scale\r\n")
                    with connection.makefile("rb") as lines:
                        if any(line.startswith(b"PONG") for line in lines):
                            return
            except OSError:
                pass
            if self._process.poll() is not None or perf_counter() > end:
                self.kill()
                raise ServerError(f"did not start: {self._log.read_text(errors='replace')[-500:]}")
            sleep(_POLL_SECONDS)


@contextmanager
def daemon(directory: Path, file: Path | None) -> Iterator[Daemon]:
    """Yield a daemon on a copy of a file that is made in a new folder of ``directory``; kill it in the end."""
    with TemporaryDirectory(prefix="benchmark-", dir=directory) as name:
        folder = Path(name).resolve()
        copied = None
        if file is not None:
            copied = folder / "journal"
            shutil.copyfile(file, copied)
            with copied.open("rb") as copy:
                os.fsync(copy.fileno())  # so that the daemon's own does not wait for it
        found = Daemon(folder, copied)
        with found.on_processors_of_its_own():
            try:
                yield found
            finally:
                found.kill()
