"""The examples, against the real daemon."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, environment

ECHO_BOT = Path(__file__).parents[2] / "examples" / "echo_bot.py"

pytestmark = pytest.mark.slow


@contextmanager
def echo_bot(endpoint: str, output: Path) -> Iterator[None]:
    """Run the bot, and see at the end that it is there and has not complained."""
    with output.open("wb") as file:
        bot = subprocess.Popen([sys.executable, ECHO_BOT, endpoint], stdout=file, stderr=file, env=environment())
    try:
        yield
        assert bot.poll() is None, output.read_text()
    finally:
        bot.kill()
        bot.wait()
    assert "Traceback" not in output.read_text()


def test_the_bot_answers_and_outlives_the_daemon(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, echo_bot(f"tcp:127.0.0.1:{daemon.port}", tmp_path / "bot"):
        alice = daemon.member("alice", "#builds")
        alice.send(b"WHO\n")
        if "echo" not in alice.until(lambda line: line.startswith("OK WHO"))[0].split():
            alice.until(lambda line: line == "JOIN echo #builds")
        alice.send(b"MSG !echo one\n")
        alice.until(lambda line: line == "MSG echo #builds alice: one")
        alice.close()
        daemon.kill()
        with (
            Daemon(tmp_path, "--listen", f"tcp:{daemon.port}:interface=127.0.0.1") as again,
            again.member("alice", "#builds") as alice,
        ):
            alice.send(b"MSG !echo two\n")
            alice.until(lambda line: line == "MSG echo #builds alice: two")
            alice.send(b"HISTORY\n")
            history = alice.until(lambda line: line.startswith("OK HISTORY"))
    assert [line.split(" ", 3)[3] for line in history if line.startswith("OLD ")] == [
        "alice #builds !echo one",
        "echo #builds alice: one",
        "alice #builds !echo two",
        "echo #builds alice: two",
    ]
