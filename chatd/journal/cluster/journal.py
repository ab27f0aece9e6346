"""The journal of a cluster: what is appended goes into the stream, and what the stream has is handed back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from chatd.journal import Entry, Follower, JournalError, Kept, Page, Query, Standing, Surroundings
from chatd.journal.cluster.address import parse
from chatd.journal.cluster.connection import Connection
from chatd.journal.cluster.feed import Feed
from chatd.journal.cluster.inbox import Inbox
from chatd.journal.cluster.index import Index
from chatd.journal.cluster.leases import LOOK_SECONDS, Leases, keys, renew
from chatd.journal.cluster.link import LinkError, TooSlowError
from chatd.journal.cluster.messages import PASSING_SECONDS, Received, Subjects
from chatd.journal.cluster.outbox import Outbox
from chatd.journal.cluster.publisher import StreamPublisher
from chatd.journal.cluster.streams import OLD_SERVER, Found, look, open_bucket, open_stream
from chatd.journal.cluster.talk import State, Talk
from chatd.nodes import Began, Cluster, Gone, Source
from chatd.words import MAX_ID

MIN_VERSION = (2, 12)
GOODBYE_SECONDS = 2
"""How long a node that stops waits until the others know."""
TICK_SECONDS = 1
LONG_SECONDS = PASSING_SECONDS // 2
"""After so long without the stream a node cannot know who has come and gone."""

_log = Logger()


def make_run() -> str:
    """Return a word for a new life of a node."""
    return secrets.token_hex(6)


class ClusterJournal:
    """Hands back what the stream has, in its order, which is the same on all nodes.

    What cannot be stored within ten seconds comes back refused, and so does at once all that follows, until something
    can be stored again. Reading goes on meanwhile: it is done from the node's own index.
    """

    def __init__(self, description: str, surroundings: Surroundings) -> None:
        self.epoch = ""
        self.run = ""
        self.ready = False
        address = parse(description)
        self._clock = clock = surroundings.clock
        self._wanted = surroundings.retention
        self._make_epoch = surroundings.make_epoch
        self._index = Index(surroundings, address.index)
        self._subjects = Subjects(address.stream)
        self._connection = Connection(address, "chatd", self)
        publisher = StreamPublisher(self._connection)
        self._outbox = Outbox(clock, publisher, self._subjects, self._refused)
        self._inbox = Inbox(clock, self._index, self._outbox.came_back, self._hand_over)
        self._feed = Feed(self._connection, clock, address.stream, self)
        self._talk = Talk(self._connection, self._subjects, lambda: self._handed)
        self._leases = Leases()
        self._follower: Follower | None = None
        self._take: Callable[[], Any] = lambda: None
        self._restore: Callable[[Any], None] = lambda _state: None
        self._handed = 0
        self._began = 0
        self._learning = True
        self._known_from = 0
        self._withheld: list[Entry] = []
        self._lives: set[str] = set()
        self._over: set[str] = set()
        self._away: dict[int, Entry] = {}
        self._hopeless: set[int] = set()
        self._settling: IDelayedCall | None = None
        self._tick_call: IDelayedCall | None = None
        self._looked = 0.0
        self._fresh = 0.0
        self._tending = False
        self._appended = 0
        self._flushes: list[tuple[int, Deferred[None]]] = []
        self._goodbye: Deferred[None] | None = None
        self._stopping = False
        self._started = False

    @property
    def cluster(self) -> Cluster:
        """See `chatd.journal.Journal.cluster`."""
        return self

    @property
    def full(self) -> bool:
        """See `chatd.journal.Journal.full`."""
        return self._outbox.full

    @property
    def behind(self) -> bool:
        """See `chatd.journal.Journal.behind`."""
        return self._outbox.behind

    @property
    def sated(self) -> bool:
        """See `chatd.journal.cluster.feed.Reader`."""
        return self._inbox.sated

    # What the journal is for the hub.

    def start(self) -> None:
        """See `chatd.journal.Journal.start`. The servers are looked for from here on, and need not be there yet."""
        self.epoch, place, runs = self._index.start()
        self._inbox.begin(runs, place)
        self._feed.place = self._handed = place
        self.run = make_run()
        self._connection.start()
        self._started = True
        self._tick_call = self._clock.callLater(TICK_SECONDS, self._tick)

    def stop(self) -> Deferred[None]:
        """See `chatd.journal.Journal.stop`."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if not self._started:
            return
        self._started = False
        await self.flush()
        self._stopping = True
        if self.ready and self._connection.connected and not self._outbox.unavailable:
            self._goodbye = Deferred()
            self._outbox.put(Entry("", Gone(self.run), source=Source(self.run, None)))
            impatience = self._clock.callLater(GOODBYE_SECONDS, self._said_over)
            await self._goodbye
            if impatience.active():
                impatience.cancel()
        self.ready = False
        if self._tick_call is not None:
            self._tick_call.cancel()
        self._feed.stop()
        self._outbox.stop()
        self._inbox.stop()
        await self._connection.do(self._connection.stop())
        self._settle()
        self._index.close()

    def append(self, entry: Entry) -> None:
        """See `chatd.journal.Journal.append`."""
        self._appended += 1
        self._away[id(entry)] = entry
        self._outbox.put(entry)

    def follow(self, follower: Follower) -> None:
        """See `chatd.journal.Journal.follow`."""
        self._follower = follower

    def flush(self) -> Deferred[None]:
        """See `chatd.journal.Journal.flush`."""
        if not self._away:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushes.append((self._appended, done))
        return done

    def standing(self, room: str) -> Standing | None:
        """See `chatd.journal.Journal.standing`."""
        return self._index.standing(room)

    def read(self, query: Query) -> Deferred[Page]:
        """See `chatd.journal.Journal.read`."""
        return self._index.read(query)

    def search(self, room: str, words: Sequence[str], before: int, count: int) -> Deferred[Sequence[Kept]]:
        """See `chatd.journal.Journal.search`."""
        return self._index.search(room, words, before, count)

    # What it is for the hub as the connection to other nodes.

    def ask(self, run: str, question: Any) -> Deferred[Any]:
        """See `chatd.nodes.Cluster.ask`."""
        return self._connection.do(self._talk.ask(run, question))

    def answer(self, answerer: Callable[[Any], Any]) -> None:
        """See `chatd.nodes.Cluster.answer`."""
        self._talk.answerer = answerer

    def share(self, take: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        """See `chatd.nodes.Cluster.share`."""
        self._take, self._restore = take, restore

    # What it is told by the connection and the feed.

    async def connected(self) -> None:
        """See `chatd.journal.cluster.connection.Ears`."""
        if self._connection.version < MIN_VERSION:
            raise LinkError(OLD_SERVER)
        self._know(await open_stream(self._connection, self._subjects, self._wanted, self._make_epoch()))
        await open_bucket(self._connection, self._subjects.stream)
        await self._talk.listen(self.run)
        await renew(self._connection, self._subjects.stream, self.run)
        self._leases.renewed(self._clock.seconds())
        if self.ready and self._clock.seconds() - self._fresh > LONG_SECONDS:
            self._learn_again()
        elif self.ready:
            await self._talk.serve()
        await self._feed.start()

    def lost(self) -> None:
        """See `chatd.journal.cluster.connection.Ears`."""
        self._feed.stop()

    def take(self, received: Received) -> None:
        """See `chatd.journal.cluster.feed.Reader`."""
        self._inbox.take(received)

    def caught_up(self) -> None:
        """See `chatd.journal.cluster.feed.Reader`: the first time, the node begins."""
        self._fresh = self._clock.seconds()
        if not self._outbox.run:
            self._outbox.begin(self.run, Entry("", Began(self.run), source=Source(self.run, None)))

    def _know(self, found: Found) -> None:
        """Follow what is known of the stream. Raise `LinkError` if it is not the one that the index is made from."""
        if found.epoch != self.epoch:
            try:
                self._index.belong_to(found.epoch)
            except JournalError as error:
                raise LinkError(str(error)) from None
        if found.last < self._feed.place:
            raise LinkError("the stream has lost what this node has read of it; remove the index to follow it again")
        self.epoch = found.epoch
        self._subjects.per_subject = found.per_subject
        self._index.keep(found.retention)
        self._feed.behind(found.last)

    # The way back.

    def _hand_over(self, entries: Sequence[Entry], place: int) -> None:
        over = self._note_lives(entries)
        try:
            if self._learning:
                self._withheld += [entry for entry in entries if not entry.durable]
            if self.ready:
                known = MAX_ID if self._learning else self._known_from
                self._follow([entry for entry in entries if entry.durable or entry.place > known])
        finally:
            self._handed = place
            for entry in entries:
                self._away.pop(id(entry), None)
            self._settle()
        if over:
            self._said_over()

    def _follow(self, entries: Sequence[Entry]) -> None:
        if self._follower is not None and entries:
            self._follower(entries)

    def _refused(self, entries: Sequence[Entry]) -> None:
        now = int(self._clock.seconds() * 1000)
        for entry in entries:
            entry.time = now
            self._hopeless.add(id(entry))
        if self._settling is None:
            self._settling = self._clock.callLater(0, self._settle)

    def _settle(self) -> None:
        """Hand back what was refused and has nothing before it that is still away, so that each has its turn."""
        if self._settling is not None:
            if self._settling.active():
                self._settling.cancel()
            self._settling = None
        refused: list[Entry] = []
        while self._away and (first := next(iter(self._away))) in self._hopeless:
            self._hopeless.discard(first)
            refused.append(self._away.pop(first))
        self._follow(refused)
        returned = self._appended - len(self._away)
        ready = [done for upto, done in self._flushes if upto <= returned]
        self._flushes = [each for each in self._flushes if each[0] > returned]
        for done in ready:
            done.callback(None)

    # Who lives.

    def _note_lives(self, entries: Sequence[Entry]) -> bool:
        """Note which runs begin and end; return whether the own is among those that end."""
        own = False
        for entry in entries:
            event = entry.event
            if isinstance(event, Began):
                self._lives.add(event.run)
                if event.run == self.run and not self._began:
                    self._began = entry.place
                    self._connection.spawn(self._learn(entry.place))
            elif isinstance(event, Gone):
                self._lives.discard(event.run)
                self._over.add(event.run)
                if event.run == self.run:
                    own = True
                    self._begin_anew("the other nodes have taken this one for dead; its people come in again")
            elif not (entry.durable or self._learning) and entry.source is not None:
                self._doubt(entry.source.run)
        return own and self._stopping

    def _doubt(self, run: str) -> None:
        """End a run of which nobody said that it began: it begins anew, and then its people are known here too."""
        if run not in self._lives and run not in self._over:
            self._end(run)

    def _end(self, run: str) -> None:
        self._over.add(run)
        self._outbox.put(Entry("", Gone(run), source=Source(self.run, None)))

    def _begin_anew(self, why: str) -> None:
        """Begin another run, because this one is over."""
        if self._stopping:
            return
        _log.warn("{why}", why=why)
        self.run = make_run()
        self._outbox.begin(self.run, Entry("", Began(self.run), source=Source(self.run, None)))
        self._leases = Leases()
        self._connection.spawn(self._talk.listen(self.run))

    def _learn_again(self) -> None:
        """Begin another run, and ask who is where: the stream has forgotten what was passing in the meantime."""
        self._began = 0
        self._learning = True
        self._outbox.open = False
        self._talk.take = None
        self._lives.clear()
        self._begin_anew("this node was cut off for long; its people come in again")

    def _said_over(self) -> None:
        goodbye, self._goodbye = self._goodbye, None
        if goodbye is not None:
            goodbye.callback(None)

    async def _learn(self, place: int) -> None:
        """Find out who is where, now that all know that this node has begun; from then on it is ready."""
        while True:
            try:
                known = await self._talk.state(place)
                break
            except LinkError:
                await self._connection.pause(TICK_SECONDS)
        self._lives |= set(known.runs) - self._over if known else set()
        self._restore(known.state if known else None)
        self._known_from = known.place if known else 0
        withheld, self._withheld = self._withheld, []
        self._learning = False
        self.ready = self._outbox.open = True
        self._follow([entry for entry in withheld if entry.place > self._known_from])
        self._talk.take = lambda: State(self._handed, sorted(self._lives), self._take())
        await self._talk.serve()

    def _tick(self) -> None:
        self._tick_call = self._clock.callLater(TICK_SECONDS, self._tick)
        if self._connection.connected and self._began and not self._tending:
            self._tending = True
            self._connection.spawn(self._tend())

    async def _tend(self) -> None:
        """Renew the lease, and look after those of others and after the stream."""
        stream = self._subjects.stream
        try:
            if self._leases.due(self._clock.seconds()):
                await renew(self._connection, stream, self.run)
                self._leases.renewed(self._clock.seconds())
            if self._clock.seconds() - self._looked >= LOOK_SECONDS:
                self._looked = self._clock.seconds()
                self._know(await look(self._connection, stream))
                there = await keys(self._connection, stream)
                for run in self._leases.over(self._clock.seconds(), there, self._lives - {self.run}):
                    if run not in self._over:
                        self._end(run)
            self._connection.content()
            self._fresh = self._clock.seconds()
        except TooSlowError:
            await self._connection.check()
        except LinkError as error:
            self._connection.complain(f"the cluster is not well: {error}")
        finally:
            self._tending = False
