"""The places where the daemon listens, or is to listen."""

from __future__ import annotations

import errno
import re
import socket
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorTime, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.app.announcing import Door
from chatd.edges.accept_backoff import install_accept_backoff
from chatd.edges.last_words import install_last_words
from chatd.protocol.text import clean
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import address_name, tune_port

_log = Logger()


class Spoken(Enum):
    """What is spoken behind a door."""

    LINES = auto()
    IRC = auto()
    HTTP = auto()


class Wish(NamedTuple):
    """One place to listen on. Two with the same description, behind which the same is spoken, are the same."""

    spoken: Spoken
    description: str
    """That of the endpoint."""
    name: str
    """What the user calls it."""
    option: str
    """Which option asks for it."""
    opened_by: str = ""
    """What lets other machines connect, if they cannot."""
    asked_for: bool = True
    """Whether it is an error if it cannot be listened on."""

    @property
    def key(self) -> tuple[Spoken, str]:
        """What makes it the same as another."""
        return self.spoken, self.description


@dataclass(frozen=True, slots=True)
class Listening:
    """A place with the endpoint that listens there, and what makes the protocols of an edge."""

    wish: Wish
    endpoint: IStreamServerEndpoint
    factory: IProtocolFactory


class Opened(NamedTuple):
    """One place that is listened on."""

    place: Listening
    port: IListeningPort
    door: Door | None
    """What other machines could be told of: TCP, and no proxy's."""


class Doors:
    """Those that are open."""

    def __init__(self, reactor: IReactorTime, log_limiter: LogLimiter) -> None:
        self._reactor = reactor
        self._log_limiter = log_limiter
        self.opened: list[Opened] = []

    @property
    def ports(self) -> list[IListeningPort]:
        """Where connections are accepted."""
        return [each.port for each in self.opened]

    @property
    def doors(self) -> list[Door]:
        """Those of the ports that other machines could be told of."""
        return [each.door for each in self.opened if each.door is not None]

    def open(self, place: Listening) -> str | None:
        """Begin to listen; return why that cannot be, in a few words for the user, None if it can."""
        failures: list[Failure] = []
        place.endpoint.listen(place.factory).addCallbacks(partial(self._listening, place), failures.append)
        return _why_not(failures[0].value, place.wish.description) if failures else None

    async def close(self, opened: Opened) -> None:
        """Accept nobody there any more; the connections stay."""
        self.opened.remove(opened)
        await maybeDeferred(opened.port.stopListening)

    async def close_all(self) -> None:
        """Accept nobody any more."""
        for opened in list(self.opened):
            await self.close(opened)

    def _listening(self, place: Listening, port: IListeningPort) -> None:
        tune_port(port)
        install_accept_backoff(port, self._reactor, self._log_limiter)
        install_last_words(port)
        address, wish = port.getHost(), place.wish
        is_page, is_irc = wish.spoken is Spoken.HTTP, wish.spoken is Spoken.IRC
        door = None if is_irc else Door.of(address, wish.name, is_page=is_page)
        self.opened.append(Opened(place, port, door))
        _log.info("listening on {address}", address=address_name(address))
        if is_irc:
            _log.info("IRC clients connect to {address}", address=address_name(address))
        if is_page and (page := _page_address(address, wish.name)):
            _log.info("the page is at {page}", page=page)
        elif _is_loopback(getattr(address, "host", "")):
            what = f"only programs on this machine can connect; {wish.opened_by} opens it to the network"
            _log.info("{what}", what=what)


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith("127.")


def _page_address(address: Any, description: str) -> str | None:
    """Return what to open in a browser, None if that cannot be known."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None or port is None:
        return None
    if host in ("0.0.0.0", "::"):
        host = socket.gethostname()
    elif ":" in host:
        host = f"[{host}]"
    scheme = "https" if re.search(r"(^|:)(tls|ssl):", description, re.IGNORECASE) else "http"
    return f"{scheme}://{host}:{port}/"


def _why_not(error: BaseException | None, description: str) -> str:
    """Return what a person can do about an endpoint that cannot be listened on."""
    cause = getattr(error, "socketError", error)
    match getattr(cause, "errno", None):
        case errno.EADDRINUSE:
            return "another program uses it; stop that program or choose another port"
        case errno.EACCES if description.lower().startswith("unix:"):
            return "not allowed; choose a directory that the user of the server may write to"
        case errno.EACCES:
            return "not allowed; choose a port above 1023 or run the server as root"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have that address; use 0.0.0.0 or :: for all its addresses"
    return clean(" ".join(str(getattr(cause, "strerror", None) or cause).split()))
