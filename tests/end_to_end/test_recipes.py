"""The recipes of the README that need a server, as they are written."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.daemon import BIN, DEADLINE, Client, Daemon, environment, staying, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.rst").read_text()
BLOCKS = [dedent(block) for block in re.findall(r"^\.\. code-block:: \w+\n\n((?: {4}.*\n|\n)+)", README, re.MULTILINE)]

NOTICE = "POST ci #builds"


def recipe(holds: str, daemon: Daemon) -> list[str]:
    """Return the command that runs the one recipe that holds some text, on the port of a daemon."""
    (found,) = [block for block in BLOCKS if holds in block]
    program("nc")
    return [program("bash"), "-c", found.replace("10319", str(daemon.port)).replace(".venv/bin/", "")]


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment() | {"PATH": f"{BIN}:{os.environ['PATH']}", "XDG_STATE_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has started as well
        process.wait()


def end(daemon: Daemon, way: str) -> None:
    if way == "TERM":
        assert daemon.terminate() == 0
    else:
        daemon.kill()


def until_inside(client: Client, nick: str, room: str) -> None:
    """Return when somebody is in a room."""

    def inside() -> bool:
        client.send(b"WHO\n")
        lines = client.until(lambda line: line.startswith("OK WHO"))
        return any(nick in line.split() for line in lines if line.startswith(f"WHO {room} "))

    wait_until(inside, lambda: f"{nick} in {room}")


@pytest.mark.parametrize("way", ["TERM", "KILL"])
def test_the_bot_answers_and_ends_with_the_server(tmp_path: Path, way: str) -> None:
    with (
        Daemon(tmp_path, "--journal", "memory:") as daemon,
        running(recipe("MSG !time", daemon), tmp_path) as bot,
        daemon.member("alice", "#builds") as alice,
    ):
        until_inside(alice, "clock", "#builds")
        alice.send(b"MSG !time\n")
        (*_, answer) = alice.until(lambda line: line.startswith("MSG clock "))
        assert re.fullmatch(r"MSG clock #builds alice: it is \d\d:\d\d", answer)
        assert bot.poll() is None
        end(daemon, way)
        bot.wait(DEADLINE)


@pytest.mark.parametrize("way", ["TERM", "KILL"])
def test_the_log_in_a_room_goes_on_after_the_server_was_away(tmp_path: Path, way: str) -> None:
    log = tmp_path / "app.log"
    log.write_text("before\n")
    with Daemon(tmp_path, *staying()) as daemon, running(recipe("chatd tail", daemon), tmp_path) as script:
        with daemon.member("alice", "#logs") as alice:
            until_inside(alice, "log", "#logs")
            with log.open("a") as file:
                file.write("one\n")
            alice.until(lambda line: line == "MSG log #logs one")
            assert script.poll() is None
            end(daemon, way)
        with log.open("a") as file:
            file.write("two\n")
        with (
            Daemon(tmp_path, "--listen", f"tcp:{daemon.port}:interface=127.0.0.1") as again,
            again.member("alice", "#logs") as alice,
        ):
            until_inside(alice, "log", "#logs")
            alice.send(b"HISTORY\nWHO\n")
            lines = alice.until(lambda line: line.startswith("OK WHO"))
            if not any(line.endswith(" two") for line in lines):
                alice.until(lambda line: line == "MSG log #logs two")
            assert [line.split()[-1] for line in lines if line.startswith("OLD")][:1] == ["one"]


def test_the_notice_ends_well_if_it_was_taken(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        done = subprocess.run(recipe(NOTICE, daemon), env=environment(), timeout=DEADLINE, check=False)
        assert done.returncode == 0


def test_the_notice_fails_if_the_server_ends_first(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        command = recipe(NOTICE, daemon)
        daemon.kill()
        done = subprocess.run(command, env=environment(), capture_output=True, timeout=DEADLINE, check=False)
        assert done.returncode == 1


def test_irssi_connects(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--irc", "0") as daemon, daemon.member("alice", "#builds") as alice:
        (port,) = re.findall(r"IRC clients connect to 127\.0\.0\.1:(\d+)", daemon.log())
        *_, command = recipe("irssi", daemon)
        ours, theirs = pty.openpty()
        surroundings = environment() | {"TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
        words = [program("setsid"), "--ctty", program("bash"), "-c", command.replace("6667", port)]
        irssi = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings)
        os.close(theirs)
        shown: list[bytes] = []
        screen = threading.Thread(target=drain, args=(ours, shown))
        screen.start()
        try:
            wait_until(lambda: b"Welcome" in b"".join(shown), lambda: f"a welcome in {shown}")
            os.write(ours, b"/join #builds\r")
            alice.until(lambda line: line == "JOIN ann #builds")
            os.write(ours, b"hello\r")
            alice.until(lambda line: line == "MSG ann #builds hello")
        finally:
            os.killpg(irssi.pid, signal.SIGKILL)  # the shell, and what it has started
            irssi.wait()
            screen.join()
            os.close(ours)


def drain(terminal: int, shown: list[bytes]) -> None:
    """Read what a program shows on a terminal; it would stop at a screen that nobody looks at."""
    with suppress(OSError):  # that is how a terminal ends
        while data := os.read(terminal, 1 << 16):
            shown.append(data)
