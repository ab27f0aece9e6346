"""What a node does every second while it is connected: its lease, those of the others, and the state of the stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import NatsError, RequestTimeoutError, UnusableError
from chatd.journal.jetstream.feed import Feed
from chatd.journal.jetstream.membership import Membership
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.publisher import StreamPublisher
from chatd.journal.jetstream.streams import StreamInfo, describe_stream, open_bucket

TICK_SECONDS = 1
STREAM_SECONDS = 2
"""How often the stream is compared with what was read of it."""

_log = Logger()


class Maintenance:
    """``check_stream`` is given the stream's description, and the place up to which it had been read before that.

    It raises `UnusableError` if the connection is to be dropped.
    """

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        publisher: StreamPublisher,
        outbox: Outbox,
        membership: Membership,
        feed: Feed,
        stream: str,
        check_stream: Callable[[StreamInfo, int], None],
    ) -> None:
        self._clock = clock
        self._connection = connection
        self._publisher = publisher
        self._outbox = outbox
        self._membership = membership
        self._feed = feed
        self._stream = stream
        self._check_stream = check_stream
        self._looked = 0.0
        self._changes = 0
        self._loop = LoopingCall(self._tick)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin; the first time is after a second."""
        stopped: Deferred[LoopingCall] = self._loop.start(TICK_SECONDS, now=False)
        stopped.addErrback(lambda failure: _log.failure("the maintenance of the cluster has stopped", failure))

    def stop(self) -> None:
        """End; what is under way is cancelled with the connection."""
        if self._loop.running:
            self._loop.stop()

    def stream_changed(self) -> None:
        """Do not follow an answer that is still under way: it may say how the stream was before."""
        self._changes += 1

    def _tick(self) -> Deferred[None] | None:
        """Fire once it is done: the next does not begin before."""
        if not (self._publisher.open and self._membership.announced):
            return None
        return self._connection.run(self._maintain()).addErrback(_report)

    async def _maintain(self) -> None:
        self._outbox.probe_if_quiet()
        try:
            await self._membership.maintain()
            if self._clock.seconds() - self._looked >= STREAM_SECONDS:
                self._looked = self._clock.seconds()
                place, changes = self._feed.place, self._changes
                found = await describe_stream(self._connection, self._stream)
                if changes == self._changes:
                    self._check_stream(found, place)
            self._connection.faults.report_recovery()
        except UnusableError as error:
            self._connection.reconnect(error)
        except RequestTimeoutError:
            self._outbox.probe()
            await self._connection.ping()
        except NatsError as error:
            self._outbox.probe()
            self._looked = self._membership.looked = 0.0  # looked at each time until it works again
            self._connection.faults.report(f"the cluster is not working: {error}")
            with suppress(NatsError):
                await open_bucket(self._connection, self._stream)


def _report(failure: Failure) -> None:
    if failure.check(NatsError) is None:
        _log.failure("the maintenance of the cluster failed", failure)
