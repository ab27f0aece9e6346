"""A daemon whose journal was exchanged for an older copy of it, or copied while it ran."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.daemon import BIN, Daemon, environment, wait_until
from tests.support.tagged_clients import JOURNAL, Program, value

pytestmark = pytest.mark.slow


def say(daemon: Daemon, *texts: str) -> tuple[int, str]:
    """Say something; return the id of the last, and the epoch under which it was heard."""
    with closing(Program(daemon.port, "alice")) as alice:
        alice.send("".join(f"MSG {text}\n" for text in texts).encode())
        while len(alice.heard) < len(texts):
            alice.line()
        return alice.heard[-1].id, alice.epoch


def joined(daemon: Daemon, since: int, epoch: str) -> tuple[str, list[str]]:
    """Come back; return whether all is there, and what was missed."""
    with closing(Program(daemon.port, "carol", f"since={since} epoch={epoch}")) as carol:
        return value(carol.joined, "recovered"), [said.text for said in carol.missed]


def chatd(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "chatd", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )


def test_a_program_that_saw_more_than_an_older_copy_has_is_told(tmp_path: Path) -> None:
    journal, copy = tmp_path / JOURNAL, tmp_path / "copy"
    with Daemon(tmp_path) as daemon:
        early = say(daemon, *"abc")
        daemon.terminate()
    shutil.copy(journal, copy)
    with Daemon(tmp_path) as daemon:
        assert joined(daemon, 1, early[1]) == ("yes", ["b", "c"])
        late = say(daemon, *"def")
        daemon.terminate()
    shutil.copy(copy, journal)
    with Daemon(tmp_path) as daemon:
        say(daemon, *"uvwxyz")  # under the ids of what is lost, and more
        assert joined(daemon, *late) == ("no", [])
        assert joined(daemon, *early) == ("yes", [*"uvwxyz"])


def test_a_copy_of_a_moment_of_the_same_run(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        say(daemon, *"abc")
        told = chatd(tmp_path, "backup", "copy").stdout
        assert told.startswith("copy has 3 messages in 1 room, the newest of 2")
        early, late = (3, ""), say(daemon, *"def")
        daemon.terminate()
    shutil.copy(tmp_path / "copy", tmp_path / JOURNAL)
    with Daemon(tmp_path) as daemon:
        say(daemon, *"uvwxyz")
        assert joined(daemon, *late) == ("no", [])
        assert joined(daemon, early[0], late[1]) == ("yes", [*"uvwxyz"])


def test_backup_and_restore_as_they_are_typed(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        said = say(daemon, *"abc")
        chatd(tmp_path, "backup", "copy")
        say(daemon, "d")
        daemon.terminate()
    aside, done = chatd(tmp_path, "restore", "copy").stdout.splitlines()
    assert aside.startswith(f"the old journal is now {tmp_path}/{JOURNAL}-before-")
    assert done.startswith(f"{tmp_path}/{JOURNAL} has 3 messages in 1 room, ")
    with Daemon(tmp_path) as daemon:
        assert joined(daemon, *said) == ("no", [])
        with closing(Program(daemon.port, "dave", "since=0")) as dave:
            assert dave.epoch.partition(".")[0] != said[1]


def test_a_file_that_was_copied_without_its_log_says_so_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Daemon(tmp_path) as daemon:
        say(daemon, *"abc")
        shutil.copy(tmp_path / JOURNAL, tmp_path / "other" / JOURNAL)
        assert "copied while chatd ran" not in chatd(tmp_path, "export").stderr
        daemon.kill()
    assert "copied while chatd ran" in chatd(tmp_path / "other", "export").stderr
    restored = chatd(tmp_path, "restore", "--journal", "sqlite:again", f"other/{JOURNAL}")
    assert "copied while chatd ran" in restored.stderr  # the daemon that gets it cannot say so any more
    with Daemon(tmp_path / "other") as daemon:
        wait_until(lambda: "(-wal) is missing; if it was copied while chatd ran" in daemon.log(), daemon.log)
    with Daemon(tmp_path) as daemon:  # after a crash the log is there
        assert "copied while chatd ran" not in daemon.log()
