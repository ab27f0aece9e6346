"""Guests in private rooms: invited for as long as they are connected, whatever they are called meanwhile."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.in_memory_chat import ChatClient, InMemoryChat


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat(Limits(room_founders=True))


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.take()
    person.says(*lines)
    chat.turn()
    return person.take()


def test_a_guest_is_let_in_and_out_again(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    assert ask(chat, ann, "SET #den private=yes") == ["OK SET #den private=yes"]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert ask(chat, ann, "INVITE bob #den") == ["OK INVITE #den bob"]
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"
    assert ask(chat, bob, "MSG hello", "HISTORY 1")[-1] == "OK HISTORY #den 1"
    assert ask(chat, ann, "UNINVITE bob #den")[-1] == "OK UNINVITE #den bob"
    assert bob.take() == [
        "NOTE ann took the invitation of bob to #den back",
        "NOTE ann removed bob from #den: the room is private",
    ]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert ask(chat, ann, "UNINVITE bob #den") == ["ERR no-such-nick UNINVITE there is no INVITE of bob in #den"]


def test_nobody_inherits_an_invitation_with_a_name(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    ask(chat, ann, "SET #den private=yes", "INVITE bob #den")
    assert ask(chat, bob, "NICK bobby")[-1] == "OK NICK bobby"
    other = chat.person("JOIN bob")
    assert ask(chat, other, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert not chat.hub.policy("#den").is_member("bob")  # nor who would REGISTER it
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"


def test_who_is_put_out_is_invited_no_more_whatever_the_name(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    ask(chat, ann, "SET #den private=yes", "INVITE bob #den")
    ask(chat, bob, "JOIN #den", "NICK bobby")
    assert ask(chat, ann, "KICK bobby #den") == ["OK KICK #den bobby"]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")


def test_who_is_not_there_has_to_have_an_account(chat: InMemoryChat) -> None:
    ann = chat.person("JOIN ann #den")
    (refused,) = ask(chat, ann, "INVITE nobody #den")
    assert refused.startswith("ERR no-such-nick INVITE nobody goes by nobody now")
