"""Announces a server on the network by DNS-SD over multicast DNS (RFC 6762, RFC 6763): others find it by name."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from twisted.internet import defer
from twisted.internet.address import IPv4Address as TCPAddress
from twisted.internet.address import IPv6Address as TCP6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from chatd.protocol.text import clean
from chatd.runtime.interfaces import interfaces
from chatd.runtime.threads import Worker

if TYPE_CHECKING:
    from zeroconf import Zeroconf

LINES = "_chatd._tcp.local."
PAGES = "_http._tcp.local."
STOP_SECONDS = 3
"""How long to wait until the network has been told that the server is gone."""
NOTHING = "not announced: only programs on this machine can connect; open the server with --interface 0.0.0.0"
ANY = ("0.0.0.0", "::")

_log = Logger()


class Door(NamedTuple):
    """A port on which a server listens."""

    host: str
    """The address of the interface; ``0.0.0.0`` or ``::`` for all of them."""
    port: int
    is_page: bool
    tls: bool

    @classmethod
    def of(cls, address: object, description: str, *, is_page: bool) -> Self | None:
        """Return the door of an endpoint; None if it is no TCP port, or one for a proxy."""
        if not isinstance(address, TCPAddress | TCP6Address) or description.lower().startswith("haproxy:"):
            return None
        tls = re.match(r"(tls|ssl):", description, re.IGNORECASE) is not None
        return cls(address.host, address.port, is_page, tls)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can come in."""
        return self.host == "::1" or self.host.startswith("127.")

    @property
    def scheme(self) -> str:
        """That of the page's address."""
        return "https" if self.tls else "http"

    def addresses(self, own: Sequence[IPv4Address]) -> list[IPv4Address]:
        """Return at which of this machine's ``own`` addresses it is open."""
        return [each for each in own if self.host in (*ANY, str(each))]


class Announcer:
    """Announces a server from its start to its end."""

    def start(self, doors: Sequence[Door]) -> None:
        """Announce what is open there."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Say that the server is gone; return when that is done, or takes too long."""
        raise NotImplementedError


class NoAnnouncer(Announcer):
    """Announces nothing."""

    @override
    def start(self, doors: Sequence[Door]) -> None:
        pass

    @override
    async def stop(self) -> None:
        pass


class Service(NamedTuple):
    """What is announced: a kind of service, where it is, and what is said of it (TXT)."""

    kind: str
    port: int
    addresses: tuple[str, ...]
    properties: dict[str, str]


def services(doors: Sequence[Door], own: Sequence[IPv4Address]) -> list[Service]:
    """Return what is to be announced: of each kind the first door that is open to others."""
    found: dict[str, Service] = {}
    for door in sorted(doors, key=lambda each: each.tls):
        addresses = tuple(str(each) for each in door.addresses(own))
        kind = PAGES if door.is_page else LINES
        if not addresses or kind in found or (door.is_page and door.tls):  # _http is not for https
            continue
        properties = {"path": "/"} if door.is_page else {"tls": "yes"} if door.tls else {}
        found[kind] = Service(kind, door.port, addresses, properties)
    return list(found.values())


class ZeroconfAnnouncer(Announcer):
    """Announces by zeroconf, whose calls wait for the network and are made by ``worker``, which is a detached one.

    A name that another server has gets a number after it, by zeroconf's own rule. ``loopback`` announces on this
    machine alone, which is for tests.
    """

    def __init__(self, name: str, clock: IReactorTime, worker: Worker, *, loopback: bool = False) -> None:
        self._name = name
        self._clock = clock
        self._worker = worker
        self._loopback = loopback
        self._zeroconf: Zeroconf | None = None
        self._started: Deferred[None] | None = None
        self._stopping = False

    @override
    def start(self, doors: Sequence[Door]) -> None:
        own = [each.address for each in interfaces() if each.address.is_loopback == self._loopback]
        wanted = services(doors, own)
        if not wanted:
            _log.info("{why}", why=NOTHING)
            return
        self._worker.start()
        self._started = self._worker.do(lambda: self._announce(wanted)).addCallbacks(self._announced, _failed)

    @override
    async def stop(self) -> None:
        if self._started is None:
            return
        self._stopping = True
        stopping = self._worker.do(self._close).addTimeout(STOP_SECONDS, self._clock)
        try:
            await stopping
        except defer.TimeoutError:
            _log.info("could not announce in time that the server is stopping")
        self._worker.stop()

    def _announce(self, wanted: Sequence[Service]) -> list[str]:
        """Announce, in a thread; return under which names."""
        from zeroconf import IPVersion, ServiceInfo, Zeroconf

        addresses = sorted({each for service in wanted for each in service.addresses})
        self._zeroconf = Zeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
        server = f"{socket.gethostname().partition('.')[0]}.local."
        said = []
        for each in wanted:
            if self._stopping:  # to be announced takes a second each
                break
            info = ServiceInfo(
                each.kind,
                f"{self._name}.{each.kind}",
                port=each.port,
                properties=each.properties,
                server=server,
                parsed_addresses=list(each.addresses),
            )
            self._zeroconf.register_service(info, allow_name_change=True)
            said.append(f"{info.name} at port {each.port}")
        return said

    def _announced(self, said: Sequence[str]) -> None:
        for each in said:
            _log.info("announced as {name}", name=clean(each))

    def _close(self) -> None:
        """Take it back, in a thread."""
        from zeroconf import Error

        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            with suppress(OSError, Error):
                zeroconf.close()  # unregisters everything first


def _failed(failure: Any) -> None:
    why = failure.getErrorMessage() or failure.type.__name__
    _log.error("cannot announce the server: {why}; continuing without", why=clean(" ".join(why.split())))
