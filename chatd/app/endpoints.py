"""Endpoints made from ``--listen``: Twisted's own, and those that have to differ here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from zope.interface import implementer

from chatd.app.inherited_sockets import inherited_endpoint
from chatd.app.unix_sockets import binding

Wrap = Callable[[IProtocolFactory], IProtocolFactory]
"""Makes, of the factory of an edge, one for what comes before that on each connection."""


def endpoint_from(reactor: Any, description: str, proxied: Wrap) -> IStreamServerEndpoint:
    """Return the endpoint of a description; with ``haproxy:`` before it, ``proxied`` reads the header of a proxy.

    That comes first, before the handshake of TLS too, for so do proxies send it. Raise `ValueError`, or what a plugin
    of Twisted raises, if there is no such endpoint.
    """
    kind, _, rest = description.partition(":")
    if kind.lower() == "haproxy":
        return _endpoint(reactor, rest, proxied)
    return _endpoint(reactor, description, _nothing)


def _nothing(factory: IProtocolFactory) -> IProtocolFactory:
    return factory


def _endpoint(reactor: Any, description: str, below: Wrap) -> IStreamServerEndpoint:
    kind, _, rest = description.partition(":")
    match kind.lower():
        case "tls":
            from chatd.tls.endpoint import endpoint

            return endpoint(reactor, description, below)
        case "ssl":
            if re.search(r":sslmethod=|_METHOD(:|$)", description, re.IGNORECASE):
                raise ValueError(
                    "sslmethod= is not supported, because it would allow versions before TLS 1.2; leave it out"
                )
            made: IStreamServerEndpoint = serverFromString(_TLSReactor(reactor, below), description)
            return made
        case "unix":
            return _Wrapped(serverFromString(_UnixReactor(reactor), description), below)
        case "systemd":
            return _Wrapped(inherited_endpoint(reactor, rest), below)
    return _Wrapped(serverFromString(reactor, description), below)


@implementer(IStreamServerEndpoint)
class _Wrapped:
    """Listens where another endpoint does, with something before the edge."""

    def __init__(self, endpoint: IStreamServerEndpoint, wrap: Wrap) -> None:
        self._endpoint = endpoint
        self._wrap = wrap

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803  # Twisted's
        """Begin to listen."""
        return self._endpoint.listen(self._wrap(protocolFactory))


class _TLSReactor:
    """What Twisted's ``ssl:`` needs of a reactor: TLS as it is elsewhere here, and what comes before that."""

    def __init__(self, reactor: Any, below: Wrap) -> None:
        self._reactor = reactor
        self._below = below

    def listenSSL(  # noqa: N802  # Twisted's
        self,
        port: int,
        factory: IProtocolFactory,
        contextFactory: Any,  # noqa: N803  # Twisted's
        backlog: int,
        interface: str,
    ) -> IListeningPort:
        """Begin to listen, and return where."""
        from chatd.tls.half_close import HalfClosingTLSFactory

        tls = HalfClosingTLSFactory(contextFactory, isClient=False, wrappedFactory=factory, clock=self._reactor)
        made: IListeningPort = self._reactor.listenTCP(port, self._below(tls), backlog=backlog, interface=interface)
        return made


class _UnixReactor:
    """What Twisted's ``unix:`` needs of a reactor: a place that a program has left without tidying up is taken over."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def listenUNIX(  # noqa: N802  # Twisted's
        self,
        address: str,
        factory: IProtocolFactory,
        backlog: int,
        mode: int,
        wantPID: bool,  # noqa: ARG002, FBT001, N803  # Twisted's
    ) -> IListeningPort:
        """Begin to listen, and return where. Raise `OSError` or `ValueError` if that cannot be."""
        with binding(address):
            made: IListeningPort = self._reactor.listenUNIX(address, factory, backlog=backlog, mode=mode, wantPID=0)
        return made
