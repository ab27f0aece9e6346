"""outsiders= of a room: what is said there by those who are not in it."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_moderation import ask, den
from tests.unit.test_room_modes import refusals, with_accounts

REFUSED = ["ERR not-in-room TELL you are not in #den; JOIN <#room> first"]


@pytest.fixture
def chat() -> InMemoryChat:
    return with_accounts(InMemoryChat())


def test_who_is_not_in_a_room_may_tell_it_something_where_that_is_wanted(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    eve = chat.person("JOIN eve")
    assert refusals(chat, eve, "TELL #den hello") == REFUSED
    assert ask(chat, ann, "SET outsiders=yes")[-1] == "OK SET #den outsiders=yes"
    bob.take()
    assert ask(chat, eve, "TELL #den hello") == []
    assert bob.take() == ["MSG eve #den hello"]
    assert refusals(chat, eve, "TOPIC #den mine", "WHO #den", "HISTORY #den") != []
    ask(chat, ann, "SET outsiders=no")
    assert refusals(chat, eve, "TELL #den hello") == REFUSED


def test_a_program_is_told_that_it_is_stored(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "SET outsiders=yes")
    bot = chat.program("JOIN bot")
    (done,) = ask(chat, bot, "@label=a1 TELL #den hello")
    tags, _, rest = done.partition(" ")
    assert tags == "@label=a1"
    assert rest.startswith("OK TELL #den id=")
    assert " time=" in rest
    (refused,) = ask(chat, bot, "@label=a2;reply=1 TELL #den hello")
    assert "ERR not-in-room TELL " in refused


def test_who_is_in_it_is_answered_as_ever(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    ask(chat, ann, "SET outsiders=yes")
    bob.take()
    assert ask(chat, bob, "TELL #den hello", "MSG hello") == []


def test_the_rules_of_those_who_are_in_it_hold_for_those_who_are_not(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    eve = chat.person("JOIN eve")
    ask(chat, ann, "SET outsiders=yes")
    for rule, code, end in (
        ("BAN eve", "banned", "UNBAN eve"),
        ("MUTE eve", "muted", "UNMUTE eve"),
        ("SET speak=operators", "not-allowed", "SET speak=members"),
        ("SET private=yes who=keep", "not-allowed", "SET private=no"),
    ):
        ask(chat, ann, rule)
        (refused,) = refusals(chat, eve, "TELL #den hello")
        assert refused.startswith(f"ERR {code} TELL "), rule
        ask(chat, ann, end)
        assert refusals(chat, eve, "TELL #den hello") == []
    ask(chat, ann, "SET slow=10s")
    assert refusals(chat, eve, "TELL #den one") == []
    assert refusals(chat, eve, "TELL #den two")[0].startswith("ERR slow-down TELL #den takes one message every 10s ")


@pytest.mark.parametrize("rule", ["SET outsiders=no", "BAN eve", "SET speak=operators"])
def test_what_is_said_from_without_is_judged_in_its_turn(chat: InMemoryChat, rule: str) -> None:
    ann, bob, _ = den(chat)
    eve = chat.person("JOIN eve")
    ask(chat, ann, "SET outsiders=yes")
    bob.take()
    ann.says(rule)
    eve.says("TELL #den too late")
    chat.turn()
    assert eve.take()[-1].startswith("ERR ")
    assert not [line for line in bob.take() if "too late" in line]


def test_it_counts_as_what_is_told_to_people() -> None:
    chat = with_accounts(InMemoryChat(Limits(tells_per_minute=2)))
    ann, _, _ = den(chat)
    eve = chat.person("JOIN eve")
    ask(chat, ann, "SET outsiders=yes")
    assert refusals(chat, eve, "TELL #den one", "TELL #den two") == []
    (refused,) = refusals(chat, eve, "TELL #den three")
    assert refused.startswith("ERR slow-down TELL TELL is limited to 2 per minute")
