"""A reload of a real daemon: while it is busy, by the command and by the signal, and when something is wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from benchmarks.ports import free_ports
from chatd.app.control_client import ask
from tests.support.daemon import BIN, Client, Daemon, environment, wait_for_answer, wait_until

pytestmark = pytest.mark.slow
RELOADS = 20
WRITERS = 4
PAUSE_SECONDS = 0.02
"""Between ten lines of one writer and the next: 2000 lines a second in all, if the machine does them."""
AS_NOBODY = """\
import os, sys
from chatd.app import reload_command  # where Python is root's own, nobody else may read it
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
reload_command.main(sys.argv[1:])
"""


class Server:
    """A daemon in a directory of its own, and its configuration."""

    def __init__(self, folder: Path, text: str, *options: str) -> None:
        self.folder = folder
        self.file = folder / "chatd.toml"
        self.write(text)
        self.daemon = Daemon(folder, "--config", str(self.file), "--state-directory", str(folder), *options)
        wait_for_answer(self.daemon.port)

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def reload(
        self, *, status: int = 0, options: tuple[str, ...] | None = None, as_nobody: bool = False
    ) -> tuple[list[str], str]:
        """Run ``chatd reload``, somewhere else; return what it prints, and what it complains of."""
        where = ("--state-directory", str(self.folder)) if options is None else options
        command = [sys.executable, "-c", AS_NOBODY] if as_nobody else [str(BIN / "chatd"), "reload"]
        done = subprocess.run(
            [*command, *where], cwd="/", env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == status, done
        return done.stdout.splitlines(), done.stderr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a daemon with the limits of everybody else."""
    made = Server(tmp_path, "[limits]\nmax-rooms = 50\n")
    with made.daemon:
        yield made


def test_under_load_nothing_is_lost_and_nobody_leaves(tmp_path: Path) -> None:
    doors = free_ports(2)
    server = Server(tmp_path, "", "--journal", "sqlite:chatd.sqlite3")
    stop = Event()

    def write(number: int) -> int:
        """Say lines as fast as they are confirmed, until it is time to stop; return how many."""
        with server.daemon.member(f"writer{number}", "#den") as client:
            said = 0
            while not stop.is_set():
                client.send(b"".join(b"MSG %d/%d\n" % (number, said + each) for each in range(10)) + b"PING x\n")
                said += 10
                client.until(lambda line: line == "PONG x")
                stop.wait(PAUSE_SECONDS)
            return said

    with server.daemon as daemon, daemon.member("reader", "#den") as reader, ThreadPoolExecutor(WRITERS + 1) as pool:
        writing = [pool.submit(write, number) for number in range(WRITERS)]

        def read() -> list[str]:
            lines = [reader.line()]
            while not lines[-1].endswith(" the end"):
                lines.append(reader.line())
            return lines

        reading = pool.submit(read)
        try:
            for number in range(RELOADS):
                server.write(
                    f"[limits]\nmax-rooms = {100 + number}\nline-burst = {2000 + number}\n"
                    f"[listen]\nlisten = ['tcp:{doors[number % 2]}:interface=127.0.0.1']\n"
                )
                said: list[str] = []
                assert ask(tmp_path, "reload", said.append) == 0
                assert [line for line in said if line.startswith(f"max-rooms = {100 + number} (")]
                with Client(("127.0.0.1", doors[number % 2])) as late:
                    late.join(f"late{number}", "#den")
        finally:
            stop.set()
        counts = [each.result() for each in writing]
        with daemon.member("last", "#den") as last:
            last.send(b"MSG the end\n")
            lines = reading.result()
        found = [re.search(r" (\d+)/(\d+)$", line) for line in lines]
        heard: dict[int, list[int]] = {number: [] for number in range(WRITERS)}
        for each in filter(None, found):
            heard[int(each[1])].append(int(each[2]))
        assert heard == {number: list(range(counts[number])) for number in range(WRITERS)}
        assert min(counts) > RELOADS
        assert "Traceback" not in daemon.log()
        assert daemon.terminate() == 0


def test_the_command_says_what_holds_and_what_needs_a_restart(server: Server) -> None:
    server.write('[limits]\nmax-rooms = 51\n[storage]\nhooks = "others"\n')
    file = server.file
    assert server.reload(options=("--config", str(file), "--state-directory", str(server.folder))) == (
        [f"max-rooms = 51 ({file}, line 2)", f"hooks was changed in {file}, line 4: restart to apply it"],
        "",
    )
    assert f"reload: max-rooms = 51 ({file}, line 2)" in server.daemon.log()


def test_a_broken_file_changes_nothing_and_says_where(server: Server) -> None:
    server.write("[limits]\nmax-rooms = many\n")
    (said,), complaint = server.reload(status=1)
    assert said.startswith(f"nothing was changed: {server.file}, line 2: ")
    assert not complaint
    assert said in server.daemon.log()
    nothing, complaint = server.reload(status=1, options=("--config", str(server.file)))
    assert nothing == []
    assert re.fullmatch(f"chatd: {server.file}, line 2: .*; nothing was changed\n", complaint)


def test_a_port_that_is_taken_changes_nothing(server: Server) -> None:
    (free,) = free_ports(1)
    folder = server.folder / "other"
    folder.mkdir()
    with Daemon(folder) as other:
        taken = other.port
        server.write(
            f"[limits]\nmax-rooms = 7\n[listen]\n"
            f"listen = ['tcp:{free}:interface=127.0.0.1', 'tcp:{taken}:interface=127.0.0.1']\n"
        )
        why = f"cannot listen on tcp:{taken}:interface=127.0.0.1: another program uses it"
        (said,), _ = server.reload(status=1)
        assert said.startswith(f"nothing was changed: {why}")
        with pytest.raises(ConnectionRefusedError):
            Client(("127.0.0.1", free))


def test_a_signal_reloads_and_the_log_says_what_became_of_it(server: Server) -> None:
    with server.daemon.member("ann", "#den") as ann:
        server.write("[limits]\nmax-rooms = 52\n")
        os.kill(server.daemon.pid, signal.SIGHUP)
        wait_until(lambda: f"reload: max-rooms = 52 ({server.file}, line 2)" in server.daemon.log(), server.daemon.log)
        server.write("[limits]\nmax-rooms = -1\n")
        os.kill(server.daemon.pid, signal.SIGHUP)
        wait_until(lambda: f"nothing was changed: {server.file}, line 2: " in server.daemon.log(), server.daemon.log)
        ann.send(b"PING x\n")
        ann.until(lambda line: line == "PONG x")
        assert server.daemon.terminate() == 0


def test_signals_that_come_together_are_all_heeded(server: Server) -> None:
    for number in range(10):
        server.write(f"[limits]\nmax-rooms = {60 + number}\n")
        os.kill(server.daemon.pid, signal.SIGHUP)
    wait_until(lambda: "reload: max-rooms = 69 " in server.daemon.log(), server.daemon.log)
    assert server.daemon.terminate() == 0
    assert "Traceback" not in server.daemon.log()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_is_refused(server: Server) -> None:
    for folder in [server.folder, *server.folder.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    said, complaint = server.reload(status=1, as_nobody=True)
    assert said == []
    whom = "the user of the server, or root"
    assert complaint == f"chatd: cannot open {server.folder}/chatd.control; run this as {whom}\n"


def test_without_a_daemon_or_without_a_file_it_says_so(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:", "--state-directory", str(tmp_path)) as daemon:
        command = [str(BIN / "chatd"), "reload", "--state-directory", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment())
        assert done.stdout == (
            "there is no --config, so options are unchanged; files that they name were read again\n"
            "nothing was changed\n"
        )
        daemon.terminate()
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment())
    assert done.returncode == 1
    assert done.stderr.startswith(f"chatd: no server listens at {tmp_path}/chatd.control; ")
