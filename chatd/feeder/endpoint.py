"""The way to the server: TCP, TLS or a local socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from chatd.feeder.trust import Trust
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address

CONNECT_SECONDS = 30


def endpoint_to(where: Address | Path, reactor: Any, trust: Trust) -> IStreamClientEndpoint:
    """Return the way to an address or a local socket. Raise `ValueError` with a sentence, or `OSError`."""
    if isinstance(where, Path):
        made: IStreamClientEndpoint = UNIXClientEndpoint(reactor, str(where), CONNECT_SECONDS)
        return made
    plain = HostnameEndpoint(reactor, where.host, where.port, CONNECT_SECONDS)
    if not where.tls:
        return plain
    try:
        from chatd.feeder.tls import over_tls
    except ImportError:
        raise ValueError(f"TLS is not installed; run {install_command('tls')}") from None
    return over_tls(plain, where.host, reactor, trust)
