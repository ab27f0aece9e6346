"""Several nodes in one process, over one order that each of them gets at its own pace."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from chatd.accounts import NoAccounts
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.journal import EVERYTHING, Among, Follower, JournalError, Judge, Page, Query, Retention
from chatd.journal.known_rooms import KnownRooms, RoomState
from chatd.journal.memory import MemoryJournal
from chatd.journal.read_markers import Marker, ReadMarkers
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Snapshot, Source
from chatd.model.entry import Entry, StoredEvent, label_reused, unavailable
from chatd.model.health import Health
from chatd.model.numbers import CommitTimes, JournalNumbers, StreamNumbers
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import DurableEvent
from tests.support.in_memory_chat import InMemoryChat, journal_environment


class Log:
    """The one order: entries, each with the node that appended it if that lives."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.entries: list[tuple[NodeJournal | None, Entry]] = []
        self.nodes: list[NodeJournal] = []
        self.runs = count(1)

    def add(self, author: NodeJournal | None, entry: Entry) -> None:
        entry.place = len(self.entries) + 1
        entry.time = int(self.clock.seconds() * 1000)
        self.entries.append((author, copy(entry)))
        if author is not None:
            author.own[entry.place] = entry

    def snapshot(self) -> Snapshot | None:
        """Return what the node that is the furthest says."""
        known = [node for node in self.nodes if node.ready and not node.dead]
        if not known:
            return None
        node = max(known, key=lambda each: each.place)
        return Snapshot(node.place, json.loads(json.dumps(node.take())), frozenset(node.refused))

    def end(self, run: str) -> None:
        """Let the others give up a run."""
        self.add(None, Entry("", NodeDown(run), source=Source(run, None)))


class NodeJournal:
    """One node's journal, and its connection to the others."""

    over_hard_limit = over_soft_limit = False
    retention = Retention()
    epoch = "e1"

    def __init__(self, log: Log) -> None:
        self.ready = False
        self.log = log
        self.incarnation = f"run{next(log.runs)}"
        self.place = 0
        self.cut = False
        self.dead = False
        self.outbox: deque[Entry] = deque()
        self.own: dict[int, Entry] = {}
        self.take: Callable[[], Any] = lambda: None
        self.holds = lambda epoch, _id: epoch == self.epoch
        self._restore: Callable[[Any], None] = lambda _state: None
        self._answerer: Callable[[Any], Any] = lambda _question: None
        self._follower: Follower = lambda _entries: None
        self._judge: Judge = len
        self.refused: set[int] = set()
        """The places of what did not count."""
        # What it knows of what was said is kept as a memory journal keeps it.
        self._index = MemoryJournal(journal_environment(log.clock))
        self._labels: dict[tuple[str, str, str], StoredEvent] = {}
        self.markers = ReadMarkers(log.clock, self._write_markers)
        log.nodes.append(self)

    @property
    def cluster(self) -> NodeJournal:
        return self

    @property
    def numbers(self) -> JournalNumbers:
        return JournalNumbers("nats", CommitTimes(), len(self.own), 0, StreamNumbers(not self.cut, 0))

    # What the journal is for the hub.

    @property
    def health(self) -> Health:
        return Health.WORKING if self.ready else Health.JOINING

    def start(self) -> None:
        pass

    def stop(self) -> Deferred[None]:
        return succeed(None)

    def flush(self) -> Deferred[None]:
        return succeed(None)

    def follow(self, follower: Follower, judge: Judge = len) -> None:
        self._follower, self._judge = follower, judge

    def set_retention(self, retention: Retention) -> Deferred[None]:
        self.retention = retention
        return succeed(None)

    def append(self, entry: Entry) -> None:
        self.outbox.append(entry)

    def room_state(self, room: str) -> RoomState | None:
        return self._index.room_state(room)

    @property
    def known_rooms(self) -> KnownRooms:
        return self._index.known_rooms

    def forget(self, rooms: Mapping[str, int]) -> None:
        self._index.forget(rooms)

    def read(self, query: Query) -> Deferred[Page]:
        return self._index.read(query)

    def search(
        self, room: str, words: Sequence[str], before: int, count: int, among: Among = EVERYTHING
    ) -> Deferred[Sequence[StoredEvent]]:
        return self._index.search(room, words, before, count, among)

    def _write_markers(self, markers: Sequence[Marker]) -> Deferred[None]:
        if self.cut or self.dead:
            return fail(JournalError("no connection"))
        raised = [marker for marker in markers if marker.id]
        for node in self.log.nodes:
            for marker in raised if node is not self else ():
                node.markers.learn(marker)
        return succeed(None)

    # What the cluster is for the hub.

    def share(self, take: Callable[[], Any], restore: Callable[[Any], None]) -> None:
        self.take, self._restore = take, restore

    def hurry(self) -> None:
        pass

    def answer(self, answerer: Callable[[Any], Any]) -> None:
        self._answerer = answerer

    def ask(self, run: str, question: Any) -> Deferred[Any]:
        for node in self.log.nodes:
            if node.incarnation == run and not (node.dead or node.cut or self.cut):
                return succeed(json.loads(json.dumps(node._answerer(json.loads(json.dumps(question))))))
        return fail(ChatError(Code.UNAVAILABLE, "no answer"))

    # What a test makes happen.

    def begin(self) -> None:
        """Announce the node, and learn from another who is where."""
        self.log.add(self, Entry("", NodeUp(self.incarnation), source=Source(self.incarnation, None)))
        snapshot = self.log.snapshot()
        self.refused = set(snapshot.refused) if snapshot else set()
        while self.place < (snapshot.id if snapshot else 0):
            self._note(self._copy(self.log.entries[self.place]))
        self._restore(None if snapshot is None else snapshot.state)
        self.ready = True

    def publish(self, most: int = 1000) -> None:
        """Give so much of what was appended its place in the order."""
        while self.outbox and most and not self.cut and not self.dead:
            self.log.add(self, self.outbox.popleft())
            most -= 1

    def give_up(self, *, late: bool = False) -> None:
        """Refuse what waits to be published; ``late`` says whether it gets its place all the same."""
        given_up, self.outbox = list(self.outbox), deque()
        for entry in given_up:
            if late:
                self.log.add(None, copy(entry))
            entry.refused = unavailable()
            entry.time = int(self.log.clock.seconds() * 1000)
        if given_up:
            self._follower(given_up)

    def read_on(self, most: int = 1000) -> None:
        """Hand over so many of the entries that are next."""
        if self.cut or self.dead or not self.ready:
            return
        batch = [self._copy(each) for each in self.log.entries[self.place : self.place + most]]
        for entry in batch:
            if isinstance(entry.event, NodeDown) and entry.event.incarnation == self.incarnation:
                self.incarnation = f"run{next(self.log.runs)}"
                self.log.add(self, Entry("", NodeUp(self.incarnation), source=Source(self.incarnation, None)))
        while batch:
            judged = self._judge(batch)
            part, batch = batch[:judged], batch[judged:]
            for entry in part:
                self._number(entry)
            self.place += len(part)
            self._follower(part)
            for entry in part:
                self._keep(entry)

    def replace_by_snapshot(self) -> None:
        """Learn anew from another who is where."""
        others = [node for node in self.log.nodes if node is not self and node.ready and not node.dead]
        node = max(others, key=lambda each: each.place)
        self.refused |= node.refused
        while self.place < node.place:
            self._note(self._copy(self.log.entries[self.place]))
        assert self.place == node.place
        self._restore(json.loads(json.dumps(node.take())))

    def _copy(self, written: tuple[NodeJournal | None, Entry]) -> Entry:
        author, entry = written
        if author is self:
            return self.own.pop(entry.place)
        source = entry.source
        if source is not None and source.info is not None:
            source = Source(source.incarnation, MemberInfo(**json.loads(json.dumps(source.info._asdict()))))
        copied = Entry(names.key(entry.room), entry.event, None, entry.label, source=source, by=entry.by)
        copied.place, copied.time, copied.again = entry.place, entry.time, entry.again
        return copied

    def _note(self, entry: Entry) -> None:
        """Read an entry that somebody else's state takes into account."""
        if entry.place in self.refused:
            entry.refused = unavailable()
        self._number(entry)
        self._keep(entry)
        self.place += 1

    def _number(self, entry: Entry) -> None:
        event = entry.event
        if not isinstance(event, DurableEvent):
            return
        if entry.refused is not None:
            self.refused.add(entry.place)
            return
        entry.id = entry.place
        if entry.label is None:
            return
        author = (entry.room, names.key(event.nick), entry.label)
        first = self._labels.setdefault(author, StoredEvent(entry.place, entry.time, event))
        if first.id != entry.place and first.event == event:
            entry.id, entry.time, entry.duplicate = first.id, first.time, True
        elif first.id != entry.place:
            entry.id, entry.refused = 0, label_reused(entry.label)

    def _keep(self, entry: Entry) -> None:
        if entry.stored and isinstance(entry.event, DurableEvent):
            kept = StoredEvent(entry.id, entry.time, entry.event, entry.by)
            self._index._rings[entry.room].append(kept)
            self._index._note([(entry.room, kept)])


class SharedAccounts(NoAccounts):
    """Accounts that all nodes know: of whoever is named so."""

    def __init__(self) -> None:
        self.owned: set[str] = set()
        self.operators: set[str] = set()

    def is_registered(self, key: str) -> bool:
        return key in self.owned

    def is_operator(self, key: str) -> bool:
        return key in self.operators

    def name(self, key: str) -> str:
        return key

    def party(self, key: str) -> str | None:
        return f"{key}.d0" if key in self.owned else None

    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:  # noqa: ARG002  # the protocol's
        return succeed(names.key(nick))

    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:  # noqa: ARG002  # the protocol's
        return succeed(names.key(nick))


class Node(InMemoryChat):
    """One node, with people on it."""

    def __init__(self, log: Log, limits: Limits | None = None, accounts: SharedAccounts | None = None) -> None:
        self.clock = log.clock
        self.cluster = NodeJournal(log)
        numbers: Iterator[int] = count(1)
        run = self.cluster.incarnation
        make_secret: Callable[[], str] = lambda: f"{run}-secret{next(numbers)}"  # noqa: E731  # named for what it is
        self.hub = make_hub(self.cluster, self.clock, limits, make_secret, accounts)
        self.hub.start()
        self.cluster.begin()

    @property
    def presence(self) -> Any:
        presence = self.hub.nodes
        assert presence is not None
        return presence

    def turn(self) -> None:
        super().turn()
        self.cluster.publish()
        self.cluster.read_on()
        super().turn()


class InMemoryCluster:
    """Nodes that share one order, on one clock."""

    def __init__(self, nodes: int = 2, limits: Limits | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.log = Log(self.clock)
        self.accounts = SharedAccounts()
        self.limits = limits
        self.nodes: list[Node] = []
        for _ in range(nodes):
            self.node()

    def node(self) -> Node:
        """Return a new node, that has learned from the others who is where."""
        self.nodes.append(Node(self.log, self.limits, self.accounts))
        return self.nodes[-1]

    def settle(self) -> None:
        """Let all nodes that are connected say and read all there is."""
        live = [node for node in self.nodes if not node.cluster.dead and not node.cluster.cut]
        while True:
            for node in live:
                node.turn()
            if not any(n.cluster.outbox or (n.cluster.ready and n.cluster.place < len(self.log.entries)) for n in live):
                return

    def wait(self, seconds: int) -> None:
        """Let time pass on all nodes, a second at a time."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.settle()

    def states(self) -> list[Any]:
        """Return what each node that lives knows of who is where."""
        return [node.presence.state() for node in self.nodes if not node.cluster.dead and not node.cluster.cut]


def bodies(lines: Sequence[str]) -> list[str]:
    """Return lines without their tags."""
    return [line.split(" ", 1)[1] if line.startswith("@") else line for line in lines]
