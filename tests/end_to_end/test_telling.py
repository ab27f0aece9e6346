"""Private lines of those with accounts, with real daemons: none that was acknowledged is lost, whatever dies."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.daemon import BIN, DEADLINE, Daemon, environment, wait_until
from tests.support.members import Member, make_accounts, member

pytestmark = pytest.mark.slow


def serve(folder: Path) -> Daemon:
    return Daemon(folder, "--journal", "sqlite:chatd.sqlite3", "--accounts", str(folder / "accounts"))


def reads(person: Member, *texts: str) -> None:
    """Return when somebody has been told all of these."""

    def has_read() -> bool:
        person.read_up()
        return set(texts) <= set(person.texts())

    wait_until(has_read, lambda: f"{texts}, but {person.texts()}")


def hears(person: Member, seconds: float) -> None:
    """Let the server hear of somebody for so long."""
    end = time.monotonic() + seconds

    def has_been_heard() -> bool:
        person.read_up()
        return time.monotonic() > end

    wait_until(has_been_heard, lambda: "time")


def test_what_arrived_is_not_told_again_after_a_restart(tmp_path: Path) -> None:
    make_accounts(tmp_path / "accounts", "ann", "bob")
    with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann, member(daemon.port, "bob") as bob:
        assert "stored=yes" in ann.ask("TELL bob got it?")
        reads(bob, "got it?")
        hears(bob, 3)  # it counts as heard once that is well after the line was sent
        assert daemon.terminate() == 0
    with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann, member(daemon.port, "bob") as bob:
        assert "stored=yes" in ann.ask("TELL bob next")
        reads(bob, "next")
        assert bob.texts() == ["next"]


def test_a_line_that_was_acknowledged_is_told_after_kill_9(tmp_path: Path) -> None:
    make_accounts(tmp_path / "accounts", "ann", "bob")
    with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann:
        assert ann.ask("TELL bob are you there?").endswith(" stored=yes here=no")
        daemon.kill()
    with serve(tmp_path) as daemon, member(daemon.port, "bob") as bob:
        reads(bob, "are you there?")
        assert "old" in bob.told()[0]
        assert bob.ask("HISTORY ann") == "OK HISTORY ann 1"


def test_what_was_on_its_way_to_a_connection_is_told_again_under_the_same_id(tmp_path: Path) -> None:
    chance = random.Random(7)
    make_accounts(tmp_path / "accounts", "ann", "bob")
    acknowledged: dict[str, str] = {}
    ids: dict[str, set[str]] = {}
    for turn in range(5):
        with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann, member(daemon.port, "bob") as bob:
            for number in range(chance.randrange(5, 30)):
                text = f"{turn}.{number}"
                answer = ann.ask(f"TELL bob {text}", label=text)
                acknowledged[text] = answer.partition("id=")[2].partition(" ")[0]
            if chance.random() < 0.5:
                bob.read_up()
            daemon.kill()
            for line in bob.told():
                ids.setdefault(line.rpartition(" ")[2], set()).add(line.partition("id=")[2].partition(";")[0])
    with serve(tmp_path) as daemon, member(daemon.port, "bob") as bob:
        assert bob.ask("HISTORY ann 1000") == f"OK HISTORY ann {len(acknowledged)}"
        missing = set(acknowledged) - set(ids)
        reads(bob, *missing)
    for text, seen in ids.items():
        assert seen == {acknowledged[text]}


def test_who_comes_in_over_a_dead_connection_is_told_what_that_one_did_not_get(tmp_path: Path) -> None:
    make_accounts(tmp_path / "accounts", "ann", "bob")
    with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann, member(daemon.port, "bob") as dead:
        dead.read_up()
        assert "stored=yes" in ann.ask("TELL bob hello?")
        with member(daemon.port, "bob") as bob:  # the old one has read nothing since
            reads(bob, "hello?")


def test_an_export_has_no_private_line_and_erase_takes_them(tmp_path: Path) -> None:
    make_accounts(tmp_path / "accounts", "ann", "bob")
    with serve(tmp_path) as daemon, member(daemon.port, "ann") as ann:
        assert "stored=yes" in ann.ask("TELL bob rosebud")
        assert ann.ask("MSG hello").startswith("MSG ")
        assert daemon.terminate() == 0

    def chatd(*arguments: str) -> str:
        command = [str(BIN / "chatd"), *arguments, "--journal", "sqlite:chatd.sqlite3"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True, timeout=DEADLINE
        ).stdout

    exported = chatd("export")
    assert "hello" in exported and "rosebud" not in exported
    assert b"rosebud" in (tmp_path / "chatd.sqlite3").read_bytes()
    assert chatd("erase", "--private", "Bob") == "erased 1 private message\n"
    assert b"rosebud" not in (tmp_path / "chatd.sqlite3").read_bytes()
    with serve(tmp_path) as daemon, member(daemon.port, "bob") as bob:
        assert bob.ask("HISTORY ann") == "OK HISTORY ann 0"
        assert bob.told() == []
