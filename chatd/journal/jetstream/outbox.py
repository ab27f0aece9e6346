"""What this node appends, on its way to the stream: batch after batch, each until it is stored or abandoned.

Nothing of a batch is sent before the one before it is stored or abandoned, so that the order of each sender is kept. A
batch that was not acknowledged is sent again as it was: JetStream stores it once, because each message has an id of
its own, and answers a second time for a single message with its place, for a batch with a refusal of the whole. That
refusal alone is no proof: the first may be under way still, and lost yet with the server that leads. So then the batch
counts as stored only once it has come back from the stream, and is sent again until it does. A batch that was abandoned
may be stored later all the same; no node takes it in once something of a later batch is there, see `inbox`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.backlog import Backlog
from chatd.journal.batching import Batcher
from chatd.journal.jetstream.errors import NatsError
from chatd.journal.jetstream.messages import Message, MessageId, Subjects, WriteProbe
from chatd.journal.jetstream.outbox_state import TRANSITIONS, OutboxState
from chatd.journal.jetstream.publisher import Publisher
from chatd.model.cluster import OTHERS, NodeDown, NodeUp, Source
from chatd.model.entry import Entry, unavailable
from chatd.runtime.states import Outage, StateMachine

MAX_BATCH = 500
"""How many entries a batch holds at most; JetStream takes 1000."""
MAX_BATCH_BYTES = 512 * 1024
ABANDON_SECONDS = 10
"""How long after it was first sent a batch is abandoned."""
LAG_SECONDS = 1
"""How long what is stored may take to come back before something is sent to see whether the stream is there."""
RETRY_SECONDS = 0.5
"""How long after a failure a batch is sent again."""
FULL = 8192
"""How many entries may wait before no session is read from."""
_OVERHEAD_BYTES = 200

_log = Logger()


class PendingBatch(NamedTuple):
    """A batch that was sent and is not known to be stored."""

    entries: Sequence[Entry | WriteProbe]
    messages: Sequence[Message]
    began: float
    attempts: list[int]


class Outbox:
    """``refused`` is called with entries that will not be stored, in the order in which they were appended."""

    def __init__(
        self,
        clock: IReactorTime,
        publisher: Publisher,
        subjects: Subjects,
        refused: Callable[[Sequence[Entry]], None],
    ) -> None:
        self.incarnation = ""
        """The present one of this node; empty until the first `start_incarnation`."""
        self._machine = StateMachine(OutboxState.CLOSED, TRANSITIONS)
        self._outage = Outage(_log, "the cluster stores nothing", "the cluster can store what is sent again")
        self._clock = clock
        self._publisher = publisher
        self._subjects = subjects
        self._refused = refused
        self._pace = Batcher(clock)
        self._batch = 0
        self._urgent: deque[Entry | WriteProbe] = deque()
        self._queue: deque[Entry] = deque()
        self._pending: PendingBatch | None = None
        self._sent: dict[MessageId, Entry | WriteProbe] = {}
        self._next: IDelayedCall | None = None
        self._refusal: IDelayedCall | None = None
        self._probe_call: IDelayedCall | None = None
        self._backlog = Backlog()

    @property
    def over_hard_limit(self) -> bool:
        """Whether no session should be read from until something has come back."""
        return len(self._queue) + len(self._sent) >= FULL

    @property
    def over_soft_limit(self) -> bool:
        """Whether those who send a lot have to wait until something has come back."""
        return self._backlog.over_soft_limit

    @property
    def unavailable(self) -> bool:
        """Whether nothing can be stored, as far as is known."""
        return self._outage.active

    def open(self) -> None:
        """Send what members do, from here on."""
        self._machine.enter(OutboxState.OPEN)

    def close(self) -> None:
        """Refuse what members do, until `open`."""
        self._machine.enter(OutboxState.CLOSED)

    def start_incarnation(self, incarnation: str, entry: Entry) -> None:
        """Send as another incarnation from here on, before all else the entry that announces it."""
        self.incarnation, self._batch = incarnation, 0
        self._urgent = deque([entry, *(each for each in self._urgent if self._is_current(each))])
        self._schedule(0)

    def enqueue(self, entry: Entry) -> None:
        """Send an entry; what a node says of nodes goes first, whether the outbox is open or not."""
        if is_of_node(entry):
            self._urgent.append(entry)
        else:
            self._backlog.add(entry)
            self._queue.append(entry)
            if not self._can_store and self._refusal is None:
                self._refusal = self._clock.callLater(0, self._refuse_queue)
                return
        self._schedule(self._pace.delay())

    def resolve(self, message_id: MessageId) -> Entry | WriteProbe | None:
        """Return what was sent with an id that was read from the stream; None if it is unknown, or was abandoned."""
        if message_id not in self._sent:
            return None
        lost: list[Entry] = []
        while (first := next(iter(self._sent))) != message_id:
            # The stream has deleted it already, so that no node has seen it.
            entry = self._sent.pop(first)
            lost += [entry] if isinstance(entry, Entry) and not is_of_node(entry) else []
        self._refuse(lost)
        entry = self._sent.pop(message_id)
        if isinstance(entry, Entry) and not is_of_node(entry):
            self._backlog.remove(entry)
        pending = self._pending
        if pending is not None and pending.messages[-1].id == message_id:
            self._settle(pending)
        return entry

    def stop(self) -> None:
        """Send nothing any more; whatever waits is refused."""
        self._machine.enter(OutboxState.STOPPED)
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._probe_call is not None:
            self._probe_call.cancel()
            self._probe_call = None
        if self._pending is not None:
            self._abandon(self._pending)
        self._refuse_queue()

    @property
    def _can_store(self) -> bool:
        return self._machine.state is OutboxState.OPEN and not self._outage.active

    def _is_current(self, entry: Entry | WriteProbe) -> bool:
        """Return whether what the node says is still to be sent: not what an earlier incarnation says of itself."""
        if not isinstance(entry, Entry):
            return False
        of_itself = type(entry.event) is NodeUp or (type(entry.event) is NodeDown and entry.event.incarnation == OTHERS)
        return not of_itself or (entry.source is not None and entry.source.incarnation == self.incarnation)

    def _is_stale(self, entry: Entry) -> bool:
        """Return whether something was done by a member of an earlier incarnation, of whom nothing counts any more."""
        incarnation = None if entry.source is None else entry.source.incarnation
        return incarnation not in (None, self.incarnation) and not is_of_node(entry)

    def _schedule(self, delay: float) -> None:
        if self._next is None and self._pending is None and self._machine.state is not OutboxState.STOPPED:
            self._next = self._clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._next = None
        if not self._can_store:
            self._refuse_queue()
        if self.unavailable and not self._urgent:
            self._urgent.append(WriteProbe())
        entries, messages = self._gathered()
        if not messages:
            return
        for entry, message in zip(entries, messages, strict=True):
            self._sent[message.id] = entry
        self._pending = PendingBatch(entries, messages, self._clock.seconds(), [])
        self._send(self._pending)

    def _gathered(self) -> tuple[list[Entry | WriteProbe], list[Message]]:
        """Take from the queue what one batch can hold."""
        entries: list[Entry | WriteProbe] = []
        messages: list[Message] = []
        stale: list[Entry] = []
        size = 0
        number = self._batch + 1
        while (self._urgent or self._queue) and len(entries) < MAX_BATCH and size < MAX_BATCH_BYTES:
            entry = self._urgent.popleft() if self._urgent else self._queue.popleft()
            message_id = MessageId(self.incarnation, number, len(entries))
            if isinstance(entry, WriteProbe):
                messages.append(self._subjects.write_probe(message_id))
            elif self._is_stale(entry):
                stale.append(entry)
                continue
            else:
                entry.source = Source(self.incarnation, entry.source and entry.source.info)
                messages.append(self._subjects.message(entry, message_id))
            entries.append(entry)
            size += len(messages[-1].payload) + _OVERHEAD_BYTES
        if messages:
            self._batch = number
        self._refuse(stale)
        return entries, messages

    def _send(self, pending: PendingBatch) -> None:
        attempt = len(pending.attempts)
        pending.attempts.append(attempt)
        publishing = self._publisher.publish(pending.messages, attempt)
        publishing.addCallbacks(self._published, self._not_published, callbackArgs=(pending,), errbackArgs=(pending,))
        publishing.addErrback(lambda failure: _log.failure("a batch was not carried on", failure))

    def _published(self, stored: bool, pending: PendingBatch) -> None:  # noqa: FBT001  # what a Deferred fires with
        if stored:
            self._settle(pending)
        else:
            self._retry_later(pending)

    def _not_published(self, failure: Failure, pending: PendingBatch) -> None:
        if failure.check(NatsError) is None:
            _log.failure("a batch could not be sent", failure)
        self._retry_later(pending)

    def _retry_later(self, pending: PendingBatch) -> None:
        if pending is not self._pending or self._machine.state is OutboxState.STOPPED:
            return
        if self._clock.seconds() + RETRY_SECONDS - pending.began >= ABANDON_SECONDS:
            self._abandon(pending)
            return
        self._next = self._clock.callLater(RETRY_SECONDS, self._retry, pending)

    def _retry(self, pending: PendingBatch) -> None:
        self._next = None
        if pending is self._pending:
            self._send(pending)

    def _settle(self, pending: PendingBatch) -> None:
        if pending is not self._pending:
            return
        self._pending = None
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._outage.ended()
        if self._urgent or self._queue:
            self._schedule(self._pace.delay())
        self._probe_later()

    def _probe_later(self) -> None:
        if self._sent and self._probe_call is None and self._machine.state is not OutboxState.STOPPED:
            self._probe_call = self._clock.callLater(LAG_SECONDS, self._probe, next(iter(self._sent)))

    def _probe(self, oldest: MessageId) -> None:
        """Send something if ``oldest`` is still not back and nothing else is on its way that could fail."""
        self._probe_call = None
        if oldest in self._sent and self._pending is None and not self._urgent:
            self._urgent.append(WriteProbe())
            self._schedule(0)
        self._probe_later()

    def _abandon(self, pending: PendingBatch) -> None:
        self._pending = None
        if self._machine.state is not OutboxState.STOPPED:
            self._outage.began("what is sent is refused until it does")
        # What was stored before and is still not back is abandoned as well: whoever said it, and all who spoke later
        # and are refused only in their turn, would wait for a stream that may be gone for long.
        said = [entry for entry in self._sent.values() if isinstance(entry, Entry) and not is_of_node(entry)]
        of_node = [entry for entry in pending.entries if isinstance(entry, Entry) and is_of_node(entry)]
        for message in pending.messages:
            self._sent.pop(message.id, None)
        self._sent = {id_: each for id_, each in self._sent.items() if isinstance(each, WriteProbe) or is_of_node(each)}
        self._urgent.extendleft(reversed([entry for entry in of_node if self._is_current(entry)]))
        self._refuse(said)
        self._refuse_queue()
        self._schedule(RETRY_SECONDS)

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
            self._backlog.remove(entry)
        self._refused(entries)


def is_of_node(entry: Entry) -> bool:
    """Return whether a node says this of itself or of another node."""
    return type(entry.event) in (NodeUp, NodeDown)
