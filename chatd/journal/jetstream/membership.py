"""Which nodes there are, and that this one is among them: it begins, learns who is where, and looks after the rest."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import LinkError
from chatd.journal.jetstream.leases import LOOK_SECONDS, Leases, keys, renew
from chatd.journal.jetstream.messages import PASSING_SECONDS
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.requests import Requests, State
from chatd.model.cluster import OTHERS, NodeDown, NodeUp, Source, ended_by
from chatd.model.entry import Entry, unavailable
from chatd.protocol.arguments import MAX_ID

LONG_SECONDS = PASSING_SECONDS // 2
"""After so long without the stream a node cannot know who has come and gone."""
_PAUSE_SECONDS = 1
_WAIT_SECONDS = 0.02

_log = Logger()


def make_incarnation() -> str:
    """Return a word for a new life of a node."""
    return secrets.token_hex(6)


class Membership:
    """``handed`` returns the place of the last entry that was handed over, ``follow`` hands over what was withheld."""

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        requests: Requests,
        outbox: Outbox,
        stream: str,
        handed: Callable[[], int],
        follow: Callable[[Sequence[Entry]], None],
    ) -> None:
        self.incarnation = ""
        self.ready = False
        """Whether it has been known once who is where."""
        self.begun = False
        """Whether all know of the present run, or of one before it."""
        self.stopping = False
        self.take: Callable[[], Any] = lambda: None
        self.restore: Callable[[Any], None] = lambda _state: None
        self._clock = clock
        self._connection = connection
        self._requests = requests
        self._outbox = outbox
        self._stream = stream
        self._handed = handed
        self._follow = follow
        self._learning = True
        self._lesson = 0
        self._known = MAX_ID
        self._withheld: list[Entry] = []
        self._lives: set[str] = set()
        self._over: set[str] = set()
        self._leases = Leases()
        self._alone: Deferred[int | None] | None = None
        self.looked = 0.0
        self._fresh = 0.0

    async def connected(self) -> None:
        """Be found by the others over a new connection. Raise `LinkError`."""
        await self._requests.listen(self.incarnation)
        await renew(self._connection, self._stream, self.incarnation)
        self._leases.renewed(self._clock.seconds())
        if self.ready and self._clock.seconds() - self._fresh > LONG_SECONDS:
            self._learn_again()
        elif self.ready:
            await self._requests.serve()

    def caught_up(self) -> None:
        """Note that all of the stream was read: the first time, the node begins."""
        self._fresh = self._clock.seconds()
        if not self._outbox.incarnation:
            self._outbox.begin(self.incarnation, self._says(NodeUp(self.incarnation)))

    def note(self, entries: Sequence[Entry]) -> bool:
        """Note which runs begin and end; return whether the own run ends."""
        own = False
        for entry in entries:
            event = entry.event
            if isinstance(event, NodeUp):
                self._lives.add(event.incarnation)
                self._over.discard(event.incarnation)
                if event.incarnation == self.incarnation and not self.begun:
                    self.begun = True
                    self._connection.spawn(self._learn(entry.place))
            elif isinstance(event, NodeDown):
                own = self._note_end(event, entry) or own
            elif not (entry.durable or self._learning) and entry.source is not None:
                self._doubt(entry.source.incarnation)
        return own

    def _note_end(self, event: NodeDown, entry: Entry) -> bool:
        """Note that runs are over; return whether the own one is."""
        said_by = "" if entry.source is None else entry.source.incarnation
        if self._learning and event.incarnation == OTHERS and said_by not in self._lives | self._over:
            # Whether it was over itself cannot be told, so that nobody is known to live, nor to be over.
            own = self.incarnation in self._lives
            self._lives.clear()
        else:
            ended = set(ended_by(event, entry.source, self._lives))
            own = self.incarnation in ended
            self._lives -= ended
            self._over |= ended
        if event.incarnation == OTHERS and said_by == self.incarnation:
            self._is_alone(entry.place)
        if own:
            self._overtaken()
        return own

    def due(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return what of entries is to be handed over now; what is passing waits until it is known who is where."""
        if self._learning:
            # Until it is ready, what is durable waits with it: a ruling puts out people who are not known yet.
            self._withheld += [entry for entry in entries if not entry.durable or (self.begun and not self.ready)]
        if not self.ready:
            return ()
        known = MAX_ID if self._learning else self._known
        return [entry for entry in entries if entry.durable or entry.place > known]

    def end(self, incarnation: str) -> None:
        """Say to all that a run is over."""
        self._over.add(incarnation)
        self._outbox.put(self._says(NodeDown(incarnation)))

    async def tend(self) -> None:
        """Renew the lease and end the runs of those who have not. Raise `LinkError`."""
        if self._leases.due(self._clock.seconds()):
            leases = self._leases  # of another run, if this one is over meanwhile
            await renew(self._connection, self._stream, self.incarnation)
            leases.renewed(self._clock.seconds())
        if self._clock.seconds() - self.looked >= LOOK_SECONDS:
            self.looked = self._clock.seconds()
            there = await keys(self._connection, self._stream)
            for incarnation in self._leases.over(
                self._clock.seconds(), there, self._lives - self._over - {self.incarnation}
            ):
                self.end(incarnation)
        self._fresh = self._clock.seconds()

    def _says(self, event: NodeUp | NodeDown) -> Entry:
        return Entry("", event, source=Source(self.incarnation, None))

    def _doubt(self, incarnation: str) -> None:
        """End a run of which nobody said that it began: it begins anew, and then its people are known here too."""
        if incarnation not in self._lives and incarnation not in self._over:
            self.end(incarnation)

    def _overtaken(self) -> None:
        """Begin another run, because the others hold this one for over."""
        if self.ready and not self.stopping:
            _log.warn("the other nodes have taken this one for dead; its people come in again")
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._is_alone(None)
        if self.stopping:
            return
        self.incarnation = make_incarnation()
        self._outbox.begin(self.incarnation, self._says(NodeUp(self.incarnation)))
        self._leases = Leases()
        self._connection.spawn(self._requests.listen(self.incarnation))

    def _learn_again(self) -> None:
        """Begin another run, and ask who is where: the stream has forgotten what was passing in the meantime."""
        self.begun = False
        self._learning = True
        self._lesson += 1
        self._outbox.open = False
        self._requests.take = None
        self._lives.clear()
        self._over.clear()
        _log.warn("this node was cut off for long; its people come in again")
        self._begin_anew()

    async def _learn(self, place: int) -> None:
        """Find out who is where, now that all know that this node has begun; from then on it is ready."""
        lesson, known = self._lesson, None
        while known is None and lesson == self._lesson:
            incarnation = self.incarnation
            known = await self._ask(place)
            if known is None and incarnation == self.incarnation:  # or another node was faster, and can be asked soon
                known = await self._begin_alone()
        while known is not None and self._handed() < known.place:
            await self._connection.pause(_WAIT_SECONDS)
        if known is None or lesson != self._lesson:
            return  # it was cut off again meanwhile, and learns all anew
        withheld, self._withheld = self._withheld, []
        later = [entry for entry in withheld if entry.place > known.place]
        self._known, self._lives = known.place, _lives_after(known.incarnations, later)
        self._over -= self._lives
        self.restore(known.state)
        self._learning = False
        self.ready = self._outbox.open = True
        # Part of what is known by now, but they were people of a run that is over, and somebody here waits for each.
        overtaken = [entry for entry in withheld if entry.place <= known.place and entry.author is not None]
        for entry in overtaken:
            entry.refused = unavailable()
        self._follow([*overtaken, *later])
        _log.info("in the cluster; nodes in all: {count}", count=len(self._lives | {self.incarnation}))
        self._requests.take = lambda: State(self._handed(), sorted(self._lives), self.take())
        await self._requests.serve()

    async def _ask(self, place: int) -> State | None:
        """Return who is where, as another node knows it; None if none is there that could know."""
        while True:
            try:
                return await self._requests.state(place)
            except LinkError:
                await self._connection.pause(_PAUSE_SECONDS)

    async def _begin_alone(self) -> State | None:
        """End all other runs: whoever lives and did not answer knows people whom this node does not, and begins anew.

        Return that nobody is anywhere, or None if another node was before this one.
        """
        incarnation = self.incarnation
        self._alone = alone = Deferred[int | None]()
        self._outbox.put(self._says(NodeDown(OTHERS)))
        place = await self._connection.wait(alone)
        return None if place is None or self.incarnation != incarnation else State(place, [incarnation], None)

    def _is_alone(self, place: int | None) -> None:
        alone, self._alone = self._alone, None
        if alone is not None:
            alone.callback(place)


def _lives_after(incarnations: Iterable[str], entries: Iterable[Entry]) -> set[str]:
    """Return which runs are live after entries, given those that were before."""
    lives = set(incarnations)
    for entry in entries:
        if isinstance(entry.event, NodeUp):
            lives.add(entry.event.incarnation)
        elif isinstance(entry.event, NodeDown):
            lives.difference_update(ended_by(entry.event, entry.source, lives))
    return lives
