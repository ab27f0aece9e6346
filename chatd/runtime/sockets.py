"""Socket options, and the names of addresses."""

from __future__ import annotations

import ipaddress
import os
import socket
from functools import lru_cache

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IListeningPort, ISSLTransport, ISystemHandle, ITCPTransport
from twisted.protocols.policies import ProtocolWrapper
from zope.interface import Interface

from chatd.protocol.text import clean

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NETWORK = (IPv4Address, IPv6Address)

# A client may be silent for hours; a machine that is gone is noticed within two minutes.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
_TUNED = ((socket.IPPROTO_TCP, socket.TCP_NODELAY), (socket.SOL_SOCKET, socket.SO_KEEPALIVE))
"""What nobody sets but the one who wants it so: a connection that has both was tuned."""


class IEncryptedOutside(Interface):
    """A transport whose peer speaks TLS with a proxy in front, which is trusted to say so."""


def address_name(address: IAddress | None) -> str:
    """Return an address as the log shows it: with its port on TCP, else as a local socket."""
    if isinstance(address, _NETWORK):
        host = network_address(address)
        # A zone, as of a link, is a part of the name.
        return f"{host}:{address.port}" if host and host.version == 4 else f"[{address.host}]:{address.port}"
    path = getattr(address, "name", None)
    return clean(os.fsdecode(path)) if path else "a local socket"


def network_address(address: IAddress | None) -> IPAddress | None:
    """Return the address of a machine, None for a local socket; that of one which speaks IPv4 over IPv6 is IPv4."""
    if not isinstance(address, _NETWORK):
        return None
    return _parsed(address.host.partition("%")[0])


@lru_cache(maxsize=4096)
def _parsed(host: str) -> IPAddress:
    """Return an address: for all who come from there the same object."""
    found = ipaddress.ip_address(host)
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


@lru_cache(maxsize=4096)
def origin(address: IPAddress | None) -> str:
    """Return what the addresses of one household have in common: all of IPv4, the first 64 bits of IPv6."""
    if address is None:
        return "a local socket"
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_private(transport: object, address: IPAddress | None) -> bool:
    """Return whether nobody can listen in on a connection: over TLS, from this machine, over a local socket.

    What lies between a proxy and this machine is the business of whoever trusts that proxy.
    """
    if address is None or address.is_loopback:
        return True
    return any(each.providedBy(transport) for each in (ISSLTransport, IEncryptedOutside))


def tune(transport: object) -> None:
    """Send each line at once, and let the kernel notice a machine that is gone; only TCP has either."""
    while isinstance(transport, ProtocolWrapper):  # TLS, or a proxy's header: the connection is under it
        transport = transport.transport
    if not (ITCPTransport.providedBy(transport) and ISystemHandle.providedBy(transport)):
        return
    handle = transport.getHandle()
    # To look at what it inherited is a fifth of the work: 1.3 microseconds and not 6, of the 130 of a connect.
    if isinstance(handle, socket.socket) and not _is_tuned(handle):
        _tune(handle)


def tune_port(port: IListeningPort) -> None:
    """The same for all connections of a port that are made from here on, where they inherit that, as on Linux."""
    listening = getattr(port, "socket", None)
    if isinstance(listening, socket.socket) and not _is_tuned(listening):
        _tune(listening)


def _is_tuned(handle: socket.socket) -> bool:
    """Return whether nothing is left to be set, as it is for a local socket, which has no such options."""
    try:
        return all(handle.getsockopt(level, switch) for level, switch in _TUNED)
    except OSError:
        return True


def _tune(handle: socket.socket) -> None:
    for option, seconds in _KEEPALIVE.items():
        if hasattr(socket, option):
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    for level, switch in _TUNED:
        handle.setsockopt(level, switch, 1)
