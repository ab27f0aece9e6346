"""The rooms of a journal's file, of which a start reads none: each is judged right from the first touch on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.chat.limits import Limits
from chatd.journal import Journal, JournalError, Retention
from chatd.journal.factory import from_string
from chatd.journal.sqlite import database, standings, stored_rooms
from chatd.journal.sqlite.retention import ROOMS
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.stored_rooms import StoredRooms
from chatd.model.entry import Entry
from chatd.protocol import names
from chatd.protocol.events import Moderated, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER
from tests.support.in_memory_chat import InMemoryChat, journal_environment
from tests.support.web import Web

UNHURRIED = Limits(names_per_minute=0)
WITH_FOUNDERS = Limits(names_per_minute=0, room_founders=True)


def said(room: str, text: str = "hello", *, time: int = 1_000_000) -> Entry:
    entry = Entry(names.key(room), Said("alice", room, text))
    entry.time = time
    return entry


def ruled(room: str, verb: str, subject: str, text: str | None = None, reach: str | None = None) -> Entry:
    entry = Entry(names.key(room), Moderated(verb, "alice", room, subject, None, text, reach))
    entry.time = 1_000_000
    return entry


def topic(room: str, text: str) -> Entry:
    entry = Entry(names.key(room), TopicSet("alice", room, text))
    entry.time = 1_000_000
    return entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path)) as store:
        yield store


def write(path: Path, *entries: Entry) -> None:
    with closing(Store(path)) as store:
        store.epoch("made")
        store.write(entries)


def started(path: Path, limits: Limits = UNHURRIED) -> InMemoryChat:
    def journal_at(clock: Clock) -> Journal:
        return from_string(f"sqlite:{path}", journal_environment(clock, Retention()))

    return InMemoryChat(limits, journal_at)


# A start.


def steps_of_a_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many steps SQLite's machine makes for a start, but for the check that has a bound of its own."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def connect(path: Path) -> sqlite3.Connection:
        db = original(path)
        db.set_progress_handler(count, 1)
        return db

    original = database._connect
    with monkeypatch.context() as patched:
        patched.setattr(database, "_connect", connect)
        chat = started(path)
    chat.journal.stop()
    return steps


def test_a_start_costs_the_same_however_many_rooms_there_are(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.stored.ROOMS_AT_ONCE", 10)
    rooms = [f"#r{number}" for number in range(2000)]
    write(path, *(said(room) for room in rooms[:20]), *(ruled(room, "SET", "registered=yes") for room in rooms[:20]))
    few = steps_of_a_start(path, monkeypatch)
    write(path, *(said(room) for room in rooms[20:]), *(ruled(room, "SET", "registered=yes") for room in rooms[20:]))
    assert steps_of_a_start(path, monkeypatch) < few + 200


def test_a_start_reads_how_no_room_stands_but_the_server(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def standing(db: sqlite3.Connection, key: str) -> object:
        asked.append(key)
        return original(db, key)

    original = standings.standing
    write(path, *(said(f"#r{number}") for number in range(50)))
    monkeypatch.setattr(standings, "standing", standing)
    monkeypatch.setattr(standings, "standings", lambda _db: pytest.fail("all rooms were read"))
    chat = started(path)
    assert asked == ["#*"]
    assert chat.hub.room_count == 50
    chat.person("JOIN bob", "JOIN #r7", "JOIN #r8", "JOIN #new")
    assert set(asked) == {"#*", "#lobby", "#r7", "#r8", "#new"}
    assert len(asked) == len(set(asked))  # also what is not there is asked for once
    assert chat.hub.room_count == 52
    chat.journal.stop()


# What holds from the first touch on.


def test_rooms_are_counted_without_a_question_for_each(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, said("#old"), said("#kept"))
    chat = started(path)
    chat.person("JOIN bob #old", "MSG one", "JOIN #new", "JOIN #newer", "MSG two", "JOIN #newest")
    assert chat.hub.room_count == 5
    asked: list[str] = []
    monkeypatch.setattr(standings, "standing", lambda _db, key: asked.append(key))
    chat.journal.known_rooms._absent.clear()  # type: ignore[attr-defined]  # as many others are asked for
    assert chat.hub.room_count == 5
    assert set(asked) <= {SERVER}
    chat.journal.stop()


def test_a_private_room_is_closed_at_once(path: Path) -> None:
    write(path, said("#den", "secret"), ruled("#den", "SET", "private=yes"), ruled("#den", "OP", "alice"))
    chat = started(path)
    bob = chat.person()
    bob.says("JOIN bob", "JOIN #den", "HISTORY #den 5")
    chat.turn()
    lines = bob.take()
    assert "ERR not-allowed JOIN the room is private; ask one of its operators to INVITE you" in lines
    assert not any("secret" in line for line in lines)
    assert chat.hub.members("#den") == ()
    chat.journal.stop()


def test_who_is_banned_is_kept_out_at_once(path: Path) -> None:
    write(path, said("#a"), ruled("#a", "BAN", "bob"), ruled("#*", "BAN", "carol"))
    chat = started(path)
    bob, carol, dave = chat.person(), chat.person(), chat.person()
    bob.says("JOIN bob", "JOIN #a")
    carol.says("JOIN carol")
    dave.says("JOIN dave", "JOIN #a")
    chat.turn()
    assert [line for line in bob.take() if line.startswith("ERR")] == ["ERR banned JOIN you are banned"]
    assert carol.farewell is not None or any(line.startswith("ERR banned") for line in carol.take())
    assert [member.nick for member in chat.hub.members("#a")] == ["dave"]
    chat.journal.stop()


def test_topic_owner_and_looks_are_known_at_once(path: Path) -> None:
    write(path, said("#Room"), topic("#Room", "welcome"), ruled("#Room", "SET", "registered=yes"))
    chat = started(path, WITH_FOUNDERS)
    bob = chat.person()
    bob.says("JOIN bob", "JOIN #room", "SET #room registered=yes", "JOIN #roorn")
    chat.turn()
    lines = bob.take()
    assert any(line.startswith("TOPIC") and line.endswith("#Room welcome") for line in lines)
    assert not [line for line in lines if line.startswith("OK JOIN") and "operator=yes" in line and "#Room" in line]
    assert any("bad-room" in line and "could be mistaken for #Room" in line for line in lines)
    assert any(line.startswith("ERR") and "SET" in line for line in lines)
    chat.journal.stop()


def test_looks_that_cannot_be_read_let_no_room_be_made(path: Path) -> None:
    write(path, said("#room"), ruled("#room", "SET", "registered=yes"))
    chat = started(path)
    bob = chat.person("JOIN bob")
    assert chat.journal.room_state("#roorn") is None
    working, chat.journal._store.asker._db = fail(chat)  # type: ignore[attr-defined]
    bob.says("JOIN #roorn")
    chat.turn()
    assert chat.hub.room("#roorn") is None
    chat.journal._store.asker._db = working  # type: ignore[attr-defined]
    bob.take()
    bob.says("JOIN #roorn")
    chat.turn()
    assert any("could be mistaken for #room" in line for line in bob.take())
    chat.journal.stop()


def fail(chat: InMemoryChat) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Return the connection that rooms are asked over, and one that fails."""
    closed = sqlite3.connect(":memory:")
    closed.close()
    return chat.journal._store.asker._db, closed  # type: ignore[attr-defined]


def test_a_room_that_cannot_be_read_is_not_entered_and_nothing_is_said_there(
    path: Path, nothing_left_behind: list[LogEvent]
) -> None:
    write(path, said("#den"), ruled("#den", "SET", "private=yes"))
    chat = started(path)
    bob = chat.person("JOIN bob")
    working, chat.journal._store.asker._db = fail(chat)  # type: ignore[attr-defined]
    bob.says("JOIN #den")
    entry = said("#den", "by the back door")
    chat.journal.append(entry)
    chat.turn()
    assert [line.partition(" ")[0] for line in bob.take()] == ["ERR"]
    assert bob.farewell is None
    assert entry.refused is not None
    nothing_left_behind.clear()  # of an entry for a room that no way through the hub has looked at
    chat.journal._store.asker._db = working  # type: ignore[attr-defined]
    bob.says("JOIN #den")
    chat.turn()
    assert any("private" in line for line in bob.take())
    assert chat.hub.members("#den") == ()
    chat.journal.stop()


NONSENSE = {
    "a verb that nobody knows": "UPDATE ruling SET verb = 'XYZ'",
    "the verb of something else": "UPDATE ruling SET verb = 'MSG'",
    "a text that its verb does not take": "UPDATE ruling SET text = ''",
    "a name that is not UTF-8": "UPDATE room SET name = cast(x'23ff' AS TEXT) WHERE key = '#den'",
}


@pytest.mark.parametrize("damage", NONSENSE.values(), ids=NONSENSE)
def test_a_room_whose_rows_make_no_sense_costs_nobody_the_connection(path: Path, damage: str) -> None:
    write(path, said("#den"), said("#lounge"), ruled("#den", "SET", "private=yes"))
    with closing(sqlite3.connect(path)) as db:
        db.execute(damage)
        db.commit()
    chat = started(path)
    bob, page = chat.person("JOIN bob #lounge"), Web(chat=chat)
    bob.says("JOIN #den")
    chat.turn()
    assert [line.partition(" ")[2].partition(" ")[0] for line in bob.take()] == ["unavailable"]
    assert bob.farewell is None
    assert page.request("GET", "/den").status == page.request("POST", "/den", "hello").status == 503
    spoken = said("#lounge", "still here")
    chat.journal.append(spoken)
    chat.turn()
    assert spoken.stored
    chat.journal.stop()


def test_who_was_invited_hears_of_it_after_a_start(path: Path) -> None:
    write(
        path,
        ruled("#a", "INVITE", "bob", "whoever goes by that name", "nick=bob"),
        ruled("#b", "INVITE", "carol", "for as long as they are connected", "connection=c1"),
        ruled("#c", "INVITE", "dave"),
        ruled("#d", "BAN", "bob"),
    )
    chat = started(path)
    rooms = chat.journal.known_rooms
    found = {about: sorted(rooms.ruled("INVITE", [about])) for about in ("nick=bob", "connection=c1", "dave", "eve")}
    assert found == {"nick=bob": ["#a"], "connection=c1": ["#b"], "dave": ["#c"], "eve": []}
    dict(rooms)  # so that all are read
    assert {about: sorted(rooms.ruled("INVITE", [about])) for about in found} == found
    chat.journal.stop()


def test_who_is_looked_for_is_found_by_an_index(path: Path) -> None:
    write(path, said("#a"))
    with closing(sqlite3.connect(path)) as db:
        plans: list[str] = []
        db.set_trace_callback(plans.append)
        standings.ruled(db, "INVITE", ["bob", "nick=bob"])
        standings.conversations(db)
        standings.standing(db, "#a")
        db.set_trace_callback(None)
        steps = [step for query in plans for *_, step in db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step] == []


# What is written meanwhile.


def test_what_is_committed_and_not_handed_back_is_not_told(store: Store) -> None:
    store.write([said("#a")])
    rooms = StoredRooms(store.asker.ask)
    rooms.open()
    batch = [said("#a", "more"), ruled("#a", "BAN", "bob"), said("#b"), ruled("#b", "SET", "private=yes")]
    rooms.before_writing({entry.room for entry in batch})
    store.write(batch)
    before = rooms.find("#a")
    assert before is not None
    assert (before.last_id, len(before.policy)) == (1, 0)
    assert rooms.find("#b") is None
    assert len(rooms) == 1
    assert rooms.ruled("SET", ["private"]) == {}
    rooms.handed_back(batch, {})
    after, new = rooms.find("#a"), rooms.find("#b")
    assert after is not None
    assert new is not None
    assert (after.last_id, len(after.policy), new.said_id, new.policy.setting("private")) == (3, 1, 4, "yes")
    assert len(rooms) == 2


def test_what_is_forgotten_and_still_in_the_file_is_not_told(store: Store) -> None:
    store.write([topic("#a", "old"), topic("#b", "old")])
    rooms = StoredRooms(store.asker.ask)
    rooms.open()
    rooms.forget("#a", 2)
    assert rooms.find("#a") is None
    assert len(rooms) == 1
    assert list(rooms) == ["#b"]
    store.forget({"#a": 2})
    rooms.left(["#a"])
    assert rooms.find("#a") is None
    again = StoredRooms(store.asker.ask)
    again.open()
    assert again.find("#a") is None
    assert len(again) == 1


def test_a_room_that_is_made_and_forgotten_in_one_batch_is_not_there(store: Store) -> None:
    rooms = StoredRooms(store.asker.ask)
    rooms.open()
    batch = [topic("#a", "new")]
    rooms.before_writing(["#a"])
    store.write(batch)
    rooms.forget("#a", batch[0].id)
    rooms.handed_back(batch, {"#a": batch[0].id})
    assert rooms.find("#a") is None
    assert len(rooms) == 0


def test_what_is_not_there_is_asked_for_once_and_remembered_within_bounds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rooms, "MAX_ABSENT", 10)
    asked = 0

    def ask(question: Callable[[sqlite3.Connection], object]) -> object:
        nonlocal asked
        asked += 1
        return store.asker.ask(question)

    rooms = StoredRooms(ask)  # type: ignore[arg-type]  # it returns what it is asked for
    rooms.open()
    rooms.before_writing(["#new"])
    asked = 0
    for _ in range(3):
        assert rooms.find("#x") is None
    assert asked == 1
    for number in range(100):
        rooms.find(f"#y{number}")
    assert len(rooms._absent) <= 10
    store.write([said("#new")])
    assert rooms.find("#new") is None  # however many are forgotten to be absent


# Retention.


def test_a_step_of_trimming_looks_at_few_rooms(store: Store) -> None:
    count = 4 * ROOMS
    rooms = [f"#r{number}" for number in range(count)]
    store.write([said(room, "one") for room in rooms] + [said(room, "two") for room in rooms])
    store.write([ruled(room, "SET", "keep=1d") for room in rooms])
    store.trim_all()
    looked: list[str] = []
    store._writer.set_trace_callback(looked.append)
    steps = 0
    while True:
        looked.clear()
        more = store.trim(Retention(messages=10), 2_000_000).more
        assert len(looked) < 4 * ROOMS
        steps += 1
        if not more:
            break
    assert steps >= 3 * count // ROOMS


def test_what_rooms_keep_is_the_same_however_many_there_are(store: Store) -> None:
    day = 24 * 60 * 60 * 1000
    rooms = [f"#r{number}" for number in range(3 * ROOMS)]
    store.write([ruled(room, "SET", "keep=1d") for room in rooms[::2]])
    store.write([said(room, "old") for room in rooms] + [said(room, "new", time=2 * day) for room in rooms])
    gone: set[str] = set()
    for _ in range(2):
        while True:
            trimmed = store.trim(Retention(), 2 * day)
            gone |= trimmed.watermarks.keys()
            if not trimmed.more:
                break
    assert gone == set(rooms[::2])
    store.trim_all()
    while store.trim(Retention(messages=1), 2 * day).more:
        pass
    texts = store._writer.execute("SELECT DISTINCT text FROM entry").fetchall()
    assert texts == [("new",)]


def test_what_makes_no_sense_in_one_room_keeps_nothing_in_others(store: Store) -> None:
    store.write([said("#odd"), ruled("#odd", "SET", "keep=1h"), said("#room"), said("#room"), said("#room")])
    store._writer.execute("UPDATE ruling SET verb = 'XYZ'")
    while store.trim(Retention(messages=1), 1_000_000).more:
        pass
    assert store._one("SELECT count(*) FROM entry JOIN room ON room.id = entry.room WHERE key = '#room'") == 1


def test_trimming_says_where_no_message_is_left(store: Store) -> None:
    store.write([said("#a"), topic("#a", "still"), said("#b"), said("#b", "new", time=10_000_000)])
    trimmed = store.trim(Retention(seconds=1), 10_000_000)
    assert sorted(trimmed.watermarks) == ["#a", "#b"]
    assert list(trimmed.unspoken) == ["#a"]


def test_a_closed_file_is_not_asked(path: Path) -> None:
    write(path, said("#a"))
    chat = started(path)
    chat.journal.stop()
    with pytest.raises(JournalError):
        chat.journal.room_state("#a")


def test_a_file_of_the_version_before_gets_its_indexes(path: Path) -> None:
    write(path, said("#a"), ruled("#a", "INVITE", "bob"))
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP INDEX ruling_by_reach; DROP INDEX ruling_by_subject")
        db.executescript("ALTER TABLE upkeep DROP COLUMN fed_upto; PRAGMA user_version = 9")
    with closing(Store(path)) as store:
        assert store.asker.ask(partial(standings.ruled, kind="INVITE", about=["bob"])) == {"#a": "#a"}
        indexes = store._writer.execute("SELECT name FROM sqlite_schema WHERE tbl_name = 'ruling' AND sql NOT NULL")
        assert {name for (name,) in indexes} >= {"ruling_by_subject", "ruling_by_reach"}
