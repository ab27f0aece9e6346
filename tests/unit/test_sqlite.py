"""The journal in a file, when the file fails; what all journals promise is in tests/contract."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from twisted.logger import LogEvent, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.journal import JournalError, Query, TooMuchError
from chatd.journal.backlog import LONG_CHARACTERS, SOFT_LIMIT
from chatd.journal.batching import GATHER_SECONDS, SOON_SECONDS
from chatd.journal.sqlite.journal import FULL, MAX_BATCH, RETRY_SECONDS
from chatd.journal.sqlite.reader import Reader
from chatd.journal.sqlite.retention import Trimmed
from chatd.model.entry import Entry
from chatd.protocol.errors import Code
from chatd.protocol.events import Joined, Said
from tests.contract.test_journal import Kit, texts


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setattr("chatd.journal.sqlite.database.BUSY_SECONDS", 0.05)
    kit = Kit(f"sqlite:{tmp_path}/j")
    kit.open()
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


def test_what_cannot_be_written_is_refused_and_the_rest_goes_on(kit: Kit, tmp_path: Path, logged: list[str]) -> None:
    kit.say("before")
    other = sqlite3.connect(tmp_path / "j", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    joined = Entry("#a", Joined("bob", "#a"))
    kit.journal.append(joined)
    (refused,) = kit.say("lost")
    assert refused.refused is not None
    assert (refused.refused.code, refused.stored) == (Code.UNAVAILABLE, False)
    assert kit.batches[-1] == [joined, refused]
    assert joined.refused is None
    assert texts(kit.read()) == ["before"]
    assert logged == [f"cannot store messages: {tmp_path}/j: database is locked"]
    other.execute("ROLLBACK")
    other.close()
    assert kit.say("too soon")[0].refused is not None
    kit.clock.advance(RETRY_SECONDS)
    assert kit.say("after")[0].stored
    assert texts(kit.read()) == ["before", "after"]
    assert logged[1:] == ["the journal can be written again"]


def test_while_nothing_can_be_stored_nobody_waits_for_the_disk(kit: Kit, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "j", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    kit.say("lost")
    other.close()
    kit.journal._writer = None  # type: ignore[attr-defined]  # whoever used it now would fail
    assert kit.say("too soon")[0].refused is not None
    kit.journal._writer = kit.journal._reader  # type: ignore[attr-defined]


def test_a_file_that_was_taken_away_takes_nothing_until_it_is_back(kit: Kit, tmp_path: Path) -> None:
    kit.say("before")
    (tmp_path / "j").rename(tmp_path / "k")
    assert kit.say("lost")[0].refused is not None
    (tmp_path / "j").touch()
    kit.clock.advance(RETRY_SECONDS)
    assert kit.say("lost too")[0].refused is not None
    (tmp_path / "k").rename(tmp_path / "j")
    kit.clock.advance(RETRY_SECONDS)
    assert kit.say("after")[0].stored
    kit.close()
    kit.open()
    assert texts(kit.read()) == ["before", "after"]


@pytest.mark.parametrize("harm", [lambda path: path.with_name("j-wal").unlink(), lambda path: os.truncate(path, 0)])
def test_what_was_cut_or_lost_beneath_it_takes_nothing_more(
    kit: Kit, tmp_path: Path, logged: list[str], harm: Callable[[Path], None]
) -> None:
    kit.say("before")
    kit.say("and before")
    harm(tmp_path / "j")
    assert kit.say("lost")[0].refused is not None
    assert len(logged) == 1


def test_that_reading_fails_is_logged_once(kit: Kit, logged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    kit.say("one")
    for _ in range(2):
        monkeypatch.setattr(Reader, "read", lambda *_: (_ for _ in ()).throw(JournalError("the disk is gone")))
        kit.journal.read(Query("#a")).addErrback(lambda failure: failure.trap(JournalError) and None)
    monkeypatch.undo()
    assert texts(kit.read()) == ["one"]
    assert logged == ["cannot read the journal: the disk is gone", "the journal can be read again"]


def test_a_search_that_takes_long_is_given_up_and_the_next_one_is_not(
    kit: Kit, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.say(*(f"word {n}" for n in range(100)))
    monkeypatch.setattr("chatd.journal.sqlite.searches.QUICK_SECONDS", -1)
    monkeypatch.setattr("chatd.journal.sqlite.searches.LONG_SECONDS", -1)
    monkeypatch.setattr("chatd.journal.sqlite.reader._PROGRESS_STEPS", 1)
    failures: list[Failure] = []
    kit.journal.search("#a", ["word"], 1000, 50).addErrback(failures.append)
    assert failures[0].check(TooMuchError)
    monkeypatch.undo()
    assert len(kit.search("word")) == 50
    assert logged == []


def test_a_stop_does_not_wait_for_readers(kit: Kit) -> None:
    kit.say("one")
    kit.journal._opened.reader.interrupt()  # type: ignore[attr-defined]
    failures: list[Failure] = []
    kit.journal.read(Query("#a")).addErrback(failures.append)
    assert failures[0].check(TooMuchError)


def test_what_was_taken_away_stays_so_whatever_is_taken_away_after_it(kit: Kit) -> None:
    kit.say("one")
    for cut in (5, 3):
        kit.journal._trimmed(Trimmed({"#a": cut}, False, set()), 0)  # type: ignore[attr-defined]
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert room_state.watermark == 5


def test_a_fault_of_ours_is_logged_and_refuses_one_batch(kit: Kit, nothing_left_behind: list[LogEvent]) -> None:
    assert kit.say("a lone surrogate \ud800")[0].refused is not None
    kit.clock.advance(RETRY_SECONDS)
    assert kit.say("after")[0].stored
    assert len(nothing_left_behind) == 1
    nothing_left_behind.clear()


def test_everything_is_there_after_a_restart(kit: Kit) -> None:
    kit.say("one", label="l1")
    kit.say("two")
    epoch = kit.journal.epoch
    kit.close()
    kit.open()
    assert kit.journal.epoch == epoch
    assert texts(kit.read()) == ["one", "two"]
    assert kit.search("one") == ["one"]
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert (room_state.name, room_state.last_id) == ("#a", 2)
    assert kit.say("one", label="l1")[0].duplicate
    assert kit.say("three")[0].id == 3


def test_it_is_behind_while_much_or_long_text_is_on_its_way(kit: Kit) -> None:
    for text, count in (("x", SOFT_LIMIT), ("x" * 100 * LONG_CHARACTERS, SOFT_LIMIT // 100 + 1)):
        for _ in range(count):
            assert not kit.journal.over_soft_limit
            kit.journal.append(Entry("#a", Said("alice", "#a", text)))
        assert kit.journal.over_soft_limit
        kit.turn()
        assert not kit.journal.over_soft_limit


def test_it_is_full_when_more_waits_than_two_batches(kit: Kit) -> None:
    entries = [Entry("#a", Joined("bob", "#a")) for _ in range(FULL)]
    for entry in entries[:-1]:
        kit.journal.append(entry)
    assert not kit.journal.over_hard_limit
    kit.journal.append(entries[-1])
    assert kit.journal.over_hard_limit
    kit.turn()
    assert not kit.journal.over_hard_limit
    assert [len(batch) for batch in kit.batches] == [MAX_BATCH, MAX_BATCH]


def test_what_follows_at_once_on_a_commit_waits_a_moment_for_more(kit: Kit) -> None:
    def deliver(entries: Sequence[Entry]) -> None:
        kit.clock.rightNow += 0.0001
        kit.batches.append(list(entries))

    kit.journal.follow(deliver)
    (alone,) = kit.say("alone")
    assert kit.batches == [[alone]]
    together = kit.say("first") + kit.say("second")
    assert kit.batches == [[alone]]
    kit.clock.advance(GATHER_SECONDS)
    assert kit.batches[1:] == [together]
    kit.clock.advance(2 * SOON_SECONDS)
    assert kit.say("later") == kit.batches[-1]
