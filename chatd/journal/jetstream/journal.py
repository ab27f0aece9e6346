"""The journal of a cluster: what is appended goes into the stream, and what the stream has is handed back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.journal import Environment, Follower, Journal, JournalError, Page, Query, RoomState
from chatd.journal.jetstream.address import parse
from chatd.journal.jetstream.connection import Connection, Ears
from chatd.journal.jetstream.errors import LinkError, TooSlowError
from chatd.journal.jetstream.feed import Feed, FeedReader
from chatd.journal.jetstream.inbox import Inbox
from chatd.journal.jetstream.local_index import Index
from chatd.journal.jetstream.membership import Membership, make_incarnation
from chatd.journal.jetstream.messages import Received, Subjects
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.publisher import StreamPublisher
from chatd.journal.jetstream.requests import Requests
from chatd.journal.jetstream.streams import OLD_SERVER, Found, look, open_bucket, open_stream
from chatd.journal.jetstream.unacknowledged import Unacknowledged
from chatd.model.cluster import Cluster
from chatd.model.entry import Entry, StoredEvent

MIN_VERSION = (2, 12)
HURRY_SECONDS = 5
"""How long a node that stops waits until what was said is stored and told."""
GOODBYE_SECONDS = 2
"""How long a node that stops waits until the others know."""
TICK_SECONDS = 1
LOOK_SECONDS = 2
"""How often the stream is compared with what was read of it."""
_log = Logger()


class ClusterJournal(Journal, Cluster, Ears, FeedReader):
    """Hands back what the stream has, in its order, which is the same on all nodes.

    What cannot be stored within ten seconds comes back refused, and so does at once all that follows, until something
    can be stored again. Reading goes on meanwhile: it is done from the node's own index.
    """

    epoch = ""

    def __init__(self, description: str, surroundings: Environment) -> None:
        address = parse(description)
        self._clock = clock = surroundings.clock
        self._wanted = surroundings.retention
        self._make_epoch = surroundings.make_epoch
        self._index = Index(surroundings, address.index)
        self._subjects = Subjects(address.stream)
        self._connection = Connection(address, "chatd", self)
        self._publisher = publisher = StreamPublisher(self._connection)
        self._unacknowledged = Unacknowledged(clock, self._follow)
        self._outbox = Outbox(clock, publisher, self._subjects, self._unacknowledged.refused)
        self._inbox = Inbox(clock, self._index, self._outbox.came_back, self._hand_over)
        self._feed = Feed(self._connection, clock, address.stream, self)
        self._requests = Requests(self._connection, self._subjects, lambda: self._handed, lambda: self.epoch)
        self._membership = Membership(
            clock, self._connection, self._requests, self._outbox, address.stream, lambda: self._handed, self._follow
        )
        self._follower: Follower | None = None
        self._handed = 0
        self._tick_call: IDelayedCall | None = None
        self._looked = 0.0
        self._tending = False
        self._goodbye: Deferred[None] | None = None
        self._stopping = False
        self._given_up = False
        self._built = False
        self._impatience: IDelayedCall | None = None
        self._started = False

    @property
    @override
    def ready(self) -> bool:
        return self._membership.ready and not self._inbox.failed

    @property
    @override
    def incarnation(self) -> str:
        return self._membership.incarnation

    @property
    @override
    def cluster(self) -> Cluster:
        return self

    @property
    @override
    def over_hard_limit(self) -> bool:
        return self._outbox.over_hard_limit

    @property
    @override
    def over_soft_limit(self) -> bool:
        return self._outbox.over_soft_limit

    @property
    @override
    def sated(self) -> bool:
        return self._inbox.sated

    # What the journal is for the hub.

    @override
    def start(self) -> None:
        self.epoch, place, incarnations = self._index.start()
        self._inbox.begin(incarnations, place)
        self._feed.place = self._handed = place
        self._membership.incarnation = make_incarnation()
        self._connection.start()
        self._started = True
        self._tick_call = self._clock.callLater(TICK_SECONDS, self._tick)

    @override
    def stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if not self._started:
            return
        self._started = False
        self.hurry()
        await self.flush()
        if self._impatience is not None and self._impatience.active():
            self._impatience.cancel()
        self._stopping = self._membership.stopping = True
        if self.ready and self._publisher.open and not (self._outbox.unavailable or self._given_up):
            self._goodbye = Deferred()
            self._membership.end(self.incarnation)
            impatience = self._clock.callLater(GOODBYE_SECONDS, self._said_goodbye)
            await self._goodbye
            if impatience.active():
                impatience.cancel()
        self._membership.ready = False
        if self._tick_call is not None:
            self._tick_call.cancel()
        self._feed.stop()
        self._outbox.stop()
        self._inbox.stop()
        await self._connection.do(self._connection.stop())
        self._unacknowledged.settle()
        self._index.close()

    @override
    def append(self, entry: Entry) -> None:
        self._unacknowledged.add(entry)
        self._outbox.put(entry)

    @override
    def follow(self, follower: Follower) -> None:
        self._follower = follower

    @override
    def flush(self) -> Deferred[None]:
        return self._unacknowledged.flush()

    def _give_up(self) -> None:
        """Wait for nothing any more, for the servers may stand still, or the index not be written.

        What is not stored by now is refused, and nothing more is said.
        """
        self._given_up = True
        self._outbox.stop()
        self._unacknowledged.settle()
        self._unacknowledged.let_go()

    @override
    def room_state(self, room: str) -> RoomState | None:
        return self._index.room_state(room)

    @override
    def read(self, query: Query) -> Deferred[Page]:
        return self._index.read(query)

    @override
    def search(self, room: str, words: Sequence[str], before: int, count: int) -> Deferred[Sequence[StoredEvent]]:
        return self._index.search(room, words, before, count)

    # What it is for the hub as the connection to other nodes.

    @override
    def ask(self, incarnation: str, question: Any) -> Deferred[Any]:
        return self._connection.do(self._requests.ask(incarnation, question))

    @override
    def answer(self, answerer: Callable[[Any], Any]) -> None:
        self._requests.answerer = answerer

    @override
    def share(self, take: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        self._membership.take, self._membership.restore = take, restore

    @override
    def hurry(self) -> None:
        if self._impatience is None:
            self._impatience = self._clock.callLater(HURRY_SECONDS, self._give_up)

    # What it is told by the connection and the feed.

    @override
    async def connected(self) -> None:
        if self._connection.version < MIN_VERSION:
            raise LinkError(OLD_SERVER)
        self._know(
            await open_stream(self._connection, self._subjects, self._wanted, self._make_epoch()), self._feed.place
        )
        self._publisher.open = True
        await open_bucket(self._connection, self._subjects.stream)
        await self._membership.connected()
        await self._feed.start()

    @override
    def lost(self) -> None:
        self._publisher.open = False
        self._feed.stop()

    @override
    def take(self, received: Received) -> None:
        self._inbox.take(received)

    @override
    def caught_up(self) -> None:
        self._membership.caught_up()

    def _know(self, found: Found, place: int) -> None:
        """Follow what is known of the stream, which had been read up to ``place`` when it was asked for.

        Raises `LinkError` if it is not the one that the index is made from.
        """
        if found.epoch != self.epoch:
            try:
                self._index.belong_to(found.epoch)
            except JournalError as error:
                raise LinkError(str(error)) from None
        if found.last < place:
            raise LinkError("the stream has lost what this node has read of it; remove the index to follow it again")
        self.epoch = found.epoch
        self._subjects.per_subject = found.per_subject
        self._index.keep(found.retention)
        self._feed.behind(found.last)

    # The way back.

    def _hand_over(self, entries: Sequence[Entry], place: int) -> None:
        over = self._membership.note(entries)
        if self._membership.begun and not self._built:
            self._built = True
            self._index.finish(place)
        try:
            self._follow(self._membership.due(entries))
        finally:
            self._handed = place
            self._unacknowledged.came_back(entries)
        if over and self._stopping:
            self._said_goodbye()

    def _follow(self, entries: Sequence[Entry]) -> None:
        if self._follower is not None and entries:
            self._follower(entries)

    def _said_goodbye(self) -> None:
        goodbye, self._goodbye = self._goodbye, None
        if goodbye is not None:
            goodbye.callback(None)

    def _tick(self) -> None:
        self._tick_call = self._clock.callLater(TICK_SECONDS, self._tick)
        if self._publisher.open and self._membership.begun and not self._tending:
            self._tending = True
            self._connection.spawn(self._tend())

    async def _tend(self) -> None:
        """Look after the stream and the other nodes."""
        try:
            await self._membership.tend()
            if self._clock.seconds() - self._looked >= LOOK_SECONDS:
                self._looked = self._clock.seconds()
                place = self._feed.place
                found = await look(self._connection, self._subjects.stream)
                try:
                    self._know(found, place)
                except LinkError as error:
                    self._connection.leave(str(error))
                    return
            self._connection.content()
        except TooSlowError:
            await self._connection.check()
        except LinkError as error:
            self._looked = self._membership.looked = 0.0  # what is wrong is looked at each time, until it is well
            self._connection.complain(f"the cluster is not well: {error}")
            with suppress(LinkError):
                await open_bucket(self._connection, self._subjects.stream)
        finally:
            self._tending = False
