"""What may be a reaction: one sign as one sees it."""

from __future__ import annotations

import pytest

from chatd.protocol.emoji import MAX_BYTES, is_emoji
from chatd.protocol.text import clean

TAKEN = [
    "+1",
    "-1",
    "👍",
    "👍🏽",
    "❤️",
    "❤",
    "🎉",
    "✅",
    "👨‍👩‍👧",
    "🏳️‍🌈",
    "🇩🇪",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "1️⃣",
    "#⃣",
    "ℹ️",
    "🅰️",
    "★",
    "→",
    "☃",
]
REFUSED = [
    "",
    "a",
    "ok",
    "1",
    "+2",
    ":)",
    "!",
    "👍👍",
    "👍a",
    "天",
    "é",
    "\u0301",
    "\u200b",
    "\u200d",
    "👍\u200d",
    "🇩",
    "🇩🇪🇫",
    " ",
    "\x1b",
    "\u202e",
    "\ue000",
    "\U000f0000",
    "\ufffd👍",
    "👍" + "\ufe0f" * 12,
]


@pytest.mark.parametrize("word", TAKEN)
def test_what_is_one(word: str) -> None:
    assert is_emoji(word)
    assert clean(word) == word and len(word.encode()) <= MAX_BYTES


@pytest.mark.parametrize("word", REFUSED, ids=ascii)
def test_what_is_no_emoji(word: str) -> None:
    assert not is_emoji(word)
