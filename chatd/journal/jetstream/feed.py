"""Reading the stream: every message once, in its order, whatever becomes of servers and connections."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection, Incoming
from chatd.journal.jetstream.errors import NatsError, api
from chatd.journal.jetstream.messages import ReceivedMessage

HEARTBEAT_SECONDS = 1
"""How often a consumer that has nothing to say says so."""
STALL_SECONDS = 3
"""After so long without a word the consumer is made anew, where the last one had got to."""
WATCH_SECONDS = 0.5
FORGET_SECONDS = 30
"""How long the servers remember a consumer that nobody listens to."""
_PAUSE_SECONDS = 0.005
_NANOSECONDS = 1_000_000_000

_log = Logger()


class FeedConsumer(Protocol):
    """Is given what was read."""

    @property
    def saturated(self) -> bool:
        """Whether nothing more should be read for now."""

    def receive(self, received: ReceivedMessage) -> None:
        """Take in the next message."""

    def caught_up(self) -> None:
        """Note that all that was in the stream has been received."""


class _Seen(NamedTuple):
    place: int
    """Up to where the stream had been read."""
    last: int
    """The sequence number of its newest message then."""


class Feed:
    """An ephemeral consumer of the stream, made anew when it stalls or skips something."""

    def __init__(self, connection: Connection, clock: IReactorTime, stream: str, consumer: FeedConsumer) -> None:
        self.place = 0
        """Up to where the stream was read."""
        self._connection = connection
        self._clock = clock
        self._stream = stream
        self._consumer = consumer
        self._subscription: int | None = None
        self._generation = 0
        self._expected = 1
        self._heard = 0.0
        self._restarting = False
        self._complained = False
        self._watching: IDelayedCall | None = None
        self._seen = _Seen(0, 0)

    async def start(self) -> None:
        """Read what follows `place`. Raise `NatsError` if that cannot be."""
        self._generation += 1
        generation = self._generation
        self._expected = 1
        self._heard = self._clock.seconds()
        connection = self._connection
        if self._subscription is not None:
            await connection.unsubscribe(self._subscription)
        inbox = connection.inbox()
        self._subscription = await connection.subscribe(inbox, partial(self._receive, self._generation))
        config = {
            "deliver_subject": inbox,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self.place + 1,
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": True,
            "idle_heartbeat": HEARTBEAT_SECONDS * _NANOSECONDS,
            "inactive_threshold": FORGET_SECONDS * _NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        question = {"stream_name": self._stream, "config": config}
        made = await api(connection, f"CONSUMER.CREATE.{self._stream}", question)
        if generation != self._generation:
            return  # stopped, or begun anew, while the servers were asked
        if not made.get("num_pending"):
            self._consumer.caught_up()
        if self._watching is None:
            self._watching = self._clock.callLater(WATCH_SECONDS, self._watch)

    def stop(self) -> None:
        """Read nothing more; the connection is lost, or about to be closed."""
        self._generation += 1
        self._subscription = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    @property
    def behind(self) -> int:
        """How many messages the stream had that are not read yet, when `check_progress` was called last."""
        return max(0, self._seen.last - self.place)

    def check_progress(self, last: int) -> None:
        """Compare with the sequence number of the stream's newest message: twice at the same place is a stall."""
        if last > self.place and self._seen.place == self.place and last > self._seen.last > self.place:
            self._restart("it has stalled")
            self._seen = _Seen(0, last)
        elif self._seen != (0, last):
            self._seen = _Seen(self.place, last)

    async def _receive(self, generation: int, message: Incoming) -> None:
        if generation != self._generation:
            return
        self._heard = self._clock.seconds()
        self._complained = False
        if message.headers and (status := message.headers.get("Status")):
            await self._control(status, message)
            return
        words = message.reply.split(".")
        if len(words) > 9:  # with a domain and an account's hash before the stream
            words = words[2:]
        sequence, order, nanoseconds, pending = int(words[5]), int(words[6]), int(words[7]), int(words[8])
        if order != self._expected:
            self._restart("it has skipped messages")
            return
        self._expected += 1
        if sequence > self.place:
            self.place = sequence
            try:
                self._consumer.receive(ReceivedMessage(sequence, stream_time(nanoseconds), message.payload))
            except Exception:
                _log.failure("could not handle a message of the stream")
        if pending == 0:
            self._consumer.caught_up()
        while self._consumer.saturated and generation == self._generation:
            await self._connection.pause(_PAUSE_SECONDS)
            self._heard = self._clock.seconds()

    async def _control(self, status: str, message: Incoming) -> None:
        if status != "100":
            self._restart(f"it has ended: {message.headers.get('Description', status)}")
            return
        delivered = message.headers.get("Nats-Last-Consumer")
        stalled = message.headers.get("Nats-Consumer-Stalled")
        if message.reply or stalled:
            await self._connection.publish(message.reply or stalled or "", b"")
        if delivered is not None and int(delivered) >= self._expected:
            self._restart("it has skipped messages")

    def _watch(self) -> None:
        self._watching = self._clock.callLater(WATCH_SECONDS, self._watch)
        if self._clock.seconds() - self._heard > STALL_SECONDS:
            self._restart("it is silent")

    def _restart(self, why: str) -> None:
        if not self._restarting and self._connection.connected:
            self._restarting = True
            if not self._complained:
                _log.debug("reading the stream again from {place}: {why}", place=self.place + 1, why=why)
            self._complained = True  # tried every second, for as long as the stream has no leader
            self._connection.spawn(self._start_again(self._generation))

    async def _start_again(self, generation: int) -> None:
        try:
            if generation == self._generation:  # else it was stopped, or begun anew, meanwhile
                await self.start()
        except NatsError:
            self._heard = self._clock.seconds() - STALL_SECONDS + 1  # tried again in a second
            await self._connection.ping()
        finally:
            self._restarting = False


def stream_time(nanoseconds: int) -> int:
    """Return the milliseconds since 1970 that a stream's time stands for."""
    return nanoseconds // 1_000_000
