"""The connections that are open, and how long those that are closing may take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Connection(Protocol):
    """What is known of one connection here."""

    @property
    def stream(self) -> Any:
        """The transport."""


class Connections:
    """Those that are open, in the order in which they came."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._open: dict[Connection, IDelayedCall | None] = {}  # for one that is closing, the end of the patience
        self._all_lost: Deferred[None] | None = None

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Note one that has been made."""
        self._open[connection] = None

    def abort_after(self, connection: Connection, seconds: float) -> None:
        """Close one at once if it has not ended by itself in that time."""
        self._open[connection] = self._clock.callLater(seconds, self._abort, connection)

    def hurry(self, connection: Connection, seconds: float) -> None:
        """From here on, wait no longer than that for the end of one that is closing."""
        abort = self._open[connection]
        if abort is not None and abort.active():
            abort.reset(seconds)

    def remove(self, connection: Connection) -> None:
        """Forget one that is lost."""
        abort = self._open.pop(connection)
        if abort is not None and abort.active():
            abort.cancel()
        if self._all_lost is not None and not self._open:
            waiting, self._all_lost = self._all_lost, None
            waiting.callback(None)

    def all_lost(self) -> Deferred[None]:
        """Return a Deferred that fires when none is open any more."""
        if not self._open:
            return succeed(None)
        self._all_lost = Deferred()
        return self._all_lost

    def abort_all(self) -> None:
        """Close all at once, whatever waits for their readers."""
        for connection in list(self._open):
            connection.stream.abortConnection()

    def _abort(self, connection: Connection) -> None:
        self._open[connection] = None
        connection.stream.abortConnection()
