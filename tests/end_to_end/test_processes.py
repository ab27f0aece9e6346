"""The daemon as a process: signals, its pid file, its log, and what is left of one that was killed."""

from __future__ import annotations

import os
import pty
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import (
    BIN,
    DEADLINE,
    Client,
    Daemon,
    environment,
    is_running,
    place_in,
    wait_for_answer,
    wait_until,
)

pytestmark = pytest.mark.slow


def twistd(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run twistd to its end, or until a daemon has left it."""
    command = [str(BIN / "twistd"), *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )


@contextmanager
def background(cwd: Path, *options: str) -> Iterator[int]:
    """A daemon in the background; its number, and nothing is left of it at the end."""
    done = twistd(cwd, "chatd", "--port", "0", *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    process = int((cwd / "twistd.pid").read_text())
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: not is_running(process), lambda: "the end of the daemon")


def test_hup_opens_the_log_again(tmp_path: Path) -> None:
    with background(tmp_path) as process:
        log, moved = tmp_path / "twistd.log", tmp_path / "moved"
        wait_until(lambda: place_in(log.read_text()) is not None, log.read_text)
        wait_for_answer(int((place_in(log.read_text()) or "").rpartition(":")[2]))
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        log.rename(moved)
        os.kill(process, signal.SIGHUP)
        wait_until(lambda: log.exists() and "reopened the log" in log.read_text(), moved.read_text)
        os.kill(process, signal.SIGUSR2)
        wait_until((tmp_path / "twistd.log.1").exists, log.read_text)
        os.kill(process, signal.SIGTERM)
        wait_until(lambda: not is_running(process), log.read_text)
        assert not (tmp_path / "twistd.pid").exists()


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR2"])
def test_a_signal_in_the_foreground_ends_nothing_unsaid(name: str, tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon, daemon.member("ann", "#den") as ann:
        daemon.process.send_signal(getattr(signal, name))
        wait_until(lambda: name in daemon.log(), daemon.log)
        ann.send(b"PING\n")
        ann.until(lambda line: line == "PONG")
        assert daemon.terminate() == 0


def test_a_lost_terminal_is_an_ordinary_end(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        command = [str(BIN / "chatd"), "--journal", "memory:", "--port", str(port)]
        try:
            os.execve(command[0], command, environment())
        finally:
            os._exit(127)
    said = b""
    while place_in(said.decode(errors="replace").replace("\r", "")) is None:
        said += os.read(terminal, 1 << 16)
    with Client(("127.0.0.1", port)) as ann:
        ann.join("ann", "#den")
        os.close(terminal)
        assert ann.rest()[-1].startswith("BYE shutdown ")
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_pid_file_in_the_foreground_keeps_nobody_away(tmp_path: Path) -> None:
    """In a container each start has the same number."""
    (tmp_path / "twistd.pid").write_text(str(os.getpid()))
    for _ in range(2):
        command = [str(BIN / "twistd"), "-n", "chatd", "--port", "0"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=log, stderr=log)
        try:
            wait_until(lambda: place_in((tmp_path / "log").read_text()) is not None, (tmp_path / "log").read_text)
        finally:
            process.kill()
            process.wait()


def test_a_pid_file_with_the_number_of_another_program_is_taken_over(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / "twistd.pid").write_text(str(other.pid))
    with background(tmp_path) as process:
        assert process != other.pid
        again = twistd(tmp_path, "--logfile=second", "chatd", "--port", "0", "--journal", "sqlite:second")
        assert again.returncode == 1
        assert f"twistd.pid belongs to a running server (process {process}); stop it" in again.stderr
        assert (tmp_path / "twistd.pid").read_text() == str(process)
    other.communicate()


@pytest.mark.parametrize("name", ["chatd.sqlite3-lock", "twistd.log", "twistd.pid"])
def test_a_link_in_place_of_a_file_is_not_followed(name: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / name).symlink_to(precious)
    done = twistd(tmp_path, "chatd", "--port", "0")
    assert done.returncode == 1
    assert f"{name}" in done.stderr and "it is a symbolic link; remove it" in done.stderr
    assert precious.read_text() == "precious"


def test_a_daemon_says_the_same_as_in_the_foreground(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        foreground, daemon = (twistd(tmp_path, *how, "chatd", "--port", port) for how in (["-n"], []))
    sentence = f"chatd: cannot listen on port {port} of 127.0.0.1: another program uses it; stop that program or choose"
    for done in (foreground, daemon):
        assert done.returncode == 1
        assert done.stderr.startswith(sentence)
        assert "Traceback" not in done.stderr
    assert foreground.stderr.splitlines()[0] == daemon.stderr.splitlines()[0]
    assert not (tmp_path / "twistd.pid").exists()


@pytest.mark.parametrize("where", ["--logfile=nowhere/log", "--pidfile=nowhere/pid"])
def test_a_folder_that_cannot_be_written_is_a_sentence(where: str, tmp_path: Path) -> None:
    done = twistd(tmp_path, where, "chatd", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.startswith("chatd: cannot write ")
    assert "Traceback" not in done.stderr
    assert "name another with " in done.stderr


def test_a_plugin_cache_that_cannot_be_written_is_no_news(tmp_path: Path) -> None:
    """The installation is root's: a stand-in says that its cache cannot be written."""
    code = (
        "import twisted.python.filepath as f, errno\n"
        "def refuse(*_): raise PermissionError(errno.EACCES, 'no')\n"
        "f.FilePath.setContent = refuse\n"
        "import twisted.plugin as p\n"
        "p.pickle.load = lambda _: (_ for _ in ()).throw(ValueError)\n"
        "from twisted.scripts.twistd import run\n"
        "run()\n"
    )
    command = [sys.executable, "-c", code, "-n", "chatd", "--port", "0", "--journal", "memory:"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=log, stderr=log)
    try:
        wait_until(lambda: place_in((tmp_path / "log").read_text()) is not None, (tmp_path / "log").read_text)
    finally:
        process.kill()
        process.wait()
    assert "plugin cache" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--port", "0"], "--interface 0.0.0.0"),
        (["--listen", "tcp:0:interface=127.0.0.1"], "interface=0.0.0.0 in --listen"),
        (["--port", "0", "--irc", "0"], "--interface 0.0.0.0"),
        (["--port", "0", "--irc", "tcp:0:interface=127.0.0.1"], "interface=0.0.0.0 in --irc"),
    ],
)
def test_the_log_names_the_option_that_opens_a_place_to_the_network(
    tmp_path: Path, options: list[str], hint: str
) -> None:
    with Daemon(tmp_path, *options) as daemon:
        wait_until(lambda: f"this machine can connect; {hint} opens it" in daemon.log(), daemon.log)


def test_the_log_names_the_line_of_the_file_that_opens_a_place_to_the_network(tmp_path: Path) -> None:
    (tmp_path / "chatd.toml").write_text('[irc]\nirc = ["tcp:0:interface=127.0.0.1"]\n[listen]\ninterface = "::1"\n')
    with Daemon(tmp_path, "--config", "chatd.toml") as daemon:
        wait_until(lambda: "interface=0.0.0.0 in irc (" in daemon.log(), daemon.log)
        wait_until(lambda: "interface 0.0.0.0 (" in daemon.log(), daemon.log)
        assert "chatd.toml, line 2) opens it" in daemon.log() and "chatd.toml, line 4) opens it" in daemon.log()
