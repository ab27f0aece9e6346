"""Emoji by name."""

from __future__ import annotations

import pytest

from chatd.client.model import emoji


def test_every_one_has_one_group_and_a_name() -> None:
    every = [each for group in emoji.groups().values() for each in group]
    assert len(every) == len(set(every)) > 1400
    assert {emoji.names()[emoji.name_of(each)] for each in every} == set(every)
    assert all(emoji.groups().values())


def test_what_people_call_them_is_some_emoji() -> None:
    every = {each for group in emoji.groups().values() for each in group}
    assert set(emoji.names().values()) == every


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (":smile: and :+1::-1:", "\U0001f604 and \U0001f44d\U0001f44e"),
        ("(:wave:)", "(\U0001f44b)"),
        (":Heart:", "\u2764\ufe0f"),
        (":grinning-face: :grinning_face:", "\U0001f600 \U0001f600"),
        (":flag_de:", "\U0001f1e9\U0001f1ea"),
        ("at 10:30:20, ratio 1:100:2, std::fire::x, :nothing:", "at 10:30:20, ratio 1:100:2, std::fire::x, :nothing:"),
        ("`:smile:` https://a.b:80/:fire: :fire:", "`:smile:` https://a.b:80/:fire: \U0001f525"),
        ("```\n:smile:\n```\n:smile:", "```\n:smile:\n```\n\U0001f604"),
        ("```\n:smile:", "```\n:smile:"),
    ],
)
def test_names_are_replaced(typed: str, sent: str) -> None:
    assert emoji.replace_names(typed) == sent


@pytest.mark.parametrize(
    ("before", "part"),
    [
        ("hi :smi", ":smi"), (":sm", ":sm"), ("(:wa", ":wa"), (":wave: :fi", ":fi"), (":+1", ":+1"),
        ("\U0001f604:fi", ":fi"), ("", ""), (":", ""), (":s", ""), ("a:smi", ""), ("10:30", ""),
        ("https://x", ""), (":smile:", ""), ("`:smi", ""),
    ],
)  # fmt: skip
def test_a_name_is_begun(before: str, part: str) -> None:
    assert emoji.begun(before) == part


def test_a_part_finds() -> None:
    assert emoji.find("smi", 3) == [("\U0001f604", "smile"), ("\U0001f603", "smiley"), ("\U0001f60f", "smirk")]
    assert emoji.find("heart", 5)[0] == ("\u2764\ufe0f", "heart")
    assert "\U0001f984" in dict(emoji.find("unicorn face", 5))
    assert emoji.find("there is none", 5) == []
    assert len(emoji.find("a", 7)) == 7


def test_the_last_ones_are_kept() -> None:
    kept = ["b"]
    recent = emoji.Recent(kept)
    for each in "abcab":
        recent.add(each)
    assert kept == list(recent) == ["b", "a", "c"]
    for number in range(100):
        recent.add(str(number))
    assert len(kept) == emoji.MAX_RECENT
