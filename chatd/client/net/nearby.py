"""The servers that are announced on the network by DNS-SD, as ``chatd --announce`` does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from typing_extensions import override

from chatd.protocol.text import clean
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address
from chatd.runtime.threads import Thread, Worker

if TYPE_CHECKING:
    from zeroconf import Zeroconf

LINES = "_chatd._tcp.local."
MAX_PLACES = 50
"""How many are shown: anybody on the network can announce any number."""
ASK_MILLISECONDS = 3000
"""How long to wait for where a server is, once its name is known."""

_log = Logger()


class Place(NamedTuple):
    """A server that is announced."""

    name: str
    """What it says it is called: somebody else's text, without control characters."""
    address: Address


Changed = Callable[[Sequence[Place]], None]


class Nearby(Protocol):
    """Looks for servers on the network, while somebody wants to know."""

    missing: str = ""
    """Why it finds none, and what to do about that, in a sentence; empty if it can find some."""

    def start(self, changed: Changed) -> None:
        """Look for them; ``changed`` is called with those that are there whenever one comes or goes."""

    def stop(self) -> None:
        """Look no more."""


class NoNearby(Nearby):
    """Finds none, and ``missing`` says why."""

    def __init__(self, missing: str = "") -> None:
        self.missing = missing

    @override
    def start(self, changed: Changed) -> None:
        pass

    @override
    def stop(self) -> None:
        pass


def nearby(reactor: Any) -> Nearby:
    """Return what looks for servers; it finds none if zeroconf is not installed."""
    if find_spec("zeroconf") is None:
        return NoNearby(f"To list the servers on this network, install zeroconf: {install_command('lan')}")
    worker = Thread(reactor, "chatd nearby")
    worker.start()
    found = ZeroconfNearby(reactor, worker)

    def end() -> None:
        found.stop()
        worker.stop()

    reactor.addSystemEventTrigger("after", "shutdown", end)
    return found


class ZeroconfNearby(Nearby):
    """Looks by zeroconf, whose calls wait for the network and are made by ``worker``, which runs.

    ``interfaces`` are the addresses of those to look on; all of them if there are none.
    """

    def __init__(self, reactor: IReactorFromThreads, worker: Worker, interfaces: Sequence[str] = ()) -> None:
        self._reactor = reactor
        self._worker = worker
        self._interfaces = interfaces
        self._places: dict[str, Place] = {}
        self._changed: Changed | None = None
        self._search: object = None
        self._zeroconf: Zeroconf | None = None

    @override
    def start(self, changed: Changed) -> None:
        if self._changed is not None:
            return
        self._changed, self._places = changed, {}
        self._search = search = object()
        self._worker.do(lambda: self._open(search)).addErrback(_failed)

    @override
    def stop(self) -> None:
        if self._changed is not None:
            self._changed = self._search = None
            self._worker.do(self._close).addErrback(_failed)

    def _open(self, search: object) -> None:
        from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, Zeroconf

        interfaces = list(self._interfaces) or InterfaceChoice.All
        self._zeroconf = Zeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        ServiceBrowser(self._zeroconf, LINES, _listener(lambda *found: self._tell(search, *found)))

    def _close(self) -> None:
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            zeroconf.close()

    def _tell(self, search: object, name: str, place: Place | None) -> None:
        self._reactor.callFromThread(self._take, search, name, place)

    def _take(self, search: object, name: str, place: Place | None) -> None:
        if self._changed is None or search is not self._search:
            return
        if place is None:
            self._places.pop(name, None)
        elif name in self._places or len(self._places) < MAX_PLACES:
            self._places[name] = place
        self._changed(sorted(self._places.values(), key=lambda each: (each.name.casefold(), str(each.address))))


def place_of(name: str, addresses: Sequence[str], port: int | None, properties: Any) -> Place | None:
    """Return the server that an announcement is of; None if it does not say where it is."""
    if not addresses or not port:
        return None
    said = clean(name.removesuffix(f".{LINES}"))
    return Place(said, Address(addresses[0], port, properties.get(b"tls") == b"yes"))


def _listener(tell: Callable[[str, Place | None], None]) -> Any:
    """Return what zeroconf's thread tells what it finds; ``tell`` is called there."""
    from zeroconf import IPVersion, ServiceListener

    class Listener(ServiceListener):
        @override
        def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            info = zc.get_service_info(type_, name, ASK_MILLISECONDS)
            if info is not None:
                tell(name, place_of(name, info.parsed_addresses(IPVersion.V4Only), info.port, info.properties))

        @override
        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            self.add_service(zc, type_, name)

        @override
        def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            del zc, type_
            tell(name, None)

    return Listener()


def _failed(failure: Any) -> None:
    _log.info("cannot look for servers on the network: {why}", why=clean(failure.getErrorMessage()))
