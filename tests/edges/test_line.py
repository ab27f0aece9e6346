"""The edge, over a transport in memory: what comes in as bytes, and what is held."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.edges.fairness import LINES_IN_A_CROWD, LINES_PER_TURN, TICK_SECONDS
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory, LineProtocol
from chatd.edges.peer_connection import ABORT_SECONDS
from chatd.journal.memory import MemoryJournal
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.framing import LineDecoder
from chatd.protocol.names import Nick
from chatd.protocol.verbs import VERBS
from tests.support.in_memory_chat import journal_environment


class Edge:
    """A factory on a clock, and connections to it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        limits = replace(limits or Limits(), send_queue_bytes=10_000)
        self.hub = make_hub(MemoryJournal(journal_environment(self.clock)), self.clock, limits)
        self.gateway = Gateway(self.hub, self.clock)
        self.factory = LineFactory(self.gateway)

    def connect(self, *lines: bytes) -> tuple[LineProtocol, StringTransport]:
        protocol, transport = self.make()
        assert isinstance(protocol, LineProtocol)
        for line in lines:
            protocol.dataReceived(line + b"\r\n")
            self.turn()
        transport.clear()
        return protocol, transport

    def make(self) -> tuple[Protocol, StringTransport]:
        protocol, transport = self.factory.buildProtocol(None), StringTransport()
        assert protocol is not None
        protocol.makeConnection(transport)
        return protocol, transport

    def turn(self, turns: int = 50) -> None:
        for _ in range(turns):
            self.clock.advance(0)


class Expensive:
    """The time of a clock by which everything takes longer than a turn, and a turn is a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = clock.seconds()

    def callLater(self, delay: float, call: Callable[[], None]) -> IDelayedCall:  # noqa: N802  # Twisted's
        return self._clock.callLater(delay + 1, call)

    def seconds(self) -> float:
        self._now += 1
        return self._now


@pytest.fixture
def edge() -> Edge:
    return Edge(Limits(lines_per_second=0))


def held_bytes(protocol: LineProtocol) -> int:
    decoder = protocol.peer._decoder
    assert isinstance(decoder, LineDecoder)
    return decoder.held_bytes


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
    _, transport = edge.make()
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
    refusal = b"\xff\xfe\x01"
    assert [line[:12] for line in answers[0]] == [b"PONG a", refusal + b"PONG b", b"PONG c", b"ERR too-long", b"PONG d"]


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
    held = held_bytes(protocol) + sum(map(len, protocol.peer._lines))
    assert held <= 8193 + len(b"\n") + 4
    assert len(said(edge, transport)) == 1


def test_many_lines_take_several_turns_and_nothing_is_read_meanwhile(edge: Edge) -> None:
    protocol, transport = edge.connect()
    count = LINES_PER_TURN * 3
    protocol.dataReceived(b"PING\n" * count)
    assert transport.value().count(b"PONG") == LINES_PER_TURN
    assert transport.producerState == "paused"
    assert len(said(edge, transport)) == count
    assert transport.producerState == "producing"


def test_while_many_wait_each_has_few_lines_a_turn_and_who_says_little_is_heard_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edge = paced(100, 10_000)
    floods = [edge.connect(b"JOIN f%d #a" % number) for number in range(3)]
    talker, hears = edge.connect(b"JOIN talker #b")
    newcomer, greeted = edge.connect()
    for protocol, _ in floods:
        edge.gateway.rate_limiter.charge(protocol.peer, 200)
        protocol.dataReceived(b"PING\n" * 1000)
    before = [transport.value().count(b"PONG") for _, transport in floods]
    newcomer.dataReceived(b"JOIN newcomer #c\n")
    talker.dataReceived(b"PING\n")
    order: list[str] = []
    monkeypatch.setattr(talker.peer.session, "send", lambda data: order.append(f"talker {data!r}"))
    edge.gateway.turns._clock = Expensive(edge.clock)  # type: ignore[assignment]  # a turn ends after the first of each kind
    edge.clock.advance(0)
    assert order == ["talker b'PONG\\r\\n'"]
    assert [t.value().count(b"PONG") - n for (_, t), n in zip(floods, before, strict=True)] == [LINES_IN_A_CROWD, 0, 0]
    assert greeted.value() == b""
    for _ in range(1000):
        edge.clock.advance(1)
    assert b"OK JOIN #c" in greeted.value()
    assert [transport.value().count(b"PONG") for _, transport in floods] == [1000] * 3
    assert hears.value() == b""


def test_while_many_wait_those_who_go_wait_too_and_what_they_said_is_carried_out() -> None:
    edge = paced(100, 10_000)
    hearer, hears = edge.connect(b"JOIN hearer #a")
    flood, _ = edge.connect(b"JOIN flood #b")
    lost, _ = edge.connect(b"JOIN lost #a")
    half, answered = edge.connect(b"JOIN half #a")
    said(edge, hears)
    edge.gateway.rate_limiter.charge(flood.peer, 200)
    flood.dataReceived(b"PING\n" * 1000)
    lost.dataReceived(b"MSG last words\nMSG cut o")
    lost.connectionLost()
    half.dataReceived(b"MSG and mine\n")
    half.readConnectionLost()
    assert hears.value() == b""
    assert hearer.peer.session.hub.client(Nick("lost")) is not None
    edge.turn(2000)
    heard = said(edge, hears)
    assert heard.index(b"MSG lost #a last words") < heard.index(b"PART lost #a")
    assert heard.index(b"MSG half #a and mine") < heard.index(b"PART half #a")
    assert b"BYE quit" in answered.value()
    assert edge.gateway.admission.count == 3  # one of them has only closed its own side


def test_half_close_is_answered_after_all_that_came_before(edge: Edge) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect()
    protocol.dataReceived(b"JOIN ci #a\nMSG passed\nMSG unfini")
    protocol.readConnectionLost()
    answers = said(edge, transport)
    assert answers[1] == b"OK JOIN #a 2 nick=ci"
    assert answers[2].startswith(b"ERR bad-syntax * unfinished line")
    assert answers[3].startswith(b"BYE quit ")
    assert len(answers) == 4
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
    assert len(edge.gateway.connections) == 1
    assert len(edge.hub.clients) == 1


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


@pytest.mark.parametrize(
    ("lines", "errors"),
    [
        (b"CAP LS 302\r\nJOIN :\r\n", []),  # irssi 1.4
        (b"CAP LS\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n", []),
        (b"cap req :sasl\r\n", []),
        (b"NICK alice\r\nUSER alice +iw * :Alice\r\n", [b"ERR name-needed NICK"]),
        (b"NICK :alice\r\nuser alice localhost 127.0.0.1 x\r\n", [b"ERR bad-nick NICK"]),
        (b"PASS secret\r\nNICK alice\r\nUSER a 0 * :b\r\n", [b"ERR unknown-verb *", b"ERR name-needed NICK"]),
        (b"USER a 0 * :b\r\nNICK alice\r\n", []),
    ],
)
def test_a_client_of_irc_is_sent_away(edge: Edge, lines: bytes, errors: list[bytes]) -> None:
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect()
    for byte in lines + b"JOIN #a\r\nPRIVMSG #a :hello\r\n":
        protocol.dataReceived(bytes([byte]))
    *before, bye = said(edge, transport)
    assert [b" ".join(line.split()[:3]) for line in before] == errors
    why = "this port speaks the chatd line protocol, not IRC; use the IRC port (--irc), or nc or telnet here"
    assert bye == f"BYE not-chatd {why}".encode()
    assert said(edge, bob) == []


@pytest.mark.parametrize(
    "line",
    [b"NICK alice", b"PASS secret", b"CAP", b"CAP off", b"CAPTURE LS", b"USER alice", b"USER", b"USERS a 0 * :b"],
)
def test_what_is_no_irc_for_certain_is_an_error_like_any_other(edge: Edge, line: bytes) -> None:
    protocol, transport = edge.connect()
    protocol.dataReceived(line + b"\nPING 1\n")
    error, pong = said(edge, transport)
    assert error.startswith(b"ERR ")
    assert pong == b"PONG 1"


def test_who_is_inside_may_say_what_irc_begins_with(edge: Edge) -> None:
    protocol, transport = edge.connect(b"JOIN alice")
    protocol.dataReceived(b"CAP LS 302\nUSER a 0 * :b\nTALK\nUSER a 0 * :b\nPING\n/PING 1\n")
    said_to = said(edge, transport)
    assert [line.split()[0] for line in said_to] == [b"ERR", b"ERR", b"NOTE", b"OK", b"PONG"]


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
    assert 9000 < bob.peer._writer.waiting <= 10_000
    alice.dataReceived(b"MSG " + b"x" * 1000 + b"\n")
    (bye,) = said(edge, transport)
    assert bye.startswith(b"BYE slow ")
    assert bob.peer._writer.waiting == 0
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
    verbs = [*VERBS, "HELLO 1", "JOIN a #b", "@label=x MSG", "NOPE", "/"]
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
        for answer in re.sub(rb"\xff[\xfc\xfe](?s:.)", b"", transport.value()).decode().split("\r\n"):
            assert not [c for c in answer if (c < " " and c != "\t") or "\x7f" <= c <= "\x9f"], answer
        transport.clear()
    other, witness = edge.connect()
    other.dataReceived(b"PING 1\n")
    assert said(edge, witness) == [b"PONG 1"]


# The rate of lines.


def paced(per_second: int, burst: int) -> Edge:
    """Return an edge whose connections are held to a rate, on a clock that goes on a second at a time or less."""
    edge = Edge(Limits(lines_per_second=per_second, line_burst=burst))
    edge.hub.timers.start()
    return edge


def answers_after(edge: Edge, transport: StringTransport, seconds: float) -> int:
    """Return how many lines are answered in some time."""
    for _ in range(round(seconds / TICK_SECONDS)):
        edge.clock.advance(TICK_SECONDS)
        edge.turn()
    return len(said(edge, transport))


def test_lines_over_the_rate_wait_and_nothing_is_read_meanwhile() -> None:
    edge = paced(100, 200)
    protocol, transport = edge.connect()
    protocol.dataReceived(b"PING\n" * 1000)
    assert len(said(edge, transport)) == 200
    assert transport.producerState == "paused"
    assert answers_after(edge, transport, 4) == pytest.approx(400, abs=11)
    assert transport.producerState == "paused"
    assert answers_after(edge, transport, 10) == pytest.approx(400, abs=11)
    assert transport.producerState == "producing"


def test_who_waits_for_its_rate_keeps_nobody_waiting() -> None:
    edge = paced(10, 20)
    protocol, transport = edge.connect()
    other, answers = edge.connect()
    protocol.dataReceived(b"PING\n" * 1000)
    assert len(said(edge, transport)) == 20
    other.dataReceived(b"PING\n")
    assert said(edge, answers) == [b"PONG"]
    assert answers.producerState == "producing"


def test_blank_lines_have_their_rate_too() -> None:
    edge = paced(100, 200)
    protocol, transport = edge.connect()
    protocol.dataReceived(b"\n" * 1000 + b"PING\n")
    assert answers_after(edge, transport, 7) == 0
    assert transport.producerState == "paused"
    assert answers_after(edge, transport, 2) == 1
    assert transport.producerState == "producing"


def test_negotiation_has_its_rate_too() -> None:
    edge = paced(100, 200)
    protocol, transport = edge.connect()
    protocol.dataReceived(b"\xff\xf1" * 30_000)
    protocol.dataReceived(b"\xff\xfc\x01" * 30_000 + b"PI")
    assert transport.producerState == "paused"
    assert answers_after(edge, transport, 1.5) == 0
    assert transport.producerState == "paused"
    assert answers_after(edge, transport, 1) == 0
    assert transport.producerState == "producing"
    protocol.dataReceived(b"NG\n")
    assert said(edge, transport) == [b"PONG"]


def test_endless_negotiation_in_a_line_that_is_skipped() -> None:
    edge = paced(100, 200)
    protocol, transport = edge.connect()
    protocol.dataReceived(b"x" * 9000)
    for _ in range(10):
        protocol.dataReceived(b"\xff\xff" * 10_000)
        answers_after(edge, StringTransport(), 3)
    assert held_bytes(protocol) == 0
    protocol.dataReceived(b"\nPING\n")
    assert [line[:12] for line in said(edge, transport)] == [b"ERR too-long", b"PONG"]


def test_what_waits_is_kept_as_it_came() -> None:
    edge = paced(10, 10)
    protocol, _ = edge.connect()
    protocol.dataReceived(b"a\n" * 30_000)
    edge.turn()
    assert len(protocol.peer._lines) <= LINES_PER_TURN
    assert held_bytes(protocol) < 60_000


def test_who_is_not_read_from_is_heard() -> None:
    edge = paced(1, 1)
    protocol, transport = edge.connect(b"HELLO 1")
    protocol.dataReceived(b"JOIN alice\n" + b"PING\n" * 300)
    answers_after(edge, transport, 200)
    assert not transport.disconnecting
    assert transport.producerState == "paused"


def test_a_line_that_is_too_long_comes_after_those_before_it() -> None:
    edge = paced(100, 3)
    protocol, transport = edge.connect()
    protocol.dataReceived(b"PING 1\nPING 2\n" * 50 + b"x" * 60_000)
    protocol.dataReceived(b"x" * 9000 + b"\nPING 3\n")
    for _ in range(100):
        edge.clock.advance(TICK_SECONDS)
        edge.turn()
    answers = said(edge, transport)
    assert answers[:100] == [b"PONG 1", b"PONG 2"] * 50
    assert answers[100].startswith(b"ERR too-long ")
    assert answers[101:] == [b"PONG 3"]


def test_what_was_sent_before_a_close_is_carried_out_at_the_rate_and_keeps_its_place() -> None:
    edge = paced(100, 100)
    _, bob = edge.connect(b"JOIN bob #a")
    protocol, _ = edge.connect()
    protocol.dataReceived(b"JOIN ci #a\n" + b"MSG more\n" * 498 + b"MSG last\nMSG unfini")
    protocol.connectionLost(Failure(ConnectionDone()))
    assert len(said(edge, bob)) == 100
    assert edge.gateway.admission.count == 2
    assert len(edge.gateway.connections) == 1
    for _ in range(45):
        edge.clock.advance(TICK_SECONDS)
        edge.turn()
    assert said(edge, bob)[-2:] == [b"MSG ci #a last", b"PART ci #a"]
    assert edge.gateway.admission.count == 1


@pytest.mark.parametrize("end", ["lost", "ended", "both"])
def test_who_waited_for_its_rate_leaves_no_timer_behind(end: str) -> None:
    edge = paced(1, 1)
    before = len(edge.clock.getDelayedCalls())
    protocol, _ = edge.connect()
    protocol.dataReceived(b"PING\n" * 100)
    assert len(edge.clock.getDelayedCalls()) == before + 1
    if end in ("lost", "both"):
        protocol.connectionLost(Failure(ConnectionDone()))
    if end in ("ended", "both"):
        protocol.peer.session.disconnect(DisconnectReason.SHUTDOWN, "that is all")
    if end == "ended":
        protocol.connectionLost(Failure(ConnectionDone()))
    for _ in range(0 if end != "lost" else 1100):
        edge.clock.advance(TICK_SECONDS)
    edge.turn()
    assert len(edge.clock.getDelayedCalls()) == before
    assert edge.gateway.admission.count == 0


def test_a_newcomer_too_many_is_told_so_and_makes_no_session() -> None:
    edge = Edge(Limits(connections=2))
    edge.connect()
    edge.connect()
    refused, transport = edge.make()
    assert transport.value().startswith(b"BYE refused the server is full (2 connections)")
    assert transport.value().endswith(b"\r\n")
    assert transport.disconnecting
    refused.dataReceived(b"JOIN alice\n")
    refused.connectionLost(Failure(ConnectionDone()))
    assert len(edge.hub.clients) == 2
    assert edge.gateway.admission.count == 2
