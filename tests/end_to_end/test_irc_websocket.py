"""IRC over WebSocket on a real daemon, by a client of another's making, and in the room of those on TCP."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.ports import free_ports
from tests.support.certificates import write_certificate
from tests.support.daemon import DEADLINE, Daemon
from tests.support.irc_minimal import Ii

pytestmark = pytest.mark.slow


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is closed at the end, the last first."""
    with ExitStack() as stack:
        yield stack


def hears(client: ClientConnection, word: str) -> str | bytes:
    """Return the first message that has a word in it."""
    while True:
        message = client.recv(DEADLINE)
        if word.encode() in (message if isinstance(message, bytes) else message.encode()):
            return message


def test_clients_over_websocket_and_over_tcp_talk_in_one_room(tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "certificate.pem", "127.0.0.1")
    irc, web = free_ports(2)
    where = f"tls:{tmp_path}/tls:port={web}:interface=127.0.0.1"
    stack.enter_context(Daemon(tmp_path, "--irc", str(irc), "--web", where))
    context = ssl.create_default_context(cafile=tmp_path / "tls" / "certificate.pem")
    texts, data = (
        stack.enter_context(
            connect(f"wss://127.0.0.1:{web}/-/ws", ssl=context, subprotocols=[Subprotocol(f"{kind}.ircv3.net")])
        )
        for kind in ("text", "binary")
    )
    for client, nick in ((texts, "tess"), (data, "bea")):
        for line in (f"NICK {nick}", f"USER {nick} 0 * :{nick}", "JOIN #builds"):
            client.send(line if client is texts else line.encode())
        hears(client, " 366 ")
    ivan = stack.enter_context(Ii(tmp_path / "ivan", irc, "ivan", "#builds"))
    ivan.wait_for("Topic|End of|has joined")
    ivan.type("over TCP ☕")
    heard = hears(texts, "over TCP")
    assert isinstance(heard, str)
    assert heard.startswith(":ivan!")
    assert heard.endswith(" PRIVMSG #builds :over TCP ☕")
    assert hears(data, "over TCP") == heard.encode()
    data.send(b"PRIVMSG #builds :in bytes")
    assert str(hears(texts, "in bytes")).startswith(":bea!")
    ivan.wait_for("in bytes")
    data.send(b"QUIT :bye")
    hears(data, "ERROR :Closing link: ")
    with pytest.raises(ConnectionClosedOK):
        data.recv(DEADLINE)
