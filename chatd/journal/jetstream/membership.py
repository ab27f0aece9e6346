"""Which nodes are in the cluster, and how this one joins it: it announces itself and learns who is where.

Each node has an *incarnation*, a new one after every start and after others have declared it dead. `NodeUp` and
`NodeDown` in the stream say which incarnations are live, so that all nodes know the same ones at the same place in the
order. A node that joins asks another for a snapshot of who is where, and withholds what is passing until it has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import NatsError
from chatd.journal.jetstream.gate import Gate, live_after
from chatd.journal.jetstream.leases import LOOK_SECONDS, Leases, lease_holders, renew
from chatd.journal.jetstream.messages import PASSING_SECONDS
from chatd.journal.jetstream.node_state import ANNOUNCING, LEARNING, READY, TRANSITIONS, NodeState, make_incarnation
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.refusals import Refusals
from chatd.journal.jetstream.requests import PresenceSnapshot, Requests
from chatd.model.cluster import OTHERS, NodeDown, NodeUp, Source, ended_by
from chatd.model.entry import Entry, unavailable
from chatd.protocol.arguments import MAX_ID
from chatd.runtime.states import StateMachine

LONG_SECONDS = PASSING_SECONDS // 2
"""After so long without the stream a node cannot know who has come and gone."""
_PAUSE_SECONDS = 1
_WAIT_SECONDS = 0.02

_log = Logger()


class Membership:
    """``handed`` returns the place of the last entry that was handed over; ``follow`` hands over what was withheld."""

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        requests: Requests,
        outbox: Outbox,
        stream: str,
        handed: Callable[[], int],
        follow: Callable[[Sequence[Entry]], None],
        refusals: Refusals,
    ) -> None:
        self.incarnation = ""
        self.snapshot: Callable[[], Any] = lambda: None
        self.restore: Callable[[Any], None] = lambda _state: None
        self.gate = Gate()
        self.looked = 0.0
        """When the leases were last looked at, in seconds; set it to 0 to have them looked at the next time."""
        self._clock = clock
        self._connection = connection
        self._requests = requests
        self._outbox = outbox
        self._stream = stream
        self._handed = handed
        self._follow = follow
        self._refusals = refusals
        self._machine = StateMachine(NodeState.NEW, TRANSITIONS)
        self._lesson = 0
        self._known = MAX_ID
        self._withheld: list[Entry] = []
        self._live: set[str] = set()
        self._down: set[str] = set()
        self._leases = Leases()
        self._alone: Deferred[int | None] | None = None
        self._fresh = 0.0

    @property
    def state(self) -> NodeState:
        """How far this node is in the cluster."""
        return self._machine.state

    @property
    def ready(self) -> bool:
        """Whether the node has known once who is where, and has not left."""
        return self.state in READY

    @property
    def announced(self) -> bool:
        """Whether all nodes know of the present incarnation, or of one that it replaced."""
        return self.state not in (NodeState.NEW, NodeState.CUT_OFF, NodeState.LEFT)

    @property
    def learning(self) -> bool:
        """Whether the node does not know who is where, or not any more."""
        return self.state in LEARNING

    async def connected(self) -> None:
        """Be found by the others over a new connection. Raise `NatsError`."""
        await self._requests.listen(self.incarnation)
        await renew(self._connection, self._stream, self.incarnation)
        self._leases.note_renewal(self._clock.seconds())
        if self.state in (NodeState.NEW, NodeState.JOINING, NodeState.LEAVING, NodeState.LEFT):
            return
        if self._clock.seconds() - self._fresh > LONG_SECONDS:
            self._rejoin()
        else:
            await self._requests.serve()

    def caught_up(self) -> None:
        """Note that all of the stream was read: the first time, the node announces itself."""
        self._fresh = self._clock.seconds()
        if not self._outbox.incarnation:
            self._outbox.start_incarnation(self.incarnation, self._says(NodeUp(self.incarnation)))

    def leave(self) -> None:
        """Take no new incarnation from here on: the process stops."""
        self._machine.enter(NodeState.LEAVING if self.ready else NodeState.LEFT)
        self._lesson += 1
        self._is_alone(None)

    def left(self) -> None:
        """Be ready no more."""
        self._machine.enter(NodeState.LEFT)

    def observe(self, entries: Sequence[Entry]) -> bool:
        """Note which incarnations go up and down; return whether the node's own goes down."""
        own = False
        for entry in entries:
            event = entry.event
            if isinstance(event, NodeUp):
                self._observe_up(event, entry)
            elif isinstance(event, NodeDown):
                own = self._observe_down(event, entry) or own
            elif not entry.durable and entry.source is not None and self.state is NodeState.ACTIVE:
                self._check_known(entry.source.incarnation)
        return own

    def _observe_up(self, event: NodeUp, entry: Entry) -> None:
        self._live.add(event.incarnation)
        self._down.discard(event.incarnation)
        if event.incarnation == self.incarnation and self.state in ANNOUNCING:
            self._machine.enter(ANNOUNCING[self.state])
            self.gate.wait_at(entry.place)
            self._connection.spawn(self._learn(entry.place))

    def _observe_down(self, event: NodeDown, entry: Entry) -> bool:
        """Note that incarnations are down; return whether the node's own is."""
        said_by = "" if entry.source is None else entry.source.incarnation
        if self.learning and event.incarnation == OTHERS and said_by not in self._live | self._down:
            # Whether it was down itself cannot be told, so that nobody is known to be live, nor to be down.
            own = self.incarnation in self._live
            self._live.clear()
        else:
            ended = set(ended_by(event, entry.source, self._live))
            own = self.incarnation in ended
            self._live -= ended
            self._down |= ended
            self.gate.end(ended)
        alone = event.incarnation == OTHERS and said_by == self.incarnation
        if self._alone is not None and (alone or own):
            self.gate.wait_at(entry.place)
        if alone:
            self._is_alone(entry.place)
        if own:
            self._declared_down()
        return own

    def deliverable(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return what of entries is to be handed over now; what is passing waits until it is known who is where."""
        if self.learning:
            # While it joins, what is durable waits with it: a moderation action evicts members who are not known yet.
            joining = self.state is NodeState.JOINING
            self._withheld += [entry for entry in entries if joining or not entry.durable]
        if not self.ready:
            return ()
        return [entry for entry in entries if entry.durable or entry.place > self._known]

    def announce_down(self, incarnation: str) -> None:
        """Tell all nodes that an incarnation is down."""
        self._down.add(incarnation)
        self._outbox.enqueue(self._says(NodeDown(incarnation)))

    async def maintain(self) -> None:
        """Renew the lease, and announce that those are down who have not. Raise `NatsError`."""
        if self._leases.renewal_due(self._clock.seconds()):
            leases = self._leases  # of another incarnation, if this one is down meanwhile
            await renew(self._connection, self._stream, self.incarnation)
            leases.note_renewal(self._clock.seconds())
        if self._clock.seconds() - self.looked >= LOOK_SECONDS:
            self.looked = self._clock.seconds()
            holders = await lease_holders(self._connection, self._stream)
            others = self._live - self._down - {self.incarnation}
            for incarnation in self._leases.expired(self._clock.seconds(), holders, others):
                self.announce_down(incarnation)
        self._fresh = self._clock.seconds()

    def _says(self, event: NodeUp | NodeDown) -> Entry:
        return Entry("", event, source=Source(self.incarnation, None))

    def _check_known(self, incarnation: str) -> None:
        """Declare an incarnation down whose `NodeUp` is not known: it takes a new one, and is known here from then."""
        if incarnation not in self._live and incarnation not in self._down:
            self.announce_down(incarnation)

    def _declared_down(self) -> None:
        """Take a new incarnation, because the others hold this one for down."""
        if self.ready and self.state is not NodeState.LEAVING:
            _log.warn("the other nodes have declared this one dead; its members join again")
        self._reincarnate()

    def _reincarnate(self) -> None:
        self._is_alone(None)
        if self.state in (NodeState.LEAVING, NodeState.LEFT):
            return
        self.incarnation = make_incarnation()
        self._outbox.start_incarnation(self.incarnation, self._says(NodeUp(self.incarnation)))
        self._leases = Leases()
        self._connection.spawn(self._requests.listen(self.incarnation))

    def _rejoin(self) -> None:
        """Take a new incarnation and ask who is where: the stream has forgotten what was passing in the meantime."""
        self._machine.enter(NodeState.CUT_OFF)
        self._lesson += 1
        self._known = MAX_ID
        self.gate.close()
        self._outbox.close()
        self._requests.snapshot = None
        self._live.clear()
        self._down.clear()
        _log.warn("this node was cut off for too long; its members join again")
        self._reincarnate()

    async def _learn(self, place: int) -> None:
        """Find out who is where, now that all nodes know of this one; from then on it is ready."""
        lesson, known = self._lesson, None
        while known is None and lesson == self._lesson:
            incarnation = self.incarnation
            known = await self._ask(place)
            if known is None and incarnation == self.incarnation:  # or another node was faster, and can be asked soon
                known = await self._take_over_alone()
        if known is None or lesson != self._lesson:
            return  # it was cut off again meanwhile and learns all anew, or it leaves
        self.gate.refused = frozenset(known.refused)
        self.gate.wait_at(known.place)
        while self._handed() < known.place:
            await self._connection.pause(_WAIT_SECONDS)
        await self._refusals.forget(known.refused)
        if lesson != self._lesson:
            return
        self._learned(known)
        await self._requests.serve()

    def _learned(self, known: PresenceSnapshot) -> None:
        withheld, self._withheld = self._withheld, []
        later = [entry for entry in withheld if entry.place > known.place]
        self._known, self._live = known.place, live_after(known.incarnations, later)
        self._down -= self._live
        self.restore(known.state)
        self._machine.enter(NodeState.ACTIVE)
        self._outbox.open()
        # Part of what is known by now, but of members of an incarnation that is down; somebody here waits for each.
        overtaken = [entry for entry in withheld if entry.place <= known.place and entry.author is not None]
        for entry in overtaken:
            entry.refused = unavailable()
        self._follow([*overtaken, *later])
        _log.info("joined the cluster; nodes in total: {count}", count=len(self._live | {self.incarnation}))
        self._requests.snapshot = lambda: PresenceSnapshot(
            self._handed(), sorted(self._live), self.snapshot(), self._refusals.places()
        )
        self.gate.open()

    async def _ask(self, place: int) -> PresenceSnapshot | None:
        """Return who is where, as another node knows it; None if no node is there that could know."""
        while True:
            try:
                return await self._requests.presence(place)
            except NatsError:
                await self._connection.pause(_PAUSE_SECONDS)

    async def _take_over_alone(self) -> PresenceSnapshot | None:
        """Declare all others down: who is live and did not answer knows members whom this node does not, and rejoins.

        Return that nobody is anywhere, or None if another node was before this one.
        """
        incarnation = self.incarnation
        self._alone = alone = Deferred[int | None]()
        self.gate.wait_at(MAX_ID)
        self._outbox.enqueue(self._says(NodeDown(OTHERS)))
        place = await self._connection.wait(alone)
        if place is None or self.incarnation != incarnation:
            return None
        return PresenceSnapshot(place, [incarnation], None)

    def _is_alone(self, place: int | None) -> None:
        alone, self._alone = self._alone, None
        if alone is not None:
            alone.callback(place)
