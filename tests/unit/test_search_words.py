"""What the search index is fed by, and what words become that are looked for: the same on every Python."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chatd
from chatd.protocol import search_words
from chatd.protocol.search_tables import MARKS, MARKS_TOGETHER
from chatd.protocol.search_words import are_together, fed, is_short_prefix, phrase, size
from tools import make_search_tables

FED = "9e51d1547595ae2d3f15698beeeb34025a13545113b85fead515134daff08f2b"
"""The digest of what every character is fed as. Another one finds nothing in the journals that there are."""
THAI = "\u0e27\U000ff000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Build #12 FAILED", "Build #12 FAILED"),
        ("天気は", "天気 気は は"),
        ("天", "天"),
        ("Python入門2026年", "Python 入門 門 2026 年"),
        ("날씨가 좋다", "날씨 씨가 가 좋다 다"),
        ("ﾃﾞｰﾀ", "デー ータ タ"),
        ("ＡＢＣ１", "ABC1"),
        ("葛\U000e0100城", "葛城 城"),
        ("か\u3099", "が"),
        ("วัน", f"{THAI} \U000ff000\u0e19 \u0e19"),
        ("हिन्दी", "\u0939\U000f093f\u0928\U000f094d\u0926\U000f0940"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّدٌ كتــاب", "محمد كتاب"),
        ("Grüße", "Grüße"),
        ("Gru\u0308\u00adße", "Grüße"),
        ("𝐛𝐨𝐥𝐝", "bold"),
        ("a\u0336b", "ab"),
        ("a\U0001e08f\u0323", "a\U0001e08f"),  # Pythons before 3.12 do not know the first mark
    ],
)
def test_what_the_index_is_fed(text: str, expected: str) -> None:
    assert " ".join(fed(text).split()) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("fail", '"fail"'),
        ("fail*", '"fail" *'),
        ("*fail*", '"*fail*"'),
        ('"fail*"', '"""fail*"""'),
        ('a"b', '"a""b"'),
        ("---", None),
        ("*", None),
        ("天気は", '" 天気 気は"'),
        ("天", '" 天" *'),
        ("天気。", '" 天気"'),
        ("天気*", '" 天気"'),
        ("昨年3月", '" 昨年 年 3 月" *'),
        ("入門Pyt*", '" 入門 門 Pyt" *'),
        ("AND", '"AND"'),
    ],
)
def test_what_a_word_becomes_that_is_looked_for(word: str, expected: str | None) -> None:
    assert phrase(word) == expected


def test_every_python_feeds_every_character_alike() -> None:
    every = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    digest = hashlib.sha256()
    for start in range(0, len(every), 0x1000):
        digest.update(fed(" ".join(f"a{each}b" for each in every[start : start + 0x1000])).encode())
    assert digest.hexdigest() == FED


def test_what_is_plain_is_fed_as_what_is_not() -> None:
    plain = [chr(point) for point in range(0x10000) if search_words._PLAIN.fullmatch(chr(point))]
    assert len(plain) > 800
    mixed = [fed(f"{each}\u2764") for each in plain]  # a heart is neither plain nor a word
    assert mixed == [f"{fed(each)}\u2764" for each in plain]


def test_the_tables_are_what_the_tool_makes() -> None:
    made = "".join(f"{line}\n" for line in make_search_tables.make())
    assert (Path(chatd.__file__).parent / "protocol" / "search_tables.py").read_text() == made


def test_what_is_too_short_before_an_asterisk() -> None:
    assert [word for word in ("ab*", "v1.2*", "é*", "*", "x_y*") if not is_short_prefix(word)] == []
    assert [word for word in ("abc*", "ab", "天*", "v1.234*", "a*b*", "été*") if is_short_prefix(word)] == []


@pytest.mark.parametrize(
    ("text", "words"), [("a b", 2), ("x.y z_", 4), ("今日の天気", 2), ("今日 は", 2), ("हिन्दी", 1)]
)
def test_how_many_words_a_search_costs(text: str, words: int) -> None:
    assert size(text) == words


def test_what_is_written_together() -> None:
    assert all(map(are_together, ("天", "太郎", "한", "ก", "วั", "က", "ខ", "ກ", "ㄅ", "ー")))
    assert not any(map(are_together, ("a", "ä", "", "天a", "अ", "א", "、", "・")))


CHARACTERS = st.text(st.sampled_from("ab 12.天気は晴ก\u0e31ह\u093fא\u05b8é*\"'ー、"), min_size=1, max_size=12)


@given(CHARACTERS, CHARACTERS, CHARACTERS)
def test_any_part_that_is_two_characters_or_more_is_found(before: str, part: str, after: str) -> None:
    part = f"天{part.replace(' ', '').replace('*', '')}気"
    wanted = phrase(part)
    assert wanted is not None
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE said USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
        db.execute("INSERT INTO said VALUES (?)", (fed(before + part + after),))
        assert db.execute("SELECT count(*) FROM said WHERE said MATCH ?", (wanted,)).fetchone() == (1,)


def test_sqlite_takes_no_mark_for_a_space() -> None:
    marks = [chr(point) for first, last in (*MARKS, *MARKS_TOGETHER) for point in range(first, last + 1)]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE said USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
        db.execute("CREATE VIRTUAL TABLE word USING fts5vocab (said, instance)")
        db.execute(
            "INSERT INTO said VALUES (?)", (fed(" ".join(f"a{mark}b" for mark in marks if not are_together(mark))),)
        )
        words = [word for (word,) in db.execute("SELECT term FROM word")]
    assert [word for word in words if word in ("a", "b")] == []
