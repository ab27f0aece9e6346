"""Sockets that systemd opens and passes, as sd_listen_fds(3) describes."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.internet.interfaces import IStreamServerEndpoint

from chatd.app.adopted_unix import AdoptedUNIXEndpoint

FIRST = 3
"""The number of the first one's descriptor."""
_FAMILIES = {"INET": socket.AF_INET, "INET6": socket.AF_INET6, "UNIX": socket.AF_UNIX}


class NothingPassedError(ValueError):
    """systemd did not start this process, or not by a socket unit."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """How many sockets were passed on, and the name of each that has one."""

    count: int
    names: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> Inherited:
        """Return what the environment of a process at its start says, unless it is meant for another process."""
        count = environment.get("LISTEN_FDS", "")
        if environment.get("LISTEN_PID") != str(pid) or not (count.isascii() and count.isdigit()):
            return cls(0)
        return cls(int(count), tuple(environment.get("LISTEN_FDNAMES", "").split(":")))

    def descriptor(self, index: str | None, name: str | None) -> int:
        """Return the descriptor of the one that is meant. Raise `ValueError` with a sentence if there is no such."""
        if not self.count:
            raise NothingPassedError(
                "systemd passed no socket; start the server with a .socket unit or systemd-socket-activate"
            )
        which = f"0 to {self.count - 1}" if self.count > 1 else "0"
        if index is None:
            if name is None:
                raise ValueError(f"say which socket: index={which} or name=NAME")
            if name not in self.names[: self.count]:
                known = ", ".join(filter(None, self.names)) or "none has a name"
                raise ValueError(f"systemd passed no socket named {name!r} ({known}); use index={which}")
            return FIRST + self.names.index(name)
        if name is not None:
            raise ValueError("say which socket by index= or by name=, not by both")
        if index not in map(str, range(self.count)):
            raise ValueError(f"systemd passed {self.count}; use index={which} instead of {index}")
        return FIRST + int(index)


def inherited_endpoint(reactor: Any, arguments: str) -> IStreamServerEndpoint:
    """Return the endpoint for ``domain=INET:index=0`` or ``name=chat``: what ``systemd:`` takes after it.

    The family of the socket is its own and not what ``domain=`` says: ``ListenStream=10319`` is one of IPv6 that takes
    IPv4 too. Raise `ValueError` with a sentence if there is no such socket.
    """
    index, name = _which(arguments)
    descriptor = Inherited.from_environment(_first_environment(), os.getpid()).descriptor(index, name)
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            listens = found.type == socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            family = found.family
    except OSError:
        raise ValueError("what systemd passed is not a socket, or another endpoint uses it already") from None
    if not listens or family not in _FAMILIES.values():
        raise ValueError("the socket does not accept connections; its unit needs ListenStream= without Accept=yes")
    if family == socket.AF_UNIX:
        return AdoptedUNIXEndpoint(reactor, descriptor)
    return AdoptedStreamServerEndpoint(reactor, descriptor, family)


def _which(arguments: str) -> tuple[str | None, str | None]:
    """Return the index and the name that are asked for."""
    asked: dict[str, str] = {}
    for argument in filter(None, arguments.split(":")):
        key, equals, value = argument.partition("=")
        if not equals and not asked:  # Twisted takes the domain without its key
            key, value = "domain", argument
        if key not in ("domain", "index", "name") or key in asked:
            raise ValueError("write systemd:index=0 or systemd:name=NAME")
        asked[key] = value
    if asked.get("domain", "INET") not in _FAMILIES:
        raise ValueError(f"domain= takes one of {', '.join(_FAMILIES)}; leave it out for the default")
    return asked.get("index"), asked.get("name")


def _first_environment() -> Mapping[str, str]:
    """Return the environment that this process was started with.

    Twisted removes these variables from that of today when it is imported, and forgets them if there are no names.
    """
    try:
        entries = os.fsdecode(Path("/proc/self/environ").read_bytes()).split("\0")
    except OSError:
        return os.environ
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)
