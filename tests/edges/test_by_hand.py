"""What people get who type: telnet's questions are answered in their turn, and what they take back is not read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport

from chatd.chat.limits import Limits
from chatd.edges.by_hand import HERE, NO_KEYS
from chatd.edges.fairness import TICK_SECONDS
from chatd.edges.line import LineProtocol
from tests.edges.test_line import Edge, held_bytes, said

TIMING_MARK, REFUSED_MARK = b"\xff\xfd\x06", b"\xff\xfc\x06"
HERE_LINE = f"NOTE {HERE}".encode()
KEYS_LINE = f"NOTE {NO_KEYS}".encode()
PIECES = [
    TIMING_MARK,
    b"\xff\xfb\x01",
    b"\xff\xfd\x22",
    b"\xff\xf6",
    b"\xff\xf4",
    b"\xff\xf7",
    b"\xff\xf8",
    b"\xff\xf2",
]
PIECES += [
    b"\xff\xec",
    b"\xff\xfa\x1f\0\x50\xff\xf0",
    b"\b",
    b"\x7f",
    b"\x1b[A",
    "é".encode(),
    b"\n",
    b"\r\0",
    b"x" * 2000,
]
PIECES += [
    b"PING 1",
    b"WHO\n",
    b"JOIN ann #a\n",
    b"MSG hi\n",
    b"TALK\n",
    b"/PIPE\n",
    b"PIPE\n",
    b"HELLO 1\n",
    b"NICK bob\n",
]


@pytest.fixture
def edge() -> Edge:
    return Edge(Limits(lines_per_second=0))


def answer(edge: Edge, transport: StringTransport) -> bytes:
    edge.turn()
    data: bytes = transport.value()
    transport.clear()
    return data


def fed(protocol: LineProtocol, *pieces: bytes) -> None:
    for piece in pieces:
        protocol.dataReceived(piece)


@pytest.mark.parametrize(
    "before", [b"", b"JOIN ann #a\n", b"JOIN ann #a\nTALK\n", b"JOIN ann #a\nPIPE\n", b"HELLO 1\n"]
)
def test_a_timing_mark_is_refused_each_time(edge: Edge, before: bytes) -> None:
    protocol, transport = edge.connect()
    fed(protocol, before)
    answer(edge, transport)
    for _ in range(3):
        fed(protocol, b"\xff\xf4" + TIMING_MARK)
        assert answer(edge, transport) == REFUSED_MARK


def test_answers_keep_their_place_among_those_to_lines(edge: Edge) -> None:
    protocol, transport = edge.connect()
    fed(protocol, b"PING 1\n" + TIMING_MARK + b"PING 2\nPIN" + TIMING_MARK + b"G \xff\xf63\nPING 4\n")
    expected = [b"PONG 1", REFUSED_MARK + b"PONG 2", REFUSED_MARK + HERE_LINE, b"PONG 3", b"PONG 4"]
    assert said(edge, transport) == expected


def test_an_answer_waits_for_those_to_the_lines_before(edge: Edge) -> None:
    protocol, transport = edge.connect(b"JOIN ann #a", *(b"MSG %d" % number for number in range(100)))
    fed(protocol, b"HISTORY 100\n" + TIMING_MARK)
    lines = answer(edge, transport)
    assert lines.count(b"\r\nOLD ") == 99
    assert lines.endswith(b"OK HISTORY #a 100\r\n" + REFUSED_MARK)


def test_each_option_is_refused_once_while_somebody_types(edge: Edge) -> None:
    protocol, transport = edge.connect()
    fed(protocol, b"\xff\xfb\x01\xff\xfd\x03\xff\xfb\x01\xff\xfd\x03\xff\xfb\n\xff\xfd\xff\xff\xfc\x01\xff\xfe\x03")
    assert answer(edge, transport) == b"\xff\xfe\x01\xff\xfc\x03\xff\xfe\n\xff\xfc\xff"
    fed(protocol, b"\xff\xfb\x01\xff\xfd\x03")
    assert answer(edge, transport) == b""


@pytest.mark.parametrize("before", [b"HELLO 1\n", b"JOIN ann #a\nPIPE\n"])
def test_no_option_is_refused_among_what_programs_read(edge: Edge, before: bytes) -> None:
    protocol, transport = edge.connect()
    fed(protocol, before)
    answer(edge, transport)
    fed(protocol, b"\xff\xfb\x01\xff\xfd\x03")
    assert answer(edge, transport) == b""


def test_who_negotiates_for_ever_has_so_many_answers_and_waits() -> None:
    edge = Edge(Limits(lines_per_second=100, line_burst=200))
    edge.hub.timers.start()
    protocol, transport = edge.connect()
    fed(protocol, TIMING_MARK * 20_000)
    assert answer(edge, transport).count(REFUSED_MARK) <= 200
    assert transport.producerState == "paused"
    assert held_bytes(protocol) <= 5 * 20_000
    counts = []
    for _ in range(3):
        for _ in range(round(1 / TICK_SECONDS)):
            edge.clock.advance(TICK_SECONDS)
            edge.turn()
        counts.append(len(answer(edge, transport)) // 3)
    assert max(counts) <= 111
    assert transport.producerState == "paused"


def test_who_does_not_read_the_answers_is_asked_nothing(edge: Edge) -> None:
    protocol, transport = edge.connect()
    assert transport.producer is not None
    transport.producer.pauseProducing()
    fed(protocol, TIMING_MARK * 1000 + b"\xff\xf6" * 1000)
    assert answer(edge, transport) == b""
    assert protocol.peer._writer.waiting == 0
    assert transport.producerState == "paused"


@pytest.mark.parametrize(
    ("typed", "pong"),
    [(b"PONG\b\b\bING 1", b"PONG 1"), (b"PING 12\xff\xf7", b"PONG 1"), (b"HE\xff\xf8PING 1", b"PONG 1")],
)
def test_what_is_taken_back_is_not_carried_out(edge: Edge, typed: bytes, pong: bytes) -> None:
    protocol, transport = edge.connect()
    fed(protocol, typed + b"\r\0")
    assert said(edge, transport) == [pong]
    fed(protocol, *(bytes([byte]) for byte in typed + b"\r\n"))
    assert said(edge, transport) == [pong]


def test_an_interrupt_drops_the_unfinished_line_and_no_other(edge: Edge) -> None:
    protocol, transport = edge.connect()
    fed(protocol, b"PING 1\nQUI\xff\xf4" + TIMING_MARK)
    assert answer(edge, transport) == b"PONG 1\r\n" + REFUSED_MARK
    fed(protocol, b"PING 2\n")
    assert said(edge, transport) == [b"PONG 2"]


def test_a_line_of_which_nothing_is_left_is_a_blank_one(edge: Edge) -> None:
    protocol, transport = edge.connect()
    fed(protocol, b"ab\b\b\nQUIT\xff\xf4\n\x7f\nPING 1\nab\b\b")
    protocol.readConnectionLost()
    (pong, bye) = said(edge, transport)
    assert pong == b"PONG 1"
    assert bye.startswith(b"BYE quit ")


def test_in_talk_it_is_as_in_commands(edge: Edge) -> None:
    _, hears = edge.connect(b"JOIN bob #a")
    protocol, _ = edge.connect(b"JOIN ann #a", b"TALK")
    said(edge, hears)
    fed(protocol, "gree\b\b\bröße\u0301\bs\x1b[D\n".encode())
    assert said(edge, hears) == ["MSG ann #a größs".encode()]


@pytest.mark.parametrize(
    ("lines", "text"),
    # In PIPE it is what a terminal would show that is said.
    [((b"JOIN ci #a", b"PIPE"), "a␡c"), ((b"HELLO 1", b"JOIN ci #a"), "ab␈␡c")],
)
def test_what_programs_say_is_not_edited(edge: Edge, lines: tuple[bytes, ...], text: str) -> None:
    _, hears = edge.connect(b"JOIN bob #a")
    protocol, transport = edge.connect(*lines)
    said(edge, hears)
    fed(protocol, (b"MSG " if b"PIPE" not in lines else b"") + b"ab\b\x7f\xff\xf7\xff\xf4c\x1b[A\n")
    (line,) = said(edge, hears)
    assert text in line.decode()
    assert KEYS_LINE not in transport.value()


def test_lines_after_pipe_in_one_segment_are_not_edited_though_pipe_has_to_wait(edge: Edge) -> None:
    _, hears = edge.connect(b"JOIN bob #a")
    protocol, _ = edge.connect(b"JOIN ci #a")
    said(edge, hears)
    fed(protocol, b"MSG 12\b\nPIPE\n12\b\n3\xff\xf44\n")
    assert [line.decode() for line in said(edge, hears)] == ["MSG ci #a 1", "MSG ci #a 12", "MSG ci #a 34"]


def test_arrow_keys_are_told_once_that_they_do_nothing(edge: Edge) -> None:
    protocol, transport = edge.connect()
    fed(protocol, b"PI\x1b[DNG\x1bOA 1\n", b"\x1b[A\n", b"PING\x1b[1;5C 2\n")
    assert said(edge, transport) == [KEYS_LINE, b"PONG 1", b"PONG 2"]


@pytest.mark.parametrize("end", [b"\n", b"\r\0"])
def test_what_is_taken_back_counts_towards_the_limit(edge: Edge, end: bytes) -> None:
    protocol, transport = edge.connect()
    fed(
        protocol,
        b"PING 1" + b"x\b" * 4093 + end + b"PING 1" + b"x\b" * 4094 + end + b"PING 1" + b"y\xff\xf7" * 9000 + end,
    )
    assert [line[:12] for line in said(edge, transport)] == [b"PONG 1", b"ERR too-long", b"ERR too-long"]
    assert held_bytes(protocol) == 0


def test_a_flood_of_edits_is_one_line_that_is_too_long(edge: Edge) -> None:
    protocol, transport = edge.connect()
    for _ in range(20):
        fed(protocol, b"x\xff\xf7" * 10_000)
        assert held_bytes(protocol) <= 8192 + 5
    assert [line[:12] for line in said(edge, transport)] == [b"ERR too-long"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join), st.lists(st.integers(1, 40), min_size=1, max_size=9)
)
def test_however_it_is_cut_the_answers_are_the_same(stream: bytes, lengths: list[int]) -> None:
    def answers(segments: list[bytes]) -> tuple[bytes, bytes]:
        edge = Edge(Limits(lines_per_second=0))
        _, hears = edge.connect(b"JOIN eve #a")
        protocol, transport = edge.connect()
        fed(protocol, *segments)
        told = answer(edge, transport)
        protocol.readConnectionLost()
        told += answer(edge, transport)
        return without_secrets(told), answer(edge, hears)

    segments: list[bytes] = []
    start = 0
    while start < len(stream):
        segments.append(stream[start : start + lengths[len(segments) % len(lengths)]])
        start += len(segments[-1])
    assert answers(segments) == answers([stream])


def without_secrets(data: bytes) -> bytes:
    return b" ".join(word for word in data.split(b" ") if not word.startswith((b"resume=", b"epoch=")))
