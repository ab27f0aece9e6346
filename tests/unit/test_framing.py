"""A stream of bytes becomes the same lines whatever the segments it arrives in."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatd.protocol.framing import BOM, FramingError, LineDecoder
from chatd.protocol.telnet import MAX_SUBNEGOTIATION_BYTES

MAX = 8
PIECES = [b"\n", b"\r\n", b"\r\0", b"\r", b"\0", BOM, BOM[:1], b"a", b"bc ", b"x" * MAX, b"y" * (MAX + 1), b"\xff"]
PIECES += [b"\xff\xf1", b"\xff\xfb\x01", b"\xff\xfa\x18\0x\xff\xf0", b"GET ", b"\x16", b"\x03", b"HTTP/1"]
PIECES += [b"\xff\xf4", b"\xff\xf6", b"\xff\xf7", b"\xff\xfd\x06", b"\xff\xfd\n", b"\x08", b"z" * (MAX - 1)]
STREAMS = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


def _byte(value: int) -> bytes:
    return bytes([value])


def fed(decoder: LineDecoder, segments: Iterable[bytes]) -> list[bytes]:
    return [line for segment in segments for line in decoder.feed(segment)]


def outcome(segments: Iterable[bytes], at_most: int = -1, *, by_hand: bool = False) -> tuple[list[bytes], bytes | str]:
    """Return the lines that are not blank, asked for so many at a time, and how the stream ended."""
    decoder = LineDecoder(MAX, by_hand=by_hand)
    lines: list[bytes] = []
    try:
        for segment in segments:
            lines += decoder.feed(segment, at_most)
            while decoder.has_lines:
                found = decoder.next_lines(at_most)
                assert 0 < len(found) <= (at_most if at_most > 0 else len(found))
                lines += found
        rest: bytes | str = decoder.end()
    except FramingError as error:
        rest = str(error)
    assert decoder.held_bytes <= MAX + len(BOM) + 1 or isinstance(rest, str)
    assert all(len(line) <= MAX + 1 for line in lines) or at_most > 0
    lines = [line[: MAX + 1] for line in lines]
    if isinstance(rest, str):
        lines.clear()  # of the bytes that cause it nothing is returned, and before it there were enquiries at most
    return [line for line in lines if line], rest


@settings(max_examples=300, deadline=None)
@example(b"bc bc HTTP/1", [1], 1, False)
@example(b"\r" + b"bc bc HTTP/1", [1], 1, False)
@example(b"\r\r\nGET ", [1], 1, False)
@example(b"x" * (MAX + 1) + b"\xff\xf6\xff\xf7a\n", [MAX + 1], 1, True)
@example(b"\xff\xf6bc bc HTTP/1", [1], 1, True)
@given(STREAMS, st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 4), st.booleans())
def test_in_any_segments_it_is_the_same_as_at_once(
    stream: bytes, lengths: list[int], at_most: int, by_hand: bool
) -> None:
    segments: list[bytes] = []
    start = 0
    while start < len(stream):
        length = lengths[len(segments) % len(lengths)]
        segments.append(stream[start : start + length])
        start += length
    at_once = outcome([stream], by_hand=by_hand)
    assert outcome(segments, at_most, by_hand=by_hand) == at_once
    assert outcome(map(_byte, stream), at_most, by_hand=by_hand) == at_once


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0"])
def test_lines_end_in_lf_crlf_or_cr_nul(end: bytes) -> None:
    assert LineDecoder().feed(end.join([b"one", b"", b"two", b"thr"])) == [b"one", b"", b"two"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("length", [MAX - 1, MAX, MAX + 1, MAX + 2, 50 * MAX])
def test_the_verdict_is_right_at_the_limit(length: int, mark: bytes, end: bytes) -> None:
    stream = mark + b"x" * length + end + b"next\n"
    for segments in ([stream], map(_byte, stream), [stream[: length + 3], stream[length + 3 :]]):
        assert fed(LineDecoder(MAX), segments) == [b"x" * min(length, MAX + 1), b"next"]


def test_an_endless_line_is_one_line_and_is_not_kept() -> None:
    decoder = LineDecoder(MAX)
    assert decoder.feed(b"a\n" + b"x" * 100) == [b"a", b"x" * (MAX + 1)]
    for _ in range(100):
        assert decoder.feed(b"x" * 1000) == []
        assert decoder.held_bytes == 0
    assert decoder.feed(b"x\nb\n") == [b"b"]


def test_lines_that_are_not_asked_for_stay_and_come_in_their_order() -> None:
    decoder = LineDecoder(MAX)
    assert decoder.feed(b"1\n2\n3\n4", 0) == []
    assert decoder.has_lines
    assert decoder.next_lines(2) == [b"1", b"2"]
    assert decoder.feed(b"\n" + b"x" * 99, 1) == [b"3"]
    assert decoder.next_lines() == [b"4", b"x" * (MAX + 1)]
    assert not decoder.has_lines


@pytest.mark.parametrize(
    ("stream", "lines", "rest"),
    [
        (b"", [], b""),
        (b"a\n", [b"a"], b""),
        (b"a\nb", [b"a"], b"b"),
        (b"a\nb\r", [b"a"], b"b"),
        (BOM + b"b", [], b"b"),
        (b"b\xff", [], b"b\xff"),
        (b"b\xff\xfa\x18", [], b"b"),
        (b"x" * 99, [b"x" * (MAX + 1)], b""),
        (b"x" * MAX + b"\xff", [], b"x" * MAX + b"\xff"),
        (b"x" * 99 + b"\xff", [b"x" * (MAX + 1)], b""),
    ],
)
def test_the_end_of_the_stream_leaves_an_unterminated_line(stream: bytes, lines: list[bytes], rest: bytes) -> None:
    decoder = LineDecoder(MAX)
    decoder.feed(stream, 0)
    assert decoder.end() == rest
    assert decoder.next_lines() == lines
    assert decoder.end() == b""


def test_telnet_without_end_is_refused() -> None:
    with pytest.raises(FramingError, match="telnet"):
        LineDecoder().feed(b"JOIN alice\n\xff\xfa" + b"x" * (MAX_SUBNEGOTIATION_BYTES + 1))


def test_what_telnet_commands_cost_is_counted() -> None:
    decoder = LineDecoder()
    decoder.feed(b"\xff\xf1a\xff\xfb\x01\n")
    decoder.feed(b"b\n")
    assert decoder.telnet_commands == 2


@pytest.mark.parametrize(
    "line",
    [
        bytes.fromhex("16030100f8010000f40303"),
        bytes.fromhex("1603030200010001fc0303"),
        b"GET / HTTP/1.1",
        b"GET /chat",
        b"HEAD / HTTP/1.0",
        b"POST /x HTTP/1.1",
        b"POST /" + b"x" * 9000 + b" HTTP/1.1",
        b"POST * HTTP/1.1",
        b"POST http://example.org/" + b"x" * 9000 + b" HTTP/1.1",
        b"PUT /x HTTP/1.1",
        b"DELETE /x HTTP/1.1",
        b"CONNECT smtp.example.org:25 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"TRACE / HTTP/1.1",
        b"PATCH / HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"PROPFIND /dav HTTP/1.1",
        b"get / HTTP/1.1",
        b"X-ODD! /?q=%0aJOIN HTTP/1.1",
    ],
)
def test_a_stream_of_tls_or_http_has_no_lines(line: bytes) -> None:
    for segments in ([line], [line + b"\r\nHost: example.org\r\nJOIN x\r\n"], [b"\r\n", *map(_byte, line)]):
        with pytest.raises(FramingError, match="TLS"):
            fed(LineDecoder(), segments)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x16",
        b"\x16\x02",
        b"JOIN alice",
        b"JOIN alice #http",
        b"HELLO 1",
        b"@label=a HELLO 1",
        b"GETTING there",
        b"get x",
        b"GET",
        b"MSG GET / HTTP/1.1",
        b"TELL bob see GET / HTTP/1.1",
        b"MSG HTTP/1.1",
        b"POSTAL /",
        b"POST ci #builds passed",
        b"POST ci: passed",
        b"POST #builds ci passed",
        b" GET /",
        b"JOIN a\r\nGET / HTTP/1.1",
        "JOIN żółw".encode(),
        b"\xff\xfb\x01x",
    ],
)
def test_other_streams_have_lines(line: bytes) -> None:
    assert LineDecoder().feed(line + b"\n")


def test_what_telnet_asks_for_is_a_line_before_the_one_in_which_it_stands_and_what_it_takes_back_stays_there() -> None:
    stream = b"PING 1\nPING\xff\xfd\x06 x\xff\xf7\xff\xf62\nab\xff\xf4c\n"
    lines = [b"PING 1", b"\xff\xfd06", b"\xff\xf6", b"PING x\xff\xf72", b"ab\xff\xf8c"]
    for segments in ([stream], map(_byte, stream)):
        assert fed(LineDecoder(by_hand=True), segments) == lines
    assert fed(LineDecoder(), [stream]) == [b"PING 1", b"PING x2", b"abc"]


def test_what_is_asked_within_a_line_that_is_skipped_is_asked_still() -> None:
    decoder = LineDecoder(MAX, by_hand=True)
    assert decoder.feed(b"x" * 50 + b"\xff\xf7\xff\xf6y\xff\xf4y") == [b"x" * (MAX + 1), b"\xff\xf6"]
    assert decoder.held_bytes == 0
    assert decoder.feed(b"\xff\xf6\xff\xf7y\nz\n") == [b"\xff\xf6", b"z"]


@pytest.mark.parametrize(
    ("data", "has"),
    [(b"ab\r\0", False), (b"\x1b", True), (b"\b", True), (b"\x7f", True), (b"\xff\xf6", True)],
    ids=repr,
)
def test_whether_keys_were_pressed_is_known(data: bytes, has: bool) -> None:
    decoder = LineDecoder(by_hand=True)
    decoder.feed(b"PING\n")
    decoder.feed(data)
    decoder.feed(b"PING\n")
    assert decoder.has_keys is has
    programs = LineDecoder()
    programs.feed(data)
    assert not programs.has_keys


@pytest.mark.parametrize(
    "stream", [b"x" * 8 + b"\r" + b"\xff\xf6" * 30_000, b"\xff\xfd\n" * 20_000, b"a\xff\xf7" * 20_000]
)
def test_commands_cost_what_they_are_long(stream: bytes) -> None:
    def seconds(data: bytes) -> float:
        decoder = LineDecoder(8, by_hand=True)
        begun = time.process_time()
        decoder.feed(data, 0)
        return time.process_time() - begun

    once = min(seconds(stream[: len(stream) // 10]) for _ in range(3))
    assert min(seconds(stream) for _ in range(3)) < 40 * max(once, 0.0005)
