"""The service: what exists in the process, and the order in which it starts and stops."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorCore,
    IReactorTime,
)
from twisted.logger import Logger, LogLevel

from chatd.accounts import AccountsError
from chatd.app.announcing import Announcer, Door, NoAnnouncer
from chatd.app.audit_log import AuditLog, NoAuditLog
from chatd.app.control import Control
from chatd.app.doors import Doors, Listening
from chatd.app.draining import Draining
from chatd.app.exit_status import ExitStatus
from chatd.app.malloc_trim import MallocTrim, trim_malloc
from chatd.app.places_file import NoPlaces
from chatd.app.process import NoProcess, Process
from chatd.app.reloading.reloader import Reloader
from chatd.app.stop_signals import StopSignals
from chatd.app.systemd import NoNotifier
from chatd.edges.accept_backoff import raise_file_limit
from chatd.edges.gateway import Gateway
from chatd.hooks.service import Hooks
from chatd.journal import JournalError
from chatd.protocol import names
from chatd.protocol.text import clean
from chatd.runtime.error_texts import in_one_line

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
        self.open_doors = Doors(reactor, gateway.hub.log_limiter)
        self._announcer = announcer or NoAnnouncer()
        self._hooks = hooks
        self.notifier = notifier or NoNotifier()
        self._audit_log = audit_log or NoAuditLog()
        self._files = files
        self._control = control
        self._kept_places = kept_places or NoPlaces()
        self.draining = Draining(reactor, gateway, lambda: self.ports, self._kept_places, self.notifier)
        self._reactor = reactor
        self._hub = gateway.hub
        self._connections = gateway.connections
        self._places = places
        self._process = Process(twistd) if twistd is not None else NoProcess()
        self._exit_status = exit_status
        self.reloader: Reloader | None = None
        """What makes it take up other options, if it can."""
        self._malloc_trim = MallocTrim(self._hub.timers, self._connections.__len__, trim_malloc)

    @property
    def ports(self) -> list[IListeningPort]:
        """Where connections are accepted."""
        return self.open_doors.ports

    @property
    def doors(self) -> list[Door]:
        """Those of the ports that other machines could be told of: TCP, and no proxy's."""
        return self.open_doors.doors

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
        for place in self._places:
            if (why := self.open_doors.open(place)) is None:
                continue
            if place.wish.asked_for:
                raise self._cannot_start(f"cannot listen on {place.wish.name}: {why}")
            _log.info("continuing without {name}: {why}", name=place.wish.name, why=why)

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
        except (AccountsError, OSError) as error:
            raise self._cannot_start(f"cannot open the accounts: {in_one_line(error)}") from None
        self._open_journal()
        if self._hooks is not None:
            self._hooks.start()
        if self._control is not None:
            self._control.requests["drain"] = self.draining.as_asked
            if self.reloader is not None:
                self._control.requests["reload"] = self.reloader.reload
            self._control.start()
        self._malloc_trim.start()
        if IReactorCore.providedBy(self._reactor):
            reload = (lambda: None) if self.reloader is None else self.reloader.on_signal
            self._reactor.callWhenRunning(self._process.started, self._reactor, self.draining.drain, reload)
            self._reactor.callWhenRunning(StopSignals(self._reactor).install)
            self._reactor.callWhenRunning(self._process.release_signals)
            self._reactor.callWhenRunning(_collect_less_often)
            self._reactor.callWhenRunning(_give_the_reactor_priority)
            self._reactor.callWhenRunning(raise_file_limit)
            self._reactor.callWhenRunning(self._announcer.start, self.doors)
            self._reactor.callWhenRunning(self.notifier.start)

    def _open_journal(self) -> None:
        try:
            self._hub.journal.start()
            # Reading the tables of Unicode takes some hundredths of a second: not at somebody's JOIN.
            names.skeleton("warm")
            self._hub.start(partial(self._kept_places.restore, self._hub))
        except Exception as error:
            self._hub.journal.stop()  # its threads would keep the process alive, whatever it is
            self._hub.accounts.stop()
            if not isinstance(error, JournalError):
                raise
            raise self._cannot_start(f"cannot open the journal: {error}") from None

    def stopService(self) -> Deferred[None]:
        """Stop accepting, deliver what was said, send every client its BYE and wait up to 3 seconds for that."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    def under_way(self) -> str:
        """Return what keeps it from taking up other options, in a sentence, empty if nothing does."""
        if self.draining.has_begun:
            return "the server is draining"
        return "the server is stopping" if self.draining.stopping else ""

    async def announce(self, announcer: Announcer) -> None:
        """Announce what is open now, and by that announcer."""
        await self._announcer.stop()
        self._announcer = announcer
        announcer.start(self.doors)

    async def _stop(self) -> None:
        self.notifier.stopping()
        if self.reloader is not None:
            self.draining.stopping = True
            await self.reloader.settled()
        await self.draining.hurry()
        await self._announcer.stop()
        await self.open_doors.close_all()
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
