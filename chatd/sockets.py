"""What the kernel is told about a connection, and what the log calls its ends."""

from __future__ import annotations

import os
import socket

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, ISystemHandle, ITCPTransport

from chatd.text import clean

# A person may be silent for hours; a machine that is gone is noticed within two minutes.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}


def address_name(address: IAddress | None) -> str:
    """Return an address as the log shows it: with its port on TCP, else as a local socket."""
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    path = getattr(address, "name", None)
    return clean(os.fsdecode(path)) if path else "a local socket"


def tune(transport: object) -> None:
    """Send each line at once, and let the kernel notice a machine that is gone; only TCP has either."""
    if not (ITCPTransport.providedBy(transport) and ISystemHandle.providedBy(transport)):
        return
    handle = transport.getHandle()
    if not isinstance(handle, socket.socket) or handle.family not in (socket.AF_INET, socket.AF_INET6):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    for option, seconds in _KEEPALIVE.items():
        if hasattr(socket, option):
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
