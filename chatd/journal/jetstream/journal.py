"""The journal of a cluster: what is appended is published to a stream, and what the stream has is handed back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.journal import (
    EVERYTHING,
    Among,
    Environment,
    Follower,
    Journal,
    JournalError,
    Judge,
    Page,
    Query,
    Retention,
)
from chatd.journal.jetstream.address import parse
from chatd.journal.jetstream.connection import Connection, ConnectionListener
from chatd.journal.jetstream.departure import Departure
from chatd.journal.jetstream.erasures import Erasures
from chatd.journal.jetstream.errors import NatsError, UnusableError
from chatd.journal.jetstream.feed import Feed, FeedConsumer
from chatd.journal.jetstream.holds import Holds
from chatd.journal.jetstream.inbox import Inbox
from chatd.journal.jetstream.journal_state import TRANSITIONS, JournalState
from chatd.journal.jetstream.local_index import LocalIndex
from chatd.journal.jetstream.maintenance import Maintenance
from chatd.journal.jetstream.markers import MarkerStream
from chatd.journal.jetstream.membership import Membership
from chatd.journal.jetstream.messages import ReceivedMessage, Subjects
from chatd.journal.jetstream.node_state import NodeState, make_incarnation
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.publisher import StreamPublisher
from chatd.journal.jetstream.refusals import Refusals
from chatd.journal.jetstream.requests import Requests, no_answer
from chatd.journal.jetstream.retractions import Retractions
from chatd.journal.jetstream.room_retention import RoomRetention
from chatd.journal.jetstream.sameness import check_same
from chatd.journal.jetstream.streams import OLD_SERVER, StreamInfo, open_bucket, open_stream
from chatd.journal.jetstream.unacknowledged import Unacknowledged
from chatd.journal.known_rooms import KnownRooms, RoomState
from chatd.journal.read_markers import ReadMarkers
from chatd.model.cluster import Cluster
from chatd.model.entry import Entry, StoredEvent
from chatd.model.health import Health
from chatd.model.numbers import JournalNumbers, StreamNumbers
from chatd.protocol import unicode_tables
from chatd.runtime.states import StateMachine

MIN_VERSION = (2, 12)
COMPARED = 5
"""How many of the newest entries are compared with the stream."""


class ClusterJournal(Journal, Cluster, ConnectionListener, FeedConsumer):
    """Hands back what the stream has, in its order, which is the same on all nodes.

    What cannot be stored within ten seconds comes back refused, and so does at once all that follows, until something
    can be stored again. Reading goes on meanwhile: it is done from the node's own index.
    """

    epoch = ""

    def __init__(self, description: str, environment: Environment) -> None:
        address = parse(description)
        self._clock = clock = environment.clock
        self._wanted = environment.retention
        self._make_epoch = environment.make_epoch
        self._give_up = environment.give_up
        self._index = LocalIndex(environment, address.index)
        self._subjects = Subjects(address.stream)
        self._connection = Connection(address, "chatd", self)
        self._publisher = publisher = StreamPublisher(self._connection)
        self._unacknowledged = Unacknowledged(clock, environment.wall, self._follow)
        self._outbox = Outbox(
            clock, publisher, self._subjects, self._unacknowledged.refused, lambda: self._inbox.delivers
        )
        self._feed = Feed(self._connection, clock, address.stream, self)
        self._holds = Holds(self._connection, self._subjects)
        self._marker_stream = MarkerStream(self._connection, self._subjects, lambda: self.epoch)
        self._marker_stream.markers = self._markers = ReadMarkers(clock, self._marker_stream.write)
        self._erasures = Erasures(
            self._connection, self._subjects, self._index, self._markers, lambda: self._handed < self._feed.place
        )
        self._requests = Requests(self._connection, self._subjects, lambda: self._handed, lambda: self.epoch)
        self._room_retention = RoomRetention(self._connection, self._subjects)
        self._refusals = refusals = Refusals(self._connection, self._index, address.stream)
        self._index.note_refused = refusals.note
        self._retractions = Retractions(self._connection, self._index, address.stream)
        self._membership = Membership(
            clock,
            self._connection,
            self._requests,
            self._outbox,
            address.stream,
            lambda: self._handed,
            self._follow,
            refusals,
        )
        gate = self._membership.gate
        self._inbox = Inbox(clock, self._index, self._outbox.resolve, gate.judge, self._hand_over, self._disown)
        gate.go_on = self._inbox.go_on
        self._maintenance = Maintenance(
            clock,
            self._connection,
            publisher,
            self._outbox,
            self._membership,
            self._feed,
            address.stream,
            self._check_stream,
        )
        self._follower: Follower | None = None
        self._last: ReceivedMessage | None = None
        self._handed = 0
        self._machine = StateMachine(JournalState.NEW, TRANSITIONS)
        self._departure = Departure(clock, self._unacknowledged, self._outbox, self._inbox, self._membership)

    @property
    def ready(self) -> bool:
        """Whether the node has known once who is where, and can write down what it reads."""
        return self._membership.ready and not self._inbox.failed

    @property
    @override
    def health(self) -> Health:
        if (fault := self._connection.faults.health) is not None:
            return fault
        if self._inbox.failed:
            return Health.INDEX_UNWRITABLE
        if self._outbox.unavailable:
            return Health.STORES_NOTHING
        return Health.JOINING if self._membership.learning or not self._membership.ready else Health.WORKING

    @property
    @override
    def incarnation(self) -> str:
        return self._membership.incarnation

    @property
    @override
    def cluster(self) -> Cluster:
        return self

    @override
    def set_retention(self, retention: Retention) -> Deferred[None]:
        return self._connection.run(self._change_retention(retention))

    @property
    @override
    def retention(self) -> Retention:
        return self._index.retention

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
    def saturated(self) -> bool:
        return self._inbox.saturated

    # The journal, as the hub uses it.

    @override
    def holds(self, epoch: str | None, id_: int) -> bool:
        return epoch == self.epoch

    @property
    @override
    def markers(self) -> ReadMarkers:
        return self._markers

    @property
    @override
    def numbers(self) -> JournalNumbers:
        stream = StreamNumbers(self._connection.connected, self._feed.behind)
        return JournalNumbers("nats", self._outbox.commits, len(self._unacknowledged), self._index.size_bytes, stream)

    @override
    def start(self) -> None:
        self.epoch, place, incarnations, refused = self._index.start()
        self._inbox.start(incarnations, place)
        self._refusals.start(refused)
        # What was passing and came after the last entry is read again, and known for that: it could not be compared.
        self._feed.place = min(place, self._index.last_id) or place
        self._handed = place
        self._membership.incarnation = make_incarnation()
        self._connection.start()
        self._machine.enter(JournalState.RUNNING)
        self._maintenance.start()

    @override
    def stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._machine.state is JournalState.RUNNING:
            self._machine.enter(JournalState.FLUSHING)
            self.hurry()
            await self._markers.close()
            await self.flush()
        elif self._machine.state is JournalState.ABANDONED:
            self._machine.enter(JournalState.STOPPED)
            await self._markers.close()
        else:
            return
        self._departure.flushed()
        await self._leave()
        await self._close()
        if self._departure.complaint is not None:
            raise JournalError(self._departure.complaint)

    async def _leave(self) -> None:
        """Announce that this node is down, if that can be published, and wait until all nodes know."""
        can_announce = self.ready and self._publisher.open and not self._outbox.unavailable
        self._membership.leave()
        if self._machine.state is not JournalState.FLUSHING:
            return
        if can_announce:
            self._machine.enter(JournalState.LEAVING)
            await self._departure.say_goodbye()
        self._machine.enter(JournalState.STOPPED)

    async def _close(self) -> None:
        self._membership.left()
        self._maintenance.stop()
        self._feed.stop()
        self._outbox.stop()
        self._inbox.stop()
        await self._connection.run(self._connection.stop())
        self._unacknowledged.settle()
        self._index.close_store()

    @override
    def append(self, entry: Entry) -> None:
        self._unacknowledged.add(entry)
        self._outbox.enqueue(entry)

    @override
    def follow(self, follower: Follower, judge: Judge = len) -> None:
        self._follower, self._membership.gate.judge_known = follower, judge

    @override
    def flush(self) -> Deferred[None]:
        return self._unacknowledged.flush()

    def _abandon(self) -> None:
        """Wait for nothing any more, for the servers may stand still, or the index may not be writable.

        What is not stored by now is refused, and nothing more is published.
        """
        running = self._machine.state is JournalState.RUNNING
        self._machine.enter(JournalState.ABANDONED if running else JournalState.STOPPED)
        self._departure.abandon()

    @override
    def room_state(self, room: str) -> RoomState | None:
        return self._index.room_state(room)

    @property
    @override
    def known_rooms(self) -> KnownRooms:
        return self._index.known_rooms

    @override
    def forget(self, rooms: Mapping[str, int]) -> None:
        self._index.forget(rooms)  # the stream has them still; each node forgets them at the same place

    @override
    def read(self, query: Query) -> Deferred[Page]:
        return self._index.read(query)

    @override
    def search(
        self, room: str, words: Sequence[str], before: int, count: int, among: Among = EVERYTHING
    ) -> Deferred[Sequence[StoredEvent]]:
        return self._index.search(room, words, before, count, among)

    # The connection to the other nodes, as the hub uses it.

    @override
    def ask(self, incarnation: str, question: Any) -> Deferred[Any]:
        return self._connection.run(self._requests.ask(incarnation, question)).addErrback(_unanswered)

    @override
    def answer(self, answerer: Callable[[Any], Any]) -> None:
        self._requests.answerer = answerer

    @override
    def share(self, snapshot: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        self._membership.snapshot, self._membership.restore = snapshot, restore

    @override
    def hurry(self) -> None:
        self._departure.hurry(self._abandon)

    # What the connection and the feed call.

    @override
    async def connected(self) -> None:
        try:
            if self._connection.version < MIN_VERSION:
                raise UnusableError(Health.SERVERS_UNUSABLE, OLD_SERVER)
            epoch = "" if self.epoch else self._make_epoch()
            found = await open_stream(self._connection, self._subjects, self._wanted, epoch)
            self._check_stream(found, self._feed.place)
            newest = await self._connection.wait(self._index.newest_entries(COMPARED))
            await check_same(self._connection, self._subjects.stream, self._last, newest)
            await self._holds.open(found, self._feed.place, complete=self._index.complete)
        except UnusableError as error:
            if error.health is Health.STREAM_UNUSABLE and self._membership.state is NodeState.NEW:
                self._give_up(str(error))  # nobody is here who could still read
            raise
        await self._erasures.open()
        await self._marker_stream.open()
        self._publisher.open = True
        await open_bucket(self._connection, self._subjects.stream)
        await self._membership.connected()
        await self._feed.start()

    async def _change_retention(self, retention: Retention) -> None:
        if not self._publisher.open:
            raise JournalError("this node has no connection to its cluster, which stores the messages; try again later")
        place = self._feed.place
        try:
            found = await open_stream(self._connection, self._subjects, retention, "")
            self._maintenance.stream_changed()
            self._check_stream(found, place)
        except NatsError as error:
            raise JournalError(f"cannot change the retention of the cluster: {error}") from None
        self._wanted = retention

    @override
    def disconnected(self) -> None:
        self._publisher.open = False
        self._feed.stop()

    @override
    def receive(self, received: ReceivedMessage) -> None:
        for earlier in self._holds.before(received.place):
            self._inbox.receive(earlier)
        self._inbox.receive(received)
        self._last = received

    @override
    def caught_up(self) -> None:
        for earlier in self._holds.at_end():
            self._inbox.receive(earlier)
        self._membership.caught_up()

    def _check_stream(self, found: StreamInfo, place: int) -> None:
        """Follow the stream's limits; it had been read up to ``place`` when it was asked for ``found``.

        Raises `UnusableError` if it is not the one that the index is made from, or for nodes that know a later Unicode.
        """
        if unicode_tables.is_later(found.unicode):
            known = unicode_tables.VERSION
            why = f"the nodes use names of Unicode {found.unicode}, but this one knows {known}; update it"
            raise UnusableError(Health.SERVERS_UNUSABLE, why)
        if found.epoch != self.epoch:
            try:
                self._index.belong_to(found.epoch)
            except JournalError as error:
                raise UnusableError(Health.STREAM_UNUSABLE, str(error)) from None
        if found.last < place:
            why = "the stream has lost messages that this node has read; remove the index to follow it again"
            raise UnusableError(Health.STREAM_UNUSABLE, why)
        self.epoch = found.epoch
        self._subjects.per_subject = found.per_subject
        self._index.set_retention(found.retention)
        self._refusals.delete_soon()
        if self._holds.is_kept:  # what holds goes from the stream, too, when it is old
            self._room_retention.purge_soon(self._index.known_rooms)
        self._index.note_first(found.first)
        if self._membership.ready:
            self._index.forget_deleted()
        if self._publisher.open:  # before, nothing is read yet, however often it is tried to connect
            self._feed.check_progress(found.last)
        if not self._membership.learning:
            self._retractions.delete_soon()
            self._holds.settle(self._index.known_rooms, self._handed)

    # What is handed back.

    def _hand_over(self, entries: Sequence[Entry], place: int) -> None:
        own_is_down = self._membership.observe(entries)
        if self._membership.announced:
            self._index.finish_once(place)
        try:
            self._follow(self._membership.deliverable(entries))
        finally:
            self._handed = place
            learning = self._membership.learning  # so that something may be among it that does not count
            if not learning:
                self._holds.note(entries)
            self._retractions.note(entries, surely=not learning)
            self._unacknowledged.handed_back(entries)
        if own_is_down and self._machine.state is JournalState.LEAVING:
            self._departure.said_goodbye()

    def _disown(self, entries: Sequence[Entry]) -> list[Entry]:
        self._outbox.refuse_sent()  # handed back after what of entries is refused: the order is that of appending
        return self._unacknowledged.disown(entries)

    def _follow(self, entries: Sequence[Entry]) -> None:
        if self._follower is not None and entries:
            self._follower(entries)


def _unanswered(failure: Failure) -> NoReturn:
    failure.trap(NatsError)  # this node stops
    raise no_answer() from None
