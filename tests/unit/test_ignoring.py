"""IGNORE: what is left out for one who does not want to hear somebody, and what is told all the same."""

from __future__ import annotations

import pytest

from chatd.chat.participant import MAX_IGNORED
from tests.support.in_memory_chat import ChatClient, InMemoryChat

TIME = "1970-01-12T13:46:40.000Z"


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat()


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.says(*lines)
    chat.turn()
    return person.take()


def quiet(*people: ChatClient) -> None:
    for person in people:
        person.take()


@pytest.mark.parametrize("tagged", [False, True])
def test_the_room_reads_on_without_the_ignored(chat: InMemoryChat, tagged: bool) -> None:
    alice = chat.program("JOIN alice #a") if tagged else chat.person("JOIN alice #a")
    bob, eve = chat.person("JOIN bob #a"), chat.person("JOIN eve #a")
    assert ask(chat, alice, "IGNORE Eve")[-1] == "OK IGNORE Eve"
    quiet(alice, bob)
    eve.says("MSG one")
    bob.says("MSG two")
    eve.says("MSG three", "TELL #a four")
    chat.turn()
    bob.says("MSG five")
    eve.says("PART #a listen to me")
    chat.turn()
    heard = [line.partition(" ")[2] if tagged else line for line in alice.take()]
    assert heard == ["MSG bob #a two", "MSG bob #a five", "PART eve #a"]
    assert bob.take() == ["MSG eve #a one", "MSG eve #a three", "MSG eve #a four", "PART eve #a listen to me"]


def test_own_lines_come_back_among_those_left_out(chat: InMemoryChat) -> None:
    alice, eve = chat.program("JOIN alice #a", "IGNORE eve"), chat.person("JOIN eve #a")
    quiet(alice)
    eve.says("MSG one")
    alice.says("@label=x MSG mine")
    eve.says("MSG two", "TOPIC #a new", "QUIT bye")
    chat.turn()
    assert [line.partition(" ")[2] for line in alice.take()] == [
        "MSG alice #a mine",
        "TOPIC eve #a new",
        "PART eve #a",
    ]


def test_a_private_line_is_refused_with_a_sentence(chat: InMemoryChat) -> None:
    alice, eve = chat.person("JOIN alice", "IGNORE eve"), chat.person("JOIN eve")
    quiet(alice)
    assert ask(chat, eve, "TELL alice hello") == ["ERR not-allowed TELL alice accepts no private messages from you"]
    assert alice.take() == []
    assert ask(chat, alice, "TELL eve leave me alone") == ["OK TELL eve stored=no"]
    assert eve.take() == ["FROM alice leave me alone"]


def test_a_new_nick_is_of_no_use(chat: InMemoryChat) -> None:
    alice, eve = chat.person("JOIN alice", "IGNORE eve"), chat.person("JOIN eve")
    ask(chat, eve, "NICK eva")
    quiet(alice)
    assert ask(chat, eve, "MSG hello", "TELL alice hello")[0].startswith("ERR not-allowed TELL ")
    assert alice.take() == []
    again = chat.person("JOIN eve")
    quiet(alice)
    ask(chat, again, "MSG hello")
    assert alice.take() == []
    assert ask(chat, alice, "IGNORE") == ["OK IGNORE eve eva"]
    for number in range(2 * MAX_IGNORED):
        ask(chat, eve, f"NICK eve{number}")
        chat.wait(2)
    assert len(alice.session.ignored) == MAX_IGNORED
    assert eve.session.nick.key in alice.session.ignored


def test_an_account_is_ignored_under_any_nick(chat: InMemoryChat) -> None:
    alice, eve = chat.person("JOIN alice", "IGNORE eve"), chat.person()
    eve.session.account = "eve"
    ask(chat, eve, "JOIN somebody")
    quiet(alice)
    assert ask(chat, eve, "MSG hello", "TELL alice hello")[0].startswith("ERR not-allowed TELL ")
    assert alice.take() == []


def test_it_can_be_listed_and_taken_back(chat: InMemoryChat) -> None:
    alice, eve = chat.person("JOIN alice", "IGNORE eve", "IGNORE bob"), chat.person("JOIN eve")
    quiet(alice)
    assert ask(chat, alice, "IGNORE", "UNIGNORE eve", "UNIGNORE bob", "IGNORE") == [
        "OK IGNORE eve bob",
        "OK UNIGNORE eve",
        "OK UNIGNORE bob",
        "OK IGNORE",
    ]
    assert not chat.hub.ignoring
    ask(chat, eve, "MSG hello", "TELL alice hello")
    assert alice.take() == ["MSG eve #lobby hello", "FROM eve hello"]
    assert ask(chat, alice, "UNIGNORE eve")[0].startswith("ERR no-such-nick UNIGNORE you do not ignore eve; ")
    assert ask(chat, alice, "IGNORE alice")[0].startswith("ERR not-allowed IGNORE ")
    assert ask(chat, chat.person(), "IGNORE eve")[0].startswith("ERR name-needed IGNORE ")


def test_there_may_be_so_many(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice", *(f"IGNORE eve{number}" for number in range(MAX_IGNORED)))
    quiet(alice)
    assert ask(chat, alice, "IGNORE eve")[0].startswith("ERR full IGNORE ")
    assert ask(chat, alice, "IGNORE eve0") == ["OK IGNORE eve0"]


def test_it_goes_over_to_the_next_connection(chat: InMemoryChat) -> None:
    alice, eve = chat.program("JOIN alice #a", "IGNORE eve"), chat.person("JOIN eve #a")
    bob = chat.person("JOIN bob #a")
    secret = alice.session.takeover.secret
    last = chat.hub.last_id
    alice.blocked = True
    ask(chat, eve, "MSG missed")
    ask(chat, bob, "MSG and this")
    again = chat.program(f"JOIN alice #a resume={secret} since={last} epoch=e1")
    ask(chat, eve, "MSG live", "NICK eva", "MSG again", "TELL alice hello")
    ask(chat, bob, "MSG heard")
    heard = [line.partition(" ")[2] for line in again.take()]
    assert heard == ["NICK eve eva", "MSG bob #a heard"]
    assert again.session in chat.hub.ignoring
    assert alice.session not in chat.hub.ignoring


def test_what_was_missed_is_told_without_the_ignored(chat: InMemoryChat) -> None:
    alice, eve = chat.program("JOIN alice", "IGNORE eve"), chat.person("JOIN eve #a", "MSG one")
    bob = chat.person("JOIN bob #a", "MSG two")
    quiet(alice, eve, bob)
    told = ask(chat, alice, "JOIN #a since=0 epoch=e1")
    assert told[0].endswith(" MSG bob #a two")
    assert told[1].startswith("OK JOIN #a 3 ")
    assert told[-1].endswith(" recovered=yes")
    assert len(ask(chat, alice, "HISTORY #a")) == 3, "what is asked for is told"


def test_nothing_is_left_of_those_who_have_gone(chat: InMemoryChat) -> None:
    alice, bob = chat.person("JOIN alice", "JOIN #b", "IGNORE eve"), chat.person("JOIN bob", "JOIN #b")
    ask(chat, alice, "PART #b")
    alice.lose()
    chat.turn()
    assert not chat.hub.ignoring
    assert [room._ignoring for room in chat.hub.rooms()] == [{}, {}]
    assert bob.session.rooms
