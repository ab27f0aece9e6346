"""``chatd compact``: of what was deleted nothing stays, whether a daemon uses the file or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatd.accounts.store import AccountStore
from chatd.app import archive_commands
from chatd.journal import JournalError, Retention
from chatd.journal.jetstream.local_index import LocalIndexStore
from chatd.journal.sqlite.compaction import compact
from chatd.journal.sqlite.database import is_index
from chatd.journal.sqlite.merging import Step
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.upkeep import MAX_REST_SECONDS
from tests.contract.test_journal import Kit
from tests.unit.test_store import account
from tests.unit.test_word_index import WORDS, left_in, old_file, said, words_in


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(f"sqlite:{tmp_path}/j")
    kit.open(Retention(messages=100))
    kit.say(*WORDS[:500])
    kit.clock.advance(60)
    for _ in range(10):
        kit.clock.advance(1)
    yield kit
    kit.journal.stop()


def trimmed(path: Path) -> Path:
    """Make a file of which much was deleted, and nothing of that is merged."""
    with closing(Store(path)) as store:
        store.epoch("e1")
        for start in range(0, 500, 10):
            store.write([said("bob", word) for word in WORDS[start : start + 10]])
        while store.trim(Retention(messages=100), 2000).more:
            pass
    assert left_in(path.parent, WORDS[:400])
    return path


def test_it_is_done_as_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = trimmed(tmp_path / "j")
    archive_commands.main(["compact", "-j", "sqlite:j"])
    told = capsys.readouterr().out
    assert told.startswith(f"nothing deleted is left in {path}; size before 0.")
    assert "free" not in told
    assert left_in(tmp_path, WORDS[:400]) == set()
    assert len(left_in(tmp_path, WORDS[400:500])) == 100


@pytest.mark.parametrize(
    ("journal", "why"),
    [
        ("sqlite:nowhere", "no such file"),
        ("nats://127.0.0.1", "to compact the index of a node"),
        ("memory:", "is not a journal in a file"),
    ],
)
def test_what_it_cannot_compact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], journal: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=why):
        archive_commands.main(["compact", "-j", journal])
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_the_daemon_that_uses_the_file_does_it_without_a_rest(kit: Kit, tmp_path: Path) -> None:
    kit.journal._upkeep._rest_until = kit.clock.seconds() + MAX_REST_SECONDS  # type: ignore[attr-defined]
    kit.say(*WORDS[500:550])
    assert kit.search(WORDS[549]) == [WORDS[549]]  # by then they are in the index
    kit.clock.advance(60)
    assert left_in(tmp_path, WORDS[400:450])
    told: list[str] = []
    done = compact(tmp_path / "j", told.append, lambda: kit.clock.advance(1))
    assert done.by_daemon
    assert set(told) == {f"by the chatd that uses {tmp_path}/j"}
    assert left_in(tmp_path, WORDS[:450]) == set()
    assert set(WORDS[450:550]) < words_in(tmp_path / "j").keys()


def test_a_daemon_that_stops_meanwhile_leaves_it_to_the_command(kit: Kit, tmp_path: Path) -> None:
    kit.say(*WORDS[500:550])
    kit.clock.advance(60)
    assert not compact(tmp_path / "j", lambda _: None, kit.close).by_daemon
    assert left_in(tmp_path, WORDS[:450]) == set()
    kit.open()


def test_a_file_that_is_read_is_not_said_to_be_compacted(tmp_path: Path) -> None:
    path = trimmed(tmp_path / "j")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()
        with pytest.raises(JournalError, match="is being read"):
            compact(path, lambda _: None, lambda: None)
    assert not compact(path, lambda _: None, lambda: None).by_daemon
    assert left_in(tmp_path, WORDS[:400]) == set()


def test_a_file_of_an_older_chatd_is_fed_anew(tmp_path: Path) -> None:
    path = old_file(tmp_path / "j", *[("bob", f"会議室 {number}") for number in range(500)])
    told: list[str] = []
    compact(path, told.append, lambda: None)
    assert told[:3] == ["200 messages indexed again", "400 messages indexed again", "600 messages indexed again"]
    assert "会議" in words_in(path)


def test_the_index_of_a_node_loses_what_was_erased(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(LocalIndexStore(path)) as store:
        store.epoch("a stream")
        entries = [said("mallory" if place < 100 else "alice", WORDS[place]) for place in range(200)]
        for place, entry in enumerate(entries):
            entry.place = place + 1
        for start in range(0, 200, 20):
            store.write_read(entries[start : start + 20], {"a run": start}, start + 20)
        store.erase("mallory", 200, again=False)
        while store.upkeep.step(may_merge=False) is not Step.NOTHING:  # it does not wait for a rest
            pass
        assert left_in(tmp_path, WORDS[:100]) == set()
    compact(path, lambda _: None, lambda: None)
    assert is_index(path)
    assert len(left_in(tmp_path, WORDS[:200])) == 100


def test_of_a_hash_that_is_replaced_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def connect_as_compiled(*given: Any, **named: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*given, **named)
        db.execute("PRAGMA secure_delete = OFF")  # as most are compiled
        return db

    monkeypatch.setattr(sqlite3, "connect", connect_as_compiled)
    path = tmp_path / "roll"
    with closing(AccountStore(path)) as roll:
        roll.open(make=True)
        for number in range(50):
            roll.add(account(f"ann{number}", f"{number:02d}-old-hash-of-theirs"))
        for number in range(25):
            roll.set_hash(f"ann{number}", "new")
            roll.remove(f"ann{number + 25}")
    data = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"hash-of-theirs" not in data
