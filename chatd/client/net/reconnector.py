"""What keeps a connection to the server: it tries, waits and tries again, until it is stopped."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from types import MappingProxyType

from twisted.application.internet import ClientService
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.client.model.trust import NotAcceptedError
from chatd.client.net.connection import Connection, ConnectionFactory, Owner
from chatd.client.net.endpoint import NextTurnEndpoint
from chatd.client.net.retry import BadEnd, RetryDelay
from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Probe, Trouble, trouble_of
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.text import clean
from chatd.runtime.connection_failures import why_not

MAX_DETAIL = 300
"""How many characters of a sentence are shown, which can be the server's."""

_GOOD_END = frozenset(
    {None, DisconnectReason.QUIT, DisconnectReason.SHUTDOWN, DisconnectReason.RESTART, DisconnectReason.IDLE}
)
"""The ends after which a server is as good as it was."""
_log = Logger()


class Course(Enum):
    """What a reconnector does."""

    STOPPED = "no try follows, and a connection that is there is to end"
    RUNNING = "there is a connection, or one is being made, or a try is due"
    ANNOUNCING = "a try is due, as is being told: ClientService has yet to begin its wait"


_FOLLOWED_BY: Mapping[Course, frozenset[Course]] = MappingProxyType(
    {
        Course.STOPPED: frozenset({Course.RUNNING}),
        Course.RUNNING: frozenset({Course.STOPPED, Course.ANNOUNCING}),
        Course.ANNOUNCING: frozenset({Course.STOPPED, Course.RUNNING}),
    }
)


def no_probe() -> Deferred[Trouble | None]:
    """Find nothing out."""
    return succeed(None)


class Reconnector:
    """Keeps one connection to ``endpoint``, if it can; ``owner`` hears of each, and tells of its beginning and its end.

    ``changed`` is told every new status, and may call this. ``chance`` is what the waits are drawn from. ``probe``
    finds out, once until a server has answered, what a port speaks where that may be the trouble.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        owner: Owner,
        changed: Callable[[Status], None],
        chance: random.Random,
        probe: Probe = no_probe,
    ) -> None:
        self.status = Status(LinkState.STOPPED, "not connected")
        self.connection: Connection | None = None
        self._clock = clock
        self._endpoint = endpoint
        self._changed = changed
        self._course = Course.STOPPED
        self._stopping: list[Deferred[None]] = []
        self._probe = probe
        self._probed = False
        self._probing: Deferred[None] | None = None
        self._explained: Trouble | None = None
        # ClientService counts a connection that comes to be as a success, so that the count is kept there.
        self._delay = RetryDelay(chance)
        self._service = ClientService(
            NextTurnEndpoint(clock, self._try), ConnectionFactory(clock, owner), lambda _: self._delay.seconds, clock
        )

    @property
    def running(self) -> bool:
        """Whether there is to be a connection."""
        return self._course is not Course.STOPPED

    # What is asked of it.

    def start(self) -> None:
        """Begin to connect, and keep at it until `stop`, or until an end that is final."""
        if not self.running:
            self._follow(Course.RUNNING)
        if self.connection is not None:
            self._delay.hurry()
        elif not self._service.running:
            self._service.startService()
            self._show_connecting()

    def stop(self, said: str | None) -> Deferred[None]:
        """Say QUIT, with ``said`` as the last words; the Deferred fires when there is no connection any more."""
        if not self.running and self.connection is None:
            return succeed(None)
        self._follow(Course.STOPPED)
        stopped: Deferred[None] = Deferred()
        self._stopping.append(stopped)
        if self.connection is not None:
            self.connection.send_quit(said)
        else:
            self._finish("not connected")
        return stopped

    def stay_away(self) -> None:
        """Let no try follow the connection that is ending."""
        self._follow(Course.STOPPED)

    def reconnect(self) -> None:
        """Try now, instead of after the wait; what connection there is gives way to a new one."""
        if self.connection is not None:
            self._follow(Course.RUNNING)
            self._delay.hurry()
            self.connection.close("reconnecting")
        elif self._course is Course.ANNOUNCING:
            self._delay.skip()
        elif not self.running:
            self.start()
        elif self.status.retry_at is not None:
            self._service.stopService()
            self._service.startService()

    def show_connected(self, nick: str, latency: float | None, account: str, *, takes_newcomers: bool) -> None:
        """Tell that the server has let one in."""
        self._probed, self._explained = False, None
        connected = Status(LinkState.CONNECTED, f"connected as {nick}", latency=latency, account=account)
        self._show(replace(connected, takes_newcomers=takes_newcomers))

    def _show(self, status: Status) -> None:
        """Tell how the connection is, if that is another."""
        status = replace(status, detail=clean(status.detail)[:MAX_DETAIL])
        if status != self.status:
            self.status = status
            try:
                self._changed(status)
            except Exception:
                _log.failure("cannot show the status")

    # What the owner tells.

    def opened(self, connection: Connection) -> None:
        """Note that there is a connection."""
        self.connection = connection

    def forget(self) -> None:
        """Note that there is no connection any more; `closed` is to be called when whatever is to know of it does."""
        self.connection = None

    def closed(self, connection: Connection, *, greeted: bool) -> None:
        """Let the next try follow the end of a connection, if there is to be one; the server may have said hello."""
        aftermath = connection.aftermath
        if not self.running:
            if aftermath.final:
                state = LinkState.LOCKED if aftermath.refused else LinkState.STOPPED
                self._finish(connection.why, state, connection.trouble)
            else:
                self._finish("not connected")
            return
        if aftermath.refused or connection.farewell not in _GOOD_END:
            self._delay.note_end(BadEnd.TURNED_AWAY)
        else:
            self._delay.note_end(BadEnd.LOST if greeted else BadEnd.UNANSWERED)
        if greeted and connection.retry is not None:
            self._delay.ask_for(connection.retry)
        state = LinkState.REFUSED if aftermath.refused else LinkState.WAITING
        self._announce(state, connection.why, connection.trouble)
        self._fire()

    # The tries.

    def _show_connecting(self) -> None:
        self._show(Status(LinkState.CONNECTING, "connecting", trouble=self.status.trouble))

    def _try(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        self._show_connecting()
        if not self.running:
            raise CancelledError
        return maybeDeferred(self._endpoint.connect, factory).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        if self.running and failure.check(NotAcceptedError) is not None:
            self._follow(Course.STOPPED)
            # In a turn of its own: ClientService has yet to hear of it.
            self._clock.callLater(0, self._finish, str(failure.value), LinkState.STOPPED, trouble_of(failure))
        elif self.running:
            why = f"cannot reach the server: {why_not(failure)}"
            self._announce(LinkState.WAITING, why, trouble_of(failure))
        return failure

    def _announce(self, state: LinkState, detail: str, trouble: Trouble | None) -> None:
        """Draw the time until the next try, which is not yet under way while this is told."""
        retry_at = self._clock.seconds() + self._delay.draw()
        self._follow(Course.ANNOUNCING)
        if trouble is not None and trouble.unclear:
            trouble = self._explained or trouble
            self._find_out()
        self._show(Status(state, detail, retry_at, trouble=trouble))
        if self._course is Course.ANNOUNCING:  # whoever was told may have stopped it
            self._follow(Course.RUNNING)

    def _find_out(self) -> None:
        """Find out whether the port speaks something else, unless that was done."""
        if self._probed:
            return
        self._probed = True

        def found(trouble: Trouble | None) -> None:
            known = self.status.trouble
            if trouble is not None and self._probed and known is not None and known.unclear:
                self._explained = trouble
                self._show(replace(self.status, trouble=trouble))

        def failed(why: Failure) -> None:
            if not why.check(CancelledError):
                _log.failure("cannot probe the port", why)

        self._probing = self._probe().addCallback(found).addErrback(failed)

    def _follow(self, course: Course) -> None:
        if course in _FOLLOWED_BY[self._course]:
            self._course = course

    def _finish(self, detail: str, state: LinkState = LinkState.STOPPED, trouble: Trouble | None = None) -> None:
        self._delay.skip()
        if self._probing is not None and not self._probing.called:
            self._probed = False
            self._probing.cancel()
        self._show(Status(state, detail, trouble=trouble))
        if self.running:  # whoever was told has started it again
            self._fire()
        else:
            self._service.stopService().addCallback(lambda _: self._fire())

    def _fire(self) -> None:
        stopped, self._stopping = self._stopping, []
        for each in stopped:
            each.callback(None)
