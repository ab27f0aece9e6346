"""Links to real daemons on real sockets, and a stage that stops all that a test has started, also when it fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from chatd.app.options import Options, makeService
from chatd.app.service import ChatService
from chatd.client.model.lines import Delivery, Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.transcript import Transcript
from chatd.client.net.link import Link
from chatd.client.net.status import LinkState, Status
from tests.support.daemon import DEADLINE


def _serve(port: int, *more: str) -> ChatService:
    options = Options()
    options.parseOptions(["--port", str(port), *more])
    service = makeService(options)
    service.privilegedStartService()
    service.startService()
    return service


def port_of(service: ChatService) -> int:
    """Return the port that a daemon listens on."""
    address: Any = service.ports[0].getHost()
    return int(address.port)


def real_reactor() -> IReactorTime:
    """Return the reactor that runs the tests."""
    from twisted.internet import reactor

    return reactor


async def until(condition: Callable[[], object], seconds: float = DEADLINE) -> None:
    """Wait until something is so."""
    clock = real_reactor()
    end = clock.seconds() + seconds
    while not condition():
        assert clock.seconds() < end, "it is never so"
        await deferLater(clock, 0.01)


class User:
    """A link to a real daemon."""

    def __init__(self, nick: str, port: int, *rooms: str) -> None:
        clock: Any = real_reactor()
        self.transcript = Transcript(nick, lambda: int(clock.seconds() * 1000))
        for room in rooms:
            self.transcript.open_room(room).change_membership(MembershipCue.WANT)
        self.told: list[Status] = []
        self.impatient = False
        """Whether it does not wait between two tries."""
        endpoint = TCP4ClientEndpoint(clock, "127.0.0.1", port)
        self.link = Link(clock, endpoint, self.transcript, lambda _: None, self._status)
        self.link.start()

    def _status(self, status: Status) -> None:
        self.told.append(status)
        if self.impatient and status.state is LinkState.WAITING:
            self.link.reconnect()

    async def stop(self) -> None:
        self.impatient = False
        await self.link.stop()

    @property
    def state(self) -> LinkState | None:
        return self.told[-1].state if self.told else None

    async def connected(self) -> None:
        await until(lambda: self.state is LinkState.CONNECTED)
        await until(lambda: all(room.joined for room in self.transcript.rooms.values() if room.wanted))

    def said(self, room: str = "#r") -> list[tuple[str, str]]:
        place = self.transcript.find_room(room)
        lines = [] if place is None else place.lines
        return [(line.nick, line.text) for line in lines if line.kind is Kind.SAID and line.state is Delivery.STORED]

    def kinds(self, room: str = "#r") -> list[Kind]:
        return [line.kind for line in self.transcript.rooms[room].lines]


class Relay(Protocol):
    """Between a client and a server.

    When the client is gone, the server does not hear of it; after ``limit`` bytes, if there is one, both are cut off.
    """

    def __init__(self, port: int, limit: int | None) -> None:
        self._port = port
        self._limit = limit
        self._passed = 0
        self.server: Any = None
        self._early: list[bytes] = []

    @property
    def client(self) -> Any:
        return self.transport

    def connectionMade(self) -> None:
        relay = self

        class Other(Protocol):
            def connectionMade(self) -> None:
                relay.server = self.transport
                relay.server.write(b"".join(relay._early))

            def dataReceived(self, data: bytes) -> None:
                relay._pass(data, relay.client)

        factory = Factory.forProtocol(Other)
        factory.noisy = False
        TCP4ClientEndpoint(real_reactor(), "127.0.0.1", self._port).connect(factory)

    def dataReceived(self, data: bytes) -> None:
        if self.server is None:
            self._early.append(data)
        else:
            self._pass(data, self.server)

    def _pass(self, data: bytes, to: Any) -> None:
        if self._limit is not None and self._passed + len(data) > self._limit:
            to.write(data[: max(0, self._limit - self._passed)])
            self.cut()
        else:
            to.write(data)
        self._passed += len(data)

    def cut(self) -> None:
        self.client.loseConnection()
        if self.server is not None:
            self.server.loseConnection()


class Relays(Factory):
    """Listens for clients of a server; the connections are cut off after what ``limit`` draws for each."""

    noisy = False

    def __init__(self, service: ChatService, limit: Callable[[], int | None] = lambda: None) -> None:
        reactor: Any = real_reactor()
        self.relays: list[Relay] = []
        self.limit = limit
        self._server = port_of(service)
        self._listening = reactor.listenTCP(0, self, interface="127.0.0.1")
        self.port: int = self._listening.getHost().port

    def buildProtocol(self, addr: object) -> Relay:  # noqa: ARG002  # Twisted's signature
        self.relays.append(Relay(self._server, self.limit()))
        return self.relays[-1]

    async def stop(self) -> None:
        for relay in self.relays:
            relay.cut()
        await self._listening.stopListening()


class Stage:
    """Starts daemons in a folder, and what connects to them; `stop` leaves none of it running.

    A daemon that is left running would keep the whole test run alive with the threads of its journal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._to_stop = AsyncExitStack()

    def serve(self, port: int = 0, *options: str) -> ChatService:
        """Start a daemon with a journal in the working directory."""
        service = _serve(port, *options)
        self._to_stop.push_async_callback(_stop, service)
        return service

    def user(self, nick: str, port: int, *rooms: str) -> User:
        """Let somebody connect."""
        user = User(nick, port, *rooms)
        self._to_stop.push_async_callback(user.stop)
        return user

    def relays(self, service: ChatService) -> Relays:
        """Listen for those who connect to a daemon by way of a relay."""
        relays = Relays(service)
        self._to_stop.push_async_callback(relays.stop)
        return relays

    async def stop(self) -> None:
        """Stop everything that is not stopped yet, what was started last first, each also if another fails."""
        await self._to_stop.aclose()


async def _stop(service: ChatService) -> None:
    if service.running:
        await service.stopService()
