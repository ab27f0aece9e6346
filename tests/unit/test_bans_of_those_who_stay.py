"""A BAN whose text says that whoever is there may stay: it keeps others out, and silences those who are in."""

from __future__ import annotations

import pytest

from chatd.model.room_policy import MAY_STAY
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_moderation import ask, den
from tests.unit.test_room_modes import refusals, with_accounts

MUTED = "you are muted and can only read"


@pytest.fixture
def chat() -> InMemoryChat:
    return with_accounts(InMemoryChat())


def test_who_is_there_reads_on_and_says_nothing(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, f"BAN mallory {MAY_STAY}")
    assert mallory.take() == bob.take() == [f"NOTE ann banned mallory from #den: {MAY_STAY}"]
    assert refusals(chat, mallory, "MSG hello", "TOPIC mine", "NICK max") == [
        f"ERR muted {verb} {MUTED}" for verb in ("MSG", "TOPIC", "NICK")
    ]
    assert bob.take() == []
    ask(chat, ann, "MSG listen")
    assert mallory.take() == ["MSG ann #den listen"]
    ask(chat, ann, "UNBAN mallory")
    assert refusals(chat, mallory, "MSG hello", "NICK max") == []


def test_who_has_left_does_not_come_in_again(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, f"BAN mallory {MAY_STAY}")
    bob.take()
    ask(chat, mallory, "PART #den and another thing")
    assert bob.take() == ["PART mallory #den"]
    assert refusals(chat, mallory, "JOIN #den") == ["ERR banned JOIN you are banned"]


def test_it_silences_no_operator(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    ask(chat, ann, "OP bob", f"BAN bob {MAY_STAY}")
    assert refusals(chat, bob, "MSG I run this, too") == []


def test_what_was_said_before_it_took_effect_is_judged_in_its_turn(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ann.says(f"BAN mallory {MAY_STAY}")
    mallory.says("MSG too late")
    chat.turn()
    assert mallory.take()[-1].startswith("ERR banned MSG ")
    assert not [line for line in bob.take() if "too late" in line]


def test_any_other_text_is_one_of_a_ban_that_puts_out(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, f"BAN mallory {MAY_STAY}!")
    assert not mallory.session.rooms
    assert refusals(chat, mallory, "JOIN #den") == [f"ERR banned JOIN you are banned: {MAY_STAY}!"]
