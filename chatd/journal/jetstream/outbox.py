"""What this node appends, on its way to the stream: batch after batch, each until it is stored or abandoned.

Nothing of a batch is sent before the one before it is stored or abandoned, so that the order of each sender is kept. A
batch that was not acknowledged is sent again as it was: JetStream stores it once, because each message has an id of
its own, and answers a second time for a single message with its place, for a batch with a refusal of the whole. That
refusal alone is no proof: the first may be under way still, and lost yet with the server that leads. So then the batch
counts as stored only once it has come back from the stream, and is sent again until it does. A batch that was abandoned
may be stored later all the same; no node takes it in once something of a later batch is there, see `inbox`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.backlog import Backlog
from chatd.journal.batching import Batcher
from chatd.journal.jetstream.errors import NatsError, RequestTimeoutError, why_not_stored
from chatd.journal.jetstream.messages import Message, MessageId, Subjects, WriteProbe
from chatd.journal.jetstream.outbox_state import TRANSITIONS, OutboxState
from chatd.journal.jetstream.publisher import Publisher
from chatd.journal.jetstream.send_queue import SendQueue, is_of_node
from chatd.model.entry import Entry, unavailable
from chatd.model.numbers import CommitTimes
from chatd.runtime.states import Outage, StateMachine

ABANDON_SECONDS = 10
"""How long whoever speaks waits for an answer at most: then what is on its way is abandoned."""
LAG_SECONDS = 1
"""How long what is stored may take to come back before something is sent to see whether the stream is there.

That has as long itself, also if somebody has waited for `ABANDON_SECONDS` already for what is stored and late.
"""
QUIET_SECONDS = 10
"""After so long in which nothing was stored it is tried whether anything can be."""
RETRY_SECONDS = 0.5
"""How long after a failure a batch is sent again."""
FULL = 8192
"""How many entries may wait before no session is read from."""

_log = Logger()


class PendingBatch(NamedTuple):
    """A batch that was sent and is not known to be stored."""

    entries: Sequence[Entry | WriteProbe]
    messages: Sequence[Message]
    began: float
    attempts: list[int]
    reasons: list[str]
    """Why it was not stored, as far as a server gave a reason."""


class Outbox:
    """``refused`` is called with entries that will not be stored, in the order in which they were appended.

    ``delivers`` returns whether what is stored is handed back: what members do is refused while it is not.
    """

    def __init__(
        self,
        clock: IReactorTime,
        publisher: Publisher,
        subjects: Subjects,
        refused: Callable[[Sequence[Entry]], None],
        delivers: Callable[[], bool] = lambda: True,
    ) -> None:
        self._machine = StateMachine(OutboxState.CLOSED, TRANSITIONS)
        self._outage = Outage(_log, "the cluster does not store messages", "the cluster stores messages again")
        self._clock = clock
        self._publisher = publisher
        self._refused = refused
        self._delivers = delivers
        self._pace = Batcher(clock)
        self._queue = SendQueue(subjects)
        self._pending: PendingBatch | None = None
        self._deadline: IDelayedCall | None = None
        self._sent: dict[MessageId, Entry | WriteProbe] = {}
        self._since: dict[Entry, float] = {}
        """Since when what members do waits for its answer: queued, sent, or stored and not back."""
        self._next: IDelayedCall | None = None
        self._refusal: IDelayedCall | None = None
        self._probe_call: IDelayedCall | None = None
        self._stored_at = 0.0
        self.commits = CommitTimes()
        self._backlog = Backlog()

    @property
    def incarnation(self) -> str:
        """The present one of this node; empty until the first `start_incarnation`."""
        return self._queue.incarnation

    @property
    def over_hard_limit(self) -> bool:
        """Whether no session should be read from until something has come back."""
        return self._queue.said_count + len(self._sent) >= FULL

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
        self._queue.start_incarnation(incarnation, entry)
        self._schedule(0)

    def enqueue(self, entry: Entry) -> None:
        """Send an entry; what a node says of nodes goes first, whether the outbox is open or not."""
        self._queue.add(entry)
        if not is_of_node(entry):
            self._backlog.add(entry)
            self._since[entry] = self._clock.seconds()
            if not self._can_store and self._refusal is None:
                self._refusal = self._clock.callLater(0, self._refuse_queue)
                return
        self._schedule(self._pace.delay())

    def resolve(self, message_id: MessageId) -> Entry | WriteProbe | None:
        """Return what was sent with an id that was read from the stream; None if it is unknown, or was abandoned."""
        pending = self._pending
        if pending is not None and pending.messages[-1].id == message_id:
            self._settle(pending)
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
            self._answered(entry)
        return entry

    def probe(self) -> None:
        """Find out whether anything can be stored: something else could not."""
        if not self._outage.active and self.incarnation:
            self._queue.add_probe()
            self._schedule(0)

    def probe_if_quiet(self) -> None:
        """Find out whether anything can be stored if nothing was for a while: newcomers are told before they speak."""
        if self._clock.seconds() - self._stored_at >= QUIET_SECONDS and self._pending is None:
            self.probe()

    def refuse_sent(self) -> None:
        """Refuse all that members did: what is stored of it will not be handed back for long.

        It comes back as what somebody elsewhere did.
        """
        self._refuse_said()
        self._refuse_queue()

    def stop(self) -> None:
        """Send nothing any more; whatever waits is refused."""
        self._machine.enter(OutboxState.STOPPED)
        _cancel(self._next, self._probe_call)
        self._next = self._probe_call = None
        if self._pending is not None:
            self._abandon(self._pending)
        self._refuse_queue()

    @property
    def _can_store(self) -> bool:
        return self._machine.state is OutboxState.OPEN and not self._outage.active and self._delivers()

    def _schedule(self, delay: float) -> None:
        if self._next is None and self._pending is None and self._machine.state is not OutboxState.STOPPED:
            self._next = self._clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._next = None
        if not self._can_store:
            self._refuse_queue()
        if self.unavailable:
            self._queue.add_probe()
        entries, messages, stale = self._queue.take_batch()
        self._refuse(stale)
        if not messages:
            return
        for entry, message in zip(entries, messages, strict=True):
            self._sent[message.id] = entry
        now = self._clock.seconds()
        self._pending = PendingBatch(entries, messages, now, [], [])
        oldest = next(iter(self._since.values()), now)
        rest = max(oldest + ABANDON_SECONDS - now, LAG_SECONDS)
        self._deadline = self._clock.callLater(rest, self._abandon, self._pending)
        self._send(self._pending)

    def _send(self, pending: PendingBatch) -> None:
        attempt = len(pending.attempts)
        pending.attempts.append(attempt)
        publishing = self._publisher.publish(pending.messages, attempt)
        publishing.addCallbacks(self._published, self._not_published, callbackArgs=(pending,), errbackArgs=(pending,))
        publishing.addErrback(lambda failure: _log.failure("a batch could not be continued", failure))

    def _published(self, stored: bool, pending: PendingBatch) -> None:  # noqa: FBT001  # what a Deferred fires with
        if stored:
            self._settle(pending)
        else:
            self._retry_later(pending)

    def _not_published(self, failure: Failure, pending: PendingBatch) -> None:
        if isinstance(failure.value, NatsError):
            pending.reasons.append(why_not_stored(failure.value))
        else:
            _log.failure("a batch could not be sent", failure)
        self._retry_later(pending)

    def _retry_later(self, pending: PendingBatch) -> None:
        if pending is not self._pending or self._machine.state is OutboxState.STOPPED:
            return
        self._next = self._clock.callLater(RETRY_SECONDS, self._retry, pending)

    def _retry(self, pending: PendingBatch) -> None:
        self._next = None
        if pending is self._pending:
            self._send(pending)

    def _settle(self, pending: PendingBatch) -> None:
        if pending is not self._pending:
            return
        self._end_pending()
        self._stored_at = self._clock.seconds()
        self.commits.note(self._stored_at - pending.began)
        self._outage.ended()
        if self._queue:
            self._schedule(self._pace.delay())
        self._probe_later()

    def _probe_later(self) -> None:
        if self._sent and self._probe_call is None and self._machine.state is not OutboxState.STOPPED:
            self._probe_call = self._clock.callLater(LAG_SECONDS, self._probe, next(iter(self._sent)))

    def _probe(self, oldest: MessageId) -> None:
        """Send something if ``oldest`` is still not back and nothing else is on its way that could fail."""
        self._probe_call = None
        if oldest in self._sent and self._pending is None and not self._queue.urgent:
            self._queue.add_probe()
            self._schedule(0)
        self._probe_later()

    def _end_pending(self) -> None:
        _cancel(self._deadline, self._next)
        self._pending = self._deadline = self._next = None

    def _abandon(self, pending: PendingBatch) -> None:
        self._end_pending()
        if self._machine.state is not OutboxState.STOPPED:
            why = pending.reasons[-1] if pending.reasons else why_not_stored(RequestTimeoutError())
            self.commits.failed += 1
            self._outage.began(f"{why}; messages are refused until they can be stored again")
        of_node = [entry for entry in pending.entries if isinstance(entry, Entry) and is_of_node(entry)]
        # What was stored before and is still not back is abandoned as well: whoever said it, and all who spoke later
        # and are refused only in their turn, would wait for a stream that may be gone for long.
        self._refuse_said()
        for message in pending.messages:
            self._sent.pop(message.id, None)
        self._queue.put_back(of_node)
        self._refuse_queue()
        self._schedule(RETRY_SECONDS)

    def _refuse_said(self) -> None:
        said = [entry for entry in self._sent.values() if isinstance(entry, Entry) and not is_of_node(entry)]
        self._sent = {id_: each for id_, each in self._sent.items() if isinstance(each, WriteProbe) or is_of_node(each)}
        self._refuse(said)

    def _refuse_queue(self) -> None:
        _cancel(self._refusal)
        self._refusal = None
        self._refuse(self._queue.take_said())

    def _refuse(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        for entry in entries:
            entry.refused = unavailable()
            self._answered(entry)
        self._refused(entries)

    def _answered(self, entry: Entry) -> None:
        self._backlog.remove(entry)
        self._since.pop(entry, None)


def _cancel(*calls: IDelayedCall | None) -> None:
    for call in calls:
        if call is not None and call.active():
            call.cancel()
