"""The way of lines into real sockets: their order, and what is kept while nobody reads."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet import tcp, unix
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.edges.writer import BufferedWriter, DirectWriter, writer_for

LIMIT = 100_000


@implementer(IReactorFDSet)
class Selector:
    """The part of a reactor that a transport leans on, in which nothing happens by itself."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()

    def addReader(self, reader: object) -> None:  # noqa: N802  # Twisted's
        pass

    def removeReader(self, reader: object) -> None:  # noqa: N802  # Twisted's
        pass

    def addWriter(self, writer: object) -> None:  # noqa: N802  # Twisted's
        self.writers.add(writer)

    def removeWriter(self, writer: object) -> None:  # noqa: N802  # Twisted's
        self.writers.discard(writer)

    def removeAll(self) -> list[Any]:  # noqa: N802  # Twisted's
        return []

    def getReaders(self) -> list[Any]:  # noqa: N802  # Twisted's
        return []

    def getWriters(self) -> list[Any]:  # noqa: N802  # Twisted's
        return list(self.writers)

    def turn(self) -> None:
        """Let every transport that wants to write do so once, as if its socket had room."""
        for writer in list(self.writers):
            why = writer.doWrite()
            if why is not None:
                self.writers.discard(writer)
                writer.connectionLost(Failure(why))


class Line:
    """A writer on a real connection, and the other end of it."""

    def __init__(self, kind: Any) -> None:
        family = socket.AF_UNIX if kind is unix.Server else socket.AF_INET
        ours, self.theirs = socket.socketpair() if family is socket.AF_UNIX else _tcp_pair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.setblocking(False)
        self.theirs.setblocking(False)
        self.selector = Selector()
        self.protocol = Protocol()
        self.transport: Any = kind(ours, self.protocol, ("peer", 0), None, 0, self.selector)
        self.transport.repstr = "the transport"
        self.protocol.makeConnection(self.transport)
        self.times_drained = self.times_overflowed = 0
        self.writer = writer_for(self.transport, LIMIT, self)
        self.written = b""
        self.read = b""
        self._number = 0

    def write_queue_drained(self) -> None:
        self.times_drained += 1

    def write_queue_overflowed(self) -> None:
        self.times_overflowed += 1

    def write(self, length: int) -> bool:
        """Write a line that differs from all others; return whether it was taken."""
        self._number += 1
        data = f"{self._number} ".ljust(length, "x").encode() + b"\r\n"
        before = self.times_overflowed
        self.writer.write(data)
        taken = self.times_overflowed == before
        if taken:
            self.written += data
        return taken

    def take(self, most: int) -> None:
        with suppress(BlockingIOError):
            self.read += self.theirs.recv(most)

    def drain(self) -> None:
        before = -1
        while before != len(self.read) or self.selector.writers:
            before = len(self.read)
            self.selector.turn()
            self.take(1 << 20)

    def close(self) -> None:
        self.theirs.close()
        if self.transport.connected:
            self.transport.connectionLost(Failure(ConnectionResetError()))


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.socket()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(listener.getsockname())
        return listener.accept()[0], theirs


@pytest.fixture(params=[tcp.Server, unix.Server])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    line = Line(request.param)
    yield line
    line.close()


def test_what_the_kernel_takes_is_sent_without_another_turn(line: Line) -> None:
    assert isinstance(line.writer, DirectWriter)
    assert line.write(10)
    line.take(1000)
    assert line.read == line.written
    assert not line.selector.writers
    assert not line.writer.blocked


def test_nothing_goes_past_what_the_transport_holds(line: Line) -> None:
    while not line.writer.blocked:
        line.write(3000)
    line.take(1 << 20)  # from here the kernel would take more
    assert line.write(10)
    assert line.writer.waiting == 12
    line.take(1 << 20)
    assert len(line.read) < len(line.written)
    line.drain()
    assert line.read == line.written
    assert line.times_drained == 1
    assert not line.writer.blocked


@pytest.mark.parametrize("seed", range(20))
def test_a_reader_that_stalls_and_comes_back_reads_everything_in_order(line: Line, seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(600):
        what = chance.random()
        if what < 0.6:
            refused += not line.write(chance.choice([1, 60, 700, 9000]))
        elif what < 0.8:
            line.take(chance.choice([1, 100, 5000, 1 << 20]))
        else:
            line.selector.turn()
        assert line.writer.waiting <= LIMIT
    line.drain()
    assert line.read == line.written
    assert line.writer.waiting == 0
    line.write(10)
    line.drain()
    assert line.read == line.written


def test_what_would_be_over_the_limit_is_refused_whole(line: Line) -> None:
    while line.write(1000):
        pass
    assert LIMIT - 1002 < line.writer.waiting <= LIMIT
    line.drain()
    assert line.read == line.written


def test_a_last_line_comes_after_what_is_kept(line: Line) -> None:
    while line.write(1000):
        pass
    line.writer.close(b"BYE\r\n", discard=False, half=False)
    line.drain()
    assert line.read == line.written + b"BYE\r\n"


def test_a_last_line_instead_of_what_is_kept_begins_where_a_line_ended(line: Line) -> None:
    while line.write(1000):
        pass
    line.writer.close(b"BYE\r\n", discard=True, half=False)
    line.drain()
    said = line.read.removesuffix(b"BYE\r\n")
    assert len(said) < len(line.read)
    assert said.endswith(b"\r\n")
    assert line.written.startswith(said)
    assert len(line.written) - len(said) > LIMIT - 1002


def test_after_its_last_line_nothing_is_written_or_kept(line: Line) -> None:
    line.writer.close(b"BYE\r\n", discard=False, half=True)
    line.writer.write(b"more\r\n")
    line.drain()
    assert line.read == b"BYE\r\n"
    assert line.writer.waiting == line.times_overflowed == 0


def test_a_peer_that_is_gone_is_noticed(line: Line) -> None:
    line.theirs.close()
    turns = 0
    while line.transport.connected and turns < 10:
        line.write(1000)
        line.selector.turn()
        turns += 1
    assert not line.transport.connected
    assert line.writer.waiting == 0


def test_other_transports_are_left_their_buffers() -> None:
    transport = StringTransport()
    writer = writer_for(
        transport, LIMIT, SimpleNamespace(write_queue_drained=lambda: None, write_queue_overflowed=lambda: None)
    )
    assert isinstance(writer, BufferedWriter)
    writer.write(b"a\r\n")
    writer.pauseProducing()
    writer.write(b"b\r\n")
    assert transport.value() == b"a\r\n"
    writer.resumeProducing()
    assert transport.value() == b"a\r\nb\r\n"
