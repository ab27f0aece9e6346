"""The way to an address: an endpoint that connects there, by TLS where the address asks for it."""

from __future__ import annotations

from typing import Any

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from chatd.client.model.trust import Trust
from chatd.client.net.address import Address


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
        raise ValueError("TLS needs more than is installed here: pip install 'chatd[tls]'") from None
    try:
        return TlsEndpoint(reactor, plain, address.host, str(Address(address.host.lower(), address.port)), trust)
    except Exception as error:
        raise ValueError(f"{address.host} cannot be reached by TLS: {error}") from None
