"""Rooms with nobody in them: which go, which stay, and how many there may be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.chat.bare_rooms import AT_ONCE, LOOK_SECONDS
from chatd.chat.limits import Limits
from chatd.journal import Journal, Retention
from chatd.journal.factory import from_string
from chatd.model.entry import Entry
from chatd.protocol.events import TopicSet
from tests.support.in_memory_chat import InMemoryChat, journal_environment

UNHURRIED = Limits(names_per_minute=0)
LONG = "x" * 8000


def journal_at(where: str, clock: Clock, retention: Retention | None = None) -> Journal:
    return from_string(where, journal_environment(clock, retention))


@pytest.fixture(params=["memory:", "sqlite:"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory:" if request.param == "memory:" else f"sqlite:{tmp_path}/j.sqlite3"


@pytest.fixture
def make(where: str) -> Callable[..., InMemoryChat]:
    def make(limits: Limits = UNHURRIED, retention: Retention | None = None) -> InMemoryChat:
        return InMemoryChat(limits, partial(journal_at, where, retention=retention))

    return make


def test_rooms_with_a_topic_alone_cannot_be_piled_up(make: Callable[..., InMemoryChat], tmp_path: Path) -> None:
    chat = make()
    mallory = chat.person("JOIN mallory")
    sizes: list[int] = []
    for number in range(300):
        mallory.says(f"JOIN #x{number}", f"TOPIC #x{number} {LONG}", f"PART #x{number}")
        chat.turn()
        mallory.take()
        if number in (99, 299):
            sizes += [file.stat().st_size for file in tmp_path.glob("*.sqlite3")]
    assert dict(chat.journal.known_rooms) == {}
    assert sizes == [] or sizes[1] <= sizes[0] + 16 * len(LONG)
    chat.journal.stop()


def test_a_room_with_a_message_or_an_owner_stays(make: Callable[..., InMemoryChat]) -> None:
    chat = make()
    alice = chat.person("JOIN alice", "JOIN #said", "TOPIC #said about it", "TELL #said hello", "PART #said")
    alice.session.account = "alice"
    alice.says("JOIN #owned", "TOPIC #owned mine", "SET #owned registered=yes", "PART #owned")
    alice.says("JOIN #bare", "TOPIC #bare nothing", "PART #bare")
    chat.turn()
    assert sorted(chat.journal.known_rooms) == ["#owned", "#said"]
    bob = chat.person("JOIN bob")
    bob.says("JOIN #said", "JOIN #owned", "JOIN #bare")
    chat.turn()
    assert [line for line in bob.take() if line.startswith("TOPIC")] == [
        "TOPIC alice #said about it",
        "TOPIC alice #owned mine",
    ]
    chat.journal.stop()


def test_it_goes_at_the_place_where_the_last_one_leaves_however_batches_are_cut() -> None:
    for apart in (True, False):
        chat = InMemoryChat()
        alice, bob = chat.person("JOIN alice", "JOIN #x", "TOPIC #x mine"), chat.person("JOIN bob")
        alice.says("PART #x")
        if apart:
            chat.turn()
        bob.says("JOIN #x")
        chat.turn()
        assert bob.take() == ["OK JOIN #x 1"]
        bob.says("TOPIC #x ours", "PART #x")
        chat.turn()
        assert dict(chat.journal.known_rooms) == {}


def test_those_of_an_earlier_run_are_forgotten_at_the_start(tmp_path: Path) -> None:
    where, clock = f"sqlite:{tmp_path}/j.sqlite3", Clock()
    journal = journal_at(where, clock)
    journal.start()
    count = 2 * AT_ONCE + 50
    for number in range(count):
        journal.append(Entry(f"#x{number}", TopicSet("mallory", f"#x{number}", "left behind")))
    while clock.getDelayedCalls() and len(journal.known_rooms) < count:
        clock.advance(0.01)
    journal.stop()
    chat = InMemoryChat(journal=partial(journal_at, where))
    assert len(chat.journal.known_rooms) == count - AT_ONCE
    chat.wait(3)
    assert dict(chat.journal.known_rooms) == {}
    chat.journal.stop()
    again = journal_at(where, Clock())
    again.start()
    assert dict(again.known_rooms) == {}
    again.stop()


def test_what_retention_has_emptied_goes(make: Callable[..., InMemoryChat]) -> None:
    chat = make(retention=Retention(seconds=120))
    alice = chat.person("JOIN alice", "JOIN #x", "TOPIC #x about it", "TELL #x hello")
    alice.says("PART #x")
    chat.turn()
    alice.take()
    chat.wait(100)
    assert "#x" in chat.journal.known_rooms
    chat.wait(20 + 3 * LOOK_SECONDS)
    assert dict(chat.journal.known_rooms) == {}
    chat.journal.stop()


def test_one_that_people_are_in_stays_as_it_is(make: Callable[..., InMemoryChat]) -> None:
    chat = make(retention=Retention(seconds=30))
    alice = chat.person("JOIN alice #x", "TOPIC about it")
    chat.wait(4 * LOOK_SECONDS)
    alice.take()
    bob = chat.person()
    bob.says("JOIN bob #x")
    chat.turn()
    assert bob.take() == ["TOPIC alice #x about it", "OK JOIN #x 2"]
    chat.journal.stop()


def test_rooms_that_are_kept_count(make: Callable[..., InMemoryChat]) -> None:
    chat = make(Limits(rooms=3))
    alice = chat.person("JOIN alice #a", "MSG hello", "JOIN #b", "MSG hello", "PART #b", "JOIN #c", "PART #c")
    alice.says("JOIN #d")
    chat.turn()
    assert alice.take() == ["OK JOIN #d 1"]
    alice.says("JOIN #e")
    chat.turn()
    assert [line.split()[:3] for line in alice.take()] == [["ERR", "full", "JOIN"]]
    alice.says("JOIN #b")  # one that is kept is no new one
    chat.turn()
    assert alice.take() == ["OK JOIN #b 1"]
    chat.journal.stop()
