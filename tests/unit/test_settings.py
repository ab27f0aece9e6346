"""SET: who may say it where, and that it puts nobody out unasked."""

from __future__ import annotations

import pytest

from chatd.model.room_policy import MAX_ACTIONS
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_moderation import Names, ask, den, owner


@pytest.fixture
def chat() -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob", "zoe", operators=("root",))  # type: ignore[assignment]
    return chat


def test_the_room_that_everybody_comes_into_belongs_to_the_server_operators(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN ann")
    why = "#lobby is where everybody comes in; only server operators may do that"
    assert ask(chat, ann, "SET #Lobby registered=yes", "SET private=yes who=remove") == [
        f"ERR not-allowed SET {why}",
        f"ERR not-allowed SET {why}",
    ]
    root = owner(chat, "root", "JOIN root")
    assert ask(chat, root, "SET #lobby registered=yes", "OP ann") == [
        "OK SET #lobby registered=yes",
        "OK OP #lobby ann",
    ]
    ann.take()
    assert ask(chat, ann, "SET private=yes who=remove", "SET topic=operators") == [
        f"ERR not-allowed SET {why}",
        "OK SET #lobby topic=operators",
    ]


def test_a_room_with_people_in_it_is_not_made_private_unasked(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    assert ask(chat, ann, "SET private=yes") == [
        "ERR not-allowed SET 2 people in #den without an invitation would be removed; add who=keep to invite them"
        " (guests for as long as they are connected) or who=remove to remove them"
    ]
    assert bob.take() == mallory.take() == []
    assert ask(chat, ann, "INVITE bob", "KICK mallory", "SET private=yes")[-1] == "OK SET #den private=yes"
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 2"


def test_those_who_are_there_can_be_kept_guests_while_they_are_connected(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    owner(chat, "zoe", "JOIN other #den")
    mallory.take()
    bob.take()
    ann.take()
    assert ask(chat, ann, "SET #den private=yes who=keep") == ["OK SET #den private=yes"]
    assert bob.take() == [
        "NOTE ann invited bob to #den",
        "NOTE ann invited mallory to #den: for as long as they are connected",
        "NOTE ann invited zoe to #den",
        "NOTE ann made #den private: only people who are invited can join",
    ]
    assert ask(chat, bob, "PART", "JOIN #den")[-1] == "OK JOIN #den 4"
    assert ask(chat, mallory, "PART", "JOIN #den")[-1] == "OK JOIN #den 4"
    assert ask(chat, mallory, "NICK molly")[-1] == "OK NICK molly"
    assert ask(chat, mallory, "PART", "JOIN #den")[-1] == "OK JOIN #den 4"
    mallory.lose()
    again = chat.person("JOIN mallory")
    assert ask(chat, again, "JOIN #den")[0].startswith("ERR not-allowed JOIN")


def test_all_can_be_put_out(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    assert ask(chat, ann, "SET private=yes who=remove")[-1] == "OK SET #den private=yes"
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 1"


def test_more_than_can_be_invited_are_not(chat: InMemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, _, _ = den(chat)
    assert MAX_ACTIONS > 3
    monkeypatch.setattr("chatd.chat.inviting.MAX_ACTIONS", 3)
    assert ask(chat, ann, "SET private=yes who=keep")[0].startswith(
        "ERR full SET a room has at most 3 moderation actions"
    )
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 3"
