"""Connections through a proxy: the first bytes, the PROXY header (versions 1 and 2), say where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IProtocolFactory
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer

from chatd.edges.proxy_header import BadHeaderError, Header, HeaderReader
from chatd.edges.refusal import RefusedConnection, farewell
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import IEncryptedOutside, address_name, network_address, origin
from chatd.runtime.timers import TimerWheel

IPNetwork = IPv4Network | IPv6Network

THIS_MACHINE: Sequence[IPNetwork] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""Which proxies are trusted by default."""


class _HeaderPending(Protocol):
    """Stands for the real protocol until the header is read."""


@implementer(IHalfCloseableProtocol)
class ProxiedProtocol(ProtocolWrapper):
    """One connection from a proxy; what it wraps is made once the header is read, and sees the address in that.

    What follows the header is for what is wrapped, which may speak TLS.
    """

    factory: ProxiedFactory

    def __init__(self, factory: ProxiedFactory) -> None:
        super().__init__(factory, _HeaderPending())
        self.wrappedProtocol: Any  # either that, or what the factory makes
        self._reader: HeaderReader | None = HeaderReader()
        self._source: IAddress | None = None

    def connectionMade(self) -> None:
        """Start the deadline of the header."""
        self._slot = self.factory.timers.add(self._check, self.factory.timers.now + self.factory.header_seconds)

    def getPeer(self) -> IAddress:
        """Return where the connection comes from."""
        transport: Any = self.transport
        return self._source or transport.getPeer()

    def dataReceived(self, data: bytes) -> None:
        """Read the header, then pass on what follows."""
        reader = self._reader
        if reader is None:
            self.wrappedProtocol.dataReceived(data)
            return
        try:
            header = reader.feed(data)
        except BadHeaderError as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._begin(header, reader.rest)

    def readConnectionLost(self) -> None:
        """Pass on that the peer sends no more; before the end of the header, abort."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.readConnectionLost()
        elif self._reader is not None and self._reader.rest:
            self._refuse("the PROXY header was incomplete")
        else:  # a look whether somebody listens
            self._abort()

    def writeConnectionLost(self) -> None:
        """Pass on that the peer was sent its last line."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Cancel the deadline, and pass on that the connection is lost."""
        self.factory.timers.discard(self._check, self._slot)
        super().connectionLost(reason)

    def _begin(self, header: Header, rest: bytes) -> None:
        self._reader = None
        self._source = header.source
        self.factory.timers.discard(self._check, self._slot)
        if header.tls:
            alsoProvides(self, IEncryptedOutside)
        self.wrappedProtocol = self.factory.wrappedFactory.buildProtocol(self.getPeer())
        transport: Any = self
        self.wrappedProtocol.makeConnection(transport)
        if rest:
            self.wrappedProtocol.dataReceived(rest)

    def _check(self, _now: float) -> None:
        seconds = self.factory.header_seconds
        self._refuse(f"no PROXY header arrived within {seconds} second{'s' * (seconds != 1)}")

    def _refuse(self, why: str) -> None:
        transport: Any = self.transport
        address = transport.getPeer()
        self.factory.note("proxy header", f"{address_name(address)} was disconnected: {why}", address)
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
        self,
        wrapped: IProtocolFactory,
        trusted: Sequence[IPNetwork],
        timers: TimerWheel,
        header_seconds: int,
        log_limiter: LogLimiter,
    ) -> None:
        super().__init__(wrapped)
        self.timers = timers
        self.header_seconds = header_seconds
        self.trusted = trusted
        self._log_limiter = log_limiter

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return the protocol for a new connection."""
        address = network_address(addr)
        if address is None or any(address in network for network in self.trusted):
            return ProxiedProtocol(self)
        what = f"{address_name(addr)} is not a trusted proxy and was refused; see --trusted-proxy"
        self.note("untrusted proxy", what, addr)
        return RefusedConnection(farewell("only trusted proxies may connect here; use another port"))

    def note(self, kind: str, what: str, address: IAddress | None) -> None:
        """Log what became of a connection, or count it."""
        self._log_limiter.note(what, kind, origin(network_address(address)))
