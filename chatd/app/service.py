"""The service: what exists in the process, and the order in which it starts and stops."""

from __future__ import annotations

import errno
import gc
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IReactorCore,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.logger import Logger, LogLevel

from chatd.accounts import AccountsError
from chatd.app.announcing import Announcer, Door, NoAnnouncer
from chatd.app.audit_log import AuditLog, NoAuditLog
from chatd.app.control import Control
from chatd.app.draining import Draining
from chatd.app.exit_status import ExitStatus
from chatd.app.malloc_trim import MallocTrim, trim_malloc
from chatd.app.places_file import NoPlaces
from chatd.app.process import NoProcess, Process
from chatd.app.stop_signals import StopSignals
from chatd.app.systemd import NoNotifier
from chatd.edges.accept_backoff import install_accept_backoff, raise_file_limit
from chatd.edges.gateway import Gateway
from chatd.edges.last_words import install_last_words
from chatd.hooks.service import Hooks
from chatd.journal import JournalError
from chatd.protocol import names
from chatd.protocol.text import clean
from chatd.runtime.sockets import address_name

STOP_SECONDS = 3
"""How long clients may take to read their last line when the server stops."""

SWITCH_SECONDS = 0.0002
"""How long the journal's and the password threads may hold the interpreter each time that the reactor needs it."""
YOUNG_OBJECTS = 10_000
"""How many new objects there are before the garbage collector looks at them.

What is kept of a message lives long, and with Python's default of 700 a tenth of a busy server's time went into
looking at it again and again.
"""

_log = Logger()


class CannotStartError(SystemExit, Exception):
    """The service could not start; the argument is the one line that says so.

    As `SystemExit` it ends the process with the status 1 and no traceback; as `Exception` it lets ``twistd`` tidy up
    first and, when it runs as a daemon, pass the line on to the terminal.
    """

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.code = 1  # the line itself was printed: here standard error is the log already


CannotStartError.__module__ = "chatd"  # twistd shows a hundred bytes of "module.name: line"
CannotStartError.__qualname__ = "error"


@dataclass(frozen=True, slots=True)
class Listening:
    """One place to listen on: what the user calls it, the endpoint, and what makes the protocols of an edge there."""

    description: str
    endpoint: IStreamServerEndpoint
    factory: IProtocolFactory
    asked_for: bool = True
    """Whether the server does not start if it cannot be listened on."""
    is_page: bool = False
    """Whether browsers find the page there."""
    is_irc: bool = False
    """Whether IRC is spoken there."""
    opened_by: str = "--interface 0.0.0.0"
    """What lets other machines connect, if they cannot."""


class ChatService(Service):
    """Listens on every place, and disconnects all clients when it stops.

    ``places`` are bound in `privilegedStartService`, so that a port below 1024 works if root is shed after it.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        gateway: Gateway,
        places: Sequence[Listening],
        exit_status: ExitStatus,
        twistd: Mapping[str, Any] | None = None,
        announcer: Announcer | None = None,
        hooks: Hooks | None = None,
        files: Sequence[str] = (),
        control: Control | None = None,
        notifier: NoNotifier | None = None,
        kept_places: NoPlaces | None = None,
        audit_log: AuditLog | None = None,
    ) -> None:
        self.setName("chatd")
        self.ports: list[IListeningPort] = []
        self.doors: list[Door] = []
        """Those of the ports that other machines could be told of: TCP, and no proxy's."""
        self._announcer = announcer or NoAnnouncer()
        self._hooks = hooks
        self.notifier = notifier or NoNotifier()
        self._audit_log = audit_log or NoAuditLog()
        self._files = files
        self._control = control
        self._kept_places = kept_places or NoPlaces()
        self.draining = Draining(reactor, gateway, self.ports, self._kept_places, self.notifier)
        self._reactor = reactor
        self._hub = gateway.hub
        self._connections = gateway.connections
        self._places = places
        self._process = Process(twistd) if twistd is not None else NoProcess()
        self._exit_status = exit_status
        self._malloc_trim = MallocTrim(self._hub.timers, self._connections.__len__, trim_malloc)

    def setServiceParent(self, parent: Any) -> None:  # noqa: N802  # Twisted's
        """See to the log of the application that it becomes part of."""
        self._process.set_log(parent)
        super().setServiceParent(parent)

    def set_log_level(self, level: LogLevel) -> None:
        """Log nothing below a level from here on."""
        self._process.set_log_level(level)

    def privilegedStartService(self) -> None:
        """Write the pid file and bind every place. Raise `CannotStartError` if one cannot be."""
        super().privilegedStartService()
        try:
            self._process.take()
        except ValueError as error:
            raise self._cannot_start(str(error)) from None
        failures: list[str] = []
        for place in self._places:
            failures.clear()
            place.endpoint.listen(place.factory).addCallbacks(
                partial(self._listening, place), lambda failure: failures.append(_why_not(failure.value))
            )
            if failures and place.asked_for:
                raise self._cannot_start(f"cannot listen on {place.description}: {failures[0]}")
            if failures:
                what = f"going on without {place.description}, which nobody asked for: {failures[0]}"
                _log.info("{what}", what=what)

    def startService(self) -> None:
        """Open the accounts and the journal, and start the timers. Raise `CannotStartError` if one cannot be opened."""
        super().startService()
        if self._files:
            _log.info("files: {files}", files=", ".join(self._files))
        try:
            self._audit_log.start()
        except OSError as error:
            raise self._cannot_start(f"--audit: cannot write {error.filename}: {error.strerror}") from None
        try:
            self._hub.accounts.start()
        except AccountsError as error:
            raise self._cannot_start(f"cannot open the accounts: {error}") from None
        try:
            self._hub.journal.start()
        except JournalError as error:
            self._hub.accounts.stop()
            raise self._cannot_start(f"cannot open the journal: {error}") from None
        names.skeleton(
            "warm"
        )  # reading the tables of Unicode takes some hundredths of a second: not at somebody's JOIN
        self._hub.start(partial(self._kept_places.restore, self._hub))
        if self._hooks is not None:
            self._hooks.start()
        if self._control is not None:
            self._control.requests["drain"] = self.draining.as_asked
            self._control.start()
        self._malloc_trim.start()
        if IReactorCore.providedBy(self._reactor):
            self._reactor.callWhenRunning(self._process.started, self._reactor, self.draining.drain)
            self._reactor.callWhenRunning(StopSignals(self._reactor).install)
            self._reactor.callWhenRunning(_collect_less_often)
            self._reactor.callWhenRunning(_give_the_reactor_priority)
            self._reactor.callWhenRunning(raise_file_limit)
            self._reactor.callWhenRunning(self._announcer.start, self.doors)
            self._reactor.callWhenRunning(self.notifier.start)

    def stopService(self) -> Deferred[None]:
        """Stop accepting, deliver what was said, send every client its BYE and wait up to 3 seconds for that."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.notifier.stopping()
        await self.draining.hurry()
        await self._announcer.stop()
        for port in self.ports:
            await maybeDeferred(port.stopListening)
        await self._hub.shut_down()
        if self._hooks is not None:
            await self._hooks.stop()
        deadline = self._reactor.callLater(STOP_SECONDS, self._connections.abort_all)
        await self._connections.all_lost()
        if deadline.active():
            deadline.cancel()
        if self._control is not None:
            await self._control.stop()
        self._hub.log_limiter.flush()
        self._hub.timers.stop()
        self._hub.accounts.stop()
        try:
            await self._hub.journal.stop()
        except JournalError as error:
            self._exit_status.fail(str(error))
        self._audit_log.stop()
        self._process.ended()
        self.notifier.close()

    def _listening(self, place: Listening, port: IListeningPort) -> None:
        self.ports.append(port)
        install_accept_backoff(port, self._reactor, self._hub.log_limiter)
        install_last_words(port)
        address = port.getHost()
        door = None if place.is_irc else Door.of(address, place.description, is_page=place.is_page)
        if door is not None:
            self.doors.append(door)
        _log.info("listening on {address}", address=address_name(address))
        if place.is_irc:
            _log.info("IRC clients connect to {address}", address=address_name(address))
        if place.is_page and (page := _page_address(address, place.description)):
            _log.info("the page is at {page}", page=page)
        elif _is_loopback(getattr(address, "host", "")):
            what = f"only programs on this machine can connect; {place.opened_by} opens it to the network"
            _log.info("{what}", what=what)

    def _cannot_start(self, why: str) -> CannotStartError:
        """Log why, say it on the terminal, and return what is to be raised."""
        why = clean(" ".join(why.split()))
        _log.error("{why}", why=why)
        return CannotStartError(self._process.failed(f"chatd: {why}") or why)


def _give_the_reactor_priority() -> None:
    # Each send releases the interpreter, and gets it back at the latest after this while other threads run.
    sys.setswitchinterval(SWITCH_SECONDS)


def _collect_less_often() -> None:
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith("127.")


def _page_address(address: object, description: str) -> str | None:
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


def _why_not(error: BaseException) -> str:
    """Return what a person can do about an endpoint that cannot be listened on."""
    cause = getattr(error, "socketError", error)
    match getattr(cause, "errno", None):
        case errno.EADDRINUSE:
            return "another program has it; stop that one or choose another port"
        case errno.EACCES:
            return "not allowed; ports below 1024 need root, 10319 does not"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address; 0.0.0.0 and :: stand for all it has"
    return clean(" ".join(str(getattr(cause, "strerror", None) or cause).split()))
