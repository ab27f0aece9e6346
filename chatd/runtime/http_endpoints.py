"""Connections to what a name stands for, if that may be connected to, and not to what it stands for a moment later."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

MAX_ADDRESSES = 6
"""How many addresses of one name are tried."""
CONNECT_SECONDS = 5
MAX_TLS_HOSTS = 1000
"""For how many hosts what verifies their certificates is kept."""
MAX_ANSWER = 64 * 1024
"""How many bytes a request may be answered with, all told."""


class TooLateError(Exception):
    """The request took too long."""


class NotAllowedError(Exception):
    """The name stands for an address that may not be connected to; the argument is that."""


@implementer(IResolutionReceiver)
class _Addresses:
    def __init__(self) -> None:
        self.found: list[Any] = []
        self.complete: Deferred[None] = Deferred()

    def resolutionBegan(self, resolutionInProgress: Any) -> None:  # noqa: N802, N803  # Twisted's
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802  # Twisted's
        self.found.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802  # Twisted's
        if not self.complete.called:
            self.complete.callback(None)


@implementer(IStreamClientEndpoint)
class CheckedEndpoint:
    """Looks a name up, checks all that it stands for, and connects to what was checked."""

    def __init__(self, reactor: Any, host: str, port: int, is_allowed: Callable[[str], bool]) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._is_allowed = is_allowed

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect; it fails with `NotAllowedError`, `DNSLookupError` or what the last address failed with."""
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        addresses = _Addresses()
        self._reactor.nameResolver.resolveHostName(addresses, self._host, self._port)
        await addresses.complete
        for each in addresses.found:
            if not self._is_allowed(each.host):
                raise NotAllowedError(each.host)
        why: ConnectError | None = None
        for each in addresses.found[:MAX_ADDRESSES]:
            kind = TCP6ClientEndpoint if ":" in each.host else TCP4ClientEndpoint
            try:
                protocol: IProtocol = await kind(self._reactor, each.host, self._port, CONNECT_SECONDS).connect(factory)
            except ConnectError as error:
                why = error
            else:
                return protocol
        raise why or DNSLookupError(self._host)


class _Bounded(ProtocolWrapper):
    """Ends a connection over which too much has come since something was last sent."""

    came = 0
    factory: _BoundedFactory

    def makeConnection(self, transport: Any) -> None:  # noqa: N802  # Twisted's
        self.factory.connections.add(self)
        super().makeConnection(transport)

    def write(self, data: bytes) -> None:
        self.came = 0
        super().write(data)

    def writeSequence(self, data: Any) -> None:  # noqa: N802  # Twisted's
        self.came = 0
        super().writeSequence(data)

    def dataReceived(self, data: bytes) -> None:
        self.came += len(data)
        if self.came > MAX_ANSWER:
            self.abort()
        else:
            super().dataReceived(data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's has a default
        self.factory.connections.discard(self)
        super().connectionLost(reason)

    def abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()


class _BoundedFactory(WrappingFactory):
    protocol = _Bounded
    noisy = False

    def __init__(self, factory: IProtocolFactory, connections: set[_Bounded]) -> None:
        super().__init__(factory)
        quiet: Any = factory
        quiet.noisy = False  # Twisted's would log two lines for each connection
        self.connections = connections


@implementer(IStreamClientEndpoint)
class _BoundedEndpoint:
    def __init__(self, endpoint: IStreamClientEndpoint, connections: set[_Bounded]) -> None:
        self._endpoint = endpoint
        self._connections = connections

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        connected: Deferred[Any] = self._endpoint.connect(_BoundedFactory(factory, self._connections))
        return connected.addCallback(lambda wrapper: wrapper.wrappedProtocol)


@implementer(IAgentEndpointFactory)
class CheckedEndpoints:
    """What an Agent of Twisted's connects by. ``tls`` makes one half of a TLS connection, given a host and a port."""

    def __init__(self, reactor: Any, is_allowed: Callable[[str], bool], tls: Callable[[bytes, int], Any]) -> None:
        self._reactor = reactor
        self._is_allowed = is_allowed
        self._tls = tls
        self._connections: set[_Bounded] = set()

    def abort(self) -> None:
        """Break off every connection that is open: asked to end, one over TLS would wait for the other side."""
        for each in list(self._connections):
            each.abort()

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:  # noqa: N802  # Twisted's
        """Return the endpoint for a URI."""
        endpoint: Any = CheckedEndpoint(self._reactor, uri.host.decode(), uri.port, self._is_allowed)
        if uri.scheme == b"https":
            endpoint = wrapClientTLS(self._tls(uri.host, uri.port), endpoint)
        return _BoundedEndpoint(endpoint, self._connections)


def any_address(_host: str) -> bool:
    """Let a name stand for whatever it stands for."""
    return True


def timed_out(_result: object, _seconds: float) -> None:
    """Raise `TooLateError`, as `Deferred.addTimeout` wants it: what was cancelled may fail in ways of its own."""
    raise TooLateError


@lru_cache(maxsize=MAX_TLS_HOSTS)
def verifying_tls(host: bytes, port: int) -> Any:
    """Return what speaks TLS with a host, and verifies its certificate."""
    # To read the authorities' certificates takes some hundredths of a second: not for each connection.
    from twisted.web.client import BrowserLikePolicyForHTTPS  # needs what is not always installed

    return BrowserLikePolicyForHTTPS().creatorForNetloc(host, port)


@implementer(IBodyProducer)
class Body:
    """All of a request's body at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802  # Twisted's
        """Write it."""
        consumer.write(self._body)
        return succeed(None)

    def stopProducing(self) -> None:
        """Nothing is left to be written."""

    pauseProducing = resumeProducing = stopProducing
