"""What programs print, as it is said by PIPE: what a terminal would show, in whatever segments it arrives."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol.log_decoder import CHARSETS, LogDecoder, LogError, LogOptions, LongLines
from chatd.protocol.text import plain
from chatd.protocol.wire import MAX_LINE_BYTES

UTF8 = LogOptions()
PIECES = [
    b"\r",
    b"\n",
    b"\x08",
    b"\x1b[",
    b"\x1b",
    b"31m",
    b"\x1b]",
    b"\\",
    b"\x07",
    b"K",
    b"\x1b[5G",
    b"\x1b[2D",
    b"\x1b[3C",
]
PIECES += [b"\x1b[1K", "日本".encode(), b"e\xcc\x88", b"\xff", b"\xc2", b"\x9b", b"abc ", b"x" * 3000, b"y" * 5000]
PIECES += ["ж".encode() * 2500, b"\0", b"\xef\xbb\xbf", b"  ", b"\x18", b"(B"]
STREAMS = st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)


def said(segments: Iterable[bytes], options: LogOptions = UTF8, at_most: int = -1) -> list[bytes]:
    decoder = LogDecoder(options)
    lines: list[bytes] = []
    for segment in segments:
        lines += decoder.feed(segment, at_most)
        while decoder.has_lines:
            lines += decoder.next_lines(at_most)
    while (last := decoder.end()) or decoder.has_lines:
        lines += [last, *decoder.next_lines()]
    return lines


@settings(max_examples=150, deadline=None)
@given(
    STREAMS,
    st.lists(st.sampled_from([1, 2, 3, 7, 50, 3000, 5000]), min_size=1, max_size=9),
    st.sampled_from([-1, 1, 2]),
    st.sampled_from([LogOptions(charset, long) for charset in CHARSETS for long in LongLines]),
)
def test_in_any_segments_it_is_the_same(stream: bytes, lengths: list[int], at_most: int, options: LogOptions) -> None:
    stream = b"first\n" + stream
    segments: list[bytes] = []
    start = 0
    while start < len(stream):
        segments.append(stream[start : start + lengths[len(segments) % len(lengths)]])
        start += len(segments[-1])
    at_once = said([stream], options)
    assert said(segments, options, at_most) == at_once
    assert all(len(line) <= MAX_LINE_BYTES for line in at_once)
    assert not any(0x1B in line or b"\r" in line for line in at_once)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"\x1b[31mFAIL\x1b[0m: 2 of 3\r\n", "FAIL: 2 of 3"),
        (b"\x1b]0;title\x07hi\n", "hi"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "link"),
        (b"\x1bPq#0\x1b\\sixel\n", "sixel"),
        (b"cut\x1b[31\n", "cut"),
        (b"cut\x1b]0;no end\n", "cut"),
        (b"\xc2\x9b31mred\xc2\x9d0;t\xc2\x9c!\n", "red!"),
        (b" 10%\r 50%\r100%\r\x1b[Kdone.\n", "done."),
        (b"abc\x08\x08X\n", "aXc"),
        (b"a    b  \n", "a    b  "),
        ("日本\ra\n".encode(), "a 本"),
        (b"caf\xe9\n", "caf\ufffd"),
        (b"\0\0\0\0\0after a cut\n", "after a cut"),
    ],
)
def test_what_a_terminal_would_show(printed: bytes, shown: str) -> None:
    assert said([printed]) == [shown.encode()]
    assert said(bytes([each]) for each in printed) == [shown.encode()]


def test_a_progress_bar_is_its_end_and_costs_little_memory() -> None:
    bar = b"".join(b"\r%3d%% [%-50s]" % (number // 6, b"#" * (number // 12)) for number in range(600))
    assert len(bar) > 25_000
    decoder = LogDecoder(UTF8)
    for start in range(0, len(bar), 1000):
        assert decoder.feed(bar[start : start + 1000]) == []
        assert decoder.held_bytes <= 5096
    assert decoder.feed(b"\r\x1b[Kdone.\n") == [b"done."]
    assert decoder.telnet_commands >= len(bar) // 1024 - 1  # and is charged for


@pytest.mark.parametrize("length", [8192, 8193, 9000, 40_000])
def test_a_long_line_is_said_in_parts(length: int) -> None:
    text = ("ż" * length).encode()[:length]
    lines = said([text + b"\n"])
    if length <= MAX_LINE_BYTES:
        assert lines == [text]
        return
    parts = [line.decode().partition(") ") for line in lines]
    assert [head for head, _, _ in parts] == [*(f"({n}" for n in range(1, len(parts))), f"({len(parts)}, end"]
    assert "".join(part for _, _, part in parts) == text.decode(errors="replace")


def test_or_cut_and_the_loss_is_said() -> None:
    for text in ("x" * 9000, "x" * (MAX_LINE_BYTES + 1), "é" * 50_000, "日" * 3000):
        (line,) = said([text.encode() + b"\n"], LogOptions(long=LongLines.CUT))
        assert MAX_LINE_BYTES - 20 < len(line) <= MAX_LINE_BYTES
        beginning, _, note = line.decode().partition("...")
        assert text.startswith(beginning)
        assert note == f" (cut: {len(text[len(beginning) :].encode())} bytes more)"


@pytest.mark.parametrize("charset", ["latin-1", "cp1252"])
def test_another_charset_is_read_when_asked(charset: str) -> None:
    assert said([b"caf\xe9 \x80 \x93x\x94\n"], LogOptions(charset)) == ["café € \u201cx\u201d".encode()]


@pytest.mark.parametrize("text", ["hello\n", "日本 ok\n"])
@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_with_what_to_do(text: str, charset: str) -> None:
    stream = "".join(["some words of a log ", text]).encode(charset)
    for segments in ([stream], [bytes([each]) for each in stream]):
        with pytest.raises(LogError, match="iconv"):
            said(segments)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mFAIL\x1b[0m", "FAIL"),
        ("a\x9b1mb", "ab"),
        ("\x1b]0;t\x07x", "x"),
        ("\x1b(Bx\x1b", "x"),
        ("a\rb", "a\u240db"),
    ],
)
def test_what_people_say_has_no_sequences_either(text: str, shown: str) -> None:
    assert plain(text) == shown
