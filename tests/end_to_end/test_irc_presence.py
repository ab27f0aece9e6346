"""What an IRC client is told of others has come before the answer to what it asks next, over real connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Client, Daemon

pytestmark = pytest.mark.slow

ROUNDS = 20


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    lines, irc = free_ports(2)
    places = ("--listen", f"tcp:{lines}:interface=127.0.0.1", "--irc", f"tcp:{irc}:interface=127.0.0.1")
    with Daemon(tmp_path, *places, "--line-rate", "0", "--name-rate", "0") as daemon:
        yield irc
        assert "Traceback" not in daemon.log()


def connect(port: int, nick: str) -> Client:
    client = Client(("127.0.0.1", port))
    client.send(f"CAP REQ :away-notify extended-monitor\r\nNICK {nick}\r\nUSER u 0 * :x\r\nCAP END\r\n".encode())
    client.until(lambda line: " 376 " in line)
    return client


def ask(client: Client, *lines: str) -> list[str]:
    """Send lines and PING; return what came before its answer."""
    client.send("".join(f"{line}\r\n" for line in (*lines, "PING end")).encode())
    return client.until(lambda line: " PONG " in line)[:-1]


def test_what_somebody_did_who_has_an_answer_is_known_to_all(port: int) -> None:
    with connect(port, "ann") as ann, connect(port, "bob0") as bob:
        ask(ann, "MONITOR + bob0,bob1,carol")
        for number in range(ROUNDS):
            ask(bob, f"NICK bob{(number + 1) % 2}")
            assert [line.split(" ")[1] for line in ask(ann)] == ["731", "730"]
        for number in range(ROUNDS):
            with connect(port, "carol") as carol:
                assert [line.split(" ")[1] for line in ask(ann)] == ["730"]
                ask(carol, f"AWAY :{number}")
                assert [line.split(" ")[1] for line in ask(ann)] == ["AWAY"]
                carol.send(b"QUIT\r\n")
                carol.rest()
            assert [line.split(" ")[1] for line in ask(ann)] == ["731"]
