"""SEEN: up to where somebody has read, kept for the account and told to its other connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from chatd.journal import JournalError
from chatd.journal.factory import from_string
from chatd.journal.read_markers import MAX_ROOMS, WRITE_SECONDS, Marker, ReadMarkers
from chatd.journal.sqlite.archive import erase
from chatd.journal.sqlite.store import Store
from chatd.protocol import events
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster, bodies


class Written:
    """What markers were written, each time; `broken` lets it fail."""

    def __init__(self) -> None:
        self.times: list[list[Marker]] = []
        self.broken = False
        self.pending: Deferred[None] | None = None

    def __call__(self, markers: Sequence[Marker]) -> Deferred[None]:
        if self.broken:
            return fail(JournalError("the disk is full"))
        self.times.append(list(markers))
        return succeed(None) if self.pending is None else self.pending


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("root", "alice")
    yield chat
    chat.close()


def alice(chat: ChatWithAccounts, nick: str, *lines: str, tagged: bool = True) -> ChatClient:
    """Return a connection of alice's, by whatever nick she is there."""
    hello = ["HELLO 1"] if tagged else []
    person = chat.visitor(*hello, f"LOGIN alice {PASSWORD}", f"JOIN {nick} #a", *lines)
    person.take()
    return person


def said(chat: ChatWithAccounts, count: int) -> ChatClient:
    bob = chat.visitor("JOIN bob #a", *[f"MSG {number}" for number in range(count)])
    bob.take()
    return bob


def test_what_was_read_is_told_to_the_other_programs_of_the_account(chat: ChatWithAccounts) -> None:
    phone, desktop, by_hand = alice(chat, "alice"), alice(chat, "alice-2"), alice(chat, "alice-3", tagged=False)
    said(chat, 3)
    for each in (phone, desktop, by_hand):
        each.take()
    assert chat.send(phone, "@label=x SEEN 2")[-1] == "@label=x OK SEEN #a 2"
    assert desktop.take() == ["SEEN #a 2"]
    assert by_hand.take() == []
    assert chat.send(by_hand, "SEEN 3 #a")[-1] == "OK SEEN #a 3"
    assert phone.take()[-1] == desktop.take()[-1] == "SEEN #a 3"


def test_it_only_rises(chat: ChatWithAccounts) -> None:
    phone, desktop = alice(chat, "alice"), alice(chat, "alice-2")
    said(chat, 3)
    chat.send(phone, "SEEN 3")
    desktop.take()
    assert chat.send(phone, "SEEN 1")[-1] == chat.send(phone, "SEEN 0")[-1] == "OK SEEN #a 3"
    assert desktop.take() == []


def test_who_joins_is_told_up_to_where_the_account_has_read(chat: ChatWithAccounts) -> None:
    said(chat, 3)
    phone = alice(chat, "alice", "SEEN 2")
    desktop = chat.visitor("HELLO 1", f"LOGIN alice {PASSWORD}", "JOIN alice-2 #a")
    done = events.read("OK", desktop.sent[-1].removeprefix("OK "))
    assert isinstance(done, events.Done)
    assert (done.values["seen"], done.values["last"]) == ("2", "3")
    assert "seen=2" in chat.send(phone, "JOIN #a")[-1]
    assert "seen=0" in chat.send(phone, "JOIN #b")[-1]
    assert "seen=" not in chat.visitor("HELLO 1", "JOIN guest #a").sent[-1]
    assert "seen=" not in chat.visitor(f"LOGIN alice {PASSWORD}", "JOIN alice-3 #a").sent[-1]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SEEN", "ERR bad-syntax SEEN the id is missing; write SEEN <id> [#room]"),
        (
            "SEEN #a",
            "ERR bad-syntax SEEN the id must be a number from 0 to 9223372036854775807; write SEEN <id> [#room]",
        ),
        ("SEEN 2 #b", "ERR not-in-room SEEN you are not in #b; JOIN <#room> first"),
        ("SEEN 3", "ERR bad-syntax SEEN no message in #a has that id yet; the newest is 2"),
    ],
)
def test_what_cannot_be_read_is_refused(chat: ChatWithAccounts, line: str, answer: str) -> None:
    person = alice(chat, "alice")
    said(chat, 2)
    assert chat.send(person, line)[-1] == answer


def test_guests_have_none(chat: ChatWithAccounts) -> None:
    bob = said(chat, 1)
    why = "read markers need an account; LOGIN before JOIN"
    assert chat.send(bob, "SEEN 1")[-1] == f"ERR not-allowed SEEN {why}"


def test_who_has_the_name_later_does_not_get_them(chat: ChatWithAccounts) -> None:
    before = alice(chat, "alice")
    said(chat, 3)
    chat.send(before, "SEEN 3")
    old = chat.store.find("alice")
    assert old is not None
    chat.store.remove("alice")
    chat.store.add(type(old)("alice", "alice", old.hash, operator=False, created=5))
    after = chat.visitor("HELLO 1", f"LOGIN alice {PASSWORD}", "JOIN alice-2 #a")
    assert "seen=0" in after.sent[-1]
    assert chat.send(after, "SEEN 2")[-1] == "OK SEEN #a 2"
    before.take()
    assert chat.send(before, "SEEN 3")[-1] == "OK SEEN #a 0"
    assert after.take()[-1] == "OK SEEN #a 2"


def test_nobody_is_kept_who_has_gone(chat: ChatWithAccounts) -> None:
    people = [alice(chat, "alice"), alice(chat, "alice-2")]
    chat.send(people[0], f"LOGIN root {PASSWORD}")
    assert len(chat.hub.persons) == 1
    for person in people:
        person.lose()
    assert len(chat.hub.persons) == 0


def test_who_logs_in_as_somebody_else_is_that_one(chat: ChatWithAccounts) -> None:
    person = chat.visitor(f"LOGIN alice {PASSWORD}", f"LOGIN root {PASSWORD}")
    assert list(chat.hub.persons.connections("alice")) == []
    assert list(chat.hub.persons.connections("root")) == [person.session]


def test_markers_are_written_together_and_once_a_second() -> None:
    clock, written = Clock(), Written()
    markers = ReadMarkers(clock, written)
    for id_ in range(1, 100):
        markers.note(Marker("alice", 0, "#a", id_))
        markers.note(Marker("alice", 0, "#b", id_))
    assert written.times == []
    clock.advance(WRITE_SECONDS)
    assert written.times == [[Marker("alice", 0, "#a", 99), Marker("alice", 0, "#b", 99)]]
    clock.advance(100)
    assert len(written.times) == 1


def test_the_last_is_not_lost_when_the_journal_is_closed() -> None:
    clock, written = Clock(), Written()
    markers = ReadMarkers(clock, written)
    markers.note(Marker("alice", 0, "#a", 1))
    written.pending = Deferred()
    clock.advance(WRITE_SECONDS)
    markers.note(Marker("alice", 0, "#a", 2))
    closed = markers.close()
    assert not closed.called
    pending, written.pending = written.pending, None
    pending.callback(None)
    assert closed.called
    assert written.times == [[Marker("alice", 0, "#a", 1)], [Marker("alice", 0, "#a", 2)]]
    assert clock.getDelayedCalls() == []


def test_what_could_not_be_written_is_written_later() -> None:
    clock, written = Clock(), Written()
    markers = ReadMarkers(clock, written)
    written.broken = True
    markers.note(Marker("alice", 0, "#a", 1))
    clock.advance(WRITE_SECONDS)
    markers.note(Marker("alice", 0, "#b", 2))
    clock.advance(WRITE_SECONDS)
    written.broken = False
    clock.advance(WRITE_SECONDS)
    assert written.times == [[Marker("alice", 0, "#a", 1), Marker("alice", 0, "#b", 2)]]


def test_an_account_has_so_many_and_the_oldest_go() -> None:
    clock, written = Clock(), Written()
    markers = ReadMarkers(clock, written)
    for id_ in range(1, MAX_ROOMS + 3):
        markers.note(Marker("alice", 0, f"#{id_}", id_))
    assert len(markers.of("alice", 0)) == MAX_ROOMS
    assert {"#1", "#2"}.isdisjoint(markers.of("alice", 0))
    clock.advance(WRITE_SECONDS)
    assert {Marker("alice", 0, "#1", 0), Marker("alice", 0, "#2", 0)} <= set(written.times[0])


def test_in_whatever_order_and_however_often_it_is_heard_it_is_the_same() -> None:
    heard = [Marker("alice", made, room, id_) for made in (1, 2) for room in ("#a", "#b") for id_ in (3, 7)]
    there, back = ReadMarkers(Clock()), ReadMarkers(Clock())
    for marker in heard:
        there.learn(marker)
    for marker in (*reversed(heard), *heard):
        back.learn(marker)
    assert list(there.all()) == sorted(back.all()) == [Marker("alice", 2, "#a", 7), Marker("alice", 2, "#b", 7)]


def test_they_are_in_the_file_after_a_clean_stop_and_not_among_what_is_said(tmp_path: Path) -> None:
    clock = Clock()
    journal = from_string(f"sqlite:{tmp_path}/j", journal_environment(clock))
    journal.start()
    for marker in (Marker("alice", 4, "#a", 7), Marker("alice", 4, "alice bob", 9), Marker("bob", 0, "#a", 1)):
        journal.markers.note(marker)
    journal.stop()
    assert clock.getDelayedCalls() == []
    journal = from_string(f"sqlite:{tmp_path}/j", journal_environment(clock))
    journal.start()
    assert journal.markers.of("alice", 4) == {"#a": 7, "alice bob": 9}
    assert journal.known_rooms == {}
    journal.markers.note(Marker("alice", 5, "#a", 2))
    journal.stop()
    with closing(Store(tmp_path / "j")) as store:
        assert sorted(store.markers()) == [Marker("alice", 5, "#a", 2), Marker("bob", 0, "#a", 1)]


def test_who_is_erased_has_none_any_more(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.write_markers([Marker("alice", 4, "#a", 7), Marker("bob", 0, "#a", 1)])
    erase(tmp_path / "j", "Alice")
    with closing(Store(tmp_path / "j")) as store:
        assert store.markers() == [Marker("bob", 0, "#a", 1)]


def test_it_is_told_on_other_nodes_too() -> None:
    cluster = InMemoryCluster()
    here, there = cluster.nodes
    phone, desktop = here.program("JOIN alice #a"), there.program("JOIN alice-2 #a")
    cluster.settle()
    phone.says("MSG hi")
    cluster.settle()
    phone.session.become_owner("alice")
    desktop.session.become_owner("alice")
    desktop.take()
    room = here.hub.room("#a")
    assert room is not None
    last = room.last_id
    phone.says(f"SEEN {last}")
    cluster.wait(1)
    assert bodies(desktop.take()) == [f"SEEN #a {last}"]
    assert there.hub.journal.markers.of("alice", 0) == {"#a": last}
