"""The full-text index of a journal's file: what is fed anew, and that nothing stays of what was taken away."""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogEvent, eventAsText, globalLogPublisher

from benchmarks.search.judged import MESSAGES, QUERIES
from chatd.journal import Among, JournalError, Retention, Times
from chatd.journal.sqlite import database, finding, merging, word_index
from chatd.journal.sqlite.archive import erase, erase_said
from chatd.journal.sqlite.database import APPLICATION_ID, schema
from chatd.journal.sqlite.merging import IndexUpkeep, Step
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries, replace_text
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.upkeep import LOOK_SECONDS, MAX_REST_SECONDS
from chatd.model.entry import Entry
from chatd.protocol.events import Said, TopicSet
from chatd.runtime.schema import upgrade, versions
from tests.contract.test_journal import Kit, result, texts

WORDS = ["".join(random.Random(number).choices("abcdefghijklmnopqrstuvwxyz", k=14)) for number in range(2000)]
"""Of each so much is in the file that a part of it is found there, although an index keeps once what two have alike."""


def old_file(path: Path, *said: tuple[str, str], room: str = "#a") -> Path:
    """Make a file as chatd did before, with messages of a nick each, as they went into the index then."""
    before = "".join(f"-- version {number}\n{text}" for number, text in versions(schema()).items() if number < 6)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        upgrade(db, before)
        db.execute("INSERT INTO journal (epoch) VALUES ('e0')")
        db.execute("INSERT INTO room (key, name) VALUES (?, ?)", (room, room))
        for id_, (nick, text) in enumerate(said, 1):
            db.execute("INSERT INTO entry VALUES (?, 1, ?, 'MSG', ?, ?)", (id_, 1000 * id_, nick, text))
            db.execute("INSERT INTO said (rowid, room, text) VALUES (?, 1, ?)", (id_, text))
    return path


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(f"sqlite:{tmp_path}/j")
    yield kit
    kit.close()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def said(nick: str, text: str) -> Entry:
    return Entry("#a", Said(nick, "#a", text), time=1000)


def fed_before(store: Store) -> int:
    with store.transaction() as db:
        return word_index.fed_before(db)


def words_in(path: Path) -> dict[str, int]:
    """Return the words that the index has, and in how many messages."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIRTUAL TABLE temp.word USING fts5vocab (main, said, row)")
        return dict(db.execute("SELECT term, doc FROM temp.word"))


def left_in(folder: Path, words: list[str]) -> set[str]:
    """Return which words are in the bytes of a file, of its log or of what else is beside it."""
    data = b"".join(path.read_bytes() for path in folder.iterdir())
    return {word for word in words if word[4:].encode() in data}


def test_an_old_file_is_fed_anew_while_it_is_searched(kit: Kit, tmp_path: Path, logged: list[str]) -> None:
    filler = [("bob", f"天気 {number}") for number in range(2 * word_index.ROWS)]
    old_file(tmp_path / "j", *[("alice", text) for text in MESSAGES], *filler, ("Carol", "天気の話"))
    kit.open()
    assert kit.search("天気", "0") == ["天気 0"]
    assert kit.search("fail*") == [MESSAGES[31]]
    assert texts(result(kit.journal.search("#a", [], 2**62, 2, Among(author="ALICE")))) == list(MESSAGES[-2:])
    kit.say("今日の天気")
    assert kit.search("天気", count=2) == ["天気の話", "今日の天気"]
    for _ in range(10):
        kit.clock.advance(1)
    assert [line.replace(str(tmp_path / "j"), "j") for line in logged] == [
        "j is from an older chatd; SEARCH finds less until its index is rebuilt",
        "rebuilt the index of j; SEARCH finds everything",
    ]
    assert [query.words for query in QUERIES if not kit.search(*query.words.split()) and query.found] == []
    assert texts(result(kit.journal.search("#a", ["天気"], 2**62, 9, Among(author="carol")))) == ["天気の話"]


def test_how_far_an_old_file_is_fed_anew_outlives_a_restart(tmp_path: Path) -> None:
    path = old_file(tmp_path / "j", *[("bob", f"会議室 {number}") for number in range(3 * word_index.ROWS)])
    for left in (2, 1, 0):
        with closing(Store(path)) as store:
            assert store.upkeep.step() is Step.FED
            assert fed_before(store) == left * word_index.ROWS
            found = store.searcher.search("#a", ["会議"], 2**62, 10_000, 10)
            assert len(found) == 3 * word_index.ROWS  # those of before by the beginning of their words
    with closing(Store(path)) as store:
        while store.upkeep.step() is not Step.NOTHING:
            pass
    assert {word for word in words_in(path) if not word.isascii()} == {"会議", "議室", "室"}


def test_what_is_changed_and_deleted_before_it_is_fed_anew_leaves_no_words(tmp_path: Path) -> None:
    path = old_file(tmp_path / "j", *[("bob", f"古い {number}") for number in range(10)])
    with closing(Store(path)) as store:
        store.write([said("bob", "新しい")])
        with store.transaction() as db:
            rows = [EntryRow(*row) for row in db.execute(f"SELECT {ENTRY_COLUMNS} FROM entry ORDER BY id")]
            delete_entries(db, [rows[0], rows[-1]])
            assert replace_text(db, rows[1], "変えた").text == "変えた"
        while store.upkeep.step() is not Step.NOTHING:
            pass
        with store.transaction() as db:
            delete_entries(db, [row._replace(text="変えた") if row is rows[1] else row for row in rows[1:-1]])
        while store.upkeep.step() is not Step.NOTHING:
            pass
    assert words_in(path) == {}


def test_what_is_new_is_put_into_the_index_some_at_a_time_and_found_at_once(kit: Kit, tmp_path: Path) -> None:
    kit.open()
    for word in WORDS[:3]:
        kit.say(word)
    assert words_in(tmp_path / "j") == {}
    for word in WORDS[:3]:
        assert kit.search(word) == [word]
    for word in WORDS[3 : 2 + word_index.NEW_ROWS]:
        kit.say(word)
    assert words_in(tmp_path / "j").keys() & set(WORDS) == set(WORDS[:3])
    kit.say("last")
    assert words_in(tmp_path / "j").keys() > {*WORDS[: 2 + word_index.NEW_ROWS], "last"}


def test_what_was_not_in_the_index_yet_when_the_power_failed_is_found(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.begin("e1")
        store.write([said("bob", word) for word in WORDS[:3]])
        for name in ("j", "j-wal"):
            (tmp_path / f"after-{name}").write_bytes((tmp_path / name).read_bytes())
    assert words_in(tmp_path / "after-j") == {}
    kit = Kit(f"sqlite:{tmp_path}/after-j")
    kit.open()
    assert kit.search(WORDS[2]) == [WORDS[2]]
    kit.close()


def test_what_is_changed_and_deleted_before_it_is_in_the_index_leaves_no_words(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.begin("e1")
        store.write([said("bob", word) for word in WORDS[:3]])
        with store.transaction() as db:
            rows = [EntryRow(*row) for row in db.execute(f"SELECT {ENTRY_COLUMNS} FROM entry ORDER BY id")]
            delete_entries(db, rows[:1])
            replace_text(db, rows[1], "changed")
    assert words_in(tmp_path / "j").keys() & {*WORDS[:3], "changed"} == {"changed", WORDS[2]}
    with closing(Store(tmp_path / "j")) as store, store.transaction() as db:
        delete_entries(db, [rows[1]._replace(text="changed"), rows[2]])
    assert words_in(tmp_path / "j") == {}


def test_a_search_in_a_file_that_cannot_be_written_finds_what_is_in_the_index(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    kit.open()
    kit.say(*(f"some {word}" for word in WORDS[: word_index.NEW_ROWS]))
    kit.say("some more")
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert kit.search("some", count=1) == [f"some {WORDS[word_index.NEW_ROWS - 1]}"]
    assert kit.search("some", count=1) == ["some more"]


def test_what_the_version_before_has_put_into_the_index_is_not_put_there_twice(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.write([said("bob", word) for word in WORDS[:3]])
    with closing(sqlite3.connect(tmp_path / "j")) as db:
        db.executescript("ALTER TABLE upkeep DROP COLUMN fed_upto; PRAGMA user_version = 10")
    with closing(Store(tmp_path / "j")) as store, store.transaction() as db:
        assert word_index.fed_upto(db) == 3
        delete_entries(db, [EntryRow(*row) for row in db.execute(f"SELECT {ENTRY_COLUMNS} FROM entry")])
    assert words_in(tmp_path / "j") == {}


@pytest.mark.parametrize("compiled", ["ON", "OFF"])
def test_of_what_retention_removes_no_word_stays(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: str
) -> None:
    connect = database._connect

    def connect_as_compiled(path: Path) -> sqlite3.Connection:
        db = connect(path)
        db.execute(f"PRAGMA secure_delete = {compiled}")
        return db

    monkeypatch.setattr(database, "_connect", connect_as_compiled)
    monkeypatch.setattr("chatd.journal.sqlite.upkeep.MAX_REST_SECONDS", 1)
    kit.open(Retention(seconds=60 * 60))
    for start in range(0, 1600, 40):
        kit.say(*(f"{word} {word[::-1]} 猫" for word in WORDS[start : start + 40]))
    gone = [*WORDS[:1600], *(word[::-1] for word in WORDS[:1600])]
    assert len(left_in(tmp_path, gone)) > 3000
    kit.clock.advance(60 * 60)
    kit.say(*WORDS[1600:])
    for _ in range(3 * 60):
        kit.clock.advance(1)
    assert kit.search(WORDS[0]) == []
    assert left_in(tmp_path, gone) == set()
    assert len(left_in(tmp_path, WORDS[1600:])) == 400


@pytest.mark.parametrize("count", [10, 900])
def test_of_what_is_erased_again_and_again_no_word_stays(tmp_path: Path, count: int) -> None:
    path = tmp_path / "j"
    for step in range(4):
        words = WORDS[step * count // 2 : (step + 1) * count // 2]
        with closing(Store(path)) as store:
            if not step:
                store.epoch("e1")
            for word in words:
                store.write([said("mallory", word), said("alice", f"{word[::-1]} stays")])
        assert erase(path, "mallory") == len(words)
        assert left_in(tmp_path, WORDS[: (step + 1) * count // 2]) == set()
    with closing(Store(path)) as store:
        assert words_in(path)["stays"] == 2 * count
        assert len(store.searcher.search("#a", ["stays"], 2**62, 10_000, 10)) == 2 * count


def test_how_the_index_lies_is_read_from_its_record(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "j")) as store:
        store.epoch("e1")
        with store.transaction() as db:
            assert word_index.structure(db)[1:] == (0, 0, [])
        for start in range(0, 2000, 50):
            store.write([said("alice", word) for word in WORDS[start : start + 50]])
        with store.transaction() as db:
            pieces = db.execute("SELECT count(DISTINCT segid) FROM said_idx").fetchone()[0]
            pages = db.execute("SELECT count(*) FROM said_data WHERE id > 10").fetchone()[0]
            structure = word_index.structure(db)
            assert structure.pieces == sum(has for _, has, *_ in structure.levels) == pieces > 1
            ends = [(level[at], level[at + 1]) for level in structure.levels for at in range(3, len(level), 3)]
            assert sum(last - first + 1 for first, last in ends) == pages > pieces


@pytest.mark.parametrize("record", [b"", b"\0\0\0\0", b"\0\0\0\0\x07\x01\x01", b"\0\0\0\0\x80\x01\0\0\0\0"])
def test_a_record_that_is_not_understood_is_not_changed(tmp_path: Path, record: bytes) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.write([said("alice", WORDS[0])])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE said_data SET block = ? WHERE id = 10", (record,))
        assert not word_index.is_unreadable(db)
        with pytest.raises(sqlite3.DatabaseError, match="the search index is damaged"):
            word_index.drop_empty_levels(db)
        db.execute("DELETE FROM said_data WHERE id = 10")
        with pytest.raises(sqlite3.DatabaseError, match="the search index is damaged"):
            word_index.structure(db)


def test_merges_do_not_use_up_the_levels(tmp_path: Path) -> None:
    path = tmp_path / "j"
    for step in range(20):
        words = WORDS[step * 50 : (step + 1) * 50]
        with closing(Store(path)) as store:
            for word in words:
                store.write([said("mallory", word), said("alice", word[::-1])])
        erase(path, "mallory")
        with closing(Store(path)) as store, store.transaction() as db:
            assert len(word_index.structure(db).levels) < 8
    assert {word[::-1] for word in WORDS[:1000]} <= words_in(path).keys()
    assert left_in(tmp_path, WORDS[:1000]) == set()


def put_levels(path: Path, before: int, after: int) -> None:
    """Let the index have all of its pieces in one level, and so many empty ones before and after it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        structure = word_index.structure(db)
        assert not any(merging for merging, *_ in structure.levels)
        pieces = [number for level in reversed(structure.levels) for number in level[2:]]
        levels = [*([[0, 0]] * before), [0, structure.pieces, *pieces], *([[0, 0]] * after)]
        db.execute("UPDATE said_data SET block = ? WHERE id = 10", (structure._replace(levels=levels).record(),))


@contextmanager
def with_erased_words(path: Path, count: int) -> Iterator[Store]:
    """Open a file with so many erased words, and as many others, in an index of which nothing was merged."""
    with pytest.MonkeyPatch.context() as patched, closing(Store(path)) as store:
        patched.setattr(word_index, "_merge_some", lambda *_: None)
        store.write([said("mallory", word) for word in WORDS[:count]])
        store.write([said("alice", word) for word in WORDS[1000 : 1000 + count]])
        store.feed()
        with store.transaction() as db:
            assert erase_said(db, "mallory") == count
        patched.undo()
        yield store
    assert set(WORDS[1000 : 1000 + count]) <= words_in(path).keys()


@pytest.mark.parametrize("empty", [0, 1])
@pytest.mark.parametrize("count", [10, 500])
def test_of_what_an_earlier_merge_has_kept_no_word_stays(tmp_path: Path, count: int, empty: int) -> None:
    path = tmp_path / "j"
    with with_erased_words(path, count) as store:
        put_levels(path, 0, 3)
        with store.transaction() as db:
            db.execute("INSERT INTO said (said, rank) VALUES ('usermerge', 2)")
        while store.upkeep._merge_some(1000):
            pass
        put_levels(path, 0, empty)
        with store.transaction() as db:
            assert word_index.structure(db).pieces == 1
            db.execute("INSERT INTO said (said, rank) VALUES ('usermerge', 4)")
            db.execute("UPDATE upkeep SET merged = removals")
        assert merging.empty_log(path, store._writer)
        if not left_in(tmp_path, WORDS[:count]):
            pytest.skip(f"SQLite {sqlite3.sqlite_version} keeps nothing, also before empty levels")
        store.compact()
        assert left_in(tmp_path, WORDS[:count]) == set()


@pytest.mark.parametrize("count", [10, 500])
def test_of_what_is_merged_before_empty_levels_no_word_stays(tmp_path: Path, count: int) -> None:
    with with_erased_words(tmp_path / "j", count) as store:
        put_levels(tmp_path / "j", 0, 3)
        store.compact()
        assert left_in(tmp_path, WORDS[:count]) == set()


class Defensive:
    """A connection of an SQLite that lets nobody but itself write its records."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement.startswith("UPDATE said_data"):
            self.refused += 1
            raise sqlite3.OperationalError("table said_data may not be modified")
        return self._db.execute(statement, *values)


def test_an_index_whose_record_may_not_be_written_is_merged_all_the_same(tmp_path: Path) -> None:
    with with_erased_words(tmp_path / "j", 10) as store:
        put_levels(tmp_path / "j", 0, 3)
        second: Any = Defensive(store.upkeep._second)
        store.upkeep._second = second
        store.compact()
        assert second.refused == 1
        assert store.upkeep.step() is Step.NOTHING
        assert not second.in_transaction


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python cannot tell SQLite so")
def test_an_sqlite_that_protects_its_records_is_told_not_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def defensive(*of: Any, **options: Any) -> Any:
        db: Any = connect(*of, **options)
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # type: ignore[attr-defined,unused-ignore]  # from 3.12 on
        return db

    with with_erased_words(tmp_path / "j", 10):
        pass
    put_levels(tmp_path / "j", word_index.MAX_LEVELS, 3)
    monkeypatch.setattr(sqlite3, "connect", defensive)
    with closing(Store(tmp_path / "j")) as store:
        assert store.upkeep.repaired
        while store.upkeep.step() is not Step.DONE:
            pass
    assert left_in(tmp_path, WORDS[:10]) == set()


def test_a_merge_that_could_not_begin_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merge = IndexUpkeep._merge

    def fail(upkeep: IndexUpkeep, pages: int) -> bool:
        if pages < 0:
            monkeypatch.undo()
            raise sqlite3.OperationalError("database or disk is full")
        return merge(upkeep, pages)

    with with_erased_words(tmp_path / "j", 10) as store:
        with store.transaction() as db:  # so that FTS5 begins nothing by itself
            db.execute("INSERT INTO said (said, rank) VALUES ('usermerge', 16)")
        monkeypatch.setattr(IndexUpkeep, "_merge", fail)
        with pytest.raises(JournalError, match="full"):
            while store.upkeep.step() is not Step.DONE:
                pass
        while store.upkeep.step() is not Step.DONE:
            pass
        store._writer.execute("VACUUM")
        assert merging.empty_log(tmp_path / "j", store._writer)
        assert left_in(tmp_path, WORDS[:10]) == set()


def test_a_merge_makes_nothing_in_the_place_of_a_file_that_was_moved(tmp_path: Path) -> None:
    with with_erased_words(tmp_path / "j", 10) as store:
        (tmp_path / "j").rename(tmp_path / "moved")  # the next write is refused
        while store.upkeep.step() not in (Step.DONE, Step.WAITED):
            pass
        assert not (tmp_path / "j").exists()
        (tmp_path / "moved").rename(tmp_path / "j")


def use_up_levels(path: Path) -> None:
    """Merge the index as chatd did before until SQLite cannot read it; a newer one than 3.40 does not let it happen."""
    if sqlite3.sqlite_version_info >= (3, 41):
        put_levels(path, word_index.MAX_LEVELS, 0)
        return
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.DatabaseError, match="malformed"):
        for _ in range(word_index.MAX_LEVELS):
            for statement in (*merging._COMPANY, "INSERT INTO said (said, rank) VALUES ('merge', -1000)"):
                db.execute(statement)
                db.commit()


def test_an_index_of_which_the_levels_are_used_up_is_repaired(kit: Kit, tmp_path: Path, logged: list[str]) -> None:
    kit.open()
    kit.say(*WORDS[:300])
    kit.close()
    use_up_levels(tmp_path / "j")
    with closing(sqlite3.connect(tmp_path / "j")) as db, pytest.raises(sqlite3.DatabaseError):
        db.execute("SELECT rowid FROM said WHERE said MATCH ?", (WORDS[0],)).fetchall()
    kit.open()
    kit.say(*WORDS[300:600])
    assert [kit.search(word) for word in WORDS[:600]] == [[word] for word in WORDS[:600]]
    kit.close()
    kit.open()
    assert [line.replace(str(tmp_path / "j"), "j") for line in logged] == [
        "repaired the index of j; SEARCH finds everything again"
    ]


def test_an_index_that_cannot_be_read_is_not_repaired_in_a_file_that_has_other_damage(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.write([said("bob", word) for word in WORDS[:300]])
    put_levels(path, word_index.MAX_LEVELS, 0)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'entry_by_time'")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is damaged and was not changed"):
        Store(path)
    assert path.read_bytes() == before


def test_of_what_is_erased_no_word_stays(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.epoch("e1")
        for start in range(0, 1000, 20):
            store.write([said("mallory", word) for word in WORDS[start : start + 20]])
            store.write([said("alice", word) for word in WORDS[start + 1000 : start + 1020]])
    assert erase(path, "mallory") == 1000
    assert left_in(tmp_path, WORDS[:1000]) == set()
    assert len(words_in(path)) == 1000 + 2  # the room, and alice


def test_of_a_topic_that_goes_no_word_stays(kit: Kit, tmp_path: Path) -> None:
    kit.open(Retention(seconds=60 * 60))
    for room, word in zip("ab", WORDS, strict=False):
        kit.journal.append(Entry(f"#{room}", TopicSet("alice", f"#{room}", word)))
        kit.turn()
    kit.journal.forget({"#b": 10})
    assert left_in(tmp_path, WORDS[:2]) == set(WORDS[:2])
    for _ in range(30):
        kit.clock.advance(1)
    assert left_in(tmp_path, WORDS[:2]) == set(WORDS[:1])


def test_a_reader_keeps_what_was_deleted_in_the_log_for_as_long_as_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.write([said("bob", word) for word in WORDS[:50]])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entry").fetchone()
            store.trim(Retention(messages=10), 2000)
            while (step := store.upkeep.step()) is Step.MERGED:
                pass
            assert step is Step.WAITED
            assert left_in(tmp_path, WORDS[:40])
        assert store.upkeep.step() is Step.DONE
        assert left_in(tmp_path, WORDS[:40]) == set()
        assert store.upkeep.step() is Step.NOTHING


def test_a_merge_comes_to_its_end_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.merging.STEP_SECONDS", 60)
    with closing(Store(tmp_path / "j")) as store:
        for start in range(0, 1000, 5):
            store.write([said("bob", word) for word in WORDS[start : start + 5]])
        while store.trim(Retention(messages=500), 2000).more:
            pass
        for start in range(1000, 2000, 20):
            if store.upkeep.step() is Step.DONE:
                break
            for at in range(start, start + 20, 5):
                store.write([said("bob", word) for word in WORDS[at : at + 5]])
        else:
            pytest.fail("it is not done after 50 steps")
        store._writer.execute("VACUUM")  # what SQLite leaves where it moves rows is no matter of the index
    assert left_in(tmp_path, WORDS[:500]) == set()


def test_the_index_is_kept_in_few_pieces_without_much_of_it_being_merged_at_once(tmp_path: Path) -> None:
    choose = random.Random(1).choices
    log = tmp_path / "j-wal"
    with closing(Store(tmp_path / "j")) as store:
        store._writer.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        for _ in range(200):
            before = log.stat().st_size
            store.write([said("bob", " ".join(choose(WORDS, k=8))) for _ in range(word_index.NEW_ROWS)])
            assert (log.stat().st_size - before) // 4096 < 150  # FTS5 by itself writes 329 once
            assert store._one("SELECT count(DISTINCT segid) FROM said_idx") < 16  # when FTS5 merges all of them


def test_a_merge_rests_but_not_for_who_asks_for_it(kit: Kit, tmp_path: Path) -> None:
    kit.open(Retention(messages=1))
    kit.say("one", "two")
    assert kit.search("two") == ["two"]  # by then it is in the index
    kit.clock.advance(60)
    upkeep = kit.journal._upkeep  # type: ignore[attr-defined]
    kit.clock.advance(LOOK_SECONDS)
    assert words_in(tmp_path / "j").keys() >= {"two"}
    upkeep._rest_until = kit.clock.seconds() + MAX_REST_SECONDS
    kit.say("three")
    for _ in range(7):
        kit.clock.advance(LOOK_SECONDS)
    assert merged(tmp_path / "j") < removals(tmp_path / "j")
    with closing(sqlite3.connect(tmp_path / "j")) as db, db:
        db.execute("UPDATE upkeep SET wanted = removals")
    for _ in range(3):
        kit.clock.advance(LOOK_SECONDS)
    assert merged(tmp_path / "j") == removals(tmp_path / "j")


def merged(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT merged FROM upkeep").fetchone()[0])


def removals(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT removals FROM upkeep").fetchone()[0])


def test_that_the_index_cannot_be_put_in_order_is_logged_once(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    kit.open()

    def fail(*_: object, **__: object) -> Step:
        raise JournalError("the disk is full")

    monkeypatch.setattr("chatd.journal.sqlite.merging.IndexUpkeep.step", fail)
    for _ in range(3):
        kit.clock.advance(LOOK_SECONDS)
    assert logged == ["cannot maintain the search index: the disk is full"]
    monkeypatch.undo()
    kit.clock.advance(LOOK_SECONDS)
    assert logged[1:] == ["the search index can be maintained again"]


def test_times_and_words_are_looked_up_by_an_index(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Store(path)) as store:
        store.write([said("bob", word) for word in WORDS[:500]])
    with closing(sqlite3.connect(path)) as db:
        db.execute("ANALYZE")

        def plan(query: str, *values: object) -> list[str]:
            return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", values)]

        assert plan(finding.FIRST_AT, 1000) == ["SEARCH entry USING COVERING INDEX entry_by_time (time>?)"]
        scan, lookup = plan(f"{finding.FOUND} LIMIT ?", "x", 1, 2, 3)
        assert scan.startswith("SCAN said VIRTUAL TABLE INDEX") and ":M" in scan
        assert lookup == "SEARCH entry USING INTEGER PRIMARY KEY (rowid=?)"
        assert finding.within(db, 3, 100, Times(since=1000)) == (3, 100)
