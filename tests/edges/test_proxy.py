"""Connections from a proxy: what an edge sees of them once the header is read."""

from __future__ import annotations

import struct
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from zope.interface import implementer

from chatd.edges.proxy import ProxiedFactory
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import is_private, network_address
from chatd.runtime.timers import TimerWheel

PROXY = IPv4Address("TCP", "10.0.0.5", 4000)
SOURCE = ip_address("192.0.2.1").packed + ip_address("198.51.100.9").packed + struct.pack("!HH", 4000, 10319)
LOOPBACK = ip_address("127.0.0.1").packed * 2 + struct.pack("!HH", 4000, 10319)
TLS, NO_TLS = (struct.pack("!BHBL", 0x20, 5, client, 0) for client in (1, 0))


def v2(command: int, family: int, body: bytes) -> bytes:
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(body)) + body


@implementer(IHalfCloseableProtocol)
class Edge(Protocol):
    """Notes what it is told."""

    transport: Any

    def __init__(self) -> None:
        self.told: list[str] = []

    def connectionMade(self) -> None:
        address = network_address(self.transport.getPeer())
        self.told.append(f"made {address} {'private' if is_private(self.transport, address) else 'open'}")

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data.decode())

    def readConnectionLost(self) -> None:
        self.told.append("end")

    def writeConnectionLost(self) -> None:
        self.told.append("written")


class Connected:
    """A connection from a trusted proxy."""

    def __init__(self) -> None:
        self.edge = Edge()
        made = Factory.forProtocol(lambda: self.edge)
        timers = TimerWheel(Clock())
        factory = ProxiedFactory(made, [ip_network("10.0.0.0/24")], timers, 5, LogLimiter(timers))
        self.transport = StringTransport(peerAddress=PROXY)
        self.protocol = factory.buildProtocol(PROXY)
        self.protocol.makeConnection(self.transport)

    def receive(self, data: bytes) -> list[str]:
        self.protocol.dataReceived(data)
        return self.edge.told


@pytest.mark.parametrize(
    ("header", "made"),
    [
        (b"PROXY TCP4 192.0.2.1 198.51.100.9 4000 10319\r\n", "made 192.0.2.1 open"),
        (b"PROXY UNKNOWN\r\n", "made 10.0.0.5 open"),
        (v2(0x20, 0, b""), "made 10.0.0.5 open"),
        (v2(0x20, 0x11, SOURCE + TLS), "made 10.0.0.5 open"),
        (v2(0x21, 0, TLS), "made 10.0.0.5 open"),
        (v2(0x21, 0x11, SOURCE), "made 192.0.2.1 open"),
        (v2(0x21, 0x11, SOURCE + NO_TLS), "made 192.0.2.1 open"),
        (v2(0x21, 0x11, SOURCE + TLS), "made 192.0.2.1 private"),
        (v2(0x21, 0x11, LOOPBACK), "made 127.0.0.1 private"),
    ],
)
def test_only_what_a_header_says_of_tls_makes_a_connection_private(header: bytes, made: str) -> None:
    assert Connected().receive(header) == [made]


def test_nothing_reaches_the_edge_before_the_header_and_all_that_follows_does() -> None:
    for header in (b"PROXY UNKNOWN\r\n", v2(0x21, 0x11, SOURCE + TLS)):
        connected = Connected()
        for position in range(len(header) - 1):
            assert connected.receive(header[position : position + 1]) == []
        assert connected.transport.value() == b""
        assert connected.receive(header[-1:] + b"JOIN ")[1:] == ["JOIN "]
        assert connected.receive(b"ann")[1:] == ["JOIN ", "ann"]
        connected.protocol.readConnectionLost()
        connected.protocol.writeConnectionLost()
        assert connected.edge.told[3:] == ["end", "written"]
