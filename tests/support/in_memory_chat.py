"""A hub on a clock that stands still, and people in it: the domain without a transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from chatd.chat.assembly import make_hub
from chatd.chat.hub import Hub
from chatd.chat.limits import Limits
from chatd.chat.session import Session
from chatd.journal import Environment, Journal, Retention
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.protocol import wire
from chatd.protocol.errors import ChatError, DisconnectReason

T = TypeVar("T")


class ChatClient:
    """A session, with a peer that remembers what it was sent; unless it is a newcomer it is not told how to speak."""

    private = True

    def __init__(self, hub: Hub, address: str | None = None, *, newcomer: bool = False) -> None:
        self.address = None if address is None else ip_address(address)
        self.sent: list[str] = []
        self.sends: list[int] = []
        """How many bytes it was sent each time."""
        self.farewell: DisconnectReason | None = None
        self.blocked = False
        self.unreachable = False
        self.charged = 0
        self.proceeded = 0
        self._pending: list[bytes] = []
        self.session = Session(hub, self)
        self.session.welcomed = not newcomer
        self.take()

    def send(self, data: bytes) -> None:
        if self.farewell is None:
            assert data.endswith(b"\r\n")
            self.sends.append(len(data))
            self.sent += data.decode().split("\r\n")[:-1]

    def send_private(self, data: bytes) -> bool:
        self.send(data)
        return not self.blocked

    def read_as_log(self, charset: str, long: str) -> None:
        pass

    def charge(self, lines: int) -> None:
        self.charged += lines

    def in_turn(self, go_on: Callable[[], None]) -> None:
        self.session.hub.clock.callLater(0, go_on)

    def close(self, farewell: DisconnectReason, data: bytes) -> None:
        if self.farewell is None:
            self.send(data)
            self.farewell = farewell

    def resume_input(self) -> None:
        self.proceeded += 1
        while self._pending and self.session.ready:
            self._carry_out(self._pending.pop(0))

    def lose(self) -> None:
        """Break the connection."""
        self.farewell = DisconnectReason.QUIT  # nothing is heard any more
        self.session.connection_lost()

    def says(self, *lines: str) -> None:
        """Send lines, as an edge would: each when the session is ready for it."""
        self._pending += [line.encode() for line in lines]
        self.resume_input()

    def take(self) -> list[str]:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def _carry_out(self, line: bytes) -> None:
        try:
            self.session.receive(wire.parse_command(line, self.session.mode))
        except ChatError as error:
            self.session.receive(error)


class InMemoryChat:
    """A hub, with a memory journal if no other is given, and a clock to turn by hand."""

    def __init__(self, limits: Limits | None = None, journal: Callable[[Clock], Journal] | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.journal = journal(self.clock) if journal else MemoryJournal(journal_environment(self.clock))
        self.journal.start()
        numbers: Iterator[int] = count(1)
        make_secret: Callable[[], str] = lambda: f"secret{next(numbers)}"  # noqa: E731  # named for what it is
        self.hub = make_hub(self.journal, self.clock, limits, make_secret)
        self.hub.start()

    def person(self, *lines: str) -> ChatClient:
        """Return somebody who has sent ``lines`` and read the answers."""
        person = ChatClient(self.hub)
        person.says(*lines)
        self.turn()
        person.take()
        return person

    def program(self, *lines: str) -> ChatClient:
        """Return somebody who reads tags, has sent ``lines`` and read the answers."""
        return self.person("HELLO 1", *lines)

    def turn(self) -> None:
        """Let reactor turns pass until nothing is due."""
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def wait(self, seconds: int) -> None:
        """Let time pass, a second at a time."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.turn()


class ImmediateWorker:
    """A worker that does what it is given at once, in the caller's thread."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        return execute(job)


def journal_environment(clock: Clock, retention: Retention | None = None) -> Environment:
    """Return what a journal needs, on a clock that stands still and without threads."""
    return Environment(clock, clock.seconds, lambda: "e1", lambda _name: ImmediateWorker(), retention or Retention())


class ManualWorker(ImmediateWorker):
    """A worker that does nothing until it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], object]] = []

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()

        def carry_out() -> None:
            try:
                done.callback(job())
            except Exception:  # as a thread pool does
                done.errback()

        self.jobs.append(carry_out)
        return done

    def work(self) -> None:
        self.jobs.pop(0)()


class SlowJournalChat(InMemoryChat):
    """A chat whose journal writes and reads only when it is told to."""

    def __init__(self, path: Path) -> None:
        self.workers: dict[str, ManualWorker] = {}
        self.slow = False

        def journal_on(clock: Clock) -> Journal:
            around = journal_environment(clock)
            around = replace(around, make_worker=lambda name: self.workers.setdefault(name.split()[1], ManualWorker()))
            return from_string(f"sqlite:{path}", around)

        super().__init__(journal=journal_on)

    def turn(self) -> None:
        super().turn()
        while not self.slow and any(worker.jobs for worker in self.workers.values()):
            for worker in self.workers.values():
                while worker.jobs:
                    worker.work()
            super().turn()
