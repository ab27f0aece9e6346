"""Up to where the owners of accounts have read: one id for each account and room, which only rises.

It is a state and no history: only the newest of each is kept, beside the entries, so that no retention and no number of
messages takes it away. A maximum needs no order, so it does not travel with what is said: nodes that hear of the same
markers, in whatever order and however often, come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.protocol.arguments import MAX_ID
from chatd.runtime.states import Outage

MAX_ROOMS = 1000
"""In how many rooms it is known up to where one account has read: those in which that is the newest."""
WRITE_SECONDS = 1.0
"""How long markers are gathered before they are written together; each is written at most once in that time."""
NOWHERE: Mapping[str, int] = MappingProxyType({})

_log = Logger()


class Marker(NamedTuple):
    """Up to where the owner of an account has read in one room."""

    account: str
    made: int
    """When the account was made, in seconds since 1970, so that nobody who has the name later gets these; or 0."""
    room: str
    """The key of a room, or of whatever else has entries."""
    id: int
    """In what is written: 0 for a marker that is to be deleted."""


Write = Callable[[Sequence[Marker]], Deferred[None]]


class _Account:
    __slots__ = ("made", "rooms")

    def __init__(self, made: int) -> None:
        self.made = made
        self.rooms: dict[str, int] = {}


class ReadMarkers:
    """All markers, in memory, and the writing of those that have changed.

    ``write`` stores markers; it fails with any exception if it could not, and is called again later then. Without it
    they are kept as long as the process lives.
    """

    def __init__(self, clock: IReactorTime, write: Write | None = None) -> None:
        self.told: Callable[[Marker], None] = lambda _marker: None
        """Is called with each marker that another node has raised."""
        self._clock = clock
        self._write_to = write
        self._accounts: dict[str, _Account] = {}
        self._due: dict[tuple[str, str], Marker] = {}
        self._call: IDelayedCall | None = None
        self._writing = False
        self._closed = False
        self._waiting: list[Deferred[None]] = []
        self._outage = Outage(_log, "read markers cannot be stored", "read markers can be stored again")

    def of(self, account: str, made: int) -> Mapping[str, int]:
        """Return up to where an account has read, by the keys of rooms; not to be changed."""
        kept = self._accounts.get(account)
        return NOWHERE if kept is None or kept.made != made else kept.rooms

    def all(self) -> Iterator[Marker]:
        """Yield all that are known."""
        for account, kept in self._accounts.items():
            yield from (Marker(account, kept.made, room, id_) for room, id_ in kept.rooms.items())

    def note(self, marker: Marker) -> int:
        """Note that somebody has read up to there; return the id up to which they have, which may be higher."""
        if self._raise(marker):
            self._want(marker)
        return self.of(marker.account, marker.made).get(marker.room, 0)

    def learn(self, marker: Marker) -> None:
        """Take over what another node, or the store, says; that needs not be written."""
        if self._raise(marker):
            self._due.pop((marker.account, marker.room), None)
            self.told(marker)

    def load(self, markers: Iterable[Marker]) -> None:
        """Take over what is stored, before anybody is there."""
        for marker in markers:
            self._raise(marker)

    def forget(self, account: str, upto: int = MAX_ID) -> None:
        """Forget up to where an account has read, where that is not behind an id."""
        kept = self._accounts.get(account)
        for room in [] if kept is None else [room for room, id_ in kept.rooms.items() if id_ <= upto]:
            assert kept is not None
            self._drop(account, kept, room)

    def forget_rooms(self, gone: Callable[[str], bool], upto: int) -> None:
        """Forget up to where anybody has read in those rooms, given their keys, that are gone up to an id."""
        for marker in [marker for marker in self.all() if marker.id <= upto and gone(marker.room)]:
            self._drop(marker.account, self._accounts[marker.account], marker.room)

    def again(self, marker: Marker) -> None:
        """Write a marker that the store turns out to lack."""
        self._want(marker)

    def flush(self) -> Deferred[None]:
        """Write at once what is not written; fires once that is done, or was tried."""
        if self._writing:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            return waiting.addCallback(lambda _: self.flush())
        if not self._due:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiting.append(done)
        self._write()
        return done

    def close(self) -> Deferred[None]:
        """Write what is not written, and nothing more after that."""
        self._closed = True
        self._cancel()
        return self.flush()

    def _raise(self, marker: Marker) -> bool:
        """Return whether somebody has read further than was known."""
        account = marker.account
        kept = self._accounts.get(account)
        if kept is None or kept.made < marker.made:
            for room in () if kept is None else list(kept.rooms):
                assert kept is not None
                self._drop(account, kept, room)
            kept = self._accounts[account] = _Account(marker.made)
        if marker.made < kept.made or marker.id <= kept.rooms.get(marker.room, 0):
            return False
        kept.rooms[marker.room] = marker.id
        while len(kept.rooms) > MAX_ROOMS:
            self._drop(account, kept, min(kept.rooms, key=kept.rooms.__getitem__))
        return True

    def _drop(self, account: str, kept: _Account, room: str) -> None:
        del kept.rooms[room]
        self._want(Marker(account, kept.made, room, 0))

    def _want(self, marker: Marker) -> None:
        if self._write_to is None:
            return
        self._due[marker.account, marker.room] = marker
        self._write_later()

    def _write_later(self) -> None:
        if self._call is None and not self._closed:
            self._call = self._clock.callLater(WRITE_SECONDS, self._write_due)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _write_due(self) -> None:
        self._call = None
        if not self._writing and self._due:
            self._write()

    def _write(self) -> None:
        assert self._write_to is not None
        self._cancel()
        self._writing = True
        due, self._due = self._due, {}
        written = self._write_to(list(due.values()))
        written.addCallbacks(self._written, self._not_written, errbackArgs=(due,))
        written.addErrback(lambda failure: _log.failure("could not write read markers", failure))

    def _written(self, _result: None) -> None:
        self._outage.ended()
        self._go_on()

    def _not_written(self, failure: Failure, due: dict[tuple[str, str], Marker]) -> None:
        self._outage.began(failure.getErrorMessage())
        self._due = due | self._due
        self._go_on()

    def _go_on(self) -> None:
        self._writing = False
        if self._due:
            self._write_later()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)
