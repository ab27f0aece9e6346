"""What was read from the stream, on its way through the local index to the follower.

Of each incarnation a message is taken in only if it is after all that was taken in of it before: a batch that was
abandoned and lands late, behind one that was sent after it, counts nowhere. That holds for every node that reads the
stream, at once or later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal import JournalError, Judge
from chatd.journal.batching import Batcher
from chatd.journal.jetstream.local_index import LocalIndex
from chatd.journal.jetstream.messages import MessageId, ReceivedMessage, WriteProbe, decode
from chatd.model.entry import Entry
from chatd.runtime.states import Outage, StateMachine

MAX_BATCH = 4096
"""How many entries are written to the index at once."""
SATURATED = 2 * MAX_BATCH
"""How many entries may wait before no more is read."""
RETRY_SECONDS = 1
"""After a write that failed, how long until the next attempt."""
PATIENCE_SECONDS = 4
"""After so long without a write that works, those who said what waits are told that it is not known to be stored.

With the time that a file which another program holds is waited for, it is well below ten seconds.
"""

_log = Logger()


class InboxState(Enum):
    """What becomes of what was read."""

    IDLE = auto()
    """Nothing waits."""
    GATHERING = auto()
    """A call is scheduled that takes all that waits by then as a batch."""
    WRITING = auto()
    """A batch is being written, or handed over."""
    RETRYING = auto()
    """A batch could not be written; a call is scheduled that tries it again."""
    STOPPED = auto()


TRANSITIONS = {
    InboxState.IDLE: {InboxState.GATHERING, InboxState.STOPPED},
    InboxState.GATHERING: {InboxState.WRITING, InboxState.STOPPED},
    InboxState.WRITING: {InboxState.IDLE, InboxState.GATHERING, InboxState.RETRYING, InboxState.STOPPED},
    InboxState.RETRYING: {InboxState.WRITING, InboxState.STOPPED},
    InboxState.STOPPED: {InboxState.STOPPED},
}


class Inbox:
    """``own`` returns what this node sent with an id; ``hand_over`` takes entries, and the place that they go up to.

    ``judge`` says of the next entries what counts of them, and of how many that can be said by now: see
    `chatd.journal.Judge`. If it says 0, nothing more is taken until `go_on`.
    ``disown`` refuses what of entries was appended here, and returns them as another node would have read them.
    """

    def __init__(
        self,
        clock: IReactorTime,
        index: LocalIndex,
        own: Callable[[MessageId], Entry | WriteProbe | None],
        judge: Judge,
        hand_over: Callable[[Sequence[Entry], int], None],
        disown: Callable[[Sequence[Entry]], list[Entry]],
    ) -> None:
        self._clock = clock
        self._index = index
        self._own = own
        self._judge = judge
        self._hand_over = hand_over
        self._disown = disown
        self._pace = Batcher(clock)
        self._incarnations: dict[str, int] = {}
        self._news: deque[tuple[int, MessageId]] = deque()
        self._unnoted: dict[str, int] = {}
        self._waiting: list[Entry] = []
        self._place = 0
        self._next: IDelayedCall | None = None
        self._machine = StateMachine(InboxState.IDLE, TRANSITIONS)
        self._outage = Outage(_log, "messages are not delivered", "the index can be written again")
        self._began = 0.0
        self._has_warned = False

    @property
    def saturated(self) -> bool:
        """Whether nothing more should come for now."""
        return len(self._waiting) >= SATURATED

    @property
    def failed(self) -> bool:
        """Whether the index cannot be written, as far as is known."""
        return self._outage.active

    @property
    def delivers(self) -> bool:
        """Whether what comes is handed over in time, as far as is known."""
        return not self._outage.active or self._clock.seconds() - self._began < PATIENCE_SECONDS

    def start(self, incarnations: dict[str, int], place: int) -> None:
        """Go on after what the index has."""
        self._incarnations, self._place = incarnations, place

    def receive(self, received: ReceivedMessage) -> None:
        """Take in the next message of the stream."""
        self._place = received.place
        try:
            decoded = decode(received.payload)
            message_id = decoded.id
            entry = self._own(message_id)
            if message_id.order <= self._incarnations.get(message_id.incarnation, -1):
                return
            if entry is None and not isinstance(decoded.event, WriteProbe):
                entry = decoded.entry()
        except ValueError as error:
            if not self._has_warned:
                _log.warn("skipped a message of the stream that is not from a node: {why}", why=str(error))
            self._has_warned = True
            return
        self._incarnations[message_id.incarnation] = message_id.order
        self._news.append((received.place, message_id))
        if isinstance(entry, Entry):
            entry.place, entry.time = received.place, decoded.time or received.time
            self._waiting.append(entry)
        self.go_on()

    def go_on(self) -> None:
        """Take what waits, if nothing is under way."""
        if self._machine.state is InboxState.IDLE:
            self._gather(self._pace.delay())

    def stop(self) -> None:
        """Hand over nothing more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._machine.enter(InboxState.STOPPED)

    def _gather(self, delay: float) -> None:
        self._machine.enter(InboxState.GATHERING)
        self._next = self._clock.callLater(delay, self._take_batch)

    def _take_batch(self) -> None:
        self._next = None
        self._machine.enter(InboxState.WRITING)
        batch = self._waiting[:MAX_BATCH]
        judged = self._judge(batch) if batch else 0
        batch, self._waiting = batch[:judged], self._waiting[judged:]
        place = self._waiting[0].place - 1 if self._waiting else self._place
        self._take_news(place)
        if any(entry.durable for entry in batch):
            news, self._unnoted = self._unnoted, {}
            self._began = self._clock.seconds()
            self._write(batch, news, place)
        else:
            self._done(batch, place)

    def _take_news(self, place: int) -> None:
        """Let the index note with its next write what was taken in of each incarnation up to ``place``."""
        while self._news and self._news[0][0] <= place:
            _, message_id = self._news.popleft()
            self._unnoted[message_id.incarnation] = message_id.order

    def _write(self, batch: list[Entry], news: dict[str, int], place: int) -> None:
        written = self._index.write(batch, news, place)
        written.addCallbacks(
            self._written, self._not_written, callbackArgs=(batch, place), errbackArgs=(batch, news, place)
        )
        written.addErrback(lambda failure: _log.failure("could not hand over what was read", failure))

    def _written(self, _result: None, batch: Sequence[Entry], place: int) -> None:
        self._outage.ended()
        self._done(batch, place)

    def _not_written(self, failure: Failure, batch: list[Entry], news: dict[str, int], place: int) -> None:
        if failure.check(JournalError) is None:
            _log.failure("the index failed", failure)
        self._outage.began(f"{failure.getErrorMessage()}; it continues by itself when the index can be written again")
        if self._machine.state is InboxState.STOPPED:
            return
        if not self.delivers:
            waiting = self._disown([*batch, *self._waiting])
            batch, self._waiting = waiting[: len(batch)], waiting[len(batch) :]
        # All of it is in the stream and has its place: it has to go this way, however long that takes.
        self._machine.enter(InboxState.RETRYING)
        self._next = self._clock.callLater(RETRY_SECONDS, self._retry, batch, news, place)

    def _retry(self, batch: list[Entry], news: dict[str, int], place: int) -> None:
        self._next = None
        self._machine.enter(InboxState.WRITING)
        self._write(batch, news, place)

    def _done(self, batch: Sequence[Entry], place: int) -> None:
        if self._machine.state is InboxState.STOPPED:
            return
        try:
            with self._pace:
                self._hand_over(batch, place)
        finally:
            self._index.note_delivered(batch)
            if self._machine.state is InboxState.WRITING:
                if self._waiting and batch:
                    self._machine.enter(InboxState.GATHERING)
                    self._next = self._clock.callLater(0, self._gather_more)
                else:
                    self._machine.enter(InboxState.IDLE)

    def _gather_more(self) -> None:
        self._next = self._clock.callLater(self._pace.delay(), self._take_batch)
