"""The web edge on a clock that stands still: requests and WebSockets over transports in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.python.failure import Failure
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response as HandshakeResponse
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.line import LineFactory, LineProtocol
from chatd.edges.web.channel import WebChannel
from chatd.edges.web.sign_on import NO_SIGN_ON, Pages
from chatd.edges.web.site import WebFactory
from tests.support.in_memory_chat import InMemoryChat

HERE = "127.0.0.1"
ELSEWHERE = "192.0.2.7"
"""An address of documentation (RFC 5737)."""


class Answer(NamedTuple):
    """What came back for a request."""

    status: int
    headers: dict[str, str]
    """By lower-case names."""
    body: bytes

    @property
    def text(self) -> str:
        return (gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body).decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Transport(StringTransportWithDisconnection):
    """What Twisted's own transports say of themselves when they are told to close."""

    def loseConnection(self) -> None:
        self.disconnecting = True
        super().loseConnection()

    def abortConnection(self) -> None:
        self.loseConnection()


class WebConnection:
    """One connection of a client."""

    def __init__(self, web: Web, address: str = HERE) -> None:
        self.web = web
        self.transport = Transport(peerAddress=IPv4Address("TCP", address, 40000))
        protocol = web.factory.buildProtocol(IPv4Address("TCP", address, 40000))
        assert protocol is not None
        self.protocol: Any = protocol
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)

    @property
    def channel(self) -> WebChannel:
        assert isinstance(self.protocol, WebChannel)
        return self.protocol

    def send(self, data: bytes) -> None:
        """Send bytes, and let the server do what it can do at once."""
        self.protocol.dataReceived(data)
        self.web.chat.turn()

    def received(self) -> bytes:
        """Return what came since this was asked last."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    def request(
        self, method: str, target: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a request, and return the answer to it, which must be whole."""
        self.send(written(method, target, body, headers))
        return parsed(self.received())

    def lose(self) -> None:
        """Break the connection, if it is there still."""
        if not self.transport.connected:
            return
        self.transport.connected = False
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Web:
    """A server with a web edge and a line edge, in memory; with ``irc`` IRC is spoken over WebSocket as well."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        guests: bool = False,
        hosts: Sequence[str] = (),
        chat: Any = None,
        irc: bool = False,
        sign_on: Pages = NO_SIGN_ON,
    ) -> None:
        self.chat = InMemoryChat(limits or Limits()) if chat is None else chat
        self.hub = self.chat.hub
        self.gateway = Gateway(self.hub, self.chat.clock)
        self.irc = IrcFactory(self.gateway, "irc.example.org")
        speech = self.irc.speech if irc else None
        self.factory = WebFactory(self.gateway, guests=guests, hosts=hosts, irc=speech, sign_on=sign_on)
        self.lines = LineFactory(self.gateway)

    def connect(self, address: str = HERE) -> WebConnection:
        """Return a new connection."""
        return WebConnection(self, address)

    def request(
        self,
        method: str,
        target: str,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        *,
        address: str = HERE,
    ) -> Answer:
        """Send one request over a connection of its own, and return the answer."""
        return self.connect(address).request(method, target, body, headers)

    def line_client(self, *lines: str) -> tuple[LineProtocol, StringTransportWithDisconnection]:
        """Return a connection that speaks lines, which has said those."""
        protocol, transport = self.lines.buildProtocol(None), StringTransportWithDisconnection()
        assert isinstance(protocol, LineProtocol)
        transport.protocol = protocol
        protocol.makeConnection(transport)
        for line in lines:
            protocol.dataReceived(f"{line}\n".encode())
            self.chat.turn()
        return protocol, transport


class WebSocketClient:
    """A page's connection: the protocol of a client, against a channel in memory."""

    def __init__(
        self,
        web: Web,
        *,
        address: str = HERE,
        origin: str | None = "http://127.0.0.1",
        subprotocols: Sequence[str] = ("chatd.v1",),
        headers: dict[str, str] | None = None,
    ) -> None:
        self.connection = web.connect(address)
        self.protocol = ClientProtocol(
            parse_uri("ws://127.0.0.1/-/ws"),
            origin=None if origin is None else Origin(origin),
            subprotocols=[Subprotocol(each) for each in subprotocols] or None,
        )
        request = self.protocol.connect()
        for name, value in (headers or {}).items():
            request.headers[name] = value
        self.protocol.send_request(request)
        self.handshake: HandshakeResponse | None = None
        self.frames: list[Frame] = []
        self.flush()

    def flush(self) -> None:
        """Send what the protocol wants to send, and take in what came."""
        for data in self.protocol.data_to_send():
            if data:
                self.connection.send(data)
        self.take()

    def take(self) -> None:
        """Take in what came."""
        self.connection.web.chat.turn()
        received = self.connection.received()
        if received:
            self.protocol.receive_data(received)
        for event in self.protocol.events_received():
            if isinstance(event, HandshakeResponse):
                self.handshake = event
            elif isinstance(event, Frame):
                self.frames.append(event)

    def says(self, *lines: str) -> list[str]:
        """Send a frame of lines, and return the lines that came for it."""
        self.protocol.send_text("\n".join(lines).encode())
        self.flush()
        return self.lines()

    def lines(self) -> list[str]:
        """Return the lines that came since this was asked last."""
        self.take()
        texts = [frame.data for frame in self.frames if frame.opcode is Opcode.TEXT]
        self.frames = [frame for frame in self.frames if frame.opcode is not Opcode.TEXT]
        return b"".join(bytes(text) for text in texts).decode().splitlines()

    @property
    def closed_with(self) -> tuple[int, str] | None:
        """The code and the reason of the server's close frame; None before there is one."""
        received = self.protocol.close_rcvd
        return None if received is None else (int(received.code), received.reason)


def written(method: str, target: str, body: bytes | str | None = None, headers: dict[str, str] | None = None) -> bytes:
    """Return a request as it is sent."""
    data = body.encode() if isinstance(body, str) else body
    lines = {"Host": "127.0.0.1", **(headers or {})}
    if data is not None and "Transfer-Encoding" not in lines:
        lines.setdefault("Content-Length", str(len(data)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + (data or b"")


def parsed(received: bytes) -> Answer:
    """Return a whole answer, taken apart."""
    head, end, body = received.partition(b"\r\n\r\n")
    assert end, f"no answer, but {received!r}"
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Answer(int(first.split()[1]), headers, body)


def _unchunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        data = rest[length + 2 :]
    return b"".join(parts)
