"""The web edge over an in-memory hub, asked over transports that the test holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport

from chatd.edges.gateway import Gateway
from chatd.edges.web.channel import WebChannel
from chatd.edges.web.site import WebFactory
from tests.support.in_memory_chat import InMemoryChat


class ReaderTransport(StringTransport):
    """A transport that can be aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()


class WebReader:
    """One connection with one request, and its answer."""

    def __init__(self, factory: WebFactory, address: str) -> None:
        self.transport = ReaderTransport(peerAddress=IPv4Address("TCP", address, 1))
        protocol = factory.buildProtocol(IPv4Address("TCP", address, 1))
        assert isinstance(protocol, WebChannel)
        self.protocol = protocol
        protocol.makeConnection(self.transport)

    @property
    def status(self) -> int:
        return int(self.transport.value().split(b" ", 2)[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.transport.value().partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def ended(self) -> bool:
        """Whether the answer is whole."""
        body = self.transport.value().partition(b"\r\n\r\n")[2]
        if "content-length" in self.headers:
            return len(body) == int(self.headers["content-length"])
        return body.endswith(b"0\r\n\r\n") or self.transport.disconnecting

    @property
    def body(self) -> bytes:
        """What came of the answer, without chunks and decompressed."""
        data: bytes = self.transport.value().partition(b"\r\n\r\n")[2]
        if self.headers.get("transfer-encoding") == "chunked":
            rest, data = data, b""
            while rest:
                size, _, rest = rest.partition(b"\r\n")
                data, rest = data + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        if self.headers.get("content-encoding") == "gzip":
            data = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data)
        return data

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def opened(self) -> dict[str, Any]:
        """The first object."""
        assert self.objects[0]["event"] == "open"
        return self.objects[0]

    @property
    def told(self) -> list[str]:
        """The texts of the messages."""
        return [each["text"] for each in self.objects if each["event"] == "message"]

    @property
    def ids(self) -> list[int]:
        return [each["id"] for each in self.objects if "id" in each]

    def take_nothing(self) -> None:
        """Let what is sent from here on wait."""
        self._producer().pauseProducing()

    def take_all(self) -> None:
        """Read on."""
        self._producer().resumeProducing()

    def _producer(self) -> Any:
        assert self.transport.producer is not None
        return self.transport.producer

    def lose(self) -> None:
        self.protocol.connectionLost()


class WebEdge:
    """The web edge of a chat."""

    def __init__(self, chat: InMemoryChat, *, guests: bool = True) -> None:
        self.chat = chat
        self.gateway = Gateway(chat.hub, chat.clock)
        self.factory = WebFactory(self.gateway, guests=guests)

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        address: str = "127.0.0.1",
        account: str | None = None,
        version: str = "1.1",
        stop: bool = False,
        look_up: Callable[[], str] | None = None,
    ) -> WebReader:
        """Return the connection of one who asks for something, once that has its answer or the beginning of one.

        With ``stop`` it takes nothing more once anything was sent.
        """
        fields = {"Host": "localhost", **(headers or {})}
        lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        reader = WebReader(self.factory, address)
        reader.protocol.visitor.account = account
        reader.protocol.visitor._look_up = look_up
        reader.protocol.dataReceived("\r\n".join(lines).encode())
        if stop:
            reader.take_nothing()
        self.chat.turn()
        return reader
