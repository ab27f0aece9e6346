"""Starting and stopping, on a real reactor with real sockets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from chatd.app.announcing import Door, NoAnnouncer
from chatd.app.options import Options, makeService
from chatd.app.service import STOP_SECONDS, CannotStartError, ChatService

pytestmark = pytest.mark.slow


class Client(Protocol):
    """Collects what it is sent."""

    def __init__(self) -> None:
        self.data = b""
        self.lost: Deferred[None] = Deferred()
        self._wanted: list[tuple[bytes, Deferred[None]]] = []

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        for want, found in [pair for pair in self._wanted if pair[0] in self.data]:
            self._wanted.remove((want, found))
            found.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's
        self.lost.callback(None)

    def until(self, want: bytes) -> Deferred[None]:
        found: Deferred[None] = Deferred()
        self._wanted.append((want, found))
        self.dataReceived(b"")
        return found


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make every daemon work in a folder of its own, and return that."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(*words: str) -> ChatService:
    options = Options()
    options.parseOptions(["--port", "0", *words])
    service = makeService(options)
    service.privilegedStartService()
    service.startService()
    return service


async def connect(service: ChatService) -> Any:
    from twisted.internet import reactor

    port: Any = service.ports[0].getHost()
    client = await connectProtocol(clientFromString(reactor, f"tcp:127.0.0.1:{port.port}"), Client())
    await client.until(b"NOTE ")
    return client


@ensureDeferred
async def test_it_serves_and_stops_with_a_bye() -> None:
    service = start()
    client = await connect(service)
    client.transport.write(b"JOIN alice\nPING 1\n")
    await client.until(b"PONG 1")
    await service.stopService()
    await client.lost
    assert b"\r\nBYE shutdown " in client.data


@ensureDeferred
async def test_one_that_never_reads_does_not_hold_up_the_stop() -> None:
    from twisted.internet import reactor

    clock: Any = reactor
    service = start("--send-queue", "100000000")
    deaf, loud = await connect(service), await connect(service)
    deaf.transport.write(b"JOIN deaf\n")
    await deaf.until(b"OK JOIN")
    deaf.transport.pauseProducing()
    loud.transport.write(b"JOIN loud\n" + (b"MSG " + b"x" * 8000 + b"\n") * 2000 + b"PING end\n")
    await loud.until(b"PONG end")
    before = clock.seconds()
    await service.stopService()
    assert clock.seconds() - before < STOP_SECONDS + 2
    deaf.transport.resumeProducing()
    await deaf.lost
    await loud.lost


@ensureDeferred
async def test_a_busy_port_is_one_line() -> None:
    service = start()
    port: Any = service.ports[0].getHost()
    options = Options()
    options.parseOptions(["--port", str(port.port)])
    second = makeService(options)
    with pytest.raises(CannotStartError) as stop:
        second.privilegedStartService()
    assert f"port {port.port} of 127.0.0.1" in str(stop.value)
    assert "another program uses it" in str(stop.value)
    assert "\n" not in str(stop.value)
    assert isinstance(stop.value, SystemExit)  # so that no traceback is printed
    assert isinstance(stop.value, Exception)  # so that twistd tidies up
    await service.stopService()


@ensureDeferred
async def test_a_journal_that_cannot_be_opened_is_one_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "chatd.sqlite3").write_bytes(b"my diaries " * 500)
    with pytest.raises(CannotStartError) as stop:
        start()
    said = f"cannot open the journal: {folder}/chatd.sqlite3: file is not a database"
    assert str(stop.value) == said
    assert capfd.readouterr().err == f"chatd: {said}\n"


@ensureDeferred
async def test_what_was_said_last_is_there_after_a_restart(folder: Path) -> None:
    service = start()
    client = await connect(service)
    client.transport.write(b"JOIN alice\nTALK\n")
    await client.until(b"OK TALK")
    client.transport.write(b"last words\n" * 500 + b"/QUIT\n")
    await client.lost
    await service.stopService()
    assert [each.name for each in folder.iterdir() if each.stat().st_size] == ["chatd.sqlite3", "chatd.sqlite3-lock"]
    service = start()
    client = await connect(service)
    client.transport.write(b"JOIN bob\nHISTORY 1000\nQUIT\n")
    await client.lost
    assert client.data.count(b" MSG alice #lobby last words") == 500
    assert b"OK HISTORY #lobby 500" in client.data
    await service.stopService()


@ensureDeferred
async def test_tcp_sends_at_once_and_notices_a_dead_machine() -> None:
    service = start()
    client = await connect(service)
    (connection,) = service._connections
    assert connection.transport.getTcpNoDelay()
    assert connection.transport.getTcpKeepAlive()
    client.transport.loseConnection()
    await client.lost
    await service.stopService()


@ensureDeferred
async def test_a_server_is_announced_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    class Noting(NoAnnouncer):
        def start(self, doors: Sequence[Door]) -> None:
            told.append([(door.host, door.is_page) for door in doors])

        async def stop(self) -> None:
            told.append("gone")

    monkeypatch.setattr(Options, "make_announcer", lambda *_: Noting())
    service = start("--web", "0", "--listen", "unix:chat", "--irc", "0")
    await service.stopService()
    assert told == [[("127.0.0.1", False), ("127.0.0.1", True)], "gone"]
