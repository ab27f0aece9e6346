"""Right-to-left text in lines: shaped, broken before it is reordered, and each character known by where it stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.arabic import shapes
from chatd.client.model.bidi_lines import BidiText, Drawn

_LETTERS = "אבג عسلاميهدى12 ()ab.\u064e\u200c\u200d\u0640\u2067\u2069\n"


def every(_: str) -> bool:
    return True


def seen(text: str, start: int = 0, end: int | None = None) -> str:
    return "".join(each.text for each in BidiText(text, every).drawn(start, end))


def ten_each(start: int, end: int) -> int:
    return 10 * (end - start)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مرحبا", "ﻣﺮﺣﺒﺎ"),
        ("السلام عليكم", "اﻟﺴﻼم ﻋﻠﻴﻜﻢ"),
        ("گفتگو", "ﮔﻔﺘﮕﻮ"),
        ("بَيْت", "ﺑَﻴْﺖ"),
        ("سلاّم", "ﺳﻼّم"),
        ("ب", "ب"),
        ("می\u200cخواهم", "ﻣﯽ\u200cﺧﻮاﻫﻢ"),
        ("بـ ـب", "ﺑـ ـﺐ"),
        ("abc שלום", "abc שלום"),
    ],
)
def test_letters_take_the_shapes_that_their_neighbours_ask_for(text: str, expected: str) -> None:
    assert "".join(shapes(text, every)) == expected


@given(st.text(st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويآأإؤئةىءپچژگکی \u0640\u064e\u0651"), max_size=20))
def test_the_shapes_are_those_of_the_library(text: str) -> None:
    library = pytest.importorskip("arabic_reshaper")
    settings = {"delete_harakat": False, "use_unshaped_instead_of_isolated": True, "support_ligatures": False}
    expected = library.ArabicReshaper({**settings, "support_zwj": True}).reshape(text)
    assert "".join(shapes(text, lambda shape: shape < "\ufef5")) == expected  # without lam and alef in one


def test_a_letter_stays_as_it_is_where_its_shape_is_missing() -> None:
    assert "".join(shapes("مرحبا", lambda shape: shape != "ﺣ")) == "ﻣﺮحﺒﺎ"
    assert "".join(shapes("لا", lambda shape: shape != "ﻻ")) == "ﻟﺎ"
    assert "".join(shapes("مرحبا", lambda _: False)) == "مرحبا"


def test_marks_are_drawn_before_their_letters_and_brackets_are_turned() -> None:
    assert seen("שָלֹא (טוב)") == "(בוט) א\u05b9ל\u05b8ש"
    assert seen("e\u0301 א") == "e\u0301 א"
    assert seen("a (שלום) b") == "a (םולש) b"


def test_a_line_is_reordered_after_it_was_broken() -> None:
    text = BidiText("אחת שתיים שלוש arba חמש", every)
    assert text.from_right
    lines = text.broken(ten_each, 100, 80)
    assert [text.text[start:end] for start, end in lines] == ["אחת שתיים ", "שלוש ", "arba חמש"]
    assert ["".join(each.text for each in text.drawn(*line)).strip() for line in lines] == [
        "םייתש תחא",
        "שולש",
        "שמח arba",
    ]


def test_a_word_that_is_wider_than_a_line_is_broken() -> None:
    text = BidiText("אב גדהוזחטיכלמ נ", every)
    assert text.broken(ten_each, 50, 40) == [(0, 3), (3, 7), (7, 11), (11, 15), (15, 16)]
    assert BidiText("אבג", every).broken(ten_each, 0, 0) == [(0, 1), (1, 2), (2, 3)]


@given(st.text(st.sampled_from(_LETTERS), max_size=40), st.integers(0, 120), st.integers(1, 120))
def test_whatever_is_drawn_stands_for_all_that_was_written(text: str, first: int, rest: int) -> None:
    found = BidiText(text, every)
    lines = found.broken(ten_each, first, rest)
    assert "".join(text[start:end] for start, end in lines) == text
    for start, end in lines:
        drawn = found.drawn(start, end)
        stood = sorted(at for each in drawn for at in each.stands_for)
        assert stood == list(range(start, end)) if drawn else not found.shape(start, end)
        assert all(isinstance(each, Drawn) and len(each.text) == 1 for each in drawn)
