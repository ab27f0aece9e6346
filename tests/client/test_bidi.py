"""Right-to-left text is drawn in the order of Unicode's algorithm. A library that has it too is the judge."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.client.model.bidi import has_right_to_left, mirrored, paragraph, visual_order

_ALPHABET = "ab1 2.,:;+-$%()[]<>/!אבגﬡעربي٣٤\u0301\u064b«»～é中"
_CONTROLS = "\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u200e\u200f\u061c\u200b"
"""Without overrides: the library lets a space that is overridden stay behind at the end of a line (L1)."""


def drawn(text: str) -> str:
    found = paragraph(text)
    order = visual_order(found, 0, len(text))
    return "".join(mirrored(text[at]) if found.levels[at] % 2 else text[at] for at in order)


def reordered(text: str, base: int | None) -> str:
    return "".join(text[at] for at in visual_order(paragraph(text, base), 0, len(text)))


def by_library(text: str, base: int | None) -> str:
    """Return the same as a library has it, which does not turn brackets round."""
    bidi = pytest.importorskip("bidi")
    return str(bidi.get_display(text) if base is None else bidi.get_display(text, base_dir="LR"[base]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("שלום", "םולש"),
        ("שלום alice!", "!alice םולש"),
        ("hi שלום!", "hi םולש!"),
        ("שלום 123", "123 םולש"),
        ("עד 10:30, 1,000", "1,000 ,10:30 דע"),
        ("שלום (טוב)", "(בוט) םולש"),
        ("a (שלום) b", "a (םולש) b"),
        ("see שלום, עולם ok", "see םלוע ,םולש ok"),
        ("سعر 50%", "%50 رعس"),
        ("$5 שלום", "םולש $5"),
    ],
)
def test_a_text_is_drawn_from_the_right_where_it_is_so_written(text: str, expected: str) -> None:
    assert drawn(text) == expected


@given(st.text(st.sampled_from(_ALPHABET), max_size=30), st.sampled_from([None, 0, 1]))
@example("a(א)[b]ב1", 1)
def test_the_order_is_that_of_the_library(text: str, base: int | None) -> None:
    assert reordered(text, base) == by_library(text, base)


@given(st.text(st.sampled_from(_ALPHABET + _CONTROLS), max_size=40), st.sampled_from([None, 0, 1]))
def test_with_controls_too(text: str, base: int | None) -> None:
    gone = dict.fromkeys(map(ord, _CONTROLS), "")
    assert reordered(text, base).translate(gone) == by_library(text, base).translate(gone)


def test_an_override_is_obeyed_and_ends() -> None:
    assert drawn("\u202eabc\u202c def").replace("\u202e", "").replace("\u202c", "") == "cba def"
    assert drawn("\u202dאבג\u202c").strip("\u202c\u202d") == "אבג"


@given(st.text(max_size=60))
def test_every_character_is_drawn_once(text: str) -> None:
    found = paragraph(text)
    assert sorted(visual_order(found, 0, len(text))) == list(range(len(text)))
    if not has_right_to_left(text):
        assert found.base == 0
