"""Another edge is a protocol and a factory, and its connections count with those of the first."""

from __future__ import annotations

import json

import pytest
from twisted.internet.testing import StringTransport
from typing_extensions import override

from chatd.chat.limits import Limits
from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.line import LineFactory, LineProtocol
from chatd.edges.peer_connection import PeerConnection
from chatd.protocol import wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.framing import LineDecoder
from chatd.protocol.wire import Request
from tests.support.in_memory_chat import InMemoryChat


class JsonProtocol(LineProtocol):
    """Objects of JSON, a line each: ``{"do": "JOIN alice"}`` in, ``{"said": "OK JOIN #lobby 1"}`` out."""

    @override
    def connectionMade(self) -> None:
        self.peer = PeerConnection(self.factory.gateway, self, LineDecoder(self.MAX_LENGTH), translated)

    @override
    def lineReceived(self, line: bytes) -> None:
        request: Request | ChatError
        try:
            request = wire.parse_command(json.loads(line)["do"].encode())
        except ChatError as error:
            request = error
        except (ValueError, LookupError, TypeError, AttributeError):
            request = ChatError(Code.BAD_SYNTAX, "write an object with do")
        self.peer.session.receive(request)


class JsonFactory(EdgeFactory):
    """Makes a `JsonProtocol` for each connection that is admitted."""

    protocol = JsonProtocol

    @override
    def farewell(self, why: str) -> bytes:
        return translated(super().farewell(why))


def translated(lines: bytes) -> bytes:
    return b"".join(json.dumps({"said": line.decode()}).encode() + b"\n" for line in lines.splitlines())


class Edges:
    """A server with two edges."""

    def __init__(self, limits: Limits) -> None:
        self.chat = InMemoryChat(limits)
        self.gateway = Gateway(self.chat.hub, self.chat.clock)
        self.factories: dict[str, EdgeFactory] = {"lines": LineFactory(self.gateway), "json": JsonFactory(self.gateway)}

    def connect(self, edge: str, *lines: bytes) -> StringTransport:
        protocol, transport = self.factories[edge].buildProtocol(None), StringTransport()
        assert protocol is not None
        protocol.makeConnection(transport)
        for line in lines:
            protocol.dataReceived(line + b"\n")
            self.chat.turn()
        return transport


def test_what_is_said_on_one_edge_is_read_on_the_other() -> None:
    edges = Edges(Limits())
    alice = edges.connect("lines", b"JOIN alice #a")
    bob = edges.connect("json", b'{"do": "JOIN bob #a"}', b'{"do": "MSG hello"}', b"[]")
    assert b"MSG bob #a hello\r\n" in alice.value()
    answers = [json.loads(line)["said"] for line in bob.value().splitlines()]
    assert answers[2] == "OK JOIN #a 2 nick=bob"
    assert answers[3].startswith("ERR bad-syntax ")


@pytest.mark.parametrize(("first", "second"), [("lines", "json"), ("json", "lines")])
def test_limits_count_over_both(first: str, second: str) -> None:
    edges = Edges(Limits(connections=2))
    edges.connect(first)
    edges.connect(first)
    refused = edges.connect(second)
    assert b"BYE refused the server is full (2 connections)" in refused.value()
    assert refused.value().startswith(b'{"said": ' if second == "json" else b"BYE")
    assert refused.disconnecting
    assert (len(edges.gateway.connections), edges.gateway.admission.count) == (2, 2)


@pytest.mark.parametrize("edge", ["lines", "json"])
def test_each_is_held_to_the_rate_and_takes_turns(edge: str) -> None:
    edges = Edges(Limits(lines_per_second=10, line_burst=20))
    ping = {"lines": b"PING 1", "json": b'{"do": "PING 1"}'}[edge]
    flood = edges.connect(edge, b"\n".join([ping] * 100))
    assert flood.value().count(b"PONG 1") == 20
    assert flood.producerState == "paused"
    edges.chat.wait(9)
    assert flood.value().count(b"PONG 1") == 100
    assert flood.producerState == "producing"
