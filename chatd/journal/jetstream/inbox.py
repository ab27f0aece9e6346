"""What was read of the stream, on its way through the index to whoever follows.

Of each run a message is taken in only if it is after all that was taken in of it before: a batch that was given up and
lands late, behind one that was sent after it, counts for nobody. That holds for every node that reads the stream, at
once or later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal import JournalError
from chatd.journal.batching import Batcher
from chatd.journal.jetstream.local_index import Index
from chatd.journal.jetstream.messages import Mark, Probe, Received, read
from chatd.model.entry import Entry

MAX_BATCH = 4096
"""How many entries are written to the index at once."""
SATED = 2 * MAX_BATCH
"""How many entries may wait before no more is read."""
RETRY_SECONDS = 1
"""After a write that failed, how long until the next attempt."""

_log = Logger()


class Inbox:
    """``own`` returns the entry that was sent under a mark; ``hand_over`` takes entries, and up to where they go."""

    def __init__(
        self,
        clock: IReactorTime,
        index: Index,
        own: Callable[[Mark], Entry | Probe | None],
        hand_over: Callable[[Sequence[Entry], int], None],
    ) -> None:
        self._clock = clock
        self._index = index
        self._own = own
        self._hand_over = hand_over
        self._pace = Batcher(clock)
        self._incarnations: dict[str, int] = {}
        self._news: dict[str, int] = {}
        self._waiting: list[Entry] = []
        self._place = 0
        self._next: IDelayedCall | None = None
        self._busy = False
        self.failed = False
        self._odd = False

    @property
    def sated(self) -> bool:
        """Whether nothing more should come for now."""
        return len(self._waiting) >= SATED

    def begin(self, incarnations: dict[str, int], place: int) -> None:
        """Know what the index knows."""
        self._incarnations, self._place = incarnations, place

    def take(self, received: Received) -> None:
        """Take in the next message of the stream."""
        self._place = received.place
        try:
            arrival = read(received.payload)
            mark = arrival.mark
            entry = self._own(mark)
            if mark.order <= self._incarnations.get(mark.incarnation, -1):
                return
            if entry is None and not isinstance(arrival.event, Probe):
                entry = arrival.entry()
        except ValueError as error:
            if not self._odd:
                _log.warn("something in the stream is not of a node and is left out: {why}", why=str(error))
            self._odd = True
            return
        self._incarnations[mark.incarnation] = self._news[mark.incarnation] = mark.order
        if isinstance(entry, Entry):
            entry.place, entry.time = received.place, received.time
            self._waiting.append(entry)
        self._soon(self._pace.delay())

    def stop(self) -> None:
        """Hand over nothing more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._busy = True

    def _soon(self, delay: float) -> None:
        if self._next is None and not self._busy:
            self._next = self._clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._next = None
        self._busy = True
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        place = batch[-1].place if self._waiting else self._place
        if any(entry.durable for entry in batch):
            news, self._news = self._news, {}
            self._write(batch, news, place)
        else:
            self._done(batch, place)

    def _write(self, batch: Sequence[Entry], news: dict[str, int], place: int) -> None:
        written = self._index.write(batch, news, place)
        written.addCallbacks(
            self._written, self._not_written, callbackArgs=(batch, place), errbackArgs=(batch, news, place)
        )
        written.addErrback(lambda failure: _log.failure("what was read was not handed over", failure))

    def _written(self, _result: None, batch: Sequence[Entry], place: int) -> None:
        if self.failed:
            self.failed = False
            _log.info("the index can be written again")
        self._done(batch, place)

    def _not_written(self, failure: Failure, batch: Sequence[Entry], news: dict[str, int], place: int) -> None:
        if failure.check(JournalError) is None:
            _log.failure("the index failed", failure)
        elif not self.failed:
            _log.error("nothing is delivered: {why}", why=failure.getErrorMessage())
        self.failed = True
        # All of it is in the stream and has its place: it has to go this way, however long that takes.
        self._next = self._clock.callLater(RETRY_SECONDS, self._retry, batch, news, place)

    def _retry(self, batch: Sequence[Entry], news: dict[str, int], place: int) -> None:
        self._next = None
        self._write(batch, news, place)

    def _done(self, batch: Sequence[Entry], place: int) -> None:
        try:
            with self._pace:
                self._hand_over(batch, place)
        finally:
            self._index.note(batch)
            self._busy = False
            if self._waiting:
                self._next = self._clock.callLater(0, self._gather)

    def _gather(self) -> None:
        self._next = self._clock.callLater(self._pace.delay(), self._begin)
