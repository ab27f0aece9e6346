"""What is pasted of what was copied."""

from __future__ import annotations

import pytest

from chatd.client.model.pasting import LINE_BYTES, MAX_PASTED, is_in_code, make_ready


@pytest.mark.parametrize(
    ("copied", "pasted", "lines"),
    [
        ("", "", 0), ("word", "word", 1), ("word\n", "word\n", 1), ("\n", "\n", 1),
        ("a\r\nb\rc\n\n", "a\nb\nc", 3), ("\n  a\n\n  b\n", "  a\n\n  b", 3), ("nul\0", "nul", 1),
    ],
)  # fmt: skip
def test_what_fits_is_pasted_whole(copied: str, pasted: str, lines: int) -> None:
    ready = make_ready(copied)
    assert (ready.text, ready.lines, ready.cut) == (pasted, lines, False)


def test_what_is_too_long_ends_with_a_line() -> None:
    copied = "".join(f"line {number}\n" for number in range(50_000))
    ready = make_ready(copied)
    assert ready.cut
    assert len(ready.text) <= MAX_PASTED
    assert copied.startswith(ready.text + "\n")
    assert ready.lines + ready.lines_left == 50_000


@pytest.mark.parametrize(
    ("copied", "most", "pasted", "lines_left", "characters_left"),
    [
        ("one\ntwo\nthree", 7, "one\ntwo", 1, 5), ("one\ntwo\nthree", 8, "one\ntwo", 1, 5),
        ("one two three", 9, "one two", 1, 6), ("abcdef", 4, "abcd", 1, 2),
        ("\U0001f600" * 6, 4, "\U0001f600" * 4, 1, 2),
    ],
)  # fmt: skip
def test_where_it_is_cut(copied: str, most: int, pasted: str, lines_left: int, characters_left: int) -> None:
    ready = make_ready(copied, most=most, line_bytes=None)
    assert (ready.text, ready.lines_left, ready.characters_left) == (pasted, lines_left, characters_left)


def test_the_last_line_of_a_part_may_be_a_part_of_one() -> None:
    ready = make_ready("one\ntwo\nthr", whole=False)
    assert (ready.text, ready.cut) == ("one\ntwo", True)


@pytest.mark.parametrize("word", ["word ", "\u6f22\u5b57 ", "\U0001f600", "x"])
def test_a_line_that_is_too_long_for_a_message_becomes_several(word: str) -> None:
    copied = word * 8000
    ready = make_ready(f"before\n{copied}\nafter", most=10**6)
    lines = ready.text.split("\n")
    assert "".join(lines[1:-1]) == copied
    assert ready.lines == len(lines) > 3
    assert all(len(line.encode()) <= LINE_BYTES for line in lines)
    assert not ready.fits_one_line


def test_as_one_line_and_as_code() -> None:
    ready = make_ready("def f():\n    pass\n\nf()\n")
    assert ready.one_line == "def f(): pass f()"
    assert ready.code == "```\ndef f():\n    pass\n\nf()\n```"


@pytest.mark.parametrize(
    ("before", "within"),
    [("", False), ("```", True), ("see:\n```python\nx", True), ("```\nx\n```\n", False), ("a ``` b", False)],
)
def test_a_block_of_code(before: str, within: bool) -> None:
    assert is_in_code(before) is within
