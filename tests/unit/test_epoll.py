"""The epoll reactor with turns that cost less does what it does by itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd.runtime.epoll import OF_THE_REACTOR, read_without_context

epollreactor = pytest.importorskip("twisted.internet.epollreactor", exc_type=ImportError)


@implementer(IHalfCloseableProtocol)
class Heard(Protocol):
    """Notes what it is told, and does what is asked of it when that is data."""

    def __init__(self, do: Callable[[], object] = lambda: None) -> None:
        self.told: list[bytes] = []
        self.do = do

    @override
    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)
        self.do()

    def readConnectionLost(self) -> None:
        self.told.append(b"<end>")

    def writeConnectionLost(self) -> None:
        pass

    @override
    def connectionLost(self, reason: object = None) -> None:
        self.told.append(b"<lost>")


@pytest.fixture
def reactor() -> Iterator[Any]:
    reactor = epollreactor.EPollReactor()
    read_without_context(reactor)
    yield reactor
    close(reactor)


def close(reactor: Any) -> None:
    reactor.removeAll()
    for waker in reactor._internalReaders:
        waker.connectionLost(None)
    reactor._poller.close()


def connected(reactor: Any, heard: Heard) -> socket.socket:
    """Return the other end of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        theirs = socket.create_connection(listening.getsockname())
        ours, address = listening.accept()
    heard.makeConnection(tcp.Server(ours, heard, address, None, 0, reactor))  # type: ignore[arg-type]
    return theirs


def close_all(ends: Sequence[socket.socket], *told: Heard) -> None:
    for end in ends:
        end.close()
    for each in told:
        each.transport.connectionLost(Failure(ConnectionDone()))  # type: ignore[union-attr]


def test_twisted_has_still_what_is_used_of_it(reactor: Any) -> None:
    assert all(hasattr(reactor, name) for name in OF_THE_REACTOR)
    assert "doIteration" in vars(reactor)


@pytest.mark.parametrize("other", [SelectReactor, Clock])
def test_other_reactors_are_left_alone(other: Callable[[], Any]) -> None:
    other_reactor = other()
    read_without_context(other_reactor)
    assert "doIteration" not in vars(other_reactor)


def test_one_that_has_become_different_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.runtime.epoll.OF_THE_REACTOR", ("_what_it_will_be_called",))
    reactor = epollreactor.EPollReactor()
    read_without_context(reactor)
    assert "doIteration" not in vars(reactor)
    close(reactor)


def test_it_reads_writes_and_hears_of_the_end(reactor: Any) -> None:
    heard = Heard()
    theirs = connected(reactor, heard)
    reactor.doIteration(0)
    assert heard.told == []
    theirs.sendall(b"one")
    reactor.doIteration(None)
    assert heard.told == [b"one"]
    assert heard.transport is not None
    heard.transport.write(b"two")
    reactor.doIteration(None)
    assert theirs.recv(10) == b"two"
    theirs.shutdown(socket.SHUT_WR)
    reactor.doIteration(None)
    reactor.doIteration(0)  # the end is told once, and nothing spins
    assert heard.told == [b"one", b"<end>"]
    heard.transport.loseConnection()
    reactor.doIteration(None)
    assert heard.told == [b"one", b"<end>", b"<lost>"]
    theirs.close()


def test_a_reset_is_a_loss(reactor: Any) -> None:
    heard = Heard()
    theirs = connected(reactor, heard)
    assert heard.transport is not None
    heard.transport.getHandle().send(b"something that is not read, so that the close is a reset")  # type: ignore[attr-defined]
    theirs.close()
    reactor.doIteration(None)
    assert heard.told == [b"<lost>"]


def test_a_fault_costs_that_connection_alone(reactor: Any, nothing_left_behind: list[LogEvent]) -> None:
    def fail() -> None:
        raise RuntimeError("a fault")

    faulty, sound = Heard(fail), Heard()
    ends = [connected(reactor, faulty), connected(reactor, sound)]
    for end in ends:
        end.sendall(b"one")
    reactor.doIteration(None)
    reactor.doIteration(0)
    assert faulty.told == [b"one", b"<lost>"]
    assert sound.told == [b"one"]
    assert [str(event["log_failure"].value) for event in nothing_left_behind] == ["a fault"]
    nothing_left_behind.clear()
    close_all(ends, faulty, sound)


def test_one_that_another_has_paused_in_that_turn_is_not_read_from(reactor: Any) -> None:
    first, second = Heard(), Heard()
    ends = [connected(reactor, first), connected(reactor, second)]
    first.do = second.transport.pauseProducing  # type: ignore[union-attr]
    second.do = first.transport.pauseProducing  # type: ignore[union-attr]
    for end in ends:
        end.sendall(b"one")
    reactor.doIteration(None)
    assert sorted([first.told, second.told]) == [[], [b"one"]]
    for each in (first, second):
        each.do = lambda: None
        each.transport.resumeProducing()  # type: ignore[union-attr]
    reactor.doIteration(0)
    assert first.told == second.told == [b"one"]
    close_all(ends, first, second)
