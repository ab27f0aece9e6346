"""A server as a process of its own, and what it costs."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import clock_gettime, monotonic, sleep

from benchmarks.fanout.servers import Server
from benchmarks.ports import free_ports

START_SECONDS = 15.0
_POLL_SECONDS = 0.01
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ServerError(Exception):
    """A server did not start, cut a member off or stood still; the argument says what, in one line."""


class Process:
    """A running server."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid = pid
        self.port = port

    def cpu_seconds(self) -> float:
        """Return its user and system time, that of all its threads, in full resolution (clock_getcpuclockid(3))."""
        return clock_gettime(~self._pid << 3 | 2)

    def memory_bytes(self) -> int:
        """Return the size of its resident memory."""
        return int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * _PAGE_BYTES


@contextmanager
def running(server: Server, directory: Path) -> Iterator[Process]:
    """Start a server in a new directory and kill it in the end.

    If there are two processors, it has the first, and this process the second meanwhile. Raises `ServerError` if it
    does not listen in time.
    """
    (port,) = free_ports(1)
    with TemporaryDirectory(prefix="benchmark-", dir=directory.resolve()) as name, processors() as (first, second):
        new = Path(name)
        new.chmod(0o755)
        log = new / "log"
        os.sched_setaffinity(0, first)
        with log.open("wb") as output:
            process = subprocess.Popen(
                server.command(port, new),
                cwd=new,
                env=server.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        os.sched_setaffinity(0, second)
        try:
            _wait_until_it_listens(process, port, log)
            yield Process(process.pid, port)
        finally:
            process.kill()
            process.wait()


@contextmanager
def processors() -> Iterator[tuple[set[int], set[int]]]:
    """Return two processors, or one twice if there is no other; put this process back on its own in the end."""
    allowed = os.sched_getaffinity(0)
    first, *others = sorted(allowed)
    try:
        yield {first}, {others[0]} if others else allowed
    finally:
        os.sched_setaffinity(0, allowed)


def raise_file_limit() -> None:
    """Allow as many open files as may be, for the servers too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def file_limit() -> int:
    """Return how many files a process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if process.poll() is not None or monotonic() > end:
                said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
                raise ServerError(f"did not start: {said[0]}") from None
            sleep(_POLL_SECONDS)
        else:
            return
