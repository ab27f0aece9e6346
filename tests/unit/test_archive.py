"""Export, import and erase: what comes out, what goes in, and what is left."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.journal import JournalError, Query, Retention
from chatd.journal.factory import from_string
from chatd.journal.sqlite.archive import erase, export_lines, import_lines
from chatd.journal.sqlite.database import APPLICATION_ID, schema
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import DurableEvent, Moderated, Said, TopicSet
from chatd.protocol.references import Edited, Reacted, Retracted, Unreacted
from chatd.runtime.schema import upgrade
from tests.contract.test_journal import result
from tests.support.in_memory_chat import journal_environment

LINE = {"id": 1, "time": "2026-01-02T03:04:05.678Z", "type": "MSG", "room": "#a", "nick": "alice", "text": "hi"}


def written(path: Path, *entries: tuple[str, str, str]) -> Path:
    """Write messages, or topics where the text begins with "topic", of ``(room, nick, text)``."""
    store = Store(path)
    store.epoch("e1")
    for room, nick, text in entries:
        kind = TopicSet if text.startswith("topic") else Said
        store.write([Entry(room.lower(), kind(nick, room, text), None, f"label-{text.split()[-1]}", time=1000)])
    store.close()
    return path


def lines(path: Path, room: str | None = None) -> list[tuple[str, str, str, str]]:
    loaded = [json.loads(line) for line in export_lines(path, room)]
    return [(each["type"], each["room"], each["nick"], each["text"]) for each in loaded]


def test_an_export_has_everything_in_order(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#A", "alice", "one"), ("#b", "bob", "two é\u2028"), ("#A", "bob", "topic x"))
    assert json.loads(next(export_lines(path))) == {
        "id": 1,
        "time": "1970-01-01T00:00:01.000Z",
        "type": "MSG",
        "room": "#A",
        "nick": "alice",
        "text": "one",
    }
    assert lines(path) == [
        ("MSG", "#A", "alice", "one"),
        ("MSG", "#b", "bob", "two é\u2028"),
        ("TOPIC", "#A", "bob", "topic x"),
    ]
    assert lines(path, "#a") == [("MSG", "#A", "alice", "one"), ("TOPIC", "#A", "bob", "topic x")]
    assert lines(path, "#none") == []


def test_what_was_exported_comes_back_with_a_new_epoch(tmp_path: Path) -> None:
    old = written(tmp_path / "old", ("#A", "alice", "one"), ("#b", "bob", "two"), ("#A", "bob", "topic x"))
    new = tmp_path / "new"
    assert str(import_lines(new, export_lines(old), "e2")) == "2 messages, 1 topic, 0 moderation actions in 2 rooms"
    assert list(export_lines(new)) == list(export_lines(old))
    journal = from_string(f"sqlite:{new}", journal_environment(Clock()))
    journal.start()
    room_state = journal.room_state("#a")
    assert journal.epoch == "e2.e1"
    assert room_state is not None and room_state.topic is not None
    assert (room_state.name, room_state.last_id, room_state.topic.event.text) == ("#A", 3, "topic x")
    assert [kept.event.text for kept in result(journal.search("#a", ["one"], 100, 50))] == ["one"]
    journal.stop()


def test_a_topic_whose_entry_was_trimmed_is_exported(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "bob", "topic x"), ("#a", "alice", "one"))
    store = Store(path)
    store.trim(Retention(messages=1), 1000)
    store.close()
    assert lines(path) == [("TOPIC", "#a", "bob", "topic x"), ("MSG", "#a", "alice", "one")]


def test_a_big_import_is_one_thing(tmp_path: Path) -> None:
    many = [json.dumps(LINE | {"text": str(n)}) for n in range(2500)]
    assert import_lines(tmp_path / "j", many, "e2").lines == 2500
    assert [text for *_, text in lines(tmp_path / "j")] == [str(n) for n in range(2500)]
    with pytest.raises(JournalError, match="line 2501 "):
        import_lines(tmp_path / "k", [*many, "x"], "e2")
    assert lines(tmp_path / "k") == []


def test_a_room_that_has_messages_is_not_mixed_with_others(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#A", "alice", "one"))
    with pytest.raises(JournalError, match="#a already has messages"):
        import_lines(path, [json.dumps(LINE | {"room": "#b"}), json.dumps(LINE)], "e2")
    assert lines(path) == [("MSG", "#A", "alice", "one")]
    assert import_lines(path, ["", json.dumps(LINE | {"room": "#b"}), "\n"], "e2").lines == 1


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "null",
        "1",
        "[" * 100_000,
        *(json.dumps({key: value for key, value in LINE.items() if key != left_out}) for left_out in list(LINE)[1:]),
        json.dumps(LINE | {"type": "JOIN"}),
        json.dumps(LINE | {"type": ["MSG"]}),
        json.dumps(LINE | {"nick": "a b"}),
        json.dumps(LINE | {"nick": 7}),
        json.dumps(LINE | {"room": "a"}),
        json.dumps(LINE | {"text": ""}),
        json.dumps(LINE | {"text": "x" * 30_000}),
        json.dumps(LINE | {"text": None}),
        json.dumps(LINE | {"time": "2026-01-02T03:04:05"}),
        json.dumps(LINE | {"time": "1969-01-02T03:04:05Z"}),
        json.dumps(LINE | {"time": "yesterday"}),
        json.dumps(LINE | {"time": 5}),
        json.dumps(LINE | {"time": "9999-12-31T23:59:59.9999Z"}),
        json.dumps(LINE | {"time": "0001-01-01T00:00:00+14:00"}),
    ],
)
def test_a_line_that_is_not_of_an_export_is_named(line: str, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"^line 2 is not part of an export: .*; nothing was imported$"):
        import_lines(tmp_path / "j", [json.dumps(LINE), line], "e2")
    assert lines(tmp_path / "j") == []


def test_what_is_imported_commands_no_terminal(tmp_path: Path) -> None:
    import_lines(tmp_path / "j", [json.dumps(LINE | {"text": "\x1b[2J\ud800"})], "e2")
    assert lines(tmp_path / "j")[0][3] == "␛[2J\ufffd"


def test_of_one_who_is_erased_nothing_stays_in_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path / "j",
        ("#a", "alice", "kept one"),
        ("#a", "Mallory", "xyzzy said"),
        ("#a", "mallory", "topic xyzzy"),
        ("#b", "MALLORY", "more xyzzy"),
        ("#b", "bob", "topic fine"),
    )
    assert b"xyzzy" in path.read_bytes()
    assert erase(path, "mallory") == 3
    assert lines(path) == [("MSG", "#a", "alice", "kept one"), ("TOPIC", "#b", "bob", "topic fine")]
    beside = [each.read_bytes() for each in tmp_path.iterdir()]
    assert not any(b"xyzzy" in data or b"allory" in data for data in beside)
    assert erase(path, "mallory") == 0


def test_one_is_not_said_to_be_erased_while_a_reader_keeps_the_old_state(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "alice", "one"), ("#a", "mallory", "xyzzy"))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM entry").fetchone() == (2,)
    with pytest.raises(JournalError, match="is being read"):
        erase(path, "mallory")
    reader.close()
    erase(path, "mallory")
    assert b"xyzzy" not in path.read_bytes()


def test_ids_of_what_was_erased_are_not_used_again(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "alice", "one"), ("#a", "mallory", "two"))
    erase(path, "mallory")
    store = Store(path)
    entry = Entry("#a", Said("alice", "#a", "three"), time=1000)
    assert store.room_states()["#a"].last_id == 2
    store.write([entry])
    assert entry.id == 3
    assert [kept.id for kept in store.reader.read(Query("#a")).kept] == [1, 3]
    store.close()


@pytest.mark.parametrize("change", [lambda path: import_lines(path, [], "e2"), lambda path: erase(path, "x")])
def test_a_file_that_is_in_use_is_not_changed(change: Callable[[Path], object], tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "alice", "one"))
    store = Store(path)
    with pytest.raises(JournalError, match="in use by another chatd"):
        change(path)
    assert lines(path) == [("MSG", "#a", "alice", "one")]
    store.close()


@pytest.mark.parametrize("read", [lambda path: list(export_lines(path)), lambda path: erase(path, "x")])
def test_a_file_that_is_not_there_is_not_made(read: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such file"):
        read(tmp_path / "j")
    assert list(tmp_path.iterdir()) == []


def test_who_is_erased_leaves_no_text_in_what_was_said_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.epoch("e1")
        said = Entry("#a", Said("ann", "#a", "before"), time=1000, by="account=ann")
        store.write([said])
        store.write([Entry("#a", Edited("mallory", "#a", said.id, "secret words"), time=1000, by="account=ann")])
    assert erase(path, "mallory") == 2
    assert list(export_lines(path)) == []


def test_references_go_out_and_come_in_about_the_same_messages(tmp_path: Path) -> None:
    path, copy = tmp_path / "j", tmp_path / "copy"
    with closing(Store(path)) as store:
        store.epoch("e1")

        def write(event: DurableEvent, by: str = "account=ann") -> int:
            entry = Entry("#a", event, time=1000, by=by)
            store.write([entry])
            assert entry.id
            return entry.id

        gone = write(Said("ann", "#a", "hidden words"))
        kept = write(Said("ann", "#a", "fist"))
        write(Said("ann", "#a", "an answer", kept), "session=1")
        write(Edited("ann", "#a", kept, "first"))
        write(Reacted("bob", "#a", kept, "👍"), "session=2")
        write(Reacted("eve", "#a", kept, "👍"), "session=3")
        write(Unreacted("eve", "#a", kept, "👍"), "session=3")
        write(Retracted("ann", "#a", gone))
    exported = list(export_lines(path))
    assert "hidden" not in "".join(exported) and "fist" not in "".join(exported) and "session" not in "".join(exported)
    assert json.loads(exported[0]) | {"time": ""} == {
        "id": kept,
        "time": "",
        "type": "MSG",
        "room": "#a",
        "nick": "ann",
        "text": "first",
        "author": "account=ann",
    }
    import_lines(copy, exported, "e2")
    assert lines(copy)[:4] == [
        ("MSG", "#a", "ann", "first"),
        ("MSG", "#a", "ann", "an answer"),
        ("EDIT", "#a", "ann", "1 first"),
        ("REACT", "#a", "bob", "1 👍"),
    ]
    with closing(Store(copy)) as store:
        first, answer = store.reader.read(Query("#a", said_only=True)).kept
    assert (first.edited, first.reactions, first.author) == (True, (("👍", 1),), "account=ann")
    assert isinstance(answer.event, Said) and (answer.event.reply, answer.author) == (1, "")


def test_rulings_go_out_and_come_in_and_hold_again(tmp_path: Path) -> None:
    path = written(tmp_path / "j", ("#a", "alice", "one"))
    store = Store(path)
    rulings = [
        Moderated("SET", "alice", "#a", "registered=yes"),
        Moderated("BAN", "alice", "#a", "10.0.0.0/8", 60, "spam"),
    ]
    store.write([Entry("#a", event, time=2000) for event in rulings])
    store.write([Entry("#*", Moderated("BAN", "root", "#*", "eve"), time=2000)])
    store.trim(Retention(messages=1), 3000)
    store.close()
    exported = list(export_lines(path))
    assert [json.loads(line)["type"] for line in exported].count("BAN") == 2
    other = tmp_path / "other"
    import_lines(other, exported, "e2")
    store = Store(other)
    room_states = store.room_states()
    store.close()
    assert room_states["#a"].policy.is_operator("alice")
    assert [ruling.event for ruling in room_states["#a"].policy if ruling.event.verb == "BAN"] == rulings[1:]
    assert [ruling.event.subject for ruling in room_states["#*"].policy] == ["eve"]


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        upgrade(db, schema().partition("-- version 2")[0])
        db.execute("INSERT INTO journal VALUES ('e1')")
        db.execute("INSERT INTO room (key, name) VALUES ('#a', '#A')")
        db.execute("INSERT INTO entry VALUES (1, 1, 1000, 'MSG', 'alice', 'hi')")
    assert lines(path) == [("MSG", "#A", "alice", "hi")]
    store = Store(path)
    store.write([Entry("#a", Moderated("BAN", "alice", "#A", "eve"), time=2000)])
    store.close()
    assert lines(path) == [("MSG", "#A", "alice", "hi"), ("BAN", "#A", "alice", "eve")]


def test_an_export_is_one_state_of_the_journal_whatever_retention_deletes_meanwhile(tmp_path: Path) -> None:
    store = Store(tmp_path / "j")
    with closing(store):
        said = [Entry("#a", Said("alice", "#a", f"{number}"), time=1000) for number in range(3000)]
        private = Entry("#a", Moderated("SET", "alice", "#a", "private=yes"), time=1000)
        store.write([*said[:1500], private, *said[1500:]])
        exported = export_lines(tmp_path / "j")
        first = next(exported)
        while store.trim(Retention(messages=10), 2000).more:
            pass
        loaded = [json.loads(line) for line in [first, *exported]]
    assert [each["text"] for each in loaded if each["type"] == "MSG"] == [f"{number}" for number in range(3000)]
    assert [each["text"] for each in loaded if each["type"] == "SET"] == ["private=yes"]


PRIVATE = (
    ("=ann.d0=bob.d0", "ann", "between ann and bob"),
    ("=ann.77=eve.d0", "eve", "to another ann"),
    ("=bob.d0=eve.d0", "eve", "between bob and eve"),
    ("=ann.d0=~", "guest", "of a guest"),
    ("#a", "ann", "in a room"),
)


def test_what_was_told_in_private_is_in_no_export_and_comes_by_no_import(tmp_path: Path) -> None:
    path = written(tmp_path / "j", *PRIVATE)
    assert lines(path) == [("MSG", "#a", "ann", "in a room")]
    assert lines(path, "=ann.d0=bob.d0") == []
    with pytest.raises(JournalError, match="begin with #"):
        import_lines(tmp_path / "new", [json.dumps(LINE | {"room": "=ann.d0=bob.d0"})], "e2")


def test_all_that_somebody_told_or_was_told_in_private_can_be_erased(tmp_path: Path) -> None:
    path = written(tmp_path / "j", *PRIVATE)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO seen VALUES (?, ?, 0, 1)", [("x", room) for room, _, _ in PRIVATE])
    assert erase(path, "=Ann") == 3
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT room FROM seen ORDER BY room").fetchall() == [("#a",), ("=bob.d0=eve.d0",)]
        assert db.execute("SELECT text FROM entry ORDER BY id").fetchall() == [("between bob and eve",), ("in a room",)]
        assert db.execute("SELECT count(*) FROM label").fetchone() == (2,)
    assert b"another ann" not in path.read_bytes()


def test_what_somebody_said_is_erased_in_private_too(tmp_path: Path) -> None:
    path = written(tmp_path / "j", *PRIVATE)
    assert erase(path, "ann") == 2
    assert b"between ann" not in path.read_bytes()
