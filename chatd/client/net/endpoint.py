"""Endpoints: the way to an address, by TLS where that asks for it, and one that is tried a turn later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.internet.task import deferLater
from zope.interface import implementer

from chatd.client.model.trust import Trust
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address


def endpoint_of(address: Address, reactor: Any, trust: Trust) -> IStreamClientEndpoint:
    """Return the way to an address, and by TLS only for a certificate that ``trust`` accepts.

    Raise `ValueError` with a sentence if this installation has none.
    """
    plain = HostnameEndpoint(reactor, address.host, address.port)
    if not address.tls:
        return plain
    try:
        from chatd.client.net.tls import TlsEndpoint
    except ImportError:
        raise ValueError(f"TLS needs more packages; install them: {install_command('tls')}") from None
    try:
        return TlsEndpoint(reactor, plain, address.host, str(Address(address.host.lower(), address.port)), trust)
    except Exception as error:
        raise ValueError(f"cannot connect to {address.host} over TLS: {error}") from None


@implementer(IStreamClientEndpoint)
class NextTurnEndpoint:
    """An endpoint that is tried in a turn of its own, so that nothing fails while ClientService is about to try."""

    def __init__(self, clock: IReactorTime, connect: Callable[[IProtocolFactory], Deferred[IProtocol]]) -> None:
        self._clock = clock
        self._connect: Callable[..., Any] = connect

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Return a Deferred that fires when the connection is there, one turn of the reactor later at least."""
        return deferLater(self._clock, 0, self._connect, protocol_factory)
