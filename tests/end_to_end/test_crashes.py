"""What was acknowledged is there, whole and once: after kill -9, after a stop, after a connection that broke."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import Said
from tests.support.daemon import BIN, DEADLINE, Daemon, wait_until
from tests.support.tagged_clients import (
    JOURNAL,
    WINDOW,
    Heard,
    Program,
    Writer,
    assert_all_acknowledged_is_kept,
    four_writers,
    kept_by,
    let_write,
    read_back,
    running,
    said_and_ids,
    stop,
    value,
)

pytestmark = pytest.mark.slow


def test_what_was_acknowledged_outlives_ten_kills_and_what_is_said_again_is_there_once(tmp_path: Path) -> None:
    chance = random.Random(10319)
    writers = four_writers()
    with ThreadPoolExecutor(len(writers)) as pool:
        for _ in range(10):
            with running(tmp_path) as daemon:
                began = let_write(pool, writers, daemon, answers=chance.randrange(50, 500))
                time.sleep(chance.uniform(0, 0.02))
                daemon.kill()
                for each in began:
                    each.result(DEADLINE)
        with running(tmp_path) as daemon:
            for writer in writers:
                writer.write(daemon.port, writer.has_said(len(writer.said) + WINDOW))
            kept = kept_by(daemon)
    assert_all_acknowledged_is_kept(kept, writers)
    for writer in writers:
        assert [said.text for said in kept if said.nick == writer.nick] == writer.said == list(writer.ids)
    assert len(kept) == sum(len(writer.said) for writer in writers)
    epochs = set.union(*(writer.epochs for writer in writers))
    assert len({epoch.partition(".")[0] for epoch in epochs}) == 1


def test_what_was_acknowledged_outlives_kills_beside_a_backup_and_while_old_messages_are_deleted(
    tmp_path: Path,
) -> None:
    chance = random.Random(10320)
    writers = four_writers()
    old = [Entry("#old", Said("zoe", "#old", f"{number} {'x' * 200}"), time=1000) for number in range(30_000)]
    with closing(Store(tmp_path / JOURNAL)) as store:
        store.write(old)
        # An age counts from the newest message there is.
        store.write([Entry("#old", Said("zoe", "#old", "new"), time=round(time.time() * 1000))])
    settings = tmp_path / "chatd.toml"
    copies = 0
    with ThreadPoolExecutor(len(writers)) as pool:
        for number in range(4):
            settings.write_text("")
            with running(tmp_path, "--config", settings.name) as daemon:
                settings.write_text('[storage]\nkeep = "1d"\n')
                subprocess.run([BIN / "chatd", "reload"], cwd=tmp_path, check=True)  # deletes from now on
                backup = subprocess.Popen([BIN / "chatd", "backup", f"copy-{number}"], cwd=tmp_path)
                began = let_write(pool, writers, daemon, answers=chance.randrange(200, 600))
                time.sleep(chance.uniform(0, 0.5))
                daemon.kill()
                for each in began:
                    each.result(DEADLINE)
                assert backup.wait(DEADLINE) == 0
            copies += check_copy(tmp_path / f"copy-{number}")
        with running(tmp_path) as daemon:
            for writer in writers:
                writer.write(daemon.port, writer.has_said(len(writer.said) + WINDOW))
            kept = kept_by(daemon)
            stop(daemon, tmp_path / JOURNAL)
    assert copies
    assert_all_acknowledged_is_kept(kept, writers)
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (left,) = db.execute("SELECT count(*) FROM entry WHERE nick = 'zoe'").fetchone()
    assert 0 < left < len(old), "nothing was being deleted, so nothing was tested"


def check_copy(path: Path) -> int:
    """Return how many messages a copy has; fail if it is broken."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = db.execute("SELECT count(*) FROM entry").fetchone()
    return int(count)


def test_a_stop_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    writers = four_writers()
    with ThreadPoolExecutor(len(writers)) as pool:
        for _ in range(2):
            with running(tmp_path) as daemon:
                began = let_write(pool, writers, daemon, answers=500)
                stop(daemon, tmp_path / JOURNAL)
                for each in began:
                    each.result(DEADLINE)
    with running(tmp_path) as daemon:
        assert_all_acknowledged_is_kept(kept_by(daemon), writers)


def test_thirty_resumes_of_each_reader_beside_a_running_writer_miss_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    writer = Writer("ann")
    enough = Event()
    readers = ["bob", "carol", "dave", "eve"]
    with ThreadPoolExecutor(1 + len(readers)) as pool, running(tmp_path) as daemon:
        try:
            writing = pool.submit(writer.write, daemon.port, enough.is_set)
            reading = [pool.submit(resume_thirty_times, daemon, nick, enough) for nick in readers]
            wait_until(lambda: all(each.done() for each in reading), lambda: f"{writer.answers} answers")
        finally:
            enough.set()
        writing.result(DEADLINE)
        with Program(daemon.port, "frank") as frank:
            kept = said_and_ids(read_back(frank))
    assert kept == list(writer.ids.items())
    for each in reading:
        got = said_and_ids(each.result())
        assert got == kept[: len(got)]


def resume_thirty_times(daemon: Daemon, nick: str, enough: Event) -> list[Heard]:
    """Read from the beginning on, over one connection after the other; return all that was heard, in its order."""
    chance = random.Random(nick)
    with closing(Program(daemon.port, nick)) as first:
        words = f"since=0 epoch={first.epoch} resume={value(first.joined, 'resume')}"
    got: list[Heard] = []
    reader = Program(daemon.port, nick, words)
    got += reader.missed
    try:
        for number in range(30):
            live = chance.randrange(1, 60)
            while len(reader.heard) < live and not enough.is_set():
                reader.line()
            assert not any(said.old for said in reader.heard)
            got += reader.heard
            since = got[-1].id if got else 0
            words = f"since={since} epoch={reader.epoch} resume={value(reader.joined, 'resume')}"
            if number % 3:  # else the old one still seems to be there, and is replaced
                reader.drop()
            before, reader = reader, Program(daemon.port, nick, words)
            before.close()
            assert value(reader.joined, "recovered") == "yes", reader.joined
            assert all(said.old for said in reader.missed)
            got += reader.missed
    finally:
        reader.close()
    assert any(said.old for said in got), "nothing was missed, so nothing was tested"
    assert not all(said.old for said in got), "nothing was heard live, so nothing was tested"
    return got
