"""What is done to text before anybody sees it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.protocol.text import clean, counted, excerpt


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\tb", "a\tb"),
        ("\x00\x07\n\r\x1b[2J", "␀␇␊␍␛[2J"),
        ("\x7f", "␡"),
        ("\x80\x85\x9b\x9f", "����"),
        ("\u2028\u2029", "��"),
        ("\u202a\u202b\u202c\u202d\u202e", "�����"),
        ("\u2066\u2067\u2068\u2069", "����"),
        ("\ud800\udfff", "��"),
        (
            "\u200d\u200e\u200f\u2027\u202f\u2065\u206a\xa0\xad\ufeff",
            "\u200d\u200e\u200f\u2027\u202f\u2065\u206a\xa0\xad\ufeff",
        ),
        ("żółć 漢字 👩\u200d💻 \U000e0041", "żółć 漢字 👩\u200d💻 \U000e0041"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_clean_replaces_exactly_what_the_protocol_lists() -> None:
    replaced = {c for c in range(sys.maxunicode + 1) if clean(chr(c)) != chr(c)}
    c0 = set(range(0x20)) - {0x09}
    bidi = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    assert replaced == {*c0, *range(0x7F, 0xA0), 0x2028, 0x2029, *bidi, *range(0xD800, 0xE000)}


@settings(deadline=None)
@given(st.text(st.characters()))
def test_clean_maps_each_character_to_one_whatever_stands_beside_it(text: str) -> None:
    assert clean(text) == "".join(map(clean, text))
    assert len(clean(text)) == len(text)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_clean_text_stays_as_it_is_and_can_be_encoded(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once.encode().decode() == once


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_clean_makes_at_most_three_bytes_of_one(text: str) -> None:
    assert len(clean(text).encode()) <= 3 * len(text.encode())


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("", 40, '""'), ("a" * 40, 40, f'"{"a" * 40}"'), ("a" * 41, 40, f'"{"a" * 40}..."'), ("abcd", 3, '"abc..."')],
)
def test_excerpt(text: str, limit: int, shown: str) -> None:
    assert excerpt(text, limit) == shown


@pytest.mark.parametrize(("number", "said"), [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), (1000, "1,000 lines")])
def test_one_is_counted_in_the_singular(number: int, said: str) -> None:
    assert counted(number, "line") == said
