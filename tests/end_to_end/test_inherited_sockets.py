"""Sockets that systemd has opened, by systemd's own program that passes them on."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.drain.daemons import Daemon as PassedOn
from benchmarks.ports import free_ports
from chatd.app.control_client import ask
from tests.support.daemon import BIN, Client, environment, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow


@contextmanager
def activated(folder: Path, sockets: Sequence[str], *options: str) -> Iterator[Path]:
    """Have the sockets opened and the daemon started by the first connection; return the file of its output."""
    output = folder / "output"
    listens = [word for place in sockets for word in ("--listen", place)]
    command = [program("systemd-socket-activate"), *listens, str(BIN / "chatd"), "--journal", "memory:", *options]
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: "Listening on" in output.read_text(), output.read_text)
        yield output
    finally:
        process.kill()
        process.wait()


def peers(output: Path) -> list[str]:
    """Return from where those came who were sent away for what they said."""
    return re.findall(r"\] (\S+):\d+ was disconnected: not-chatd", output.read_text())


def is_sent_away(client: Client) -> None:
    client.send(b"GET / HTTP/1.1\r\n")
    assert client.rest()[-1].startswith("BYE not-chatd ")


@pytest.mark.parametrize("asked", ["domain=INET:index=0", "INET:index=0", "domain=INET6:index=0", "index=0"])
def test_a_socket_of_both_families_tells_the_addresses_that_there_are(tmp_path: Path, asked: str) -> None:
    (port,) = free_ports(1)
    # As ListenStream=10319 has it: on [::], for IPv4 too.
    options = ("--listen", f"systemd:{asked}", "--accounts", "accounts")
    with activated(tmp_path, [str(port)], *options) as output:
        with Client(("127.0.0.1", port)) as client:
            client.send(b"LOGIN ann a-long-password\n")
            client.until(lambda line: line.startswith("ERR bad-password LOGIN "))
        with Client(("127.0.0.1", port)) as client:
            is_sent_away(client)
        with socket.create_connection(("::1", port)) as six, Client(("127.0.0.1", port)) as client:
            client.socket.close()
            client.socket = six
            is_sent_away(client)
        assert peers(output) == ["127.0.0.1", "[::1]"]


def test_bans_and_limits_count_the_address_of_ipv4(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    options = ("--listen", "haproxy:systemd:index=0", "--max-per-address", "1", "--trusted-proxy", "127.0.0.0/8")
    with activated(tmp_path, [str(port)], *options) as output:
        clients = [Client(("127.0.0.1", port)) for _ in range(2)]
        try:
            first, second = clients
            first.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n")
            assert first.line().startswith("NOTE ")
            second.send(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n")
            assert second.rest()[0].startswith("BYE refused ")
        finally:
            for each in clients:
                each.close()
        assert "from 192.0.2.1 was refused" in output.read_text()


def test_a_local_socket(tmp_path: Path) -> None:
    place = tmp_path / "chat.sock"
    with (
        activated(tmp_path, [str(place)], "--listen", "systemd:domain=UNIX:index=0") as output,
        Client(place) as client,
    ):
        is_sent_away(client)
        assert "local socket was disconnected" in output.read_text()


def test_a_local_socket_is_there_still_when_the_daemon_has_ended(tmp_path: Path) -> None:
    place = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(place))
        held.listen()
        daemon = PassedOn(tmp_path, held.fileno(), "--journal", "memory:")
        try:
            daemon.wait_until_listening()
            daemon.drain()
            assert daemon.wait() == 0
        finally:
            daemon.kill()
        with socket.socket(socket.AF_UNIX) as newcomer:
            newcomer.connect(str(place))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("domain=INET:index=1", "use index=0 instead of 1"),
        ("domain=INET:name=chat", "no socket named 'chat' (none has a name); use index=0"),
        ("domain=INET", "say which socket: index=0 or name=NAME"),
        ("domain=INTERNET:index=0", "domain= takes one of INET, INET6, UNIX; leave it out for the default"),
        ("index=0:speed=1", "write systemd:index=0 or systemd:name=NAME"),
    ],
)
def test_what_is_not_there_is_one_line(tmp_path: Path, asked: str, why: str) -> None:
    (port,) = free_ports(1)
    with activated(tmp_path, [str(port)], "--listen", f"systemd:{asked}") as output, Client(("127.0.0.1", port)):
        wait_until(lambda: "invalid endpoint" in output.read_text(), output.read_text)
        (line,) = [line for line in output.read_text().splitlines() if line.startswith("chatd: ")]
        assert line.startswith(f"chatd: --listen: invalid endpoint 'systemd:{asked}': ")
        assert why in line
        assert "Traceback" not in output.read_text()


def test_without_systemd_it_is_one_line(tmp_path: Path) -> None:
    command = [str(BIN / "chatd"), "--journal", "memory:", "--listen", "systemd:domain=INET:index=0"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "chatd: --listen: invalid endpoint 'systemd:domain=INET:index=0': systemd passed no socket"
    )
    assert done.stderr.count("\n") == 1


def test_a_reload_leaves_it_alone_and_opens_others_beside_it(tmp_path: Path) -> None:
    port, other = free_ports(2)
    file, said = tmp_path / "chatd.toml", list[str]()
    file.write_text('[listen]\nlisten = ["systemd:index=0"]\n')
    with activated(tmp_path, [f"127.0.0.1:{port}"], "--config", str(file)) as output:
        with Client(("127.0.0.1", port)) as early:
            early.join("ann", "#den")
            file.write_text(f'[listen]\nlisten = ["systemd:index=0", "tcp:{other}:interface=127.0.0.1"]\n')
            assert ask(tmp_path, "reload", said.append) == 0, said
            for number, place in enumerate((port, other)):
                with Client(("127.0.0.1", place)) as late:
                    late.join(f"late{number}", "#den")
            file.write_text(f'[listen]\nlisten = ["tcp:{other}:interface=127.0.0.1"]\n')
            assert ask(tmp_path, "reload", said.append) == 0, said
            assert said[-1] == "no longer listening on systemd:index=0"
            file.write_text('[listen]\nlisten = ["systemd:index=0"]\n')
            assert ask(tmp_path, "reload", said.append) == 1, said
            assert "another endpoint uses it already" in said[-1]
            early.send(b"PING x\n")
            early.until(lambda line: line == "PONG x")
        assert "Traceback" not in output.read_text()
