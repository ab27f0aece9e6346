"""A journal's file in a running process: its threads, what is read from it, and what retention deletes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.journal import (
    EVERYTHING,
    Among,
    Environment,
    JournalError,
    JournalReader,
    Page,
    Query,
    Retention,
    TooMuchError,
)
from chatd.journal.ages import Ages
from chatd.journal.known_rooms import RoomState
from chatd.journal.sqlite.database import schema
from chatd.journal.sqlite.retention import Trimmed
from chatd.journal.sqlite.searches import Searches
from chatd.journal.sqlite.standings import Unspoken, unspoken
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.stored_rooms import StoredRooms
from chatd.journal.sqlite.upkeep import Upkeep
from chatd.model.entry import Entry, StoredEvent
from chatd.runtime.states import Outage

TRIM_SECONDS = 60
"""How often retention is applied."""
TRIM_PAUSES = 2
"""How much longer than a step of it the pause after it is."""
ROOMS_AT_ONCE = 500
"""How many rooms are looked at in one go, after a start, for such as no message is left of."""
LOOK_SECONDS = 0.25
"""How long the pause after that is: nobody who reads meanwhile is to wait long."""

T = TypeVar("T")
_log = Logger()


class StoredJournal(JournalReader):
    """An open `Store`, written by one thread, read by another and searched by a third, and how each room stands."""

    retention = Retention()

    def __init__(self, environment: Environment, retention: Retention, ages: Ages) -> None:
        schema()  # read before the process may give up its privileges
        self._ages = ages
        self._clock = environment.clock
        self.retention = retention
        self._writer = environment.make_worker("journal writer")
        self._reader = environment.make_worker("journal reader")
        self._searcher = environment.make_worker("journal searcher")
        self._searches: Searches[Sequence[StoredEvent]] = Searches(self._searcher)
        self._store: Store | None = None
        self._rooms = StoredRooms(self._ask)
        self._forgotten: dict[str, int] = {}
        self._reading = Outage(_log, "cannot read the journal", "the journal can be read again")
        self._trimming = Outage(_log, "cannot delete expired messages", "expired messages can be deleted again")
        self._trim_call: IDelayedCall | None = None
        self._look_call: IDelayedCall | None = None
        self._upkeep: Upkeep | None = None

    def open_store(self, store: Store) -> None:
        """Begin to use a store. Raise `JournalError` if it cannot be read."""
        self._store = store
        try:
            self._rooms.open()
        except BaseException:
            self._store = None
            raise
        self._writer.start()
        self._reader.start()
        self._searcher.start()
        self._trim_call = self._clock.callLater(TRIM_SECONDS, self._trim)
        self._upkeep = Upkeep(self._clock, self._writer, store.upkeep)
        self._upkeep.start()
        self._look_for_unspoken(0)

    def close_store(self) -> None:
        """Close the store, once what is being written is; what is being read fails."""
        self._opened.reader.interrupt()
        self._opened.searcher.interrupt()
        self._searches.close()
        if self._upkeep is not None:
            self._upkeep.stop()
            self._upkeep = None
        if self._trim_call is not None:
            self._trim_call.cancel()
            self._trim_call = None
        if self._look_call is not None and self._look_call.active():
            self._look_call.cancel()
        self._writer.stop()
        self._reader.stop()
        self._searcher.stop()
        store, self._store = self._opened, None
        store.close()

    @override
    def room_state(self, room: str) -> RoomState | None:
        return self._rooms.find(room)

    @property
    @override
    def known_rooms(self) -> StoredRooms:
        return self._rooms

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._store is None:
            raise JournalError("the journal is closed")
        try:
            answer = self._store.asker.ask(question)
        except JournalError as error:
            self._reading.began(str(error))
            raise
        self._reading.ended()
        return answer

    def forget(self, rooms: Mapping[str, int]) -> None:
        """Forget rooms of which nothing is left but topics; see `Journal.forget`."""
        for room, upto in rooms.items():
            self._rooms.forget(room, upto)
        self._forgotten |= rooms
        forgotten = self._writer.do(partial(self._opened.forget, dict(rooms)))
        # What stays in the file for now is found, and forgotten, at the next start.
        forgotten.addCallbacks(
            lambda _: self._rooms.left(rooms),
            lambda failure: self._trimming.began(failure.getErrorMessage()),
        )

    def _look_for_unspoken(self, after: int) -> None:
        """Look through the file, once after the start, for rooms of which no message is left; some at a time."""
        looked = self._reader.do(partial(self._opened.reader.ask, partial(unspoken, after=after, most=ROOMS_AT_ONCE)))
        self._watched(looked).addCallbacks(self._note_unspoken, lambda _failure: None)  # which was logged

    def _note_unspoken(self, found: Unspoken) -> None:
        self._rooms.note_unspoken(found.keys)
        if found.last is not None and self._store is not None:
            self._look_call = self._clock.callLater(LOOK_SECONDS, self._look_for_unspoken, found.last)

    @override
    def read(self, query: Query) -> Deferred[Page]:
        if self._store is None:  # whoever reads page after page may still be about it
            return _closed()
        return self._watched(self._reader.do(partial(self._opened.reader.read, query)))

    @override
    def search(
        self, room: str, words: Sequence[str], before: int, count: int, among: Among = EVERYTHING
    ) -> Deferred[Sequence[StoredEvent]]:
        if self._store is None:
            return _closed()
        search = partial(self._opened.searcher.search, room, words, before, count, among=among)
        fed = self._writer.do(self._opened.feed)
        # On a full disk all but the last few messages are found.
        fed.addErrback(lambda failure: failure.trap(JournalError) and None)
        return self._watched(fed.addCallback(lambda _: self._searches.do(search)))

    def _watched(self, reading: Deferred[T]) -> Deferred[T]:
        """Log when reading begins to fail, and when it works again."""

        def succeeded(result: T) -> T:
            self._reading.ended()
            return result

        def failed(failure: Failure) -> Failure:
            if failure.check(TooMuchError) is None:
                self._reading.began(failure.getErrorMessage())
            return failure

        return reading.addCallbacks(succeeded, failed)

    @property
    def size_bytes(self) -> int:
        """How long the file was when something was last written; 0 while it is not open."""
        return 0 if self._store is None else self._store.size_bytes

    @property
    def _opened(self) -> Store:
        assert self._store is not None, "the journal was not started, or is stopped"
        return self._store

    def note_delivered(self, entries: Sequence[Entry]) -> None:
        """Keep the rooms' states up to date: ``entries`` were handed over."""
        self._rooms.handed_back(entries, self._forgotten)
        self._forgotten.clear()

    def trim_anew(self) -> None:
        """Look at all rooms, and do so now: other bounds hold."""
        if self._store is None:
            return
        looked = self._writer.do(self._store.trim_all)
        looked.addErrback(lambda failure: _log.failure("could not look for expired messages", failure))
        if self._trim_call is not None:  # else a step is under way, and the next looks at them
            self._trim_call.reset(0)

    def _trim(self) -> None:
        """Do one step of trimming, and see to the next."""
        self._trim_call = None
        began = self._clock.seconds()
        step = self._writer.do(partial(self._opened.trim, self.retention, self._ages()))
        step.addCallbacks(self._trimmed, self._not_trimmed, callbackArgs=(began,))
        step.addErrback(lambda failure: _log.failure("could not delete expired messages", failure))

    def _trimmed(self, trimmed: Trimmed, began: float) -> None:
        if self._store is None:
            return
        self._rooms.raise_watermarks(trimmed.watermarks)
        self._rooms.note_unspoken(trimmed.unspoken)
        self._trimming.ended()
        # The longer the step had to wait for its turn, the longer the pause: messages go first.
        pause = max(0.01, TRIM_PAUSES * (self._clock.seconds() - began)) if trimmed.more else TRIM_SECONDS
        self._trim_call = self._clock.callLater(pause, self._trim)

    def _not_trimmed(self, failure: Failure) -> None:
        if self._store is None:
            return
        self._trimming.began(failure.getErrorMessage())
        self._trim_call = self._clock.callLater(TRIM_SECONDS, self._trim)


def _closed() -> Deferred[Any]:
    return fail(TooMuchError("the journal is closed"))
