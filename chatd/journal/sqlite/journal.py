"""A journal in a SQLite file: one writer thread; what is appended during a transaction is written by the next."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.journal import Environment, Follower, Journal, JournalError, Judge, Retention
from chatd.journal.ages import AgeClock
from chatd.journal.backlog import Backlog
from chatd.journal.batching import Batcher
from chatd.journal.flushes import Flushes
from chatd.journal.read_markers import Marker, ReadMarkers
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.database import LACKS_LOG, refuse_index
from chatd.journal.sqlite.requests import POLL_SECONDS
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.stored import StoredJournal
from chatd.journal.starts import Starts
from chatd.model.entry import Entry, unavailable
from chatd.model.health import Health
from chatd.model.numbers import CommitTimes, JournalNumbers
from chatd.runtime.states import Outage, StateMachine

MAX_BATCH = 4096
"""How many entries one transaction holds at most."""
FULL = 2 * MAX_BATCH
"""How many entries may wait for their transaction before no session is read from."""
RETRY_SECONDS = 1
"""After a write that failed, how long new ones are refused without trying."""

_log = Logger()


class WriterState(Enum):
    """What becomes of what was appended."""

    IDLE = auto()
    """Nothing waits."""
    GATHERING = auto()
    """A call is scheduled that takes all that waits by then as a batch."""
    WRITING = auto()
    """A batch is being written, or handed back."""


TRANSITIONS = {
    WriterState.IDLE: {WriterState.GATHERING},
    WriterState.GATHERING: {WriterState.WRITING},
    WriterState.WRITING: {WriterState.IDLE, WriterState.GATHERING},
}


class SqliteJournal(StoredJournal, Journal):
    """Hands back what the writer thread has committed, in order.

    One batch is on its way at a time; what is appended meanwhile is the next. A batch in which nothing is to be
    stored does not need the thread. When a write fails, what was to be stored comes back refused, and for a
    moment so does all that follows; the rest of the order goes on.
    """

    cluster = None

    def __init__(self, description: str, environment: Environment, *, synchronous: str = "FULL") -> None:
        self._age_clock = AgeClock(environment.clock, environment.wall, _log)
        super().__init__(environment, environment.retention, self._age_clock)
        self._wall = environment.wall
        self._description = description
        self._synchronous = synchronous
        self._make_epoch = environment.make_epoch
        self._starts: Starts | None = None
        self._follower: Follower | None = None
        self._judge: Judge = len
        # A commit costs about as much for three as for one: 1,000 messages a second take 0.8 of the CPU.
        self._pace = Batcher(self._clock, busy_seconds=0)
        self._turn: list[Entry] = []
        self._machine = StateMachine(WriterState.IDLE, TRANSITIONS)
        self._markers = ReadMarkers(self._clock, self._write_markers)
        self._outage = Outage(_log, "cannot store messages", "the journal can be written again")
        self._retry_at = 0.0
        self._backlog = Backlog()
        self._handed_back = 0
        self._flushes = Flushes()
        self._commits = CommitTimes()
        self._poll_call: IDelayedCall | None = None
        self._polling: Deferred[None] = succeed(None)
        self._stopping = False

    @property
    @override
    def epoch(self) -> str:
        return "" if self._starts is None else self._starts.epoch

    @override
    def holds(self, epoch: str | None, id_: int) -> bool:
        return self._starts is not None and self._starts.hold(epoch, id_)

    @property
    @override
    def health(self) -> Health:
        return Health.UNWRITABLE if self._outage.active else Health.WORKING

    @property
    @override
    def over_hard_limit(self) -> bool:
        return len(self._turn) >= FULL

    @property
    @override
    def over_soft_limit(self) -> bool:
        return self._backlog.over_soft_limit

    @property
    @override
    def markers(self) -> ReadMarkers:
        return self._markers

    @property
    @override
    def numbers(self) -> JournalNumbers:
        waiting = self._flushes.appended - self._handed_back
        return JournalNumbers("sqlite", self._commits, waiting, self.size_bytes)

    @override
    def start(self) -> None:
        path = sqlite_path(self._description)
        refuse_index(path)
        store = Store(path, synchronous=self._synchronous)
        try:
            if store.lacks_log:
                _log.warn("{path}: {why}", path=path, why=LACKS_LOG)
            self._starts = store.begin(self._make_epoch())
            self._age_clock.start(store.newest(), self.retention.seconds)
            self._markers.load(store.markers())
            self.open_store(store)
            self._poll_call = self._clock.callLater(POLL_SECONDS, self._poll)
        except BaseException:
            store.close()
            raise

    @override
    def set_retention(self, retention: Retention) -> Deferred[None]:
        self.retention = retention
        self.trim_anew()
        return succeed(None)

    async def _stop(self) -> None:
        self._stopping = True
        if self._poll_call is not None:
            self._poll_call.cancel()
            self._poll_call = None
        if self._store is not None:
            await self._polling  # what was taken is carried out
            await self.flush()
            await self._markers.close()
            self.close_store()

    @override
    def stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    @override
    def follow(self, follower: Follower, judge: Judge = len) -> None:
        self._follower, self._judge = follower, judge

    @override
    def append(self, entry: Entry) -> None:
        self._flushes.appended += 1
        self._backlog.add(entry)
        self._turn.append(entry)
        if self._machine.state is WriterState.IDLE:
            self._machine.enter(WriterState.GATHERING)
            self._clock.callLater(self._pace.delay(), self._take_batch)

    @override
    def flush(self) -> Deferred[None]:
        return self._flushes.wait()

    def _write_markers(self, markers: Sequence[Marker]) -> Deferred[None]:
        return self._writer.do(partial(self._opened.write_markers, markers))

    def _poll(self) -> None:
        """Do what commands ask for, and see to the next time; what cannot be read now is asked for still."""
        self._poll_call = None
        taken = self._writer.do(self._opened.take_requests)
        taken.addErrback(lambda failure: failure.trap(JournalError) and ())
        self._polling = taken.addCallback(self._carry_out_requests)
        self._polling.addErrback(lambda failure: _log.failure("could not do what a command asked for", failure))

    def _carry_out_requests(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.append(entry)
        if not self._stopping:
            self._poll_call = self._clock.callLater(POLL_SECONDS, self._poll)

    def _take_batch(self) -> None:
        """Write what has been appended, or hand it back if there is nothing to write or no use in trying."""
        self._machine.enter(WriterState.WRITING)
        batch = self._turn[:MAX_BATCH]
        seconds = self._clock.seconds()
        now = int(self._wall() * 1000)
        for entry in batch:
            entry.time = now
        judged = self._judge(batch)
        batch, self._turn = batch[:judged], self._turn[judged:]
        if not any(entry.durable and entry.refused is None for entry in batch):
            self._hand_back(batch)
        elif self._outage.active and 0 < self._retry_at - seconds <= RETRY_SECONDS:
            self._refuse(batch)
        else:
            try:
                self._rooms.before_writing({entry.room for entry in batch})
            except JournalError:  # which was logged
                self._refuse(batch)
                return
            written = self._writer.do(partial(self._opened.write, batch, self._ages()))
            written.addCallbacks(self._written, self._not_written, callbackArgs=(batch, seconds), errbackArgs=(batch,))
            written.addErrback(lambda failure: _log.failure("could not hand back a batch", failure))

    def _written(self, _result: None, batch: Sequence[Entry], began: float) -> None:
        self._commits.note(self._clock.seconds() - began)
        self._outage.ended()
        self._hand_back(batch)

    def _not_written(self, failure: Failure, batch: Sequence[Entry]) -> None:
        if failure.check(JournalError) is None:
            _log.failure("the journal failed", failure)
        self._commits.failed += 1
        self._outage.began(failure.getErrorMessage())
        self._retry_at = self._clock.seconds() + RETRY_SECONDS
        self._refuse(batch)

    def _refuse(self, batch: Sequence[Entry]) -> None:
        for entry in batch:
            if entry.durable:
                entry.refused = entry.refused or unavailable()
        self._hand_back(batch)

    def _hand_back(self, batch: Sequence[Entry]) -> None:
        try:
            if self._follower is not None:
                with self._pace:
                    self._follower(batch)
        finally:
            for entry in batch:
                self._backlog.remove(entry)
            self.note_delivered(batch)
            self._handed_back += len(batch)
            if self._turn:
                self._machine.enter(WriterState.GATHERING)
                # What this delivery set in motion belongs to the next batch: a reactor runs calls that are due before
                # it looks at its sockets, and those made by such a call after it. When there is enough, nothing waits.
                self._clock.callLater(0, self._take_batch if self.over_soft_limit else self._gather_more)
            else:
                self._machine.enter(WriterState.IDLE)
            self._flushes.handed_back(self._handed_back)

    def _gather_more(self) -> None:
        self._clock.callLater(self._pace.delay(), self._take_batch)
