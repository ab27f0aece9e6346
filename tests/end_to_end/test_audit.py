"""The audit log of the real daemon."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.daemon import BIN, Daemon, environment

pytestmark = pytest.mark.slow

PASSWORD, WRONG, SECRET = "a-long-password-1", "another-password-2", "nobody else may read this"
OPTIONS = ("--accounts", "accounts", "--registration", "open", "--audit", "audit")


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "audit").read_text().splitlines()]


def chatd(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "chatd"), *words],
        cwd=folder,
        env=environment() | {"CHATD_AUDIT": str(folder / "audit")},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_who_came_in_who_did_not_and_who_did_what(tmp_path: Path) -> None:
    with Daemon(tmp_path, *OPTIONS, "--room-founders", "yes") as daemon:
        with daemon.member("ann", "#den") as ann, daemon.member("bob", "#den") as bob:
            ann.send(f"REGISTER {PASSWORD}\nMSG {SECRET}\nKICK bob {SECRET[:6]}\n".encode())
            ann.until(lambda line: line.startswith("OK KICK "))
            bob.send(b"KICK ann #den\n")
            bob.until(lambda line: line.startswith("ERR not-allowed KICK "))
        for password in (WRONG, PASSWORD):
            with daemon.client() as client:
                client.send(f"LOGIN ann {password}\n".encode())
                client.until(lambda line: " LOGIN " in line)
        assert chatd(tmp_path, "user", "passwd", "ann", "--accounts", "accounts", given=f"{WRONG}\n").returncode == 0
        assert daemon.terminate() == 0
    acts = [(each["event"], each.get("act") or each.get("how"), each.get("nick")) for each in events(tmp_path)]
    assert acts == [
        ("registered", None, "ann"),
        ("moderated", "KICK", "ann"),
        ("refused", "KICK", "bob"),
        ("login-failed", "password", "ann"),
        ("login", "password", "ann"),
        ("command", "user passwd", None),
    ]
    assert events(tmp_path)[-1]["subject"] == "ann"
    text = (tmp_path / "audit").read_text()
    assert not any(word in text for word in (PASSWORD, WRONG, SECRET))
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600


def test_an_audit_log_that_cannot_be_written_keeps_the_daemon_from_starting(tmp_path: Path) -> None:
    (tmp_path / "audit").symlink_to("elsewhere")
    done = chatd(tmp_path, "--port", "0", *OPTIONS)
    assert done.returncode == 1
    why = f"chatd: --audit: cannot write {tmp_path / 'audit'}: it is a symbolic link; remove it"
    assert why in done.stderr.splitlines()
    assert "Traceback" not in done.stderr
