"""Rooms read by real curl, and as browsers read event streams, while daemons and nodes are killed."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import DEADLINE, Daemon, rss, wait_until
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node
from tests.support.programs import program

pytestmark = pytest.mark.slow

POSTS = 120
KILLS = 4


class Poster:
    """Says things in a room, each until it is known to be stored."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port

    def say(self, text: str) -> int:
        """Return the id of a message, which is said once, however often it takes."""
        end = time.monotonic() + DEADLINE
        while True:
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", self._port(), timeout=DEADLINE)
                try:
                    connection.request("POST", "/builds?nick=ci", text, {"Idempotency-Key": text.replace(" ", "-")})
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                    if response.status in (200, 201):
                        return int(answer["id"])
                finally:
                    connection.close()
            assert time.monotonic() < end, text
            time.sleep(0.05)


class Follower:
    """Reads a room with curl, and goes on where it was whenever the answer ends."""

    def __init__(self, port: Callable[[], int], form: str) -> None:
        self._port = port
        self._form = form
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.objects: list[dict[str, Any]] = []
        self.last_event_id = ""
        self.exits: list[int] = []
        """How each reader has ended: with 0 if its answer was whole."""
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def told(self) -> list[tuple[int, str]]:
        return [(each["id"], each["text"]) for each in list(self.objects) if each["event"] == "message"]

    @property
    def opened(self) -> list[bool]:
        """Each time that it came, whether nothing was missing."""
        return [each["recovered"] for each in list(self.objects) if each["event"] == "open"]

    def has_opened(self, times: int) -> bool:
        """Whether it came in so often."""
        return len(self.opened) >= times

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            if self._process is not None:
                self._process.kill()
            self._thread.join(DEADLINE)

    def _run(self) -> None:
        while not self._stop.is_set():
            with subprocess.Popen(self._command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                self._process = process
                assert process.stdout is not None
                event_id = ""
                for line in process.stdout:
                    if not line.endswith(b"\n"):
                        break  # cut off where the server died
                    if self._form == "json":
                        self.objects.append(json.loads(line))
                    elif line.startswith(b"id: "):
                        event_id = line[4:].decode().strip()
                    elif line.startswith(b"data: "):
                        event = json.loads(line[6:])
                    elif line == b"\n" and event_id:  # as browsers do: not before the event is whole
                        self.objects.append(event)
                        self.last_event_id, event_id = event_id, ""
            self.exits.append(process.returncode)
            self._stop.wait(0.05)

    def _command(self) -> list[str]:
        place = f"http://127.0.0.1:{self._port()}/builds"
        if self._form == "sse":
            seen = ["-H", f"Last-Event-ID: {self.last_event_id}"] if self.last_event_id else []
            return [program("curl"), "-sN", *seen, f"{place}/sse"]
        opened = next((each for each in self.objects if each["event"] == "open"), None)
        if opened is None:
            return [program("curl"), "-sN", f"{place}/json"]
        last = next((each for each in reversed(self.objects) if "id" in each), {**opened, "id": opened["since"]})
        return [program("curl"), "-sN", f"{place}/json?since={last['id']}&epoch={last['epoch']}"]


def check(follower: Follower, posted: list[tuple[int, str]]) -> None:
    wait_until(lambda: len(follower.told) >= len(posted), lambda: f"{len(follower.told)} of {len(posted)}")
    assert follower.told == posted
    assert all(follower.opened)


@pytest.mark.parametrize("form", ["json", "sse"])
def test_nothing_is_lost_or_doubled_when_the_daemon_is_killed(tmp_path: Path, form: str) -> None:
    (port,) = free_ports(1)
    options = ("--web", str(port), "--journal", f"sqlite:{tmp_path}/journal")
    daemon = Daemon(tmp_path, *options)
    follower = Follower(lambda: port, form)
    try:
        with follower.running():
            wait_until(lambda: bool(follower.opened), daemon.log)
            poster = Poster(lambda: port)
            posted: list[tuple[int, str]] = []
            for number in range(POSTS):
                if number % (POSTS // KILLS) == POSTS // KILLS // 2:
                    lives = number // (POSTS // KILLS) + 1  # a reader that is slow to come back misses none of them
                    wait_until(partial(follower.has_opened, lives), daemon.log)
                    daemon.kill()
                    daemon = Daemon(tmp_path, *options)
                posted.append((poster.say(f"build {number}"), f"build {number}"))
            check(follower, posted)
            assert len(follower.opened) > KILLS
            assert "Traceback" not in daemon.log()
            assert 0 not in follower.exits
            assert daemon.terminate() == 0
            # The reader does not hold it up until it is cut off.
            wait_until(lambda: 0 in follower.exits, lambda: f"an end of {follower.exits}")
            if form == "json":
                wait_until(lambda: follower.objects[-1]["event"] == "end", lambda: f"{follower.objects[-1]}")
    finally:
        daemon.kill()


def test_a_reader_that_takes_nothing_costs_no_memory(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    count = 6000
    with Daemon(tmp_path, "--web", str(port), "--journal", f"sqlite:{tmp_path}/journal") as daemon:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(DEADLINE)
        with slow, daemon.member("ann", "#builds") as ann:
            slow.connect(("127.0.0.1", port))
            slow.sendall(b"GET /builds/raw HTTP/1.0\r\n\r\n")
            assert slow.recv(1000).startswith(b"HTTP/1.0 200")
            before = rss(daemon.pid)
            for number in range(count):
                ann.send(b"MSG %d %b\n" % (number, b"x" * 4000))
            ann.send(b"PING done\n")
            ann.until(lambda line: line == "PONG done")
            assert rss(daemon.pid) - before < count * 4000 // 2
            with slow.makefile("rb") as answer:
                told = [int(answer.readline().split()[3]) for _ in range(count)]
        assert told == [*range(count)]
        assert "Traceback" not in daemon.log()


def test_a_reader_goes_on_at_another_node(tmp_path: Path) -> None:
    ports = free_ports(2)
    with nats_server(tmp_path / "nats") as nats:
        nodes = [Node(tmp_path / f"n{port}", nats.url, "--web", str(port)) for port in ports]
        alive = [0]
        follower, poster = Follower(lambda: ports[alive[0]], "json"), Poster(lambda: ports[alive[0]])
        try:
            for node in nodes:
                node.start(wait=False)
            for node in nodes:
                node.wait_until_ready()
            with follower.running():
                wait_until(lambda: bool(follower.opened), nodes[0].log)
                posted = [(poster.say(f"east {number}"), f"east {number}") for number in range(30)]
                wait_until(lambda: len(follower.told) >= 10, nodes[0].log)
                alive[0] = 1
                nodes[0].kill()
                posted += [(poster.say(f"west {number}"), f"west {number}") for number in range(30)]
                check(follower, posted)
                assert len(follower.opened) > 1
        finally:
            for node in nodes:
                node.kill()
