"""The edge, over a transport in memory: what comes in as bytes, and what is held."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd import commands
from chatd.hub import Hub
from chatd.journal.memory import MemoryJournal
from chatd.line import ABORT_SECONDS, LINES_PER_TURN, LineFactory, LineProtocol
from tests.peers import surroundings


class Edge:
    """A factory on a clock, and connections to it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.hub = Hub(MemoryJournal(surroundings(self.clock)), self.clock)
        self.factory = LineFactory(self.hub, self.clock, max_waiting_bytes=10_000)

    def connect(self, *lines: bytes) -> tuple[LineProtocol, StringTransport]:
        protocol, transport = self.factory.buildProtocol(None), StringTransport()
        protocol.makeConnection(transport)
        for line in lines:
            protocol.dataReceived(line + b"\r\n")
            self.turn()
        transport.clear()
        return protocol, transport

    def turn(self, turns: int = 50) -> None:
        for _ in range(turns):
            self.clock.advance(0)


@pytest.fixture
def edge() -> Edge:
    return Edge()


def said(edge: Edge, transport: StringTransport) -> list[bytes]:
    edge.turn()
    lines: list[bytes] = transport.value().split(b"\r\n")
    transport.clear()
    assert lines.pop() == b""
    return lines


def test_the_last_line_of_a_pipe_may_end_in_half_an_end(edge: Edge) -> None:
    _, hears = edge.connect(b"JOIN bob #a")
    protocol, _ = edge.connect(b"JOIN ci #a", b"PIPE")
    said(edge, hears)
    protocol.dataReceived(b"cut here\r")
    protocol.readConnectionLost()
    assert said(edge, hears) == [b"MSG ci #a cut here", b"PART ci #a"]


def test_a_newcomer_is_greeted(edge: Edge) -> None:
    protocol, transport = edge.factory.buildProtocol(None), StringTransport()
    protocol.makeConnection(transport)
    (greeting,) = said(edge, transport)
    assert greeting.startswith(b"NOTE This is chatd ")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0"])
def test_lines_end_in_lf_crlf_or_cr_nul(edge: Edge, end: bytes) -> None:
    protocol, transport = edge.connect()
    protocol.dataReceived(end.join([b"PING 1", b"", b"PING 2", b""]))
    assert said(edge, transport) == [b"PONG 1", b"PONG 2"]


def test_byte_by_byte_is_the_same_as_at_once(edge: Edge) -> None:
    stream = (
        b"\xef\xbb\xbfPING a\r\nPING \xff\xfb\x01b\r\0\xff\xfa\x18\x00x\xff\xf0PING c\n" + b"x" * 9000 + b"\nPING d\n"
    )
    answers = []
    for pieces in ([stream], [bytes([byte]) for byte in stream]):
        protocol, transport = edge.connect()
        for piece in pieces:
            protocol.dataReceived(piece)
        answers.append(said(edge, transport))
    assert answers[0] == answers[1]
    assert [line[:12] for line in answers[0]] == [b"PONG a", b"PONG b", b"PONG c", b"ERR too-long", b"PONG d"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(("length", "verdict"), [(8191, b"PONG"), (8192, b"PONG"), (8193, b"ERR "), (60_000, b"ERR ")])
def test_the_longest_line(edge: Edge, length: int, verdict: bytes, end: bytes) -> None:
    protocol, transport = edge.connect()
    line = b"PING " + b"x" * (length - 5) + end
    for start in range(0, len(line), 1000):
        protocol.dataReceived(line[start : start + 1000])
    protocol.dataReceived(b"PING\n")
    answers = said(edge, transport)
    assert answers[0].startswith(verdict)
    assert answers[1:] == [b"PONG"]


def test_a_byte_order_mark_does_not_count(edge: Edge) -> None:
    protocol, transport = edge.connect()
    line = b"\xef\xbb\xbfPING " + b"x" * 8187 + b"\n"
    for piece in (line[:-3], line[-3:]):
        protocol.dataReceived(piece)
    assert said(edge, transport) == [b"PONG " + b"x" * 8187]


def test_after_its_bye_a_connection_is_read_from_again(edge: Edge) -> None:
    protocol, transport = edge.connect()
    protocol.dataReceived(b"JOIN a\nQUIT\n" + b"MSG more\n" * 100)
    assert transport.producerState == "paused"
    assert said(edge, transport)[-1].startswith(b"BYE quit ")
    assert transport.producerState == "producing"


def test_an_endless_line_is_not_kept(edge: Edge) -> None:
    protocol, transport = edge.connect()
    for _ in range(100):
        protocol.dataReceived(b"x" * 65536)
    held = len(protocol._partial) + sum(map(len, protocol._lines))
    assert held <= 8193
    assert len(said(edge, transport)) == 1


def test_many_lines_take_several_turns_and_nothing_is_read_meanwhile(edge: Edge) -> None:
    protocol, transport = edge.connect()
    count = LINES_PER_TURN * 3
    protocol.dataReceived(b"PING\n" * count)
    assert transport.value().count(b"PONG") == LINES_PER_TURN
    assert transport.producerState == "paused"
    assert len(said(edge, transport)) == count
    assert transport.producerState == "producing"


def test_half_close_is_answered_after_all_that_came_before(edge: Edge) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect()
    protocol.dataReceived(b"JOIN ci #a\nMSG passed\nMSG unfini")
    protocol.readConnectionLost()
    answers = said(edge, transport)
    assert answers[0] == b"OK JOIN #a 2"
    assert answers[1].startswith(b"ERR bad-syntax * unfinished line")
    assert answers[2].startswith(b"BYE quit ")
    assert len(answers) == 3
    assert transport.disconnecting
    assert said(edge, bob) == [b"JOIN ci #a", b"MSG ci #a passed", b"PART ci #a"]


def test_in_pipe_the_last_line_needs_no_end(edge: Edge) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect(b"JOIN ci #a", b"PIPE")
    protocol.dataReceived(b"one\n\n/two\nQUIT")
    protocol.readConnectionLost()
    assert said(edge, transport)[-1].startswith(b"BYE quit ")
    assert said(edge, bob)[1:] == [b"MSG ci #a one", b"MSG ci #a /two", b"MSG ci #a QUIT", b"PART ci #a"]


def test_after_a_full_close_complete_lines_count(edge: Edge) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, _ = edge.connect()
    protocol.dataReceived(b"JOIN ci #a\nMSG one\nMSG tw")
    protocol.connectionLost(Failure(ConnectionDone()))
    assert said(edge, bob) == [b"JOIN ci #a", b"MSG ci #a one", b"PART ci #a"]
    assert len(edge.factory.connections) == 1
    assert len(edge.hub.sessions) == 1


@pytest.mark.parametrize(
    "first",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\n", b"\r\nPOST / HTTP/1.1\r\n", b"BREW /pot HTTP/1.0\r\n"],
)
def test_tls_and_http_are_sent_away_and_nothing_is_carried_out(edge: Edge, first: bytes) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect()
    for byte in first + b"\r\nJOIN evil #a\r\nMSG spam\r\n":
        protocol.dataReceived(bytes([byte]))
    (bye,) = said(edge, transport)
    assert bye.startswith(b"BYE not-chatd ")
    assert said(edge, bob) == []


def test_telnet_without_end_is_sent_away(edge: Edge) -> None:
    protocol, transport = edge.connect()
    protocol.dataReceived(b"\xff\xfa" + b"x" * 2000)
    assert said(edge, transport)[0].startswith(b"BYE not-chatd ")


def test_a_pipe_refused_for_its_bytes_closes(edge: Edge) -> None:
    protocol, transport = edge.connect(b"JOIN ci #a")
    protocol.dataReceived(b"PIPE #" + b"x" * 9000 + b"\nPART\n")
    error, bye = said(edge, transport)
    assert error.startswith(b"ERR too-long * ")
    assert bye.startswith(b"BYE refused ")


def stalled(transport: StringTransport) -> None:
    assert transport.producer is not None
    transport.producer.pauseProducing()


def test_what_a_reader_does_not_take_waits_up_to_the_limit_and_no_further(edge: Edge) -> None:
    alice, _ = edge.connect(b"JOIN alice")
    bob, transport = edge.connect(b"JOIN bob")
    stalled(transport)
    for _ in range(9):
        alice.dataReceived(b"MSG " + b"x" * 1000 + b"\n")
        edge.turn()
    assert transport.value() == b""
    assert 9000 < bob._writer.waiting <= 10_000
    alice.dataReceived(b"MSG " + b"x" * 1000 + b"\n")
    (bye,) = said(edge, transport)
    assert bye.startswith(b"BYE slow ")
    assert bob._writer.waiting == 0
    edge.clock.advance(ABORT_SECONDS)
    assert transport.disconnected


def test_a_reader_that_comes_back_gets_everything_in_order(edge: Edge) -> None:
    alice, _ = edge.connect(b"JOIN alice")
    _, transport = edge.connect(b"JOIN bob")
    stalled(transport)
    for number in range(20):
        alice.dataReceived(b"MSG %d\n" % number)
        edge.turn()
    assert transport.producer is not None
    transport.producer.resumeProducing()
    assert said(edge, transport) == [b"MSG alice #lobby %d" % number for number in range(20)]


def test_one_that_does_not_read_is_not_read_from(edge: Edge) -> None:
    protocol, transport = edge.connect(b"JOIN alice")
    stalled(transport)
    protocol.dataReceived(b"PING\n" * 10)
    assert transport.value() == b""
    assert transport.producerState == "paused"
    assert transport.producer is not None
    transport.producer.resumeProducing()
    assert said(edge, transport) == [b"PONG"] * 10
    assert transport.producerState == "producing"


def noise(seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    verbs = [*commands.VERBS, "HELLO 1", "JOIN a #b", "@label=x MSG", "NOPE", "/"]
    for _ in range(3000):
        junk = chance.randbytes(chance.randrange(40))
        verb = chance.choice(verbs).encode()
        yield chance.choice([junk, verb, verb + b" " + junk, verb + b" #room " + junk, b"@" + junk + b" " + verb])


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_answered_and_logs_no_traceback(edge: Edge, seed: int) -> None:
    protocol, transport = edge.connect()
    for line in noise(seed):
        protocol.dataReceived(line + b"\n")
        edge.turn(3)
        if transport.disconnecting:
            protocol.connectionLost(Failure(ConnectionDone()))
            protocol, transport = edge.connect()
        for answer in transport.value().decode().split("\r\n"):
            assert not [c for c in answer if (c < " " and c != "\t") or "\x7f" <= c <= "\x9f"], answer
        transport.clear()
    other, witness = edge.connect()
    other.dataReceived(b"PING 1\n")
    assert said(edge, witness) == [b"PONG 1"]
