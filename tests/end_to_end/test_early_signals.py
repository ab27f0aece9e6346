"""Signals that come at a certain point of the start, before the daemon answers."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.daemon import DEADLINE, environment, wait_until

PROGRAM = """
import os, signal, sys

number, point, program = int(sys.argv[1]), sys.argv[2].split(), sys.argv[3]
sys.argv[:4] = [program]

def watch(event, arguments, sent=[]):
    if event == point[0] and str(arguments[0]).endswith(point[1]) and not sent:
        sent.append(1)
        if number:
            os.kill(os.getpid(), number)
        else:  # until the test has closed the terminal
            os.write(100, b"x")
            os.read(101, 1)

sys.addaudithook(watch)
if program == "twistd":
    from twisted.scripts.twistd import run as main
else:
    from chatd.__main__ import main
main()
"""
READING = {"chatd": "import twisted.scripts.twistd", "twistd": "import chatd.app.options"}
"""The first points at which the program has been able to do something."""
OPENING = "sqlite3.connect chatd.sqlite3"
"""There are a pid file, a lock and a socket by then."""


def command(program: str, number: int, point: str) -> list[str]:
    words = ["-n", "--pidfile=own.pid", "chatd"] if program == "twistd" else []
    places = ["--port=0", "--listen=unix:socket"]
    return [sys.executable, "-c", PROGRAM, str(number), point, program, *words, *places]


def start(words: Sequence[str], folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    log = folder.parent / "log"
    with log.open("wb") as file:
        return subprocess.Popen(words, cwd=folder, env=environment(), stdout=file, stderr=file), log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.mark.parametrize("program", ["chatd", "twistd"])
def test_hup_waits_until_it_runs(program: str, folder: Path) -> None:
    process, log = start(command(program, signal.SIGHUP, READING[program]), folder)
    try:
        wait_until(lambda: "SIGHUP: " in log.read_text() or process.poll() is not None, log.read_text)
        assert process.poll() is None, log.read_text()
        process.terminate()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("program", ["chatd", "twistd"])
def test_it_ends_at_once_and_says_nothing_while_nothing_is_made(number: int, program: str, folder: Path) -> None:
    process, log = start(command(program, number, READING[program]), folder)
    assert process.wait(DEADLINE) == -number
    assert log.read_text() == ""
    assert os.listdir(folder) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, -signal.SIGINT)])
@pytest.mark.parametrize("program", ["chatd", "twistd"])
def test_it_leaves_nothing_of_a_start_that_was_stopped(number: int, status: int, program: str, folder: Path) -> None:
    process, log = start(command(program, number, OPENING), folder)
    assert process.wait(DEADLINE) == status, log.read_text()
    assert "Server Shut Down." in log.read_text()
    assert "Traceback" not in log.read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["chatd.sqlite3", "chatd.sqlite3-lock"]


def test_an_interrupted_command_has_no_traceback(folder: Path) -> None:
    words = [sys.executable, "-c", PROGRAM, str(int(signal.SIGINT)), "import chatd.accounts.store", "chatd"]
    process, log = start([*words, "user", "list"], folder)
    assert process.wait(DEADLINE) == -signal.SIGINT
    assert log.read_text() == ""


def test_a_terminal_that_is_lost_while_it_starts_is_an_ordinary_end(folder: Path) -> None:
    there, go = os.pipe(), os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.dup2(there[1], 100)
            os.dup2(go[0], 101)
            words = command("chatd", 0, READING["chatd"])
            os.execve(words[0], words, environment())
        finally:
            os._exit(127)
    os.close(there[1])
    assert os.read(there[0], 1) == b"x"
    os.close(terminal)
    os.write(go[1], b"x")
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    for each in (there[0], *go):
        os.close(each)
