"""A journal in a SQLite file: one writer thread, one transaction for all that comes while the one before is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.journal import Environment, Follower, Journal, JournalError
from chatd.journal.backlog import Backlog
from chatd.journal.batching import Batcher
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.stored import StoredJournal
from chatd.model.entry import Entry, unavailable

MAX_BATCH = 4096
"""How many entries one transaction holds at most."""
FULL = 2 * MAX_BATCH
"""How many entries may wait for their transaction before nobody is heard."""
RETRY_SECONDS = 1
"""After a write that failed, how long new ones are refused without trying."""

_log = Logger()


class SqliteJournal(StoredJournal, Journal):
    """Hands back what the writer thread has committed, in order.

    One batch is on its way at a time; what is appended meanwhile is the next. A batch in which nothing is to be
    stored does not need the thread. When a write fails, what was to be stored comes back refused, and for a
    moment so does all that follows; the rest of the order goes on.
    """

    epoch = ""
    ready = True
    cluster = None

    def __init__(self, description: str, surroundings: Environment, *, synchronous: str = "FULL") -> None:
        super().__init__(surroundings, surroundings.retention)
        self._description = description
        self._synchronous = synchronous
        self._make_epoch = surroundings.make_epoch
        self._follower: Follower | None = None
        self._pace = Batcher(self._clock)
        self._turn: list[Entry] = []
        self._next: IDelayedCall | None = None
        self._busy = False
        self._retry_at: float | None = None
        self._backlog = Backlog()
        self._appended = 0
        self._handed_back = 0
        self._flushes: list[tuple[int, Deferred[None]]] = []

    @property
    @override
    def over_hard_limit(self) -> bool:
        return len(self._turn) >= FULL

    @property
    @override
    def over_soft_limit(self) -> bool:
        return self._backlog.over_soft_limit

    @override
    def start(self) -> None:
        store = Store(sqlite_path(self._description), synchronous=self._synchronous)
        self.epoch = store.epoch(self._make_epoch())
        self.open(store)

    async def _stop(self) -> None:
        if self._store is not None:
            await self.flush()
            self.close()

    @override
    def stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    @override
    def follow(self, follower: Follower) -> None:
        self._follower = follower

    @override
    def append(self, entry: Entry) -> None:
        self._appended += 1
        self._backlog.put(entry)
        self._turn.append(entry)
        if self._next is None and not self._busy:
            self._next = self._clock.callLater(self._pace.delay(), self._begin)

    @override
    def flush(self) -> Deferred[None]:
        if self._handed_back == self._appended:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushes.append((self._appended, done))
        return done

    def _begin(self) -> None:
        """Write what has been appended, or hand it back if there is nothing to write or no use in trying."""
        self._next = None
        self._busy = True
        batch, self._turn = self._turn[:MAX_BATCH], self._turn[MAX_BATCH:]
        seconds = self._clock.seconds()
        now = int(seconds * 1000)
        for entry in batch:
            entry.time = now
        if not any(entry.durable for entry in batch):
            self._hand_back(batch)
        elif self._retry_at is not None and 0 < self._retry_at - seconds <= RETRY_SECONDS:
            self._refuse(batch)
        else:
            written = self._writer.do(partial(self._opened.write, batch))
            written.addCallbacks(self._written, self._not_written, callbackArgs=(batch,), errbackArgs=(batch,))
            written.addErrback(lambda failure: _log.failure("a batch was not handed back", failure))

    def _written(self, _result: None, batch: Sequence[Entry]) -> None:
        if self._retry_at is not None:
            self._retry_at = None
            _log.info("the journal can be written again")
        self._hand_back(batch)

    def _not_written(self, failure: Failure, batch: Sequence[Entry]) -> None:
        if failure.check(JournalError) is None:
            _log.failure("the journal failed", failure)
        if self._retry_at is None:
            _log.error("nothing can be stored: {why}", why=failure.getErrorMessage())
        self._retry_at = self._clock.seconds() + RETRY_SECONDS
        self._refuse(batch)

    def _refuse(self, batch: Sequence[Entry]) -> None:
        for entry in batch:
            if entry.durable:
                entry.refused = unavailable()
        self._hand_back(batch)

    def _hand_back(self, batch: Sequence[Entry]) -> None:
        try:
            if self._follower is not None:
                with self._pace:
                    self._follower(batch)
        finally:
            for entry in batch:
                self._backlog.take(entry)
                if entry.stored:
                    self._note(entry)
            self._handed_back += len(batch)
            self._busy = False
            if self._turn:
                # What this delivery set in motion belongs to the next batch: a reactor runs calls that are due before
                # it looks at its sockets, and those made by such a call after it. When there is enough, nothing waits.
                self._next = self._clock.callLater(0, self._begin if self.over_soft_limit else self._gather)
            self._flushed()

    def _gather(self) -> None:
        self._next = self._clock.callLater(self._pace.delay(), self._begin)

    def _flushed(self) -> None:
        ready = [done for upto, done in self._flushes if upto <= self._handed_back]
        self._flushes = [each for each in self._flushes if each[0] > self._handed_back]
        for done in ready:
            done.callback(None)
