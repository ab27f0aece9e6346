"""A name is mentioned when it stands there as a word."""

from __future__ import annotations

import time

import pytest

from chatd.client.model.mention import mentions


@pytest.mark.parametrize(
    "text",
    [
        "alice",
        "hi ALICE!",
        "@alice: look",
        "(alice)",
        "so, alice.",
        "alice...",
        "alice's",
        "ask bob/alice",
        "ａlice?",
        "-alice-",
        "[alice]",
        "`alice`:",
        "{alice}...",
        "alice|",
        "(cc \\alice)",
    ],
)
def test_a_whole_word_is_a_mention(text: str) -> None:
    assert mentions(text, "Alice")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "malice",
        "alices",
        "alice_",
        "alice.b",
        "alice-bob",
        "x alice2 y",
        "àlice",
        "alicé",
        "alice|away",
        "x[alice]",
        "`alice_",
    ],
)
def test_a_part_of_a_word_is_none(text: str) -> None:
    assert not mentions(text, "alice")


def test_a_name_can_have_punctuation_and_marks() -> None:
    assert mentions("hi a.b-c_!", "A.B-c_")
    assert mentions("so a., then", "a.")
    assert mentions("what, a...", "a.")
    for nick in ("[bob]", "al|away", "_bart", "bob^", "bob`", "{x}", "a\\b", "|", "[]"):
        for text in (nick, f"{nick}: hi", f"hi ({nick})", f"ask {nick.upper()}.", f"[{nick}]"):
            assert mentions(text, nick), (text, nick)
        assert not mentions(f"x{nick}", nick)
        assert not mentions("bob, bart, away and x", nick)
    assert mentions("नमस्ते हिन्दी", "हिन्दी")
    assert mentions("STRASSE", "straße")
    assert not mentions("anything", "")


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("太郎さん、おはよう", "太郎"),
        ("おはよう太郎", "太郎"),
        ("aliceさん", "alice"),
        ("ありがとうalice!", "alice"),
        ("철수야 안녕", "철수"),
        ("สวัสดีสมชายครับ", "สมชาย"),
        ("ｱﾘｽさん", "アリス"),
        ("bob2さん", "bob2"),
        ("a太郎b", "太郎"),
    ],
)
def test_where_there_are_no_spaces_between_words_any_part_is_a_mention(text: str, nick: str) -> None:
    assert mentions(text, nick)


@pytest.mark.parametrize(("text", "nick"), [("malice さん", "alice"), ("alicesさん", "alice"), ("太_郎", "太郎")])
def test_the_words_beside_them_are_whole_still(text: str, nick: str) -> None:
    assert not mentions(text, nick)


@pytest.mark.parametrize(
    ("text", "nick"),
    [("สมัยนี้", "สม"), ("กิน", "ก"), ("គ្រូ", "គ"), ("គ្រូ", "រ"), ("မောင်", "မ"), ("မန္တလေး", "တ"), ("太郎\u0301", "太郎")],
)
def test_a_letter_is_not_cut_from_its_marks(text: str, nick: str) -> None:
    assert not mentions(text, nick)


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("@太郎来て", "太郎"),
        ("来て@alice", "alice"),
        ("＠aliceさん", "alice"),
        ("สวัสดี@aliceครับ", "alice"),
        ("เรียกaliceมา", "alice"),
        ("ຂ້ອຍaliceໄດ້", "alice"),
        ("សួស្តីដារា", "ដារា"),
        ("မောင်မောင်ရေ", "မောင်မောင်"),
        ("aliceー", "alice"),
        ("alice你好", "alice"),
    ],
)
def test_a_name_needs_no_spaces_around_it_in_a_script_without_them(text: str, nick: str) -> None:
    assert mentions(text, nick)


def test_a_long_word_costs_one_look() -> None:
    begun = time.process_time()
    assert not mentions("alice" * 6000, "alice")
    assert time.process_time() - begun < 1


def test_a_long_text_without_spaces_costs_little() -> None:
    begun = time.process_time()
    assert not mentions("太" * 8000 + "太朗" * 8000, "太郎")
    assert not mentions("a太" * 8000, "b太")
    assert time.process_time() - begun < 1
