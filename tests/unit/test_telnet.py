"""Telnet's negotiation is taken out of the stream, whatever the segments it comes in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol.telnet import MAX_SUBNEGOTIATION_BYTES, EndlessSubnegotiationError, Filter

STREAMS = (
    st.lists(st.sampled_from(b"\xff\xff\xfa\xfb\xfe\xf0\xf1\xef\r\r\n\0\0a\x01"), max_size=60).map(bytes)
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
    (b"a\xff\xefb", b"a\xff\xefb"),
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


def fed(segments: Iterable[bytes]) -> bytes | None:
    """Return all that a new filter lets through, or None if it gives up."""
    stream = Filter()
    try:
        return b"".join([stream.feed(segment) for segment in segments])
    except EndlessSubnegotiationError:
        return None


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
    whole = fed([data])
    bounds = [0, *sorted(cuts), len(data)]
    assert fed(single_bytes(data)) == whole
    assert fed([data[a:b] for a, b in pairwise(bounds)]) == whole


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
    assert stream.feed(b"a\xff") == b"a"
    assert stream.rest() == b"\xff"
