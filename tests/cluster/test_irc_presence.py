"""What IRC clients are told unasked of people on another real node, over a real nats-server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Client
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node, NodeClient

pytestmark = pytest.mark.slow


class Here(Node):
    """A node that speaks IRC as well."""

    def __init__(self, folder: Path, journal: str) -> None:
        (self.irc_port,) = free_ports(1)
        super().__init__(folder, journal, "--irc", f"tcp:{self.irc_port}:interface=127.0.0.1")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Here, Here]]:
    with ExitStack() as stack:
        nats = stack.enter_context(nats_server(tmp_path / "nats"))
        east, west = (Here(tmp_path / name, f"{nats.url}/presence") for name in ("east", "west"))
        for node in (east, west):
            stack.callback(node.kill)
            node.start(wait=False)
        for node in (east, west):
            node.wait_until_ready()
        yield east, west
        for node in (east, west):
            assert "Traceback" not in node.log(), node.log()


def irc(port: int, nick: str) -> Client:
    """Return a client that is registered, and is told of others what there is to be told."""
    client = Client(("127.0.0.1", port))
    client.send(b"CAP REQ :away-notify extended-monitor message-tags\r\n")
    client.send(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r\n".encode())
    client.until(lambda line: " 376 " in line)
    return client


def test_who_comes_is_away_and_goes_on_another_node(pair: tuple[Here, Here]) -> None:
    east, west = pair
    with irc(east.irc_port, "ann") as ann:
        ann.send(b"MONITOR + bob,robo\r\n")
        ann.until(lambda line: line.endswith(" 731 ann :robo"))
        with irc(west.irc_port, "bob") as bob:
            ann.until(lambda line: " 730 * :bob!" in line)
            bob.send("AWAY :Mittag, zurück um 2\r\n".encode())
            ann.until(lambda line: line.startswith(":bob!") and line.endswith(" AWAY :Mittag, zurück um 2"))
            bob.send(b"AWAY\r\n")
            ann.until(lambda line: line.startswith(":bob!") and line.endswith(" AWAY"))
        ann.until(lambda line: line.endswith(" 731 * :bob"))
        with NodeClient(west.port) as robo:
            robo.send(b"HELLO 1 bot=yes\nJOIN robo #den\nAWAY out for lunch\n")
            ann.until(lambda line: " 730 * :robo!" in line)
            ann.until(lambda line: line.startswith("@bot :robo!") and line.endswith(" AWAY :out for lunch"))
            ann.send(b"USERHOST robo\r\n")
            ann.until(lambda line: " 302 ann :robo=-" in line)
        ann.until(lambda line: line.endswith(" 731 * :robo"))
