"""Rooms with limit=: who is kept out when one is full, and who comes in all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.accounts.store import Account
from chatd.chat.limits import Limits
from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts, CountingHasher
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.support.in_memory_cluster import bodies
from tests.unit.test_moderation import Names, ask, den, owner

FULL = "ERR full JOIN #den is full (limit {}); JOIN it later, or ask an operator to INVITE you"


@pytest.fixture
def chat() -> InMemoryChat:
    return with_accounts(InMemoryChat())


@pytest.fixture
def persons() -> Iterator[ChatWithAccounts]:
    """A chat in which bob and others may come in over several connections."""
    chat = ChatWithAccounts("ann", "bob", "carol")
    yield chat
    chat.close()


def with_accounts(chat: InMemoryChat) -> InMemoryChat:
    chat.hub.accounts = Names("ann", "bob", "carol", operators=("root",))  # type: ignore[assignment]
    return chat


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SET limit=30", "OK SET #den limit=30"),
        ("SET limit=0030", "OK SET #den limit=30"),
        ("SET limit=100000", "OK SET #den limit=100000"),
        ("SET limit=off", "OK SET #den limit=off"),
        *(
            (f"SET limit={value}", "ERR bad-syntax SET limit= takes off or a whole number from 1 to 100000;")
            for value in ("", "0", "-1", "1.5", "many", "100001", "٣", "9" * 5000)
        ),
    ],
)
def test_what_a_limit_can_be(chat: InMemoryChat, line: str, answer: str) -> None:
    ann, _, _ = den(chat)
    assert ask(chat, ann, line)[-1].startswith(answer)


def test_nobody_comes_into_a_full_room(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    eve = chat.person("JOIN eve #other")
    assert ask(chat, ann, "SET limit=3") == ["OK SET #den limit=3"]
    assert bob.take() == ["NOTE ann limited the number of members of #den to 3"]
    eve.take()
    assert ask(chat, eve, "JOIN #den") == [FULL.format(3)]
    assert ask(chat, mallory, "PART")[-1] == "OK PART #den"
    assert ask(chat, eve, "JOIN #den")[-1] == "OK JOIN #den 3"
    assert ask(chat, mallory, "JOIN #den") == [FULL.format(3)]
    ask(chat, ann, "SET limit=off")
    assert ask(chat, mallory, "JOIN #den")[-1] == "OK JOIN #den 4"


def test_who_is_refused_a_name_with_the_room_has_neither(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "SET limit=3")
    eve = ChatClient(chat.hub)
    assert ask(chat, eve, "HELLO 1", "@label=1 JOIN eve #den")[-1] == f"@limit=3;label=1 {FULL.format(3)}"
    assert ask(chat, eve, "JOIN eve #other")[-1].startswith("OK JOIN #other 1 ")


def test_a_lower_limit_puts_nobody_out(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "SET limit=1")
    assert ask(chat, bob, "WHO")[-2:] == ["WHO #den ann bob mallory", "OK WHO #den 3"]
    assert ask(chat, mallory, "JOIN #den")[-1] == "OK JOIN #den 3"
    ask(chat, mallory, "PART")
    assert ask(chat, mallory, "JOIN #den") == [FULL.format(1)]


def test_operators_and_who_is_invited_come_in_all_the_same(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "OP bob", "SET limit=1")
    for person in (bob, mallory):
        ask(chat, person, "PART")
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"
    root = owner(chat, "root", "JOIN root #other")
    assert ask(chat, root, "JOIN #den")[-1] == "OK JOIN #den 3"
    assert ask(chat, mallory, "JOIN #den") == [FULL.format(1)]
    ask(chat, ann, "INVITE mallory", "INVITE carol")
    mallory.take()
    assert ask(chat, mallory, "JOIN #den")[-1] == "OK JOIN #den 4"
    carol = owner(chat, "carol")
    assert ask(chat, carol, "JOIN carol #den")[-1] == "OK JOIN #den 5"
    ask(chat, mallory, "PART")
    ask(chat, ann, "UNINVITE mallory")
    mallory.take()
    assert ask(chat, mallory, "JOIN #den") == [FULL.format(1)]


def test_of_two_who_come_at_once_the_first_in_the_order_has_the_last_place(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "SET limit=4")
    one, two = ChatClient(chat.hub), ChatClient(chat.hub)
    one.says("HELLO 1", "JOIN one #den")
    two.says("HELLO 1", "JOIN two #den")
    chat.turn()
    assert bodies(one.take())[-1].startswith("OK JOIN #den 4 ")
    assert two.take()[-1] == f"@limit=4 {FULL.format(4)}"
    assert ask(chat, two, "JOIN #other")[-1].startswith("OK JOIN #other 1 ")


@pytest.mark.parametrize("rooms", [("#den", "#den2"), ("#den2", "#den")])
def test_who_resumes_is_where_they_were(chat: InMemoryChat, rooms: tuple[str, str]) -> None:
    ann, _, mallory = den(chat)
    ask(chat, mallory, "QUIT")
    eve = ChatClient(chat.hub)
    done = ask(chat, eve, "HELLO 1", "JOIN eve #den", "JOIN #den2")[-2]
    secret = done.partition(" resume=")[2].split()[0]
    ask(chat, ann, "SET limit=3", "JOIN #den2", "PART #den2")
    ben = chat.person("JOIN ben #other")
    again = ChatClient(chat.hub)
    told = ask(chat, again, "HELLO 1", f"JOIN eve {rooms[0]} resume={secret}", f"JOIN {rooms[1]}")
    assert {line.split(" last=")[0] for line in bodies(told)[-2:]} == {"OK JOIN #den2 1", "OK JOIN #den 3"}
    assert ask(chat, ben, "JOIN #den") == [FULL.format(3)]
    assert ask(chat, again, "PART #den")[-1] == "OK PART #den"
    assert ask(chat, again, "JOIN #other")[-1].startswith("OK JOIN #other 2 ")
    assert ask(chat, ben, "JOIN #den")[-1] == "OK JOIN #den 3"
    assert bodies(ask(chat, again, "JOIN #den")) == [FULL.format(3)]


def test_who_resumes_does_not_come_into_another_full_room(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "SET limit=3")
    eve = ChatClient(chat.hub)
    secret = ask(chat, eve, "HELLO 1", "JOIN eve #other")[-1].partition(" resume=")[2].split()[0]
    again = ChatClient(chat.hub)
    assert bodies(ask(chat, again, "HELLO 1", f"JOIN eve #den resume={secret}"))[-1] == FULL.format(3)


def test_one_who_is_here_twice_has_one_place(persons: ChatWithAccounts) -> None:
    login = "LOGIN {} " + PASSWORD
    ann = persons.visitor("HELLO 1", login.format("ann"), "JOIN ann #den", "SET registered=yes", "SET limit=2")
    bob = persons.visitor("HELLO 1", login.format("bob"), "JOIN bob #den")
    phone = persons.visitor("HELLO 1", login.format("bob"), "JOIN bob #den")
    assert bodies(phone.take())[-1].startswith("OK JOIN #den 2 ")
    carol = persons.visitor("HELLO 1", login.format("carol"), "JOIN carol #den")
    assert bodies(carol.take())[-1] == FULL.format(2)
    persons.send(bob, "PART")
    assert bodies(persons.send(carol, "JOIN carol #den"))[-1] == FULL.format(2)
    persons.send(phone, "PART")
    assert bodies(persons.send(carol, "JOIN carol #den"))[-1].startswith("OK JOIN #den 2 ")
    del ann


def test_who_has_a_nick_of_their_own_takes_the_place_of_a_guest(persons: ChatWithAccounts) -> None:
    persons.visitor("HELLO 1", f"LOGIN ann {PASSWORD}", "JOIN ann #den", "SET registered=yes", "SET limit=2")
    guest = persons.visitor("HELLO 1", "JOIN dave #den")
    assert bodies(guest.take())[-1].startswith("OK JOIN #den 2 ")
    persons.store.add(Account("dave", "dave", CountingHasher().hash(PASSWORD), False, 0))
    dave = persons.visitor("HELLO 1", f"LOGIN dave {PASSWORD}", "JOIN dave #den")
    assert bodies(dave.take())[-1].startswith("OK JOIN #den 2 ")
    assert guest.farewell is DisconnectReason.REPLACED


def test_a_limit_lapses_with_a_room_that_is_nobodys() -> None:
    chat = with_accounts(InMemoryChat(Limits(room_founders=True)))
    gina = chat.person("JOIN gina #den", "SET limit=1")
    ben = chat.person("JOIN ben #other")
    ben.take()
    assert ask(chat, ben, "JOIN #den") == [FULL.format(1)]
    ask(chat, gina, "PART")
    assert ask(chat, ben, "JOIN #den")[-1] == "OK JOIN #den 1"
    assert ask(chat, gina, "JOIN #den")[-1] == "OK JOIN #den 2"
