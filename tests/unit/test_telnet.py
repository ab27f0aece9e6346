"""Telnet's negotiation is taken out of the stream, whatever the segments it comes in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol.telnet import (
    ARE_YOU_THERE,
    ERASE_CHARACTER,
    ERASE_LINE,
    MAX_SUBNEGOTIATION_BYTES,
    TIMING_MARK,
    EndlessSubnegotiationError,
    Enquiry,
    Filter,
    Part,
    Refusals,
    do,
    will,
)

STREAMS = (
    st.lists(st.sampled_from(b"\xff\xff\xfa\xfb\xfe\xf0\xf1\xf4\xf6\xf7\xef\xeb\r\r\n\0\0a\x01"), max_size=60).map(
        bytes
    )
    | st.lists(
        st.sampled_from(
            [b"\xff\xfb\x01", b"\xff\xfa\x18\0xterm\xff\xf0", b"\xff\xf1", b"MSG hi", b"\r\0", b"\r\n", b"\xff"]
        ),
        max_size=20,
    ).map(b"".join)
    | st.binary(max_size=60)
)

WHOLE = [
    (b"", b""),
    (b"MSG hi\r\n", b"MSG hi\r\n"),
    ("MSG żółć\n".encode(), "MSG żółć\n".encode()),
    (b"\xff\xf1MSG\xff\xf6 hi\xff\xf9", b"MSG hi"),
    (b"\xff\xfb\x01\xff\xfc\x03\xff\xfd\x22\xff\xfe\x1fMSG hi", b"MSG hi"),
    (b"a\xff\xfd\xffb", b"ab"),
    (b"a\xff\xfb\nb", b"ab"),
    (b"\xff\xfd\0a", b"a"),
    (b"a\xff\xfa\x1f\0\x50\0\x18\xff\xf0b", b"ab"),
    (b"a\xff\xfa\xff\xf0b", b"ab"),
    (b"a\xff\xfa\x1f\xff\xff\xf0\xff\xf0b", b"ab"),
    (b"a\xff\xfa\x1f\xff\xff\xff\xf0b", b"ab"),
    (b"a\xff\xfa\x1f\xff\xff\xff\xff\xff\xf0b", b"ab"),
    (b"a\xff\xfa\x1f\xff\xfb\xff\xf0b\xff\xf0", b"ab"),
    (b"a\xff\xfa\x1f\r\0\n\xff\xf0b", b"ab"),
    (b"a\xff\xf0b", b"ab"),
    (b"a\xffb", b"a\xffb"),
    (b"a\xff\xecb\xff\xed\xff\xee\xff\xefc", b"abc"),
    (b"a\xff\xebb", b"a\xff\xebb"),
    (b"a\xff\xffb", b"a\xff\xffb"),
    (b"a\xff\xff\xf1b", b"a\xffb"),
    (b"\xff\0", b"\xff\0"),
    (b"\xff\n", b"\xff\n"),
    (b"\xfe\xfb\xf0", b"\xfe\xfb\xf0"),
    (b"MSG hi\r\0", b"MSG hi\r\n"),
    (b"MSG hi\r\0MSG ho\r\0", b"MSG hi\r\nMSG ho\r\n"),
    (b"a\r\0\0", b"a\r\n\0"),
    (b"\0a\0", b"\0a\0"),
    (b"a\r\r\0", b"a\r\r\n"),
    (b"a\r\n\0", b"a\r\n\0"),
    (b"a\r\xff\xf1\0", b"a\r\n"),
    (b"a\r\xff\xfb\0\0", b"a\r\n"),
]


def parts(segments: Iterable[bytes]) -> list[Part] | None:
    """Return what a new filter makes of a stream, texts in a row as one, or None if it gives up."""
    stream = Filter()
    found: list[Part] = []
    try:
        for part in [part for segment in segments for part in stream.feed(segment)]:
            if isinstance(part, bytes):
                assert part
                if found and isinstance(found[-1], bytes):
                    found[-1] += part
                    continue
            found.append(part)
    except EndlessSubnegotiationError:
        return None
    return found


def fed(segments: Iterable[bytes]) -> bytes | None:
    """Return all the text that a new filter lets through, or None if it gives up."""
    found = parts(segments)
    return None if found is None else b"".join(part for part in found if isinstance(part, bytes))


def single_bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


@pytest.mark.parametrize(("data", "left"), WHOLE)
def test_stripped_in_one_segment_in_every_two_and_byte_by_byte(data: bytes, left: bytes) -> None:
    assert fed([data]) == left
    assert fed(single_bytes(data)) == left
    for cut in range(len(data)):
        assert fed([data[:cut], b"", data[cut:]]) == left


@settings(deadline=None, max_examples=300)
@given(STREAMS, st.lists(st.integers(0, 60)))
def test_segments_make_no_difference(data: bytes, cuts: list[int]) -> None:
    whole = parts([data])
    bounds = [0, *sorted(cuts), len(data)]
    assert parts(single_bytes(data)) == whole
    assert parts([data[a:b] for a, b in pairwise(bounds)]) == whole


@settings(deadline=None)
@given(st.binary().filter(lambda data: b"\xff" not in data and b"\0" not in data))
def test_what_is_not_telnet_passes_as_it_is(data: bytes) -> None:
    assert fed([data]) == data


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_subnegotiation_of_anything_goes_whole(inside: bytes, text: str) -> None:
    around = text.replace("\0", "").encode()
    assert (
        fed([b"<\xff\xfa" + inside.replace(b"\xff", b"\xff\xff") + b"\xff\xf0" + around + b">"]) == b"<" + around + b">"
    )


@pytest.mark.parametrize(
    "data", [b"a\xff", b"a\xff\xfb", b"a\xff\xfa", b"a\xff\xfa\x1f\xff", b"a\xff\xfa\x1f"], ids=repr
)
def test_what_may_be_negotiation_waits(data: bytes) -> None:
    assert fed([data]) == b"a"


@pytest.mark.parametrize("filler", [b"x", b"\xff\xff", b"\r\0", b"\n"], ids=repr)
def test_the_longest_subnegotiation(filler: bytes) -> None:
    inside = (filler * MAX_SUBNEGOTIATION_BYTES)[: MAX_SUBNEGOTIATION_BYTES - 2]
    data = b"a\xff\xfa" + inside + b"\xff\xf0b"
    assert fed([data]) == b"ab"
    assert fed(single_bytes(data)) == b"ab"


@pytest.mark.parametrize("end", [b"", b"\xff\xf0", b"\xff\xf0MSG hi\n"], ids=repr)
@pytest.mark.parametrize("size", [1025, 5000])
def test_an_endless_subnegotiation(size: int, end: bytes) -> None:
    data = b"\xff\xfa" + b"x" * size + end
    assert fed([data]) is None
    assert fed(single_bytes(data)) is None
    assert fed([b"MSG hi\n", b"\xff", data[1:700], data[700:]]) is None


def test_what_is_held_back_is_told_at_the_end() -> None:
    stream = Filter()
    assert stream.feed(b"a\xff") == [b"a"]
    assert stream.rest() == b"\xff"


def test_what_telnet_asks_for_stands_where_it_was_asked() -> None:
    stream = b"a\xff\xf6b\r\xff\xf7\0\xff\xf8\xff\xf4\xff\xfd\x06\xff\xfb\n\xff\xfc\x01\xff\xfe\x01\xff\xf3c"
    asked = [
        b"a",
        ARE_YOU_THERE,
        b"b\r",
        ERASE_CHARACTER,
        b"\n",
        ERASE_LINE,
        ERASE_LINE,
        do(TIMING_MARK),
        will(10),
        b"c",
    ]
    assert parts([stream]) == asked
    assert parts(single_bytes(stream)) == asked


@pytest.mark.parametrize("enquiry", [ARE_YOU_THERE, *map(do, range(256)), *map(will, range(256))])
def test_an_enquiry_can_stand_among_lines(enquiry: Enquiry) -> None:
    line = enquiry.as_line()
    assert Enquiry.read(line) == enquiry
    assert b"\n" not in line
    assert b"\r" not in line


@pytest.mark.parametrize(
    "line", [b"", b"PING", b"\xff", b"\xff\xfd1", b"\xff\xfd123", b"a\xff\xf6", b"\xff\xf7", b"\xff\xfdAB"]
)
def test_other_lines_are_no_enquiries(line: bytes) -> None:
    assert Enquiry.read(line) is None


def test_every_option_is_refused_once_and_a_timing_mark_each_time() -> None:
    refusals = Refusals()
    answers = [refusals.answer(ask(option)) for _ in range(3) for option in range(256) for ask in (do, will)]
    given = [answer for answer in answers if answer]
    assert given[:4] == [b"\xff\xfc\0", b"\xff\xfe\0", b"\xff\xfc\x01", b"\xff\xfe\x01"]
    assert len(given) == 512 + 2
    assert given.count(b"\xff\xfc\x06") == 3
    assert given.count(b"\xff\xfe\x06") == 1


def test_two_who_refuse_everything_are_soon_silent() -> None:
    near, far = Filter(), Filter()
    ours, theirs = Refusals(), Refusals()
    data = b"".join(b"\xff\xfb%c\xff\xfd%c" % (option, option) for option in range(255))
    passed = 0
    while data:
        data = b"".join(theirs.answer(part) for part in near.feed(data) if isinstance(part, Enquiry))
        data = b"".join(ours.answer(part) for part in far.feed(data) if isinstance(part, Enquiry))
        passed += 1
        assert passed < 3
