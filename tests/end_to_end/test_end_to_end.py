"""The real ``twistd chatd``, talked to by nc, telnet and plain sockets."""

from __future__ import annotations

import os
import pty
import random
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from chatd import __version__
from tests.support.daemon import (
    BIN,
    DEADLINE,
    Client,
    Daemon,
    environment,
    is_running,
    killed_at_last,
    place_in,
    rss,
    wait_until,
)

pytestmark = pytest.mark.slow

MIB = 1 << 20
VERBS = [
    "HELLO",
    "JOIN",
    "MSG",
    "TELL",
    "NICK",
    "PART",
    "WHO",
    "ROOMS",
    "TOPIC",
    "HISTORY",
    "SEARCH",
    "PING",
    "HELP",
    "KICK",
    "SET",
    "LOGIN",
]
LAST_VERBS = ["TALK", "PIPE", "QUIT"]
"""Those after which a connection understands no more commands."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A running daemon; at the end it must still be there, without a traceback in its log."""
    with Daemon(tmp_path) as daemon:
        yield daemon
        assert daemon.process.poll() is None, daemon.log()
        assert "Traceback" not in daemon.log()


def program(name: str) -> str:
    """Return where a program of the system is; fail if it is not installed."""
    path = shutil.which(name)
    assert path is not None, f"this test needs {name}: install it (Debian: netcat-openbsd, telnet)"
    return path


def answers(shell: str) -> list[str]:
    """Return the lines that a shell command prints; fail if it does not end well by itself."""
    done = subprocess.run(
        ["sh", "-c", shell], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE
    )
    assert done.returncode == 0, done
    return done.stdout.decode().splitlines()


# nc


def test_nc_is_told_that_all_was_taken(daemon: Daemon) -> None:
    nc = program("nc")
    with daemon.member("ann", "#builds") as ann:
        lines = answers(f"printf 'JOIN ci #builds\\nMSG passed\\nQUIT\\n' | {nc} 127.0.0.1 {daemon.port}")
        assert lines[-1].startswith("BYE quit ")
        assert [ann.line() for _ in range(3)] == ["JOIN ci #builds", "MSG ci #builds passed", "PART ci #builds"]


def test_nc_that_half_closes_is_told_that_all_was_taken(daemon: Daemon) -> None:
    nc = program("nc")
    with daemon.member("ann", "#builds") as ann:
        lines = answers(f"printf 'JOIN ci #builds\\nMSG passed\\n' | {nc} -N 127.0.0.1 {daemon.port}")
        assert lines[-1].startswith("BYE quit ")
        assert [ann.line() for _ in range(3)] == ["JOIN ci #builds", "MSG ci #builds passed", "PART ci #builds"]


def test_an_unfinished_last_line_is_not_carried_out(daemon: Daemon) -> None:
    nc = program("nc")
    with daemon.member("ann", "#builds") as ann:
        lines = answers(f"printf 'JOIN ci #builds\\nMSG pass' | {nc} -N 127.0.0.1 {daemon.port}")
        assert lines[-2].startswith("ERR bad-syntax * unfinished line")
        assert lines[-1].startswith("BYE quit ")
        assert [ann.line(), ann.line()] == ["JOIN ci #builds", "PART ci #builds"]


def test_an_unfinished_last_line_is_said_in_a_pipe(daemon: Daemon) -> None:
    nc = program("nc")
    with daemon.member("ann", "#builds") as ann:
        lines = answers(f"printf 'JOIN ci #builds\\nPIPE\\nQUIT\\nthe end' | {nc} -N 127.0.0.1 {daemon.port}")
        assert lines[-1].startswith("BYE quit ")
        assert [line.split()[0] for line in lines] == ["NOTE", "NOTE", "OK", "OK", "BYE"]
        seen = [ann.line() for _ in range(4)]
        assert seen == ["JOIN ci #builds", "MSG ci #builds QUIT", "MSG ci #builds the end", "PART ci #builds"]


# telnet


def pump(source: socket.socket, sink: socket.socket) -> bytes:
    """Carry all that comes from one socket to another, and return it."""
    passed = b""
    with suppress(OSError):
        while data := source.recv(4096):
            passed += data
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
    return passed


def relay(listener: socket.socket, port: int) -> tuple[bytes, bytes]:
    """Stand between one client and the daemon; return what the one and the other said."""
    near, _ = listener.accept()
    near.settimeout(DEADLINE)
    with near, socket.create_connection(("127.0.0.1", port), DEADLINE) as far, ThreadPoolExecutor(1) as pool:
        said = pool.submit(pump, near, far)
        answered = pump(far, near)
        return said.result(), answered


@contextmanager
def telnet(port: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run telnet on a terminal of its own; give the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [program("telnet"), "127.0.0.1", str(port)], stdin=theirs, stdout=theirs, stderr=theirs
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def shown(terminal: int, until: bytes) -> bytes:
    """Return what a terminal shows, up to what is waited for or to its end."""
    seen = b""
    with suppress(OSError):  # that is how a terminal ends
        while until not in seen and (data := os.read(terminal, 4096)):
            seen += data
    assert until in seen, seen
    return seen


def test_telnet_joins_says_and_quits(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(DEADLINE)
        passed = pool.submit(relay, listener, daemon.port)
        with daemon.member("ann", "#den") as ann, telnet(listener.getsockname()[1]) as (process, terminal):
            shown(terminal, b"JOIN <your name>")
            os.write(terminal, b"JOIN tom #den\r")
            shown(terminal, b"OK JOIN #den 2")
            os.write(terminal, "MSG grüße\r".encode())
            assert [ann.line(), ann.line()] == ["JOIN tom #den", "MSG tom #den grüße"]
            ann.send(b"MSG hello\n")
            shown(terminal, b"MSG ann #den hello")
            os.write(terminal, b"QUIT see you\r")
            shown(terminal, b"BYE quit ")
            assert ann.line() == "PART tom #den see you"
            process.wait(DEADLINE)
        said, answered = passed.result(DEADLINE)
    assert "MSG grüße\r\n".encode() in said
    assert answered.count(b"\r\n") == answered.count(b"\n") == 5
    assert answered.endswith(b"\r\n")


@pytest.mark.parametrize("end", ["\r\n", "\r\0", "\n"])
def test_each_end_of_a_line_is_one(daemon: Daemon, end: str) -> None:
    with daemon.member("ann", "#den") as ann, daemon.client() as tom:
        tom.send(end.join(["JOIN tom #den", "MSG hello", "QUIT", ""]).encode())
        assert tom.rest()[-1].startswith("BYE quit ")
        assert [ann.line() for _ in range(3)] == ["JOIN tom #den", "MSG tom #den hello", "PART tom #den"]


# Lines as they come


def test_input_byte_by_byte(daemon: Daemon) -> None:
    with daemon.member("ann", "#den") as ann, daemon.client() as slow:
        slow.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in "JOIN zoë #den\r\nMSG grüße 🙂\r\nQUIT\r\n".encode():
            slow.send(bytes([byte]))
        assert [ann.line() for _ in range(3)] == ["JOIN zoë #den", "MSG zoë #den grüße 🙂", "PART zoë #den"]
        assert slow.rest()[-1].startswith("BYE quit ")


def test_many_lines_in_one_segment(daemon: Daemon) -> None:
    lines = [f"MSG {number}\n" for number in range(2000)]
    with daemon.member("ann", "#den") as ann, daemon.client() as bob:
        bob.send("".join(["JOIN bob #den\n", *lines, "PING done\n"]).encode())
        bob.until(lambda line: line == "PONG done")
        seen = ann.until(lambda line: line.endswith(" 1999"))
        assert seen == ["JOIN bob #den", *(f"MSG bob #den {number}" for number in range(2000))]


def random_line(chance: random.Random, verbs: list[str]) -> bytes:
    """Return something like a line, or nothing like one; never one that ends telnet's patience."""
    words = [
        "#den",
        "#a",
        "ann",
        "bob",
        "zoë",
        "1",
        "for=1h",
        "since=0",
        "/x",
        "\x1b[2J",
        "",
        "x" * 9000,
        "\u202e",
        "NaN",
    ]
    if chance.random() < 0.3:
        line = chance.randbytes(chance.randrange(200)).replace(b"\xfa", b"\n")
    else:
        verb = chance.choice(verbs)
        parts = chance.choices(words, [9, 9, 9, 9, 9, 9, 5, 5, 5, 3, 5, 1, 3, 5], k=chance.randrange(5))
        tags = chance.choice(["", "", "", "@label=a ", "@a;a ", "@=; "])
        line = (tags + " ".join([chance.choice([verb, verb.lower()]), *parts])).encode()
    return line + chance.choice([b"\n", b"\r\n", b"\r\0"])


def test_random_lines_to_the_last(daemon: Daemon) -> None:
    chance = random.Random(10319)
    with daemon.client() as noise, ThreadPoolExecutor(1) as pool:
        noise.send(b"PING begin\n")
        lines = pool.submit(noise.rest)
        noise.send(b"".join(random_line(chance, VERBS) for _ in range(10_000)))
        noise.send(b"\nPING end\n")
        noise.half_close()
        got = lines.result()
    assert got[-1].startswith("BYE quit ")
    assert got[-2] == "PONG end"
    assert {line.split()[0] for line in got} >= {"NOTE", "ERR", "OK", "PONG"}
    assert_serving(daemon)


def test_random_lines_on_many_connections(daemon: Daemon) -> None:
    chance = random.Random(10320)
    with ThreadPoolExecutor(1) as pool:
        for _ in range(100):
            with daemon.client() as noise:
                lines = pool.submit(noise.rest)
                with suppress(ConnectionError):  # after a QUIT nobody listens
                    noise.send(b"".join(random_line(chance, VERBS + LAST_VERBS) for _ in range(100)))
                    noise.half_close()
                assert lines.result()[0].startswith("NOTE ")
    assert_serving(daemon)


def assert_serving(daemon: Daemon) -> None:
    with daemon.member("eve", "#quiet") as eve, daemon.member("joe", "#quiet") as joe:
        joe.send(b"MSG still here\n")
        assert [eve.line(), eve.line()] == ["JOIN joe #quiet", "MSG joe #quiet still here"]


# The end


def test_sigterm_says_goodbye(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#den") as ann, daemon.client() as stranger:
        stranger.line()
        daemon.process.terminate()
        assert daemon.process.wait(DEADLINE) == 0
        for client in (ann, stranger):
            (line,) = client.rest()
            assert line.startswith("BYE shutdown ")
        assert "Traceback" not in daemon.log()


def flood(client: Client) -> None:
    """Say something, until nobody listens any more."""
    with suppress(OSError):
        while True:
            client.send((b"MSG " + b"x" * 8000 + b"\n") * 8)


def test_sigterm_waits_for_nobody_who_does_not_read(tmp_path: Path) -> None:
    with (
        ThreadPoolExecutor(2) as pool,
        Daemon(tmp_path, "--send-queue", str(256 * MIB)) as daemon,
        daemon.member("deaf", "#den", receive_buffer=4096),
        daemon.member("ann", "#den") as ann,
        daemon.member("idle", "#other") as idle,
        daemon.member("loud", "#den") as loud,
    ):
        pool.submit(flood, loud)
        said = 0
        while said < 12 * MIB:
            said += len(ann.line())
        daemon.process.terminate()
        rest = pool.submit(ann.rest)
        assert daemon.process.wait(DEADLINE) == 0
        assert rest.result()[-1].startswith("BYE shutdown ")
        assert idle.rest()[-1].startswith("BYE shutdown ")
        assert "Traceback" not in daemon.log()


def test_as_a_daemon_it_keeps_a_log_and_a_pid_file_while_it_runs(tmp_path: Path) -> None:
    pid_file, log_file = tmp_path / "chatd.pid", tmp_path / "chatd.log"
    with killed_at_last(pid_file):
        done = run("twistd", f"--pidfile={pid_file}", f"--logfile={log_file}", "chatd", "--port", "0", cwd=tmp_path)
        assert done == (0, "", "")
        wait_until(lambda: place_in(log_file.read_text()) is not None, log_file.read_text)
        port = int((place_in(log_file.read_text()) or "").rpartition(":")[2])
        pid = int(pid_file.read_text())
        with Client(("127.0.0.1", port)) as ann:
            ann.join("ann", "#den")
            os.kill(pid, signal.SIGTERM)
            assert ann.rest()[-1].startswith("BYE shutdown ")
        wait_until(lambda: not pid_file.exists(), log_file.read_text)
        wait_until(lambda: not is_running(pid), log_file.read_text)
    assert "Traceback" not in log_file.read_text()


# What cannot be

FOREGROUND = [["twistd", "-n", "--pidfile=", "chatd"], ["chatd"]]
WRONG = {
    "port": (["--port", "99999"], "65535"),
    "no number": (["--port", "http"], "http"),
    "option": (["--nope"], "--nope"),
    "word": (["10319"], "10319"),
    "endpoint": (["--listen", "nonsense:1"], "nonsense"),
    "journal": (["--journal", "nonsense:"], "nonsense:"),
    "interface": (["--port", "0", "--interface", "nonsense.invalid"], "nonsense.invalid"),
}


def run(name: str, *options: str, cwd: Path) -> tuple[int, str, str]:
    """Run an installed command to its end; return its exit code and what it wrote to stdout and stderr."""
    command = [str(BIN / name), *options]
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    return done.returncode, done.stdout, done.stderr


def assert_refused(done: tuple[int, str, str], why: str) -> None:
    """Fail unless a command failed and said why in the one line that it wrote to stderr."""
    code, output, errors = done
    assert code > 0
    assert "Traceback" not in output + errors
    assert len(errors.splitlines()) == 1, f"stderr: {errors!r}; stdout: {output!r}"
    assert why in errors


@contextmanager
def busy_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield str(other.getsockname()[1])


@pytest.mark.parametrize("command", FOREGROUND, ids=["twistd", "chatd"])
@pytest.mark.parametrize(("options", "why"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, command: list[str], options: list[str], why: str) -> None:
    assert_refused(run(*command, *options, cwd=tmp_path), why)


@pytest.mark.parametrize("command", FOREGROUND, ids=["twistd", "chatd"])
def test_a_busy_port_is_said_in_one_line(tmp_path: Path, command: list[str]) -> None:
    with busy_port() as port:
        assert_refused(
            run(*command, "--port", port, cwd=tmp_path), f"port {port} of 127.0.0.1: another program uses it"
        )


def test_a_busy_port_is_said_on_the_terminal_although_there_is_a_log_file(tmp_path: Path) -> None:
    with busy_port() as port:
        done = run("twistd", "-n", "--pidfile=", "--logfile=log", "chatd", "--port", port, cwd=tmp_path)
        assert_refused(done, "another program uses it")
        assert "another program uses it" in (tmp_path / "log").read_text()


def test_a_busy_port_is_said_before_it_becomes_a_daemon(tmp_path: Path) -> None:
    with busy_port() as port:
        code, output, errors = run("twistd", "--pidfile=pid", "--logfile=log", "chatd", "--port", port, cwd=tmp_path)
    log = (tmp_path / "log").read_text()
    assert code > 0
    assert "Traceback" not in output + errors + log
    assert f"cannot listen on port {port} " in errors
    assert "another program" in errors
    assert "another program uses it" in log
    wait_until(
        lambda: not (tmp_path / "pid").exists(), lambda: "the pid file stays"
    )  # its last deed, after it was told


@pytest.mark.parametrize("command", [["twistd", "chatd"], ["chatd"]], ids=["twistd", "chatd"])
def test_the_version(tmp_path: Path, command: list[str]) -> None:
    assert run(*command, "--version", cwd=tmp_path) == (0, f"chatd {__version__}\n", "")


# What it costs


def come_and_go(daemon: Daemon, times: int) -> None:
    """Connect and close; every second time, hear the greeting first."""
    for number in range(times):
        with daemon.client() as client:
            if number % 2:
                client.line()


def test_those_who_come_and_go_leave_nothing(daemon: Daemon) -> None:
    come_and_go(daemon, 500)
    before = rss(daemon.pid)
    come_and_go(daemon, 2000)
    assert rss(daemon.pid) - before < 2 * MIB


def test_one_who_does_not_read_costs_little_and_the_others_nothing(daemon: Daemon) -> None:
    with (
        daemon.member("ann", "#den") as ann,
        daemon.member("loud", "#den") as loud,
        daemon.member("deaf", "#den", receive_buffer=4096),
    ):
        ann.until(lambda line: line == "JOIN deaf #den")
        talk = Talk(loud, ann)
        talk.go_on(1)
        before = most = rss(daemon.pid)
        while talk.said < 20 * MIB or (not talk.others and talk.said < 128 * MIB):
            talk.go_on(1)
            most = max(most, rss(daemon.pid))
        assert talk.others == ["PART deaf #den"]
        assert most - before < 8 * MIB
    assert "slow" in daemon.log()


class Talk:
    """One says numbered lines, the other hears each of them in order, a quarter of a MiB at a time."""

    def __init__(self, speaker: Client, hearer: Client) -> None:
        self.said = 0
        self.others: list[str] = []
        self._speaker = speaker
        self._hearer = hearer
        self._count = 0

    def go_on(self, rounds: int) -> None:
        for _ in range(rounds):
            texts = [f"{self._count + number} {'x' * 8000}" for number in range(32)]
            self._count += len(texts)
            self.said += sum(map(len, texts))
            self._speaker.send("".join(f"MSG {text}\n" for text in texts).encode())
            for text in texts:
                self._hear(f"MSG loud #den {text}")

    def _hear(self, expected: str) -> None:
        *others, line = self._hearer.until(lambda line: line.startswith("MSG "))
        assert line == expected
        self.others += others


# Other places, other protocols


def test_a_local_socket(tmp_path: Path) -> None:
    path = tmp_path / "chat"
    with Daemon(tmp_path, "--listen", "unix:chat") as daemon:
        with Client(path) as ann, Client(path) as bob:
            ann.join("ann", "#den")
            bob.join("bob", "#den")
            bob.send(b"MSG hello\n")
            assert [ann.line(), ann.line()] == ["JOIN bob #den", "MSG bob #den hello"]
        assert daemon.terminate() == 0
        assert not path.exists()
        assert "Traceback" not in daemon.log()


def client_hello() -> bytes:
    """Return the first bytes that a TLS client sends."""
    sent = ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        connection.do_handshake()
    return sent.read()


def http_request() -> bytes:
    body = "\r\nJOIN mallory #den\r\nMSG injected\r\nQUIT\r\n"
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def get_request() -> bytes:
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nJOIN mallory #den\r\nMSG injected\r\n"


@pytest.mark.parametrize("speech", [client_hello, http_request, get_request])
@pytest.mark.parametrize("step", [1, 7, 1 << 16])
def test_another_protocol_is_turned_away(daemon: Daemon, speech: Callable[[], bytes], step: int) -> None:
    data = speech()
    with daemon.member("ann", "#den") as ann:
        with daemon.client() as alien:
            alien.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(ConnectionError):  # nobody listens to the end of it
                for start in range(0, len(data), step):
                    alien.send(data[start : start + step])
            greeting, bye = alien.rest()
        assert greeting.startswith("NOTE ")
        assert bye.startswith("BYE not-chatd ")
        with daemon.member("bob", "#den"):
            assert ann.line() == "JOIN bob #den"
