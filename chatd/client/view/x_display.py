"""Where the X display is that ``DISPLAY`` names, and what lets one in."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.interfaces import IStreamClientEndpoint

from chatd.client.view.x_wire import COOKIE

CONNECT_SECONDS = 5
_DISPLAY = re.compile(r"(?P<host>.*):(?P<number>[0-9]+)(\.[0-9]+)?")
_FIRST_PORT = 6000
_LOCAL, _WILD = 256, 65535
"""Families of addresses in a file of cookies: a host by its name, and any."""


@dataclass(frozen=True, slots=True)
class Display:
    """A display: the path of its socket or the host it is on, and its number."""

    path: str
    host: str
    number: int

    def endpoint(self, reactor: Any) -> IStreamClientEndpoint:
        """Return the way to it."""
        if self.path:
            return UNIXClientEndpoint(reactor, self.path, timeout=CONNECT_SECONDS)
        return HostnameEndpoint(reactor, self.host, _FIRST_PORT + self.number, timeout=CONNECT_SECONDS)


def find_display(name: str) -> Display | None:
    """Return the display with a name as ``:0`` or ``host:10.0``; None if that is no name of one."""
    match = _DISPLAY.fullmatch(name)
    if match is None:
        return None
    host, number = match["host"], int(match["number"])
    if host.startswith("/"):  # XQuartz names its socket
        return Display(next((path for path in (name, f"{host}:{number}") if Path(path).exists()), name), "", number)
    if host not in ("", "unix"):
        return Display("", host.strip("[]"), number)
    path = f"/tmp/.X11-unix/X{number}"  # where X has it
    # Linux has the same name without a file.
    return Display(path if Path(path).exists() else f"\0{path}", "", number)


def find_cookie(display: Display, environment: Mapping[str, str]) -> bytes:
    """Return what lets one in at a display; nothing if there is none, which is enough where anybody is let in."""
    path = environment.get("XAUTHORITY") or os.path.join(environment.get("HOME", ""), ".Xauthority")
    try:
        data = Path(path).read_bytes()
    except OSError:
        return b""
    here = socket.gethostname().encode()
    others = b""
    for family, address, number, kind, cookie in _entries(data):
        if kind != COOKIE or number not in (b"", str(display.number).encode()):
            continue
        if family == _WILD or (family == _LOCAL and address == here):
            return cookie
        others = others or cookie
    return others


def _entries(data: bytes) -> Iterator[tuple[int, bytes, bytes, bytes, bytes]]:
    at = 0

    def part() -> bytes:
        nonlocal at
        (length,) = struct.unpack_from(">H", data, at)
        found = data[at + 2 : at + 2 + length]
        at += 2 + length
        return found

    while at + 2 <= len(data):
        (family,) = struct.unpack_from(">H", data, at)
        at += 2
        try:
            yield family, part(), part(), part(), part()
        except struct.error:  # it ends too early
            return
