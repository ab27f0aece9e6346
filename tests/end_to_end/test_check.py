"""``chatd check`` as a process, beside daemons that run and after those that were killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_ports
from tests.support.checks import let_others_in, snapshot
from tests.support.daemon import BIN, DEADLINE, Daemon, environment, suspend

pytestmark = pytest.mark.slow


def check(folder: Path, *options: str, status: int = 0, user: int | None = None) -> list[dict[str, Any]]:
    """Return what is found with options in a folder."""
    as_user = f"import os; os.setuid({user}); " if user is not None else ""
    # Where Python is root's own, nobody else may read it: what is needed is imported before.
    read = "from chatd.app import check_command; from chatd.journal.sqlite.database import schema; schema(); "
    code = f"{read}{as_user}check_command.main({['--json', *options]!r})"
    done = subprocess.run(
        [sys.executable, "-c", code] if user is not None else [str(BIN / "chatd"), "check", "--json", *options],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert done.returncode == status, done
    assert not done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    return found


def whats(results: list[dict[str, Any]], name: str) -> str:
    return "\n".join(f"{each['state']}: {each['what']}" for each in results if each["name"] == name)


def test_a_daemon_that_runs_is_told_from_others_and_left_alone(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    port, web = map(str, free_ports(2))
    options = ("--listen", f"tcp:{port}:interface=127.0.0.1", "--web", web, "--registration", "open")
    with Daemon(own, *options) as daemon:
        with daemon.member("bob", "#a") as bob, daemon.member("ann", "#a") as ann:
            ann.send(b"MSG hello\n")
            bob.until(lambda line: line.startswith("MSG "))
        suspend(daemon.pid)  # so that what changes is not its doing
        before = snapshot(own)
        results = check(own, *options)
        assert snapshot(own) == before
        os.kill(daemon.pid, signal.SIGCONT)
        assert whats(results, "ports.place").count(f"this server: process {daemon.pid}") == 2
        assert f"process {daemon.pid}, twistd" in whats(results, "journal.holder")
        assert whats(results, "journal.integrity").endswith("is undamaged")
        assert "has entries up to 1 in 1 room," in whats(results, "journal.file")
        results = check(other, *options, status=1)
        assert f"wrong: tcp:{port}:interface=127.0.0.1 is in use by process {daemon.pid}" in whats(
            results, "ports.place"
        )
        assert list(other.iterdir()) == []
        with daemon.member("bob", "#a"):
            pass
        daemon.kill()
    before = snapshot(own)
    results = check(own, *options)
    assert snapshot(own) == before
    assert "no visible process uses" in whats(results, "journal.holder")
    assert whats(results, "journal.integrity").endswith("is undamaged")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_who_may_only_read_changes_nothing(tmp_path: Path) -> None:
    options = ("--port", "0", "--registration", "open")
    with Daemon(tmp_path, *options) as daemon:
        daemon.member("ann", "#a").close()
        let_others_in(tmp_path)
        results = check(tmp_path, "--port", str(daemon.port), "--web", "off", status=1, user=65534)
        assert "warning" in whats(results, "ports.place") and "another user" in whats(results, "ports.place")
        assert whats(results, "journal.integrity") == ""  # it may not be read, as is said once
        assert "wrong: this user cannot read and write" in whats(results, "journal.permissions")
        daemon.terminate()
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    before = snapshot(tmp_path)
    results = check(tmp_path, *options, status=1, user=65534)
    assert snapshot(tmp_path) == before
    assert "wrong: this user cannot read and write" in whats(results, "journal.permissions")
    assert whats(results, "journal.integrity").endswith("is undamaged")
    assert whats(results, "accounts.integrity").endswith("is undamaged")
