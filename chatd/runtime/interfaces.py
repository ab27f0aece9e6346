"""The addresses under which other machines of the network reach this one."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

_UP = 0x1
_SOMEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737): to it a UDP socket is connected, and nothing is sent."""
_NAME_BYTES, _REQUEST_BYTES = 16, 256
_GET_FLAGS, _GET_ADDRESS = (0x8913, 0x8915) if sys.platform == "linux" else (0xC0206911, 0xC0206921)
"""ioctl's SIOCGIFFLAGS and SIOCGIFADDR; outside Linux those of the BSDs and macOS."""


class Interface(NamedTuple):
    """An interface of this machine that is up."""

    name: str
    address: IPv4Address
    is_device: bool
    """Whether there is hardware behind it, and not a bridge of containers or a tunnel; true where nobody can tell."""


def interfaces() -> list[Interface]:
    """Return the interfaces that are up and have an IPv4 address, each with its first one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                (flags,) = struct.unpack_from("h", _ask(asked, _GET_FLAGS, name), _NAME_BYTES)
                packed = _ask(asked, _GET_ADDRESS, name)[_NAME_BYTES + 4 : _NAME_BYTES + 8]
                if flags & _UP:
                    found.append(Interface(name, IPv4Address(packed), _is_device(name)))
    return found


def reachable(found: Iterable[Interface], outgoing: IPv4Address | None) -> list[IPv4Address]:
    """Return the addresses that others on the network can open, the likeliest first.

    Hardware goes before bridges and tunnels, which are left out if there is any; then the address ``outgoing``, then
    those that an access point or a router has given before those that a machine takes when nobody gives it one.
    """
    others = [each for each in found if not each.address.is_loopback]
    devices = [each for each in others if each.is_device]
    ranked = sorted(devices or others, key=lambda each: (each.address != outgoing, each.address.is_link_local))
    return list(dict.fromkeys(each.address for each in ranked))


def outgoing_address() -> IPv4Address | None:
    """Return the address from which this machine would go to another network; None if there is no way there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_SOMEWHERE)
        except OSError:
            return None
        return IPv4Address(asked.getsockname()[0])


def _ask(asked: socket.socket, what: int, name: str) -> bytes:
    from fcntl import ioctl  # which Windows has not

    return ioctl(asked, what, name.encode()[: _NAME_BYTES - 1].ljust(_REQUEST_BYTES, b"\0"))


def _is_device(name: str) -> bool:
    return sys.platform != "linux" or Path("/sys/class/net", name, "device").exists()
