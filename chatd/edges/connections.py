"""The connections that are open, and the deadlines of those that are closing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Connection(Protocol):
    """One connection, of any edge."""

    @property
    def transport(self) -> Any:
        """Its transport."""

    @property
    def kind(self) -> str:
        """Which edge it is of, in a word for programs, such as ``line``."""

    @property
    def queued_bytes(self) -> int:
        """How much waits for its reader to be sent."""

    def set_queue_limit(self, count: int) -> None:
        """Let so many bytes wait from here on."""

    def abort(self) -> None:
        """Close it at once, whatever waits for its reader."""

    def wind_down(self) -> None:
        """Read nothing more; what was read is carried out and answered."""

    @property
    def served(self) -> bool:
        """Whether all that was read is carried out and answered."""


class Connections:
    """Those that are open over all edges, in the order in which they were made."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._open: dict[Connection, IDelayedCall | None] = {}  # for one that is closing, its deadline
        self._all_lost: Deferred[None] | None = None

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Add one that has been made."""
        self._open[connection] = None

    def abort_after(self, connection: Connection, seconds: float) -> None:
        """Give one that is closing a deadline: it is aborted if it has not ended by then."""
        self._open[connection] = self._clock.callLater(seconds, self._abort, connection)

    def reset_deadline(self, connection: Connection, seconds: float) -> None:
        """Give one that is closing so many seconds from now, and not what it was given; others are left alone."""
        deadline = self._open[connection]
        if deadline is not None and deadline.active():
            deadline.reset(seconds)

    def remove(self, connection: Connection) -> None:
        """Remove one that is lost."""
        deadline = self._open.pop(connection)
        if deadline is not None and deadline.active():
            deadline.cancel()
        if self._all_lost is not None and not self._open:
            waiting, self._all_lost = self._all_lost, None
            waiting.callback(None)

    def all_lost(self) -> Deferred[None]:
        """Return a Deferred that fires when none is open any more. It may be asked for once."""
        if not self._open:
            return succeed(None)
        self._all_lost = Deferred()
        return self._all_lost

    def abort_all(self) -> None:
        """Close all at once, whatever waits for their readers; `remove` follows for each."""
        for connection in list(self._open):
            connection.abort()

    def _abort(self, connection: Connection) -> None:
        self._open[connection] = None
        connection.abort()
