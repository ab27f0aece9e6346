"""Rooms that could be mistaken for others: which may be made, and which go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.chat.room_looks import RoomLooks
from chatd.protocol.names import RoomName
from tests.support.in_memory_chat import InMemoryChat, SlowJournalChat
from tests.support.in_memory_cluster import InMemoryCluster
from tests.unit.test_moderation import Names, ask, owner

TWIN = "#p\u0430ypal"
"""With a Cyrillic letter."""
REFUSED = [f"ERR bad-room JOIN {TWIN} could be mistaken for #paypal; choose another name"]


@pytest.fixture
def chat() -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann")  # type: ignore[assignment]
    return chat


@pytest.mark.parametrize("twin", [TWIN, "#paypa1", "#paypaI", "#PAYPA1"])
def test_a_room_that_looks_like_one_with_people_is_not_made(chat: InMemoryChat, twin: str) -> None:
    chat.person("JOIN zoe #paypal")
    mallory = chat.person("JOIN mallory #other")
    assert ask(chat, mallory, f"JOIN {twin}") == [REFUSED[0].replace(TWIN, twin)]
    assert ask(chat, mallory, "JOIN #PayPal") == ["OK JOIN #paypal 2"]


def test_a_first_join_is_refused_and_the_name_is_not_taken(chat: InMemoryChat) -> None:
    chat.person("JOIN zoe #paypal")
    mallory = chat.person()
    assert ask(chat, mallory, f"JOIN mallory {TWIN}") == REFUSED
    assert ask(chat, chat.person(), "JOIN mallory #paypal")[-1] == "OK JOIN #paypal 2"


def test_a_room_that_looks_like_a_registered_one_is_not_made(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN ann #paypal", "SET registered=yes", "PART #paypal")
    assert chat.hub.room("#paypal") is None
    mallory = chat.person("JOIN mallory #other")
    assert ask(chat, mallory, f"JOIN {TWIN}") == REFUSED
    assert ask(chat, ann, "JOIN #paypal") == ["OK JOIN #paypal 1"]


def test_a_private_room_is_not_named_to_who_may_not_enter_it(chat: InMemoryChat) -> None:
    owner(chat, "ann", "JOIN ann #paypal", "SET registered=yes", "SET private=yes")
    mallory = chat.person("JOIN mallory #other")
    answer = f"ERR bad-room JOIN {TWIN} could be mistaken for an existing room; choose another name"
    assert ask(chat, mallory, f"JOIN {TWIN}") == [answer]


def test_no_room_looks_like_the_default_one(chat: InMemoryChat) -> None:
    mallory = chat.person("JOIN mallory #other")
    assert ask(chat, mallory, "JOIN #l\u043ebby")[0].startswith("ERR bad-room JOIN ")
    assert ask(chat, mallory, "JOIN #lobby")[-1] == "OK JOIN #lobby 1"


def test_when_nobody_is_in_it_any_more_the_looks_are_free(chat: InMemoryChat) -> None:
    ann = chat.person("JOIN zoe #paypal")
    mallory = chat.person("JOIN mallory #other")
    ask(chat, ann, "PART")
    assert ask(chat, mallory, f"JOIN {TWIN}")[-1] == f"OK JOIN {TWIN} 1"
    assert ask(chat, ann, "JOIN #paypal")[0].startswith("ERR bad-room JOIN #paypal could be mistaken for ")


def restarted(path: Path, *rooms: str) -> SlowJournalChat:
    """Return a chat on a file in which something was said in rooms, by the owner of the first, which is registered."""
    chat = SlowJournalChat(path)
    chat.hub.accounts = Names("ann")  # type: ignore[assignment]
    chat.hub.twin = lambda _name: None  # type: ignore[assignment, method-assign]  # as it was before
    owner(chat, "ann", f"JOIN ann {rooms[0]}", "SET registered=yes", *(f"JOIN {room}" for room in rooms[1:]), "MSG hi")
    chat.journal.stop()
    chat.turn()
    return SlowJournalChat(path)


def test_registered_rooms_are_known_after_a_restart(tmp_path: Path) -> None:
    again = restarted(tmp_path / "j", "#paypal")
    assert ask(again, again.person("JOIN mallory #other"), f"JOIN {TWIN}") == REFUSED
    again.journal.stop()
    again.turn()


def test_rooms_that_look_alike_already_go_on(tmp_path: Path) -> None:
    again = restarted(tmp_path / "j", "#paypal", TWIN)
    assert ask(again, again.person(), f"JOIN bob {TWIN}") == [f"OK JOIN {TWIN} 1"]
    assert ask(again, again.person(), "JOIN carol #paypal") == ["OK JOIN #paypal 1"]
    again.journal.stop()
    again.turn()


def test_rooms_with_people_on_another_node_count() -> None:
    cluster = InMemoryCluster()
    one, other = cluster.nodes
    one.person("JOIN zoe #paypal")
    mallory = other.person("JOIN mallory #other")
    cluster.settle()
    mallory.take()
    mallory.says(f"JOIN {TWIN}")
    cluster.settle()
    assert mallory.take() == REFUSED
    third = cluster.node()
    cluster.settle()
    eve = third.person(f"JOIN eve {TWIN}")
    cluster.settle()
    assert third.hub.room(RoomName(TWIN).key) is None
    assert not eve.session.rooms


def test_what_was_noted_is_forgotten_whole() -> None:
    looks = RoomLooks()
    for name in ("#paypal", "#PAYPAL", TWIN, "#PaypaI"):
        looks.note(RoomName(name))
    assert set(looks.twins(RoomName("#paypal"))) == {TWIN, "#PaypaI"}
    for name in ("#PAYPAL", TWIN, "#paypai", "#never"):
        looks.forget(RoomName(name).key)
    assert (looks._names, looks._by_look) == ({}, {})
