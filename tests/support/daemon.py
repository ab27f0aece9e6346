"""The real daemon as a process of its own, and a plain client for its lines."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.ports import free_ports

BIN = Path(sys.executable).parent
DEADLINE = 30.0
"""Seconds after which what is waited for will not come any more."""
_POLL = 0.02
_REFUSALS = re.compile(rb"\xff[\xfc\xfe](?s:.)")
"""What telnet is answered, and random bytes that look like it."""
_LISTENING = "listening on "
_PLACES = ("--listen", "--web", "--irc")


def environment() -> dict[str, str]:
    """Return the environment for a command that is to find only what is installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def wait_until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Return when ``condition`` holds; fail with ``what`` if it does not in time."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE:.0f} seconds: {what()}")
        time.sleep(_POLL)


def is_running(pid: int) -> bool:
    """Return whether a process, of whatever parent, is there and not merely unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def suspend(pid: int) -> None:
    """Stop a process without ending it, and return when all its threads stand still."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: all(_state(thread) in "TZX" for thread in Path(f"/proc/{pid}/task").iterdir()), lambda: "a stop")


def _state(thread: Path) -> str:
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def rss(pid: int) -> int:
    """Return how many bytes of memory a process has."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def place_in(log: str) -> str | None:
    """Return the first place that a log says is listened on, once its line is whole."""
    return next(iter(places_in(log)), None)


def places_in(log: str) -> list[str]:
    """Return the places that a log says are listened on, in whole lines."""
    lines = (line for line in log.splitlines(keepends=True) if line.endswith("\n"))
    return [line.partition(_LISTENING)[2].strip() for line in lines if _LISTENING in line]


def wait_for_answer(port: int) -> None:
    """Wait until a daemon answers: it listens before it takes signals, and the requests of ``chatd reload``."""
    with Client(("127.0.0.1", port)) as client:
        client.send(b"PING\n")
        client.until(lambda line: line == "PONG")


def staying() -> tuple[str, str]:
    """Return options of a daemon whose port nobody else takes while it is down."""
    (port,) = free_ports(1)
    return "--listen", f"tcp:{port}:interface=127.0.0.1"


class Daemon:
    """``twistd -n chatd`` with ``options``, running in ``cwd`` and, without ``--listen``, on a free port.

    It is there when it listens on every place that the options name.

    Without ``--line-rate`` its peers may send lines as fast as they can.

    ``inside`` is a command that runs the one which follows it in the same process, in other surroundings.
    """

    def __init__(self, cwd: Path, *options: str, bin_dir: Path = BIN, inside: Sequence[str] = ()) -> None:
        self._file = cwd / "output"
        places = () if "--listen" in options else ("--port", "0")
        pace = () if "--line-rate" in options else ("--line-rate", "0")
        command = [*inside, str(bin_dir / "twistd"), "-n", "--pidfile=", "chatd", *places, *pace, *options]
        with self._file.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            expected = _count_places(options)
            wait_until(lambda: len(self.places()) >= expected or self.process.poll() is not None, self.log)
            assert len(self.places()) >= expected, f"the daemon did not start: {self.log()}"
            self.place = self.places()[0]
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.place.rpartition(":")[2])

    def log(self) -> str:
        """Return all that the daemon has written so far."""
        return self._file.read_text(errors="replace")

    def terminate(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        """End the process, whatever it is doing; nothing if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def client(self, *, receive_buffer: int | None = None) -> Client:
        """Return a new connection."""
        return Client(("127.0.0.1", self.port), receive_buffer=receive_buffer)

    def member(self, nick: str, room: str, *, receive_buffer: int | None = None) -> Client:
        """Return a new connection that has come into a room."""
        client = self.client(receive_buffer=receive_buffer)
        try:
            client.join(nick, room)
        except BaseException:
            client.close()
            raise
        return client

    def places(self) -> list[str]:
        """Return the places that it listens on by now, in the order of its log."""
        return places_in(self.log())


def _count_places(options: Sequence[str]) -> int:
    """Return on how many places a daemon listens that is given these options, those at least that they name."""
    values = {name: [options[at + 1] for at, each in enumerate(options) if each == name] for name in _PLACES}
    pages = [value for value in values["--web"] if value != "off"]
    return max(1, len(set(values["--listen"]))) + len(pages) + len(set(values["--irc"]))


class Client:
    """A blocking connection that reads whole lines, each within the deadline or not at all.

    One that ``may_be_cut`` may end in the middle of a line, as it does when the other side is killed.
    """

    def __init__(
        self,
        address: tuple[str, int] | Path,
        *,
        receive_buffer: int | None = None,
        may_be_cut: bool = False,
        source: str | None = None,
    ) -> None:
        self._may_be_cut = may_be_cut
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET)
        try:
            if receive_buffer is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(DEADLINE)
            if source is not None:
                self.socket.bind((source, 0))
            self.socket.connect(str(address) if isinstance(address, Path) else address)
        except BaseException:
            self.socket.close()
            raise
        self._lines = self._read_lines()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def half_close(self) -> None:
        """Send no more; what the server says can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def join(self, nick: str, room: str) -> None:
        """Come into a room, and read up to the answer."""
        self.send(f"JOIN {nick} {room}\n".encode())
        self.until(lambda line: line.startswith(f"OK JOIN {room} "))

    def line(self) -> str:
        """Return the next line; fail if the connection is closed before."""
        line = self.line_or_end()
        assert line is not None, "the connection was closed"
        return line

    def line_or_end(self) -> str | None:
        """Return the next line, None if the connection is closed before."""
        return next(self._lines, None)

    def until(self, is_last: Callable[[str], bool]) -> list[str]:
        """Return the lines up to the first that ``is_last``, with it; fail if it does not come in time."""
        end = time.monotonic() + DEADLINE
        lines = [self.line()]
        while not is_last(lines[-1]):
            assert time.monotonic() < end, f"still not what was waited for, but {lines[-3:]}"
            lines.append(self.line())
        return lines

    def rest(self) -> list[str]:
        """Return the lines up to the end of the connection; fail if that does not come in time."""
        end = time.monotonic() + DEADLINE
        lines = []
        for line in self._lines:
            lines.append(line)
            assert time.monotonic() < end, f"still not closed after {line!r}"
        return lines

    def _read_lines(self) -> Iterator[str]:
        """Read line after line to the end; each must be UTF-8 and end in CRLF."""
        partial = b""
        while data := self._receive():
            whole, newline, partial = _REFUSALS.sub(b"", partial + data).rpartition(b"\n")
            for line in whole.split(b"\n") if newline else ():
                assert line.endswith(b"\r"), line
                yield line[:-1].decode()
        assert not partial or self._may_be_cut, f"the connection was closed within a line: {partial!r}"

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except ConnectionResetError:
            return b""


@contextmanager
def killed_at_last(pid_file: Path) -> Iterator[None]:
    """Kill the process that a pid file names, if there still is one at the end."""
    try:
        yield
    finally:
        if pid_file.exists() and is_running(pid := int(pid_file.read_text())):
            os.kill(pid, 9)
