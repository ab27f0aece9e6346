"""A journal in a SQLite file: one writer thread, one transaction for all that comes while the one before is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.events import Lasting, Said
from chatd.journal import (
    Entry,
    Follower,
    JournalError,
    Kept,
    Page,
    Query,
    Standing,
    Surroundings,
    T,
    TooMuchError,
    sqlite_path,
    unavailable,
)
from chatd.journal.file import schema
from chatd.journal.pace import Pace
from chatd.journal.store import Store
from chatd.journal.trim import Trimmed

MAX_BATCH = 4096
"""How many entries one transaction holds at most."""
FULL = 2 * MAX_BATCH
"""How many entries may wait for their transaction before nobody is heard."""
BEHIND = 512
"""How many entries may be on their way before each session may have but a few; those with long texts count for more."""
LONG_CHARACTERS = 256
"""How many characters cost as much as one more entry."""
RETRY_SECONDS = 1
"""After a write that failed, how long new ones are refused without trying."""
TRIM_SECONDS = 60
"""How often it is looked for what is not to be kept any more."""

_log = Logger()


class SqliteJournal:
    """Hands back what the writer thread has committed, in order.

    One batch is on its way at a time; what is appended meanwhile is the next. A batch in which nothing is to be
    stored does not need the thread. When a write fails, what was to be stored comes back refused, and for a
    moment so does all that follows; the rest of the order goes on.
    """

    def __init__(self, description: str, surroundings: Surroundings, *, synchronous: str = "FULL") -> None:
        self.epoch = ""
        self._description = description
        self._synchronous = synchronous
        self._clock = surroundings.clock
        schema()  # before the process may shed its rights
        self._make_epoch = surroundings.make_epoch
        self._retention = surroundings.retention
        self._writer = surroundings.make_worker("journal writer")
        self._reader = surroundings.make_worker("journal reader")
        self._store: Store | None = None
        self._standings: dict[str, Standing] = {}
        self._follower: Follower | None = None
        self._pace = Pace(self._clock)
        self._turn: list[Entry] = []
        self._next: IDelayedCall | None = None
        self._busy = False
        self._retry_at: float | None = None
        self._trim_failed = False
        self._read_failed = False
        self._trim_call: IDelayedCall | None = None
        self._weight = 0
        self._appended = 0
        self._handed_back = 0
        self._flushes: list[tuple[int, Deferred[None]]] = []

    ready = True
    cluster = None

    @property
    def full(self) -> bool:
        """See `chatd.journal.Journal.full`."""
        return len(self._turn) >= FULL

    @property
    def behind(self) -> bool:
        """See `chatd.journal.Journal.behind`."""
        return self._weight >= BEHIND

    def start(self) -> None:
        """See `chatd.journal.Journal.start`."""
        self._store = Store(sqlite_path(self._description), synchronous=self._synchronous)
        self.epoch = self._store.epoch(self._make_epoch())
        self._standings = self._store.standings()
        self._writer.start()
        self._reader.start()
        self._trim_call = self._clock.callLater(TRIM_SECONDS, self._trim)

    async def _stop(self) -> None:
        if self._store is None:
            return
        await self.flush()
        self._opened.reader.hurry()
        if self._trim_call is not None:
            self._trim_call.cancel()
            self._trim_call = None
        self._writer.stop()
        self._reader.stop()
        store, self._store = self._store, None
        store.close()

    def stop(self) -> Deferred[None]:
        """See `chatd.journal.Journal.stop`."""
        return Deferred.fromCoroutine(self._stop())

    def follow(self, follower: Follower) -> None:
        """See `chatd.journal.Journal.follow`."""
        self._follower = follower

    def append(self, entry: Entry) -> None:
        """See `chatd.journal.Journal.append`."""
        self._appended += 1
        self._weight += _weight(entry)
        self._turn.append(entry)
        if self._next is None and not self._busy:
            self._next = self._clock.callLater(self._pace.delay(), self._begin)

    def flush(self) -> Deferred[None]:
        """See `chatd.journal.Journal.flush`."""
        if self._handed_back == self._appended:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushes.append((self._appended, done))
        return done

    def standing(self, room: str) -> Standing | None:
        """See `chatd.journal.Journal.standing`."""
        return self._standings.get(room)

    def read(self, query: Query) -> Deferred[Page]:
        """See `chatd.journal.Journal.read`."""
        return self._watched(self._reader.do(partial(self._opened.reader.read, query)))

    def search(self, room: str, words: Sequence[str], before: int, count: int) -> Deferred[Sequence[Kept]]:
        """See `chatd.journal.Journal.search`."""
        return self._watched(self._reader.do(partial(self._opened.reader.search, room, words, before, count)))

    def _watched(self, reading: Deferred[T]) -> Deferred[T]:
        """Tell the log when reading begins to fail, and when that has passed."""

        def succeeded(result: T) -> T:
            if self._read_failed:
                self._read_failed = False
                _log.info("the journal can be read again")
            return result

        def failed(failure: Failure) -> Failure:
            if failure.check(TooMuchError) is None and not self._read_failed:
                self._read_failed = True
                _log.error("the journal cannot be read: {why}", why=failure.getErrorMessage())
            return failure

        return reading.addCallbacks(succeeded, failed)

    @property
    def _opened(self) -> Store:
        assert self._store is not None, "the journal was not started, or is stopped"
        return self._store

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
                if entry.stored:
                    self._note(entry)
            self._handed_back += len(batch)
            self._weight -= sum(map(_weight, batch))
            self._busy = False
            if self._turn:
                # What this delivery set in motion belongs to the next batch: a reactor runs calls that are due before
                # it looks at its sockets, and those made by such a call after it. When there is enough, nothing waits.
                self._next = self._clock.callLater(0, self._begin if self.behind else self._gather)
            self._flushed()

    def _gather(self) -> None:
        self._next = self._clock.callLater(self._pace.delay(), self._begin)

    def _note(self, entry: Entry) -> None:
        event = entry.event
        assert isinstance(event, Lasting)
        standing = self._standings.get(entry.room)
        if standing is None:
            standing = self._standings[entry.room] = Standing(event.room)
        standing.note(Kept(entry.id, entry.time, event))

    def _flushed(self) -> None:
        ready = [done for upto, done in self._flushes if upto <= self._handed_back]
        self._flushes = [each for each in self._flushes if each[0] > self._handed_back]
        for done in ready:
            done.callback(None)

    def _trim(self) -> None:
        """Do one step of trimming, and see to the next."""
        self._trim_call = None
        began = self._clock.seconds()
        step = self._writer.do(partial(self._opened.trim, self._retention, int(began * 1000)))
        step.addCallbacks(self._trimmed, self._not_trimmed, callbackArgs=(began,))
        step.addErrback(lambda failure: _log.failure("what is too old could not be taken away", failure))

    def _trimmed(self, trimmed: Trimmed, began: float) -> None:
        if self._store is None:
            return
        for room, cut in trimmed.cuts.items():
            standing = self._standings[room]
            standing.cut = max(standing.cut, cut)
        self._trim_failed = False
        # As long a pause as the step took, so that trimming never has more than half of the thread.
        pause = max(0.01, self._clock.seconds() - began) if trimmed.more else TRIM_SECONDS
        self._trim_call = self._clock.callLater(pause, self._trim)

    def _not_trimmed(self, failure: Failure) -> None:
        if self._store is None:
            return
        if not self._trim_failed:
            _log.error("what is too old cannot be taken away: {why}", why=failure.getErrorMessage())
        self._trim_failed = True
        self._trim_call = self._clock.callLater(TRIM_SECONDS, self._trim)


def _weight(entry: Entry) -> int:
    return 1 + len(entry.event.text) // LONG_CHARACTERS if type(entry.event) is Said else 1
