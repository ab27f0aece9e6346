"""What this node has to say, on its way to the stream: batch after batch, each until it is stored or given up.

Nothing of a batch is sent before the one before it is stored or given up, so that the order of each sender is kept. A
batch that was not acknowledged is sent again as it was: JetStream stores it once, because each message has an id of
its own, and answers a second time for a single message with its place, for a batch with a refusal of the whole. That
refusal alone is no proof: the first may be under way still, and lost yet with the server that leads. So then the batch
counts as stored only once it has come back from the stream, and is sent again until it does. A batch that was given up
may be stored later all the same; nobody takes it in once something of a later batch is there, see `inbox`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.backlog import Backlog
from chatd.journal.batching import Batcher
from chatd.journal.jetstream.errors import LinkError
from chatd.journal.jetstream.messages import Mark, Message, Probe, Subjects
from chatd.model.cluster import OTHERS, NodeDown, NodeUp, Source
from chatd.model.entry import Entry, unavailable

MAX_BATCH = 500
"""How many entries a batch holds at most; JetStream takes 1000."""
MAX_BATCH_BYTES = 512 * 1024
GIVE_UP_SECONDS = 10
"""How long after it was first sent a batch is given up."""
LAG_SECONDS = 1
"""How long what is stored may take to come back before something is sent to see whether the stream is there."""
RETRY_SECONDS = 0.5
"""How long after a failure a batch is sent again."""
FULL = 8192
"""How many entries may wait before nobody is heard."""
_OVERHEAD_BYTES = 200

_log = Logger()


class Publisher(Protocol):
    """The way to the stream."""

    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:
        """Store messages together, or none of them.

        The Deferred fires with True if they are stored, with False if they may be, and fails with `LinkError`.
        """


class Flight(NamedTuple):
    """A batch on its way."""

    entries: Sequence[Entry | Probe]
    messages: Sequence[Message]
    began: float
    attempts: list[int]


class Outbox:
    """``refused`` is called with entries that will not be stored, in the order in which they were put."""

    def __init__(
        self,
        clock: IReactorTime,
        publisher: Publisher,
        subjects: Subjects,
        refused: Callable[[Sequence[Entry]], None],
    ) -> None:
        self.incarnation = ""
        self.open = False
        """Whether it may send what people say, and not only what the node says of itself."""
        self.unavailable = False
        """Whether nothing can be stored, as far as is known."""
        self._clock = clock
        self._publisher = publisher
        self._subjects = subjects
        self._refused = refused
        self._pace = Batcher(clock)
        self._n = 0
        self._urgent: deque[Entry | Probe] = deque()
        self._queue: deque[Entry] = deque()
        self._flight: Flight | None = None
        self._sent: dict[Mark, Entry | Probe] = {}
        self._next: IDelayedCall | None = None
        self._refusal: IDelayedCall | None = None
        self._look: IDelayedCall | None = None
        self._stopped = False
        self._backlog = Backlog()

    @property
    def over_hard_limit(self) -> bool:
        """See `chatd.journal.Journal.over_hard_limit`."""
        return len(self._queue) + len(self._sent) >= FULL

    @property
    def over_soft_limit(self) -> bool:
        """See `chatd.journal.Journal.over_soft_limit`."""
        return self._backlog.over_soft_limit

    def begin(self, incarnation: str, entry: Entry) -> None:
        """Begin a run, with the entry that says so before all others."""
        self.incarnation, self._n = incarnation, 0
        self._urgent = deque([entry, *(each for each in self._urgent if self._counts(each))])
        self._soon(0)

    def put(self, entry: Entry) -> None:
        """Take an entry; what the node says of itself goes first, whether the outbox is open or not."""
        if is_of_node(entry):
            self._urgent.append(entry)
        else:
            self._backlog.put(entry)
            self._queue.append(entry)
            if not self._hopeful and self._refusal is None:
                self._refusal = self._clock.callLater(0, self._refuse_queue)
                return
        self._soon(self._pace.delay())

    def came_back(self, mark: Mark) -> Entry | Probe | None:
        """Return what was sent under a mark and is in the stream now; None if it is not known here, or given up."""
        if mark not in self._sent:
            return None
        lost: list[Entry] = []
        while (first := next(iter(self._sent))) != mark:
            # The stream has taken it away already, so that nobody has seen it.
            entry = self._sent.pop(first)
            lost += [entry] if isinstance(entry, Entry) and not is_of_node(entry) else []
        self._refuse(lost)
        entry = self._sent.pop(mark)
        if isinstance(entry, Entry) and not is_of_node(entry):
            self._backlog.take(entry)
        flight = self._flight
        if flight is not None and flight.messages[-1].mark == mark:
            self._arrived(flight)
        return entry

    def stop(self) -> None:
        """Send nothing any more; whatever waits is refused."""
        self._stopped = True
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._look is not None:
            self._look.cancel()
            self._look = None
        if self._flight is not None:
            self._give_up(self._flight)
        self._refuse_queue()

    @property
    def _hopeful(self) -> bool:
        return self.open and not self.unavailable and not self._stopped

    def _counts(self, entry: Entry | Probe) -> bool:
        """Return whether something that the node says is still to be said: not what an earlier run says of itself."""
        if not isinstance(entry, Entry):
            return False
        of_itself = type(entry.event) is NodeUp or (type(entry.event) is NodeDown and entry.event.incarnation == OTHERS)
        return not of_itself or (entry.source is not None and entry.source.incarnation == self.incarnation)

    def _is_stale(self, entry: Entry) -> bool:
        """Return whether something passing was done by somebody who is not there any more under that name."""
        incarnation = None if entry.source is None else entry.source.incarnation
        return incarnation not in (None, self.incarnation) and not entry.durable and not is_of_node(entry)

    def _soon(self, delay: float) -> None:
        if self._next is None and self._flight is None and not self._stopped:
            self._next = self._clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._next = None
        if not self._hopeful:
            self._refuse_queue()
        if self.unavailable and not self._urgent:
            self._urgent.append(Probe())
        entries, messages = self._gathered()
        if not messages:
            return
        for entry, message in zip(entries, messages, strict=True):
            self._sent[message.mark] = entry
        self._flight = Flight(entries, messages, self._clock.seconds(), [])
        self._send(self._flight)

    def _gathered(self) -> tuple[list[Entry | Probe], list[Message]]:
        """Take from the queue what one batch can hold."""
        entries: list[Entry | Probe] = []
        messages: list[Message] = []
        stale: list[Entry] = []
        size = 0
        n = self._n + 1
        while (self._urgent or self._queue) and len(entries) < MAX_BATCH and size < MAX_BATCH_BYTES:
            entry = self._urgent.popleft() if self._urgent else self._queue.popleft()
            mark = Mark(self.incarnation, n, len(entries))
            if isinstance(entry, Probe):
                messages.append(self._subjects.probe(mark))
            elif self._is_stale(entry):
                stale.append(entry)
                continue
            else:
                entry.source = Source(self.incarnation, entry.source and entry.source.info)
                messages.append(self._subjects.message(entry, mark))
            entries.append(entry)
            size += len(messages[-1].payload) + _OVERHEAD_BYTES
        if messages:
            self._n = n
        self._refuse(stale)
        return entries, messages

    def _send(self, flight: Flight) -> None:
        attempt = len(flight.attempts)
        flight.attempts.append(attempt)
        publishing = self._publisher.publish(flight.messages, attempt)
        publishing.addCallbacks(self._answered, self._failed, callbackArgs=(flight,), errbackArgs=(flight,))
        publishing.addErrback(lambda failure: _log.failure("a batch was not carried on", failure))

    def _answered(self, stored: bool, flight: Flight) -> None:  # noqa: FBT001  # what a Deferred fires with
        if stored:
            self._arrived(flight)
        else:
            self._later(flight)

    def _failed(self, failure: Failure, flight: Flight) -> None:
        if failure.check(LinkError) is None:
            _log.failure("a batch could not be sent", failure)
        self._later(flight)

    def _later(self, flight: Flight) -> None:
        if flight is not self._flight or self._stopped:
            return
        if self._clock.seconds() + RETRY_SECONDS - flight.began >= GIVE_UP_SECONDS:
            self._give_up(flight)
            return
        self._next = self._clock.callLater(RETRY_SECONDS, self._again, flight)

    def _again(self, flight: Flight) -> None:
        self._next = None
        if flight is self._flight:
            self._send(flight)

    def _arrived(self, flight: Flight) -> None:
        if flight is not self._flight:
            return
        self._flight = None
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self.unavailable:
            self.unavailable = False
            _log.info("the cluster can store what is said again")
        if self._urgent or self._queue:
            self._soon(self._pace.delay())
        self._look_later()

    def _look_later(self) -> None:
        if self._sent and self._look is None and not self._stopped:
            self._look = self._clock.callLater(LAG_SECONDS, self._look_back, next(iter(self._sent)))

    def _look_back(self, oldest: Mark) -> None:
        """Send something if ``oldest`` is still not back and nothing else is on its way that could fail."""
        self._look = None
        if oldest in self._sent and self._flight is None and not self._urgent:
            self._urgent.append(Probe())
            self._soon(0)
        self._look_later()

    def _give_up(self, flight: Flight) -> None:
        self._flight = None
        if not self.unavailable and not self._stopped:
            _log.error("the cluster stores nothing; what is said is refused until it does")
            self.unavailable = True
        # What was stored before and is still not back is given up as well: whoever said it, and all who spoke later and
        # are refused only in their turn, would wait for a stream that may be gone for long.
        said = [entry for entry in self._sent.values() if isinstance(entry, Entry) and not is_of_node(entry)]
        of_node = [entry for entry in flight.entries if isinstance(entry, Entry) and is_of_node(entry)]
        for message in flight.messages:
            self._sent.pop(message.mark, None)
        self._sent = {mark: each for mark, each in self._sent.items() if isinstance(each, Probe) or is_of_node(each)}
        self._urgent.extendleft(reversed([entry for entry in of_node if self._counts(entry)]))
        self._refuse(said)
        self._refuse_queue()
        self._soon(RETRY_SECONDS)

    def _refuse_queue(self) -> None:
        if self._refusal is not None:
            if self._refusal.active():
                self._refusal.cancel()
            self._refusal = None
        waiting = list(self._queue)
        self._queue.clear()
        self._refuse(waiting)

    def _refuse(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        for entry in entries:
            entry.refused = unavailable()
            self._backlog.take(entry)
        self._refused(entries)


def is_of_node(entry: Entry) -> bool:
    """Return whether a node says this of itself or of another."""
    return type(entry.event) in (NodeUp, NodeDown)
