"""A journal that cannot be opened is named in one line and left as it is."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.journal import JournalError
from chatd.journal.jetstream.local_index import LocalIndex, LocalIndexStore
from chatd.protocol.moderation_commands import SERVER
from tests.end_to_end.test_disk_faults import Talk
from tests.support.daemon import BIN, DEADLINE, environment
from tests.support.in_memory_chat import ImmediateWorker, journal_environment
from tests.support.tagged_clients import JOURNAL, Program, Writer, kept_by, running, said_and_ids, stop


@pytest.fixture(scope="module")
def real_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with something in it, left by a daemon that was stopped."""
    folder = tmp_path_factory.mktemp("real")
    writer = Writer("ann")
    with running(folder) as daemon:
        writer.write(daemon.port, writer.has_said(2000))
        stop(daemon, folder / JOURNAL)
    return folder / JOURNAL


def garbage(journal: Path) -> None:
    journal.write_bytes(random.Random(1).randbytes(20_000))


def garbage_after_the_header(journal: Path) -> None:
    content = journal.read_bytes()
    journal.write_bytes(content[:100] + random.Random(2).randbytes(len(content) - 100))


def truncated(journal: Path) -> None:
    os.truncate(journal, journal.stat().st_size // 2)


def cut_by_a_byte(journal: Path) -> None:
    os.truncate(journal, journal.stat().st_size - 1)


def overwritten_in_the_middle_of_pages(journal: Path) -> None:
    chance = random.Random(3)
    with journal.open("r+b") as file:
        for page in range(5, journal.stat().st_size // 4096, 7):
            file.seek(page * 4096 + 1500)
            file.write(chance.randbytes(1000))


def of_another_program(journal: Path) -> None:
    journal.unlink()
    with closing(sqlite3.connect(journal)) as db:
        db.executescript("CREATE TABLE note (text); INSERT INTO note VALUES ('mine')")


def of_another_program_that_writes_ahead(journal: Path) -> None:
    journal.unlink()
    with closing(sqlite3.connect(journal)) as db:
        db.executescript("PRAGMA journal_mode = WAL; CREATE TABLE note (text); INSERT INTO note VALUES ('mine')")


def of_a_newer_version(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db:
        db.execute("PRAGMA user_version = 99")


def refusal(folder: Path, *options: str) -> str:
    """Run a daemon that cannot start; return the one line that it writes to stderr."""
    done = subprocess.run(
        [str(BIN / "twistd"), "-n", "--pidfile=", "chatd", "--port", "0", *options],
        check=False,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("chatd: ")
    return line


def contents(folder: Path) -> dict[str, str]:
    """Return what is in a folder, as hashes; locks and empty files do not count, nor what a daemon prints."""
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "output"]
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.stat().st_size and not path.name.endswith(("-lock", "-shm"))
    }


@pytest.mark.parametrize(
    "spoil",
    [
        garbage,
        garbage_after_the_header,
        truncated,
        cut_by_a_byte,
        overwritten_in_the_middle_of_pages,
        of_another_program,
        of_another_program_that_writes_ahead,
        of_a_newer_version,
    ],
)
def test_a_file_that_is_no_sound_journal_is_named_and_left_as_it_is(
    tmp_path: Path, real_journal: Path, spoil: Callable[[Path], None]
) -> None:
    journal = tmp_path / JOURNAL
    shutil.copy(real_journal, journal)
    with running(tmp_path) as daemon:  # it is sound before it is spoiled
        assert len(kept_by(daemon)) == 2000
        stop(daemon, journal)
    spoil(journal)
    before = contents(tmp_path)
    assert str(journal) in refusal(tmp_path)
    assert contents(tmp_path) == before
    assert list(before) == [JOURNAL]


@pytest.mark.parametrize("spoil", [overwritten_in_the_middle_of_pages, garbage_after_the_header])
def test_a_broken_file_that_was_not_closed_is_left_as_it_is_with_what_was_written_ahead(
    tmp_path: Path, real_journal: Path, spoil: Callable[[Path], None]
) -> None:
    journal = tmp_path / JOURNAL
    shutil.copy(real_journal, journal)
    with running(tmp_path) as daemon, Program(daemon.port, "bob") as bob:
        assert bob.say("one more") is not None
        daemon.kill()
    spoil(journal)
    before = contents(tmp_path)
    assert str(journal) in refusal(tmp_path)
    assert contents(tmp_path) == before
    assert sorted(before) == [JOURNAL, f"{JOURNAL}-wal"]


def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    journal = tmp_path / "none" / JOURNAL
    assert str(journal) in refusal(tmp_path, "--journal", f"sqlite:{journal}")
    assert list(tmp_path.iterdir()) == []


def test_a_second_daemon_on_one_file_is_told_whose_it_is_and_the_first_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / JOURNAL
    second = tmp_path / "second"
    second.mkdir()
    with running(tmp_path) as daemon:
        with Talk(daemon) as talk:
            assert talk.say()
            before = contents(tmp_path)
            for _ in range(2):
                line = refusal(second, "--journal", f"sqlite:{journal}")
                assert str(journal) in line
                assert str(daemon.pid) in line
            assert contents(tmp_path) == before
            assert talk.say()
        stop(daemon, journal)
    with running(tmp_path) as daemon:
        assert said_and_ids(kept_by(daemon)) == list(talk.ids.items())


def test_a_ruling_that_cannot_be_read_is_named_and_ends_the_start(tmp_path: Path, real_journal: Path) -> None:
    journal = tmp_path / JOURNAL
    shutil.copy(real_journal, journal)
    with closing(sqlite3.connect(journal)) as db:
        db.execute("INSERT INTO room (id, key, name) VALUES (1000, ?, ?)", (SERVER, SERVER))
        db.execute("INSERT INTO ruling VALUES (1000, 'BAN', 'eve', 1, 1, 'BAN', 'ann', CAST(x'ff' AS TEXT), NULL)")
        db.commit()
    assert str(journal) in refusal(tmp_path)


SURPRISED = """
import sys

from chatd.__main__ import main
from chatd.chat.hub import Hub

def read_journal(_):
    raise RuntimeError("a surprise")

Hub.read_journal = read_journal
sys.argv[1:] = ["--port=0", "--web=off"]
main()
"""


def test_what_nobody_has_foreseen_ends_the_start(tmp_path: Path) -> None:
    """Signals that would end the process wait for the end of the start."""
    words = [sys.executable, "-c", SURPRISED]
    ended = subprocess.run(
        words, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert ended.returncode == 1
    assert "RuntimeError: a surprise" in ended.stdout + ended.stderr


class CountedWorker(ImmediateWorker):
    """A worker of which it is known how many run: a real one keeps the process alive."""

    running = 0

    def start(self) -> None:
        CountedWorker.running += 1

    def stop(self) -> None:
        CountedWorker.running -= 1


@pytest.mark.parametrize(
    "spoil",
    [
        "INSERT INTO room (key, name, topic_id, topic_text) VALUES ('#a', '#a', 1, CAST(x'ff' AS TEXT))",
        "DROP TABLE refused; CREATE TABLE refused (deleted)",
    ],
)
def test_an_index_that_cannot_be_read_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.setattr(CountedWorker, "running", 0)
    path, clock = tmp_path / "index", Clock()
    LocalIndexStore(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"INSERT INTO run VALUES ('a node', 1, 1); {spoil}")
    index = LocalIndex(replace(journal_environment(clock), make_worker=lambda _name: CountedWorker()), path)
    with pytest.raises(JournalError, match=str(path)):
        index.start()
    assert CountedWorker.running == 0
    assert clock.getDelayedCalls() == []
