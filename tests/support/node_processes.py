"""Nodes of a cluster, each a process in a folder of its own; people on them; and a cable that can be cut."""

from __future__ import annotations

import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from benchmarks.ports import free_ports
from tests.support.daemon import DEADLINE, Client, Daemon, suspend, wait_until
from tests.support.tagged_clients import body, value

PART_SECONDS = 20.0
"""Within which everybody has left who was on a node that died."""


class Node:
    """``twistd chatd --journal nats://...`` that can be killed and started again; its index stays in its folder.

    For ``inside`` see `Daemon`.
    """

    def __init__(self, folder: Path, journal: str, *options: str, inside: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        (self.port,) = free_ports(1)
        self._options = ("--journal", journal, "--listen", f"tcp:{self.port}:interface=127.0.0.1", *options)
        self._inside = inside
        self.daemon: Daemon | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it, also again; return when it lets people in, or without ``wait`` when it listens."""
        self.daemon = Daemon(self.folder, *self._options, inside=self._inside)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when it lets people in."""
        wait_until(self.lets_in, self.log)

    def lets_in(self) -> bool:
        """Return whether somebody who connects is greeted, and not sent away."""
        assert self.daemon is not None and self.daemon.process.poll() is None, self.log()
        with suppress(OSError), Client(("127.0.0.1", self.port)) as client:
            return (client.line_or_end() or "").startswith("NOTE ")
        return False

    def log(self) -> str:
        """Return all that the process has written that was started last."""
        return self.daemon.log() if self.daemon is not None else ""

    def kill(self) -> None:
        """End it at once; nothing if it does not run."""
        if self.daemon is not None:
            self.daemon.kill()

    def stop(self) -> int:
        """End it cleanly; return its exit status."""
        assert self.daemon is not None
        return self.daemon.terminate()

    def stand_still(self) -> None:
        """Stop the process without ending it; return when it stands still."""
        assert self.daemon is not None
        suspend(self.daemon.pid)

    def go_on(self) -> None:
        """Let it go on after `stand_still`."""
        assert self.daemon is not None
        self.daemon.process.send_signal(signal.SIGCONT)


@contextmanager
def nodes(folder: Path, journal: str, count: int, *options: str) -> Iterator[list[Node]]:
    """So many nodes, started at once; those that run at the end must have left no traceback in their logs."""
    made = [Node(folder / f"c{number}", journal, *options) for number in range(1, count + 1)]
    with ExitStack() as stack:
        for node in made:
            stack.callback(node.kill)
            node.start(wait=False)
        for node in made:
            node.wait_until_ready()
        yield made
        for node in made:
            assert "Traceback" not in node.log(), node.log()


class NodeClient(Client):
    """A program that has said HELLO, in any rooms; it keeps every line that it reads, without the tags."""

    def __init__(self, port: int, source: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), may_be_cut=True, source=source)
        self.lines: list[str] = []
        """All that was read, without tags."""
        self.tagged: list[str] = []
        """The same as it came."""
        self.resume = ""
        self._labels = 0
        self._series = secrets.token_hex(8)  # its address in memory may be another's later
        try:
            self.epoch = value(self.ask("HELLO 1"), "epoch")
        except BaseException:
            self.close()
            raise

    def line_or_end(self) -> str | None:
        line = super().line_or_end()
        if line is not None:
            self.tagged.append(line)
            self.lines.append(body(line))
        return line

    def ask(self, command: str, label: str | None = None) -> str:
        """Send a command under a label of its own; return the line that answers it, without its tags."""
        return body(self.ask_tagged(command, label))

    def ask_tagged(self, command: str, label: str | None = None) -> str:
        """Send a command under a label of its own, or that one; return the line that answers it."""
        self._labels += 1
        label = label or f"{self._series}.{self._labels}"
        self.send(f"@label={label} {command}\n".encode())
        return self.until(lambda line: line.startswith("@") and f"label={label}" in tags(line))[-1]

    def enter(self, nick: str, room: str, words: str = "") -> str:
        """Come into a room under a name; return the answer, which must be OK."""
        answer = self.ask(f"JOIN {nick} {room} {words}".rstrip())
        assert answer.startswith("OK JOIN "), answer
        self.resume = value(answer, "resume")
        return answer

    def sees(self, *wanted: str) -> None:
        """Return when all these lines have been read, whenever that was."""
        end = time.monotonic() + DEADLINE
        while missing := [line for line in wanted if line not in self.lines]:
            assert time.monotonic() < end, f"still not {missing}, but {self.lines[-5:]}"
            self.line()

    def who(self, room: str) -> set[str]:
        """Return who is in a room."""
        start = len(self.lines)
        answer = self.ask(f"WHO {room}")
        assert answer.startswith(f"OK WHO {room} "), answer
        listed = [line.split()[2:] for line in self.lines[start:] if line.startswith(f"WHO {room} ")]
        return {nick for each in listed for nick in each}

    def history(self, room: str) -> list[str]:
        """Return the newest that was said in a room, oldest first, with ids and times."""
        start = len(self.tagged)
        answer = self.ask(f"HISTORY {room} 1000")
        assert answer.startswith(f"OK HISTORY {room} "), answer
        return [line for line in self.tagged[start:] if "old" in tags(line)]


@contextmanager
def person(node: Node, nick: str, room: str, words: str = "") -> Iterator[NodeClient]:
    """Somebody who has come into a room on a node."""
    with NodeClient(node.port) as made:
        made.enter(nick, room, words)
        yield made


def tags(line: str) -> list[str]:
    """Return the tags of a line."""
    return line.partition(" ")[0].removeprefix("@").split(";") if line.startswith("@") else []


def eventually(found: Callable[[], object], wanted: object) -> None:
    """Return when ``found`` returns what is wanted; fail if it does not in time."""
    wait_until(lambda: found() == wanted, lambda: f"{wanted}, but {found()}")


def wait_long(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Return when ``condition`` holds, with time for a node to be given up and for all to come in elsewhere."""
    for _ in range(2):
        with suppress(AssertionError):
            wait_until(condition, what)
            return
    wait_until(condition, what)


class Relay:
    """A cable from here to a port of this machine, which can be cut: then nothing goes through and nobody is told."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ended = False
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._whole.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self) -> None:
        """Let nothing through, as if the cable were pulled: connections stay as they are."""
        self._whole.clear()

    def hang_up(self) -> None:
        """Let nothing through, and end the connections that there are."""
        self.cut()
        for each in self._sockets[1:]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let everything through again, also what has waited."""
        self._whole.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._ended:
                near = self._listener.accept()[0]
                self._sockets.append(near)
                threading.Thread(target=self._connect, args=[near], daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._whole.wait()
        with suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self._to))
            self._sockets.append(far)
            threading.Thread(target=self._pump, args=[far, near], daemon=True).start()
            self._pump(near, far)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._whole.wait()
                target.sendall(data)
        with suppress(OSError):
            self._whole.wait()
            target.shutdown(socket.SHUT_RDWR)
