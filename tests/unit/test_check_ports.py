"""What is said of places to listen on, with real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatd.app.checks import ports, processes
from chatd.app.checks.endpoints import Systemd, Tcp, spots
from chatd.app.checks.result import Result, State
from tests.support.checks import question, states
from tests.support.daemon import BIN, environment

LISTEN = (
    "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "print(s.getsockname()[1], flush=True); input()"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*words: str, in_daemon: bool = False) -> list[Result]:
    return list(ports.check(question(*words, in_daemon=in_daemon)))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on, and every process with ``SO_REUSEADDR`` may bind until then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("tcp:10319", Tcp("", 10319)),
        ("tcp:port=10319:interface=127.0.0.1", Tcp("127.0.0.1", 10319)),
        (r"tcp:10319:interface=\:\:1", Tcp("::1", 10319)),
        ("haproxy:tcp6:10319", Tcp("::", 10319)),
        ("tls:nowhere:port=10320", Tcp("::", 10320)),
        (r"haproxy:tls:a\:b:10320:interface=\:\:1", Tcp("::1", 10320)),
        ("ssl:10321:privateKey=nowhere.pem:interface=127.0.0.1", Tcp("127.0.0.1", 10321)),
        ("unix:some/where:mode=660", Path("some/where")),
        ("systemd:name=chat", Systemd("name=chat")),
    ],
)
def test_where_an_endpoint_would_listen(description: str, expected: object) -> None:
    assert spots(description) == [expected]


@pytest.mark.parametrize("description", ["tcp:many", "tls:port", "nonsense:1"])
def test_what_is_no_endpoint(description: str) -> None:
    (result,) = checked("--listen", description, "--web", "off")
    assert result.state is State.WRONG
    assert "invalid endpoint" in result.what and description in result.what


def test_a_port_that_is_free() -> None:
    (result,) = checked("--port", str(free()), "--web", "off")
    assert (result.state, "is free" in result.what) == (State.GOOD, True)


def test_any_port() -> None:
    (result,) = checked("--port", "0")
    assert (result.state, "when the server starts" in result.what) == (State.GOOD, True)


def test_a_port_that_another_program_has(taken: int) -> None:
    (result,) = checked("--port", str(taken), "--web", "off")
    assert result.state is State.WRONG
    assert f"process {os.getpid()}" in result.what
    assert "stop it" in result.do


def test_a_port_of_the_daemon_that_asks(taken: int) -> None:
    (result,) = checked("--port", str(taken), "--web", "off", in_daemon=True)
    assert (result.state, "is used by this server" in result.what) == (State.GOOD, True)


def test_a_port_of_a_chatd_without_a_file_that_says_whose_it_is() -> None:
    port = free()
    command = [sys.executable, "-c", LISTEN, str(port)]
    for name, state in (("chatd", State.GOOD), ("another", State.WRONG)):
        with subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline()
            (result,) = checked("--port", str(port), "--web", "off", "--journal", "memory:")
            process.communicate()
        assert (result.state, str(process.pid) in result.what) == (state, True)


def test_the_page_that_nobody_asked_for_may_be_without_its_port(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr("chatd.app.web_options.DEFAULT_WEB_PORT", taken)
    results = checked("--port", str(free()))
    assert states(results) == [State.GOOD, State.WARNING]
    assert str(taken) in results[1].what
    assert states(checked("--port", str(free()), "--web", str(taken))) == [State.GOOD, State.WRONG]


def test_one_port_for_two_edges() -> None:
    port = free()
    for second in (str(port), f"tcp:{port}", f"tls:nowhere:port={port}"):
        results = checked("--port", str(port), "--irc", second, "--web", "off")
        assert states(results) == [State.GOOD, State.WRONG]
        assert "use the same port" in results[1].what
    assert State.WRONG not in states(checked("--port", "0", "--irc", "0"))
    assert State.WRONG not in states(
        checked("--listen", f"tcp:{port}:interface=127.0.0.1", "--irc", f"tcp:{port}:interface=127.0.0.2")
    )


def test_an_address_that_this_machine_does_not_have() -> None:
    (result,) = checked("--listen", f"tcp:{free()}:interface=192.0.2.1")
    assert (result.state, "does not have that address" in result.what) == (State.WRONG, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_port_that_only_root_may_take() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) < 81:
        pytest.skip("everybody may listen there")
    code = (
        "import os\nfrom tests.support.checks import question\nfrom chatd.app.checks import ports\n"
        "asked = question('--port', '80', '--web', 'off', '--journal', 'memory:')\nos.setuid(65534)\n"
        "(result,) = ports.check(asked)\nprint(result.state, result.do)"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("wrong ports below 1024 need root or CAP_NET_BIND_SERVICE"), done


def test_a_local_socket_that_is_free() -> None:
    (result,) = checked("--listen", "unix:here")
    assert (result.state, "is free" in result.what) == (State.GOOD, True)
    assert not Path("here").exists()


def test_a_local_socket_that_somebody_left() -> None:
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind("here")
    assert states(checked("--listen", "unix:here")) == [State.GOOD]
    assert Path("here").is_socket()


@pytest.mark.parametrize("bound", ["here", "absolute"])
def test_a_local_socket_that_somebody_has(folder: Path, bound: str) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind("here" if bound == "here" else str(folder / "here"))
        listener.listen()
        (result,) = checked("--listen", "unix:here")
        assert (result.state, f"process {os.getpid()}" in result.what) == (State.WRONG, True)
        assert states(checked("--listen", f"unix:{folder / 'here'}", in_daemon=True)) == [State.GOOD]
        (folder / "other").mkdir()
        assert states(checked("--listen", f"unix:{folder / 'other' / 'here'}")) == [State.GOOD]


def test_a_socket_of_that_name_that_is_gone_meanwhile_is_nobodys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another program closes a socket between the look at the table and that at the processes."""
    gone = [(2**40, Path("here"))]
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(folder / "here"))
        listener.listen()
        really = processes._local_sockets
        monkeypatch.setattr(processes, "_local_sockets", lambda name: [*gone, *really(name)])
        found = processes.listens_at(folder / "here")
        assert found is not None and found.process is not None and found.process.pid == os.getpid()
    looks = iter([gone, []])
    monkeypatch.setattr(processes, "_local_sockets", lambda _: next(looks))
    assert processes.listens_at(folder / "other") is None


@pytest.mark.parametrize(
    ("path", "why"),
    [("nowhere/here", "no such directory"), ("file", "is not a socket"), ("x" * 108, "longer than 107 bytes")],
)
def test_a_local_socket_that_cannot_be(folder: Path, path: str, why: str) -> None:
    (folder / "file").touch()
    (result,) = checked("--listen", f"unix:{path}")
    assert (result.state, why in result.what) == (State.WRONG, True)


def test_a_socket_of_systemd_is_there_when_systemd_starts_it() -> None:
    (result,) = checked("--listen", "systemd:index=0")
    assert (result.name, result.state) == ("ports.systemd", State.GOOD)
    assert "only when it starts" in result.what


def test_a_socket_of_systemd_that_is_asked_for_wrongly() -> None:
    (result,) = checked("--listen", "systemd:number=0")
    assert (result.name, result.state) == ("ports.systemd", State.WRONG)


def test_a_socket_that_was_taken_over_is_not_looked_for_again() -> None:
    assert checked("--listen", "systemd:index=0", in_daemon=True) == []


def test_who_it_is_is_said_in_short() -> None:
    found = processes.Process(7, ("/usr/bin/python3.11", "/opt/bin/twistd", "-n", "chatd", "x" * 100))
    assert str(found).startswith("process 7, twistd -n chatd xxx") and str(found).endswith("...")
    assert found.is_chatd
    assert not processes.Process(7, ("chatd-exporter",)).is_chatd
    assert str(processes.Process(7, ())) == "process 7"


def test_nothing_of_a_process_reaches_the_terminal_but_text() -> None:
    words = ("\x1b]0;title\x07", "--journal", "nats://chat:sesame@10.0.0.1/talk")
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, "0", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        (result,) = checked("--port", port, "--web", "off")
        shown = str(processes.Process(7, ("twistd", *words)))
        process.communicate()
    assert f"process {process.pid}" in result.what and result.what.isprintable()
    assert "sesame" not in result.what + shown and "nats://...@10.0.0.1" in shown


@pytest.mark.slow
def test_systemds_socket_is_seen_where_it_is_passed_on(folder: Path) -> None:
    """Run in a process that was given one as systemd does: by number 3, and by its variables."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = (
            "import os, sys\nfd = int(sys.argv[1])\nos.dup2(fd, 3)\nos.environ['LISTEN_PID'] = str(os.getpid())\n"
            "os.environ['LISTEN_FDS'] = '1'\n"
            "os.execv(sys.argv[2], [sys.argv[2], 'check', '--listen', 'systemd:index=0', '--json'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(listener.fileno()), str(BIN / "chatd")],
            pass_fds=[listener.fileno()], cwd=folder, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "systemd has passed its socket" in done.stdout, done
