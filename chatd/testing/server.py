"""A server in memory, and the means to connect to it, cut connections and let time pass."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import partial
from itertools import count
from types import TracebackType
from typing import Never, Self, TypeVar

from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import Logger
from zope.interface import implementer

from chatd.chat.assembly import make_hub
from chatd.chat.hub import Hub
from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory
from chatd.journal import Environment
from chatd.journal.memory import MemoryJournal
from chatd.protocol.errors import DisconnectReason
from chatd.testing.connection import SOCKET_BYTES, MemoryConnection, connect
from chatd.testing.line_client import LineClient

START_SECONDS = 1_767_225_600
"""The time at the start: 2026-01-01T00:00:00Z."""
MAX_ROUNDS = 10_000
"""How many rounds of traffic `MemoryServer.flush` runs before it gives up."""
LOCALHOST = "127.0.0.1"

P = TypeVar("P", bound=Protocol)

_log = Logger()


class EndlessTrafficError(RuntimeError):
    """The connections did not come to rest: most likely two bots answer each other forever."""


class MemoryServer:
    """A chatd in memory that listens from the start. As a context manager, it stops at the end.

    ``limits`` default to the daemon's. ``segment_bytes`` is the most that arrives at once; 1, byte by byte, finds
    clients that mistake a segment for a line.

    Nothing happens by itself. Every method except `endpoint` runs everything that is due, on both sides, before it
    returns; after anything else that sends, such as a method of the bot under test, call `flush`. An exception that a
    client's protocol raises meanwhile is raised from there. Time passes only in `advance`. Epochs (``e1``, ``e2``),
    resume tokens (``secret1`` and so on) and the time at the start are the same in each test.
    """

    def __init__(self, limits: Limits | None = None, *, segment_bytes: int = SOCKET_BYTES) -> None:
        self.clock = MemoryReactorClock()
        """The server's clock, for code that should follow it, such as ``ClientService(..., clock=server.clock)``."""
        self.clock.advance(START_SECONDS)
        self._limits = limits or Limits()
        self._segment_bytes = segment_bytes
        self._epochs = count(1)
        self._secrets = count(1)
        self._ports = count(40_001)
        self._ends: dict[MemoryConnection, bool] = {}  # of all connections, in order; whether it is the server's
        self._flushing = False
        self._hub: Hub | None = None
        self._journal = self._make_journal()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def connect(self, protocol: P, host: str = LOCALHOST) -> P:
        """Connect a protocol and return it. Its transport behaves like TCP's, without a socket.

        ``host`` is the address that it seems to come from, IPv4 or IPv6. Raise Twisted's `ConnectionRefusedError`
        while the server is stopped. A connection that the server refuses is made, told why and closed.
        """
        self._check_listening()
        self._join(host, protocol, lambda: None)
        self.flush()
        return protocol

    def endpoint(self, host: str = LOCALHOST) -> IStreamClientEndpoint:
        """Return an endpoint that connects to this server, for `ClientService`, `connectProtocol` and similar code.

        The connection is made by the next `flush`. While the server is stopped, it fails with `ConnectionRefusedError`.
        """
        return _Endpoint(self.clock, self._check_listening, partial(self._join, host))

    def client(
        self, nick: str | None = None, room: str = "#lobby", *, tagged: bool = False, host: str = LOCALHOST
    ) -> LineClient:
        """Return a client that has joined a room and read the answer; without a nick, one that is only connected.

        What a bot says when it sees the JOIN is the first that `LineClient.lines` returns. With ``tagged``, the client
        sends ``HELLO 1`` first. Raise `ValueError` with the server's last line if it could not join.
        """
        client = self.connect(LineClient(self.flush), host)
        if tagged:
            client.send("HELLO 1")
        if nick is not None:
            client.send(f"JOIN {nick} {room}")
        joined = nick is None or client.read_past("OK JOIN ") is not None
        if client.closed or not joined:
            raise ValueError(f"{nick} could not join {room}: {client.lines()[-1]}")
        if nick is None:
            client.lines()
        return client

    def flush(self) -> None:
        """Run everything that is due now: bytes arrive, are answered, and the answers arrive.

        Raise `EndlessTrafficError` if that does not end.
        """
        if self._flushing:  # a protocol that is called from here may ask for it; it happens anyway
            return
        self._flushing = True
        try:
            for _ in range(MAX_ROUNDS):
                self.clock.advance(0)
                moved = [end.turn() for end in list(self._ends)]
                if not any(moved):
                    return
        finally:
            self._flushing = False
        raise EndlessTrafficError(f"there is still something to send after {MAX_ROUNDS} rounds")

    def advance(self, seconds: float) -> None:
        """Let time pass, second by second, and run everything that becomes due."""
        self.flush()
        while seconds > 0:
            step = min(1.0, seconds)
            seconds -= step
            self.clock.advance(step)
            self.flush()

    def disconnect(self, protocol: Protocol, *, heard: bool = False) -> None:
        """Cut a protocol's connection: both ends lose it with `ConnectionLost`, as when a cable is pulled.

        Data in flight is lost in both directions. With ``heard``, what the client has sent arrives first and takes
        effect, and only the answers are lost: the case that labels are for. Raise `ValueError` for a protocol that is
        not connected to this server.
        """
        connection = protocol.transport
        if not isinstance(connection, MemoryConnection) or connection not in self._ends:
            raise ValueError(f"{protocol} is not connected to this server")
        if heard:
            connection.pauseProducing()
            self.flush()
        connection.other.cut()
        connection.cut()
        self.flush()

    def disconnect_all(self) -> None:
        """Cut all connections, as `disconnect` does for one; the server stays up, and clients may reconnect at once.

        Data in flight is lost, and no client sees the others leave.
        """
        self._cut_all()
        self.flush()

    def stop(self) -> None:
        """Stop cleanly, as after SIGTERM: all clients get ``BYE shutdown``, and new connections are refused.

        Clients that do not read or do not leave are cut off. Do nothing if the server is stopped.
        """
        hub, self._hub = self._hub, None
        if hub is None:
            return
        stopping = Deferred.fromCoroutine(hub.shut_down())
        stopping.addErrback(lambda failure: _log.failure("the server could not be stopped in good order", failure))
        self.flush()
        self._cut_all()
        hub.timers.stop()
        self._journal.stop()
        self.flush()

    def start(self) -> None:
        """Start again after `stop`, with the same journal. Do nothing if the server is running."""
        if self._hub is None:
            self._journal.start()
            self._hub = make_hub(self._journal, self.clock, self._limits, lambda: f"secret{next(self._secrets)}")
            self._factory = _make_factory(self._hub, self.clock)
            self._hub.start()

    def restart(self, *, keep_journal: bool = True) -> None:
        """Crash as after ``kill -9`` and start again at once: all connections are cut without a ``BYE``.

        Stored messages are there when clients reconnect, under another epoch of the same history. Without
        ``keep_journal`` they are gone: it is another history, as after an import, and ``since=`` is answered with
        ``recovered=no``.
        """
        if self._hub is not None:
            hub, self._hub = self._hub, None
            self._cut_all()
            for client in list(hub.clients):  # what a connection sent before it was lost would be carried out still
                client.disconnect(DisconnectReason.SHUTDOWN, "the server is stopping", parting=False)
            hub.timers.stop()
            self._journal.stop()
        if not keep_journal:
            self._journal = self._make_journal()
        self.start()
        self.flush()

    def _cut_all(self) -> None:
        """Cut all connections, at the server's end first, so that no client sees the others leave."""
        ends = list(self._ends.items())
        for end, is_server in ends:
            if is_server:
                end.cut()
        self._journal.flush()
        for end, is_server in ends:
            if not is_server:
                end.cut()

    def _make_journal(self) -> MemoryJournal:
        return MemoryJournal(Environment(self.clock, self.clock.seconds, lambda: f"e{next(self._epochs)}", _no_thread))

    def _check_listening(self) -> None:
        if self._hub is None:
            raise error.ConnectionRefusedError("the server is stopped")

    def _join(self, host: str, protocol: IProtocol, on_lost: Callable[[], None]) -> None:
        kind = IPv4Address if ipaddress.ip_address(host).version == 4 else IPv6Address
        here = kind("TCP", LOCALHOST if kind is IPv4Address else "::1", 10319)
        there = kind("TCP", host, next(self._ports))
        server = self._factory.buildProtocol(there)
        assert server is not None  # who is not wanted gets a protocol that says so
        ends = connect(server, protocol, self.clock, (here, there), self._segment_bytes)
        ends[1].on_lost.append(on_lost)
        for end, is_server in zip(ends, (True, False), strict=True):
            self._ends[end] = is_server
            end.on_lost.append(partial(self._ends.pop, end))
        for end in ends:
            end.open()


def _make_factory(hub: Hub, clock: IReactorTime) -> IProtocolFactory:
    """Return the edge that speaks lines."""
    return LineFactory(Gateway(hub, clock))


def _no_thread(_name: str) -> Never:
    raise AssertionError("the journal in memory needs no thread")


@implementer(IStreamClientEndpoint)
class _Endpoint:
    """Connects to a server in memory, in the next turn of its clock, as none does at once."""

    def __init__(
        self,
        clock: IReactorTime,
        check_listening: Callable[[], None],
        join: Callable[[IProtocol, Callable[[], None]], None],
    ) -> None:
        self._clock = clock
        self._check_listening = check_listening
        self._join = join

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:  # noqa: N803  # Twisted's own
        """See `IStreamClientEndpoint.connect`."""
        call: IDelayedCall
        connected: Deferred[IProtocol] = Deferred(lambda _: call.cancel())
        call = self._clock.callLater(0, self._connect, protocolFactory, connected)
        return connected

    def _connect(self, factory: IProtocolFactory, connected: Deferred[IProtocol]) -> None:
        factory.doStart()
        try:
            self._check_listening()
            protocol = factory.buildProtocol(IPv4Address("TCP", LOCALHOST, 10319))
            if protocol is None:
                raise error.NoProtocol
            self._join(protocol, factory.doStop)
        except Exception:
            factory.doStop()
            connected.errback()
        else:
            connected.callback(protocol)
