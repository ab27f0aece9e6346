"""Whoever says something and is gone has said it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from chatd.edges.last_words import MAX_BYTES, install_last_words
from chatd.tls.endpoint import Certificates
from chatd.tls.half_close import HalfClosingTLSFactory
from tests.support.certificates import write_certificate


class Heard(Protocol):
    def __init__(self) -> None:
        self.told: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002  # Twisted's
        self.told.append(b"<lost>")


class Pair:
    """Two ends of a connection, the server's as a port makes it."""

    def __init__(self, kind: str, folder: Path, protocol: Protocol) -> None:
        reactor: Any = MemoryReactorClock()
        with socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX) as listening:
            listening.bind(("127.0.0.1", 0) if kind == "tcp" else str(folder / "s"))
            listening.listen()
            self.client = socket.socket(listening.family)
            self.client.connect(listening.getsockname())
            accepted, address = listening.accept()
        accepted.setblocking(False)
        port = tcp.Port(0, Factory(), reactor=reactor) if kind == "tcp" else unix.Port(b"s", Factory(), reactor=reactor)
        install_last_words(port)
        self.server: Any = port.transport(accepted, protocol, address, port, 1, reactor)
        protocol.makeConnection(self.server)

    def lose(self, reason: Exception) -> None:
        self.client.close()
        self.server.connectionLost(Failure(reason))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["tcp", "unix"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, heard: Heard) -> Iterator[Pair]:
    pair = Pair(request.param, tmp_path, heard)
    yield pair
    pair.lose(ConnectionDone())


def test_what_has_arrived_is_passed_on_before_the_loss(pair: Pair, heard: Heard) -> None:
    pair.server.getHandle().send(b"something that is not read, so that the close is a reset")
    pair.client.sendall(b"last words")
    for _ in range(2):
        pair.lose(ConnectionLost())
        assert heard.told == [b"last words", b"<lost>"]


def test_a_connection_is_named_when_it_is_asked_for(tmp_path: Path, heard: Heard) -> None:
    pair = Pair("tcp", tmp_path, heard)
    assert not {"logstr", "repstr"} & set(vars(pair.server))
    assert pair.server.logPrefix() == "Heard,1,127.0.0.1"
    assert repr(pair.server) == "<Heard #1 from 127.0.0.1>"
    pair.lose(ConnectionDone())


def test_what_has_arrived_over_tls_is_passed_on_before_the_loss(tmp_path: Path, heard: Heard) -> None:
    write_certificate(tmp_path / "key.pem", tmp_path / "certificate.pem", "localhost")
    clock = Clock()
    made = HalfClosingTLSFactory(Certificates(tmp_path, clock), False, Factory.forProtocol(lambda: heard), clock)
    tls = made.buildProtocol(None)
    assert tls is not None
    pair = Pair("tcp", tmp_path, tls)
    client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), pair.client)
    client.set_connect_state()
    pair.client.setblocking(False)
    for _ in range(4):
        with suppress(SSL.WantReadError):
            client.do_handshake()
        pair.server.doRead()
        clock.advance(0)
        pair.server.doWrite()
    client.send(b"last words\n" * 1000)
    client.shutdown()
    pair.lose(ConnectionLost())
    *said, lost = heard.told
    assert b"".join(said) == b"last words\n" * 1000
    assert lost == b"<lost>"


def test_it_is_so_much_at_most(pair: Pair, heard: Heard) -> None:
    pair.client.setblocking(False)
    sent = 0
    pair.server.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MAX_BYTES)
    pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MAX_BYTES)
    while sent < 2 * MAX_BYTES:
        try:
            sent += pair.client.send(b"x" * 1000)
        except BlockingIOError:
            break
    pair.lose(ConnectionLost())
    *data, lost = heard.told
    assert lost == b"<lost>"
    assert len(b"".join(data)) == min(MAX_BYTES, sent)


@pytest.mark.parametrize("reason", [ConnectionDone(), ConnectionAborted()])
def test_whoever_is_sent_away_is_not_heard_out(pair: Pair, heard: Heard, reason: Exception) -> None:
    pair.client.sendall(b"more")
    pair.server.disconnecting = True
    pair.lose(reason)
    assert heard.told == [b"<lost>"]
