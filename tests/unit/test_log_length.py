"""The write-ahead log of a journal: how long it gets, and when it begins anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from chatd.journal.sqlite.database import MAX_LOG_BYTES, open_to_read
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import Said

AT_ONCE = 512 * 1024
SLACK = 3 * AT_ONCE
"""What one write may add: the text, and what the index of it takes."""


def say(store: Store) -> None:
    store.write([Entry("#a", Said("alice", "#a", "x" * AT_ONCE), time=5)])


def test_the_log_has_a_bound_again_once_nobody_reads_what_was_there_before(tmp_path: Path) -> None:
    log = tmp_path / "j-wal"
    with closing(Store(tmp_path / "j", synchronous="OFF")) as store:
        say(store)
        with closing(open_to_read(tmp_path / "j")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entry").fetchone()
            while log.stat().st_size < 2 * MAX_LOG_BYTES:
                say(store)
        for _ in range(4 * MAX_LOG_BYTES // AT_ONCE):
            say(store)
        assert log.stat().st_size <= MAX_LOG_BYTES + SLACK


def test_the_log_does_not_grow_for_ever_beside_readers_that_follow_one_another(tmp_path: Path) -> None:
    log = tmp_path / "j-wal"
    with closing(Store(tmp_path / "j", synchronous="OFF")) as store:
        say(store)
        for _ in range(8):
            with closing(open_to_read(tmp_path / "j")) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM entry").fetchone()
                for _ in range(MAX_LOG_BYTES // 2 // AT_ONCE):
                    say(store)
            say(store)
            say(store)
            assert log.stat().st_size <= MAX_LOG_BYTES + SLACK
