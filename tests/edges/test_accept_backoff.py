"""A port that waits when the process may open no more files, with sockets that say so."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from twisted.internet.task import Clock

from chatd.edges.accept_backoff import ACCEPTS_PER_TURN, BACK_OFF_SECONDS, BackoffSocket, install_accept_backoff
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.timers import TimerWheel


class FullSocket:
    """A listening socket that lets nobody in, for one reason."""

    def __init__(self, reason: int) -> None:
        self.reason = reason
        self.closed = False

    def accept(self) -> tuple[Any, Any]:
        raise OSError(self.reason, os.strerror(self.reason))

    def close(self) -> None:
        self.closed = True


class Port:
    """As much of a port as matters."""

    def __init__(self, reason: int) -> None:
        self.socket: Any = FullSocket(reason)
        self.connected = True
        self.disconnecting = False
        self.reading = True

    def startReading(self) -> None:  # noqa: N802  # Twisted's
        self.reading = True

    def stopReading(self) -> None:  # noqa: N802  # Twisted's
        self.reading = False


def patient(port: Any) -> tuple[BackoffSocket, Clock]:
    clock = Clock()
    return BackoffSocket(port, clock, LogLimiter(TimerWheel(clock))), clock


@pytest.mark.parametrize("reason", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_it_stops_listening_for_a_second(reason: int) -> None:
    port = Port(reason)
    listening, clock = patient(port)
    with pytest.raises(BlockingIOError):
        listening.accept()
    assert not port.reading
    clock.advance(BACK_OFF_SECONDS)
    assert port.reading


@pytest.mark.parametrize("reason", [errno.EAGAIN, errno.ECONNABORTED, errno.EPERM])
def test_other_reasons_are_for_the_port_itself(reason: int) -> None:
    port = Port(reason)
    listening, clock = patient(port)
    with pytest.raises(OSError) as error:
        listening.accept()
    assert error.value.errno == reason
    assert port.reading
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize(("connected", "disconnecting"), [(False, False), (True, True)])
def test_a_port_that_is_closed_meanwhile_stays_closed(connected: bool, disconnecting: bool) -> None:
    port = Port(errno.EMFILE)
    listening, clock = patient(port)
    with pytest.raises(BlockingIOError):
        listening.accept()
    port.connected, port.disconnecting = connected, disconnecting
    clock.advance(BACK_OFF_SECONDS)
    assert not port.reading


def test_all_else_is_the_sockets() -> None:
    port = Port(errno.EMFILE)
    listening, _ = patient(port)
    listening.close()
    assert port.socket.closed


def test_what_is_no_port_that_accepts_is_left_alone() -> None:
    class Other:
        socket = None

    other: Any = Other()
    install_accept_backoff(other, Clock(), LogLimiter(TimerWheel(Clock())))
    assert other.socket is None


def test_few_are_let_in_at_a_time_and_then_others_have_their_turn() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * ACCEPTS_PER_TURN) as server, ExitStack() as opened:
        server.setblocking(False)
        port = Port(0)
        port.socket = server
        listening, _ = patient(port)
        for _ in range(ACCEPTS_PER_TURN + 5):
            opened.enter_context(socket.create_connection(server.getsockname()))
        turns = []
        for _ in range(2):
            turns.append(0)
            with suppress(BlockingIOError):
                while True:
                    accepted, _ = listening.accept()
                    opened.callback(accepted.close)
                    turns[-1] += 1
        assert turns == [ACCEPTS_PER_TURN, 5]
        assert port.reading


def test_connections_come_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = Port(0)
        port.socket = server
        listening, _ = patient(port)
        with socket.create_connection(server.getsockname()) as client:
            accepted, address = listening.accept()
            assert address == client.getsockname()
            accepted.close()
        assert port.reading
