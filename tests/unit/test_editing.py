"""What somebody takes back of a line is not in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol.editing import edited, unedited

EC, EL = b"\xff\xf7", b"\xff\xf8"
COMMON = st.sampled_from(["a", "b", " ", "ż", "天", "👍", "é"])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (b"PONG\b\b\bING", b"PING"),
        (b"PONG\x7f\x7f\x7fING", b"PING"),
        (b"MSG hx" + EC + b"i", b"MSG hi"),
        (b"\b\b\bPING", b"PING"),
        (b"a\b\b\b", b""),
        (b"never mind" + EL, b""),
        (b"never" + EL + b"mind" + EL + b"PING\b\b\bNG", b"PNG"),
        (b"a" + EL + EC + b"b", b"b"),
        ("zoe\bë".encode(), "zoë".encode()),
        ("zoë\b".encode(), b"zo"),
        ("zoe\u0308\b".encode(), b"zo"),
        ("ae\u0308\u0301\bb".encode(), b"ab"),
        ("a天気\b\b".encode(), b"a"),
        ("กำ\b".encode(), "ก".encode()),  # a vowel that takes a place of its own
        ("กี่\b".encode(), b""),
        ("a❤\ufe0f\b".encode(), b"a"),
        ("a👍🏽\b".encode(), b"a"),
        ("a👩\u200d👩\u200d👧\b".encode(), b"a"),
        ("\u0301\u0301\bx".encode(), b"x"),
        (b"a\xc5\bb", b"ab"),
        (b"a\xffx\b\bb", b"ab"),
        (b"tab\t\bbed", b"tabbed"),
    ],
)
def test_what_is_taken_back_is_gone(line: bytes, left: bytes) -> None:
    assert edited(line) == (left, False)


@pytest.mark.parametrize(
    "key",
    [
        *(f"\x1b[{c}" for c in "ABCDFH"),
        *(f"\x1bO{c}" for c in "ABCDFHPQRS"),
        *(f"\x1b[{n}~" for n in (1, 3, 5, 24, 200)),
        *("\x1b[1;5C", "\x1b[1;10P", "\x1b[3;2~", "\x1b[[A", "\x1b[Z"),
    ],
)
def test_keys_without_a_character_leave_nothing(key: str) -> None:
    assert edited(f"MSG a{key}b".encode()) == (b"MSG ab", True)
    assert edited(f"{key}PONG{key}\b\b\b{key}ING".encode()) == (b"PING", True)


@pytest.mark.parametrize(
    "text", ["\x1b[31mFAIL\x1b[0m", "\x1b[2J", "\x1b[K", "\x1b[12A", "\x1b]0;title\x07", "\x1b", "\x1b[", "\x1bx"]
)
def test_what_programs_print_is_left_to_whoever_cleans_it(text: str) -> None:
    assert edited(text.encode()) == (text.encode(), False)


@settings(deadline=None)
@given(st.text(COMMON, max_size=20), st.text(COMMON, max_size=20), st.sampled_from(["\b", "\x7f"]))
def test_whatever_is_typed_and_taken_back_leaves_what_was_there(before: str, wrong: str, back: str) -> None:
    assert edited((before + wrong + back * len(wrong)).encode()) == (before.encode(), False)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\b", b"\x7f", EC, EL, b"\x1b[D", b"\x1b", b"[", b"\xff", b"\xcc", b"\x81"])).map(
        b"".join
    )
)
def test_nothing_is_added_and_no_edit_is_left(line: bytes) -> None:
    left, _ = edited(line)
    assert len(left) <= len(line)
    assert not {0x08, 0x7F} & {*left}
    assert edited(line + b"\b" * len(line)).line == b""


def test_where_nothing_is_edited_all_stays_that_is_no_command() -> None:
    assert unedited(b"a" + EC + b"b\b" + EL + b"\x1b[D\x7f") == b"ab\b\x1b[D\x7f"
