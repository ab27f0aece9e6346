"""Connections through a proxy: the first bytes, the PROXY header (versions 1 and 2), say where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.haproxy._wrapper import HAProxyProtocolWrapper  # it has no public name
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.edges.refusal import RefusedConnection, farewell
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import address_name, network_address
from chatd.runtime.timers import TimerWheel

IPNetwork = IPv4Network | IPv6Network

THIS_MACHINE: Sequence[IPNetwork] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Which proxies are trusted by default."""


class _HeaderPending(Protocol):
    """Stands for the real protocol until the header is read, and keeps what followed it in the same segment."""

    data = b""

    def dataReceived(self, data: bytes) -> None:
        self.data += data


@implementer(IHalfCloseableProtocol)
class ProxiedProtocol(HAProxyProtocolWrapper):
    """One connection from a proxy; what it wraps is made once the header is read, and sees the address in that."""

    factory: ProxiedFactory

    def connectionMade(self) -> None:
        """Start the deadline of the header."""
        self._slot = self.factory.timers.add(self._check, self.factory.timers.now + self.factory.header_seconds)

    def dataReceived(self, data: bytes) -> None:
        """Read the header, then pass on what follows."""
        pending = self.wrappedProtocol
        if not isinstance(pending, _HeaderPending):
            pending.dataReceived(data)
            return
        try:
            super().dataReceived(data)
            if self._proxyInfo is None:
                return
            network_address(self.getPeer())
        except ValueError:  # a port or an address that is not one
            self._abort()
            return
        self.factory.timers.discard(self._check, self._slot)
        self.wrappedProtocol = self.factory.wrappedFactory.buildProtocol(self.getPeer())
        transport: Any = self
        self.wrappedProtocol.makeConnection(transport)
        if pending.data:
            self.wrappedProtocol.dataReceived(pending.data)

    def readConnectionLost(self) -> None:
        """Pass on that the peer sends no more; before the end of the header, abort."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.readConnectionLost()
        else:
            self._abort()

    def writeConnectionLost(self) -> None:
        """Pass on that the peer was sent its last line."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Cancel the deadline, and pass on that the connection is lost."""
        self.factory.timers.discard(self._check, self._slot)
        super().connectionLost(reason)

    def _check(self, _now: float) -> None:
        self._abort()

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()


class ProxiedFactory(WrappingFactory[ProxiedProtocol]):
    """Makes a `ProxiedProtocol` for each connection of a trusted proxy, and refuses the others.

    ``header_seconds`` is how long a proxy may take to send the header. Local sockets are trusted.
    """

    protocol = ProxiedProtocol
    noisy = False

    def __init__(
        self, wrapped: IProtocolFactory, trusted: Sequence[IPNetwork], timers: TimerWheel, header_seconds: int
    ) -> None:
        super().__init__(wrapped)
        self.timers = timers
        self.header_seconds = header_seconds
        self._trusted = trusted
        self._log_limiter = LogLimiter(timers)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return the protocol for a new connection."""
        address = network_address(addr)
        if address is None or any(address in network for network in self._trusted):
            return ProxiedProtocol(self, _HeaderPending())
        self._log_limiter.note(f"{address_name(addr)} is not a trusted proxy and was refused; see --trusted-proxy")
        return RefusedConnection(farewell("only trusted proxies may connect here; use another port"))


@implementer(IStreamServerEndpoint)
class ProxiedEndpoint:
    """Listens where another endpoint does, for trusted proxies; see `ProxiedFactory`."""

    def __init__(
        self, endpoint: IStreamServerEndpoint, trusted: Sequence[IPNetwork], timers: TimerWheel, header_seconds: int
    ) -> None:
        self._endpoint = endpoint
        self._trusted = trusted
        self._timers = timers
        self._header_seconds = header_seconds

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803  # Twisted's
        """Begin to listen."""
        return self._endpoint.listen(ProxiedFactory(protocolFactory, self._trusted, self._timers, self._header_seconds))
