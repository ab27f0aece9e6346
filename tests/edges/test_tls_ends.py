"""How a connection ends over TLS, as its transport sees it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.interfaces import IHalfCloseableProtocol, ITCPTransport
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import directlyProvides, implementer

from chatd.tls.endpoint import Certificates
from chatd.tls.half_close import HalfClosingTLSFactory
from tests.support.certificates import write_certificate


class Whole(Protocol):
    """Notes what it is told."""

    transport: Any

    def __init__(self) -> None:
        self.told: list[str] = []

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data.decode())

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002  # Twisted's
        self.told.append("lost")


@implementer(IHalfCloseableProtocol)
class Half(Whole):
    """Knows that a direction may end by itself."""

    def readConnectionLost(self) -> None:
        self.told.append("end")

    def writeConnectionLost(self) -> None:
        self.told.append("written")


class TCP(StringTransport):
    """A transport of which each direction can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.write_ended = False
        directlyProvides(self, ITCPTransport)

    def loseWriteConnection(self) -> None:  # noqa: N802  # Twisted's
        self.write_ended = True


class Pair:
    """A client of TLS, and the server's side on a transport that is looked at."""

    def __init__(self, folder: Path, protocol: type[Whole]) -> None:
        write_certificate(folder / "key.pem", folder / "certificate.pem", "localhost")
        self.clock = Clock()
        factory = HalfClosingTLSFactory(
            Certificates(folder, self.clock), False, Factory.forProtocol(protocol), self.clock
        )
        self.server: Any = factory.buildProtocol(None)
        self.transport = TCP()
        self.server.makeConnection(self.transport)
        self.inside: Any = self.server.wrappedProtocol
        self.client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        self.client.set_connect_state()
        for _ in range(4):
            with suppress(SSL.WantReadError):
                self.client.do_handshake()
            self.exchange()

    def exchange(self) -> None:
        self.clock.advance(0)
        with suppress(SSL.WantReadError):
            self.server.dataReceived(self.client.bio_read(1 << 16))
        self.clock.advance(0)
        if data := self.transport.value():
            self.client.bio_write(data)
        self.transport.clear()

    def end_input(self) -> None:
        self.client.shutdown()
        self.exchange()

    @property
    def ended(self) -> bool:
        """Whether the client was told that nothing follows."""
        with suppress(SSL.WantReadError):
            try:
                self.client.recv(1)
            except SSL.ZeroReturnError:
                return True
        return False


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path, Half)


def test_what_is_due_after_the_end_of_input_is_sent_and_then_the_end(pair: Pair) -> None:
    pair.client.send(b"last words")
    pair.end_input()
    assert pair.inside.told == ["last words", "end"]
    assert not pair.transport.disconnecting
    pair.server.readConnectionLost()
    pair.inside.transport.write(b"heard")
    pair.exchange()
    assert pair.client.recv(100) == b"heard"
    pair.inside.transport.loseConnection()
    pair.exchange()
    assert pair.ended
    assert pair.transport.disconnecting
    assert not pair.transport.write_ended
    assert pair.inside.told == ["last words", "end"]


def test_who_knows_no_half_close_is_closed(tmp_path: Path) -> None:
    pair = Pair(tmp_path, Whole)
    pair.end_input()
    assert pair.transport.disconnecting
    assert pair.ended


def test_both_ends_at_once_are_the_end(pair: Pair) -> None:
    pair.inside.transport.loseConnection()
    assert not pair.transport.disconnecting  # the client may still be sending
    assert pair.transport.write_ended  # and whoever has forgotten close_notify sees the end of TCP
    pair.server.writeConnectionLost()
    assert pair.inside.told == ["written"]
    pair.client.send(b"too late")
    pair.end_input()
    assert pair.transport.disconnecting
    assert pair.inside.told == ["written", "too late"]


def test_the_end_of_tcp_alone_is_a_torn_input_after_which_what_is_due_is_sent(pair: Pair) -> None:
    pair.client.send(b"last words")
    pair.exchange()
    assert not pair.server.input_torn
    pair.server.readConnectionLost()
    assert pair.server.input_torn
    assert pair.inside.told == ["last words", "end"]
    pair.inside.transport.write(b"heard")
    pair.inside.transport.loseConnection()
    pair.exchange()
    assert pair.client.recv(100) == b"heard"
    assert pair.ended
    assert pair.transport.disconnecting


def test_the_end_of_tcp_alone_cuts_who_knows_no_half_close(tmp_path: Path) -> None:
    pair = Pair(tmp_path, Whole)
    pair.server.readConnectionLost()
    assert pair.transport.disconnected


def test_the_end_of_tcp_alone_after_ours_lets_that_arrive(pair: Pair) -> None:
    pair.inside.transport.write(b"BYE")
    pair.inside.transport.loseConnection()
    pair.server.readConnectionLost()
    assert not pair.transport.disconnected
    assert pair.transport.disconnecting


def test_the_end_of_tcp_within_the_handshake_cuts(tmp_path: Path) -> None:
    pair = Pair(tmp_path, Half)
    fresh: Any = pair.server.factory.buildProtocol(None)
    transport = StringTransport()
    fresh.makeConnection(transport)
    fresh.dataReceived(b"\x16\x03\x01\x02\x00\x01")
    fresh.readConnectionLost()
    assert transport.disconnected
