"""A journal in memory: it keeps the newest events, until the process ends."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.journal import LABEL_SECONDS, Environment, Follower, Journal, Judge, Page, Query, RoomState, TooMuchError
from chatd.journal.ages import AgeClock
from chatd.journal.batching import Batcher
from chatd.journal.memory_index import WordIndex
from chatd.journal.read_markers import ReadMarkers
from chatd.journal.rows import same_content
from chatd.journal.starts import MARK_CHARACTERS, Start, Starts
from chatd.model.entry import Entry, StoredEvent, label_reused
from chatd.model.health import Health
from chatd.protocol import names
from chatd.protocol.events import DurableEvent, Said

MAX_KEPT = 50_000
"""How many events are kept, in all rooms together."""
MAX_KEPT_BYTES = 32 * 1024 * 1024
"""About how much memory their texts may take."""
MAX_LABELS = 50_000
MAX_FORGOTTEN = 256
"""How many events of forgotten rooms may be held, besides an eighth of what is kept, before their memory is freed."""
PAGE_EVENTS = 256

_log = Logger()


class MemoryJournal(Journal):
    """Hands back, at the end of a turn of the reactor, what was appended in it, numbered and stamped with one time.

    While deliveries are costly it gathers for longer than a turn, see `Batcher`.
    """

    health = Health.WORKING
    over_hard_limit = over_soft_limit = False
    cluster = None

    def __init__(self, environment: Environment) -> None:
        self._make_epoch = environment.make_epoch
        self._starts: Starts | None = None
        self._clock = environment.clock
        self._wall = environment.wall
        self._ages = AgeClock(environment.clock, environment.wall, _log)
        self._pace = Batcher(self._clock)
        self._retention = environment.retention
        self._markers = ReadMarkers(environment.clock)
        self._turn: list[Entry] = []
        self._delivery: IDelayedCall | None = None
        self._last_id = 0
        self._follower: Follower | None = None
        self._judge: Judge = len
        self._room_states: dict[str, RoomState] = {}
        self._rings: defaultdict[str, deque[StoredEvent]] = defaultdict(deque)
        self._oldest: deque[tuple[str, StoredEvent]] = deque()
        self._bytes = 0
        self._index: WordIndex | None = None
        self._indexed = 0
        self._deleted: list[int] = []
        self._forgotten: dict[str, int] = {}
        self._stale: set[int] = set()
        self._labels: OrderedDict[tuple[str, str, str], StoredEvent] = OrderedDict()

    @property
    @override
    def epoch(self) -> str:
        return "" if self._starts is None else self._starts.epoch

    @override
    def holds(self, epoch: str | None, id_: int) -> bool:
        return self._starts is not None and self._starts.hold(epoch, id_)

    @property
    @override
    def markers(self) -> ReadMarkers:
        return self._markers

    @override
    def start(self) -> None:
        made = self._make_epoch()
        if self._starts is None:
            self._starts = Starts(made, ())
        else:
            self._starts.add(Start(made[:MARK_CHARACTERS], self._last_id + 1))

    @override
    def stop(self) -> Deferred[None]:
        flushed = self.flush()
        if self._index is not None:
            self._index.close()
            self._index = None
        return flushed

    @override
    def follow(self, follower: Follower, judge: Judge = len) -> None:
        self._follower, self._judge = follower, judge

    @override
    def append(self, entry: Entry) -> None:
        if not self._turn:
            self._delivery = self._clock.callLater(self._pace.delay(), self._deliver)
        self._turn.append(entry)

    @override
    def flush(self) -> Deferred[None]:
        while self._turn:
            if self._delivery is not None:
                self._delivery.cancel()
            self._deliver()
        return succeed(None)

    @override
    def room_state(self, room: str) -> RoomState | None:
        return self._room_states.get(room)

    @property
    @override
    def known_rooms(self) -> Mapping[str, RoomState]:
        self._trim()
        return self._room_states

    @override
    def forget(self, rooms: Mapping[str, int]) -> None:
        for room, upto in rooms.items():
            room_state, ring = self._room_states.get(room), self._rings.get(room, deque())
            if room_state is not None and room_state.last_id <= upto:
                del self._room_states[room]
            while ring and ring[0].id <= upto:
                kept = ring.popleft()
                self._stale.add(kept.id)
                if kept.id <= self._indexed:
                    self._deleted.append(kept.id)
            if not ring:
                self._rings.pop(room, None)
        self._forgotten |= rooms

    def _drop_stale(self) -> None:
        """Free the memory of what was forgotten."""
        self._bytes -= sum(len(kept.event.text or "") for _, kept in self._oldest if kept.id in self._stale)
        self._oldest = deque(each for each in self._oldest if each[1].id not in self._stale)
        self._stale.clear()

    @override
    def read(self, query: Query) -> Deferred[Page]:
        found = [
            kept
            for kept in self._kept(query.room)
            if query.after < kept.id < query.before and (type(kept.event) is Said or not query.said_only)
        ]
        wanted = found[-query.count :] if query.newest else found[: query.count]
        page = wanted[:PAGE_EVENTS]
        room_state = self._room_states.get(query.room)
        watermark = room_state.watermark if room_state is not None else 0
        skipped = query.newest and len(found) > len(wanted)
        return succeed(Page(page, more=len(wanted) > len(page), skipped=skipped, watermark=watermark))

    @override
    def search(self, room: str, words: Sequence[str], before: int, count: int) -> Deferred[Sequence[StoredEvent]]:
        said = {kept.id: kept for kept in self._kept(room)}
        try:
            found = self._updated_index().search(room, words, before, count)
        except TooMuchError as error:
            return fail(error)
        return succeed([said[id_] for id_ in found if id_ in said])

    def _updated_index(self) -> WordIndex:
        """Bring the index up to date with what was stored and deleted since the last search."""
        if self._index is None:
            self._index, self._indexed = WordIndex(), 0
        indexed = self._indexed
        new: list[tuple[str, StoredEvent]] = []
        for room, stored in reversed(self._oldest):
            if stored.id <= indexed:
                break
            new.append((room, stored))
        self._index.add((kept.id, room, kept.event.text) for room, kept in new if type(kept.event) is Said)
        self._index.remove(self._deleted)
        self._deleted.clear()
        if new:
            _, newest = new[0]
            self._indexed = newest.id
        return self._index

    def _deliver(self) -> None:
        self._delivery = None
        turn, self._turn = self._turn, []
        now = int(self._wall() * 1000)
        for entry in turn:
            entry.time = now
        judged = self._judge(turn)
        if judged < len(turn):
            turn, self._turn = turn[:judged], turn[judged:]
            self._delivery = self._clock.callLater(0, self._deliver)
        stored: list[tuple[str, StoredEvent]] = []
        for entry in turn:
            if (
                entry.durable
                and entry.refused is None
                and (entry.label is None or not self._is_repeated(entry, entry.label))
            ):
                self._last_id += 1
                entry.id = self._last_id
                stored.append((entry.room, StoredEvent(entry.id, now, entry.event)))  # type: ignore[arg-type]  # durable
        # As on a disk: what is handed back can be read, and only then the rooms stand as it leaves them.
        for room, each in stored:
            self._rings[room].append(each)
        if self._follower is not None:
            with self._pace:
                self._follower(turn)
        self._note(stored)
        self._trim()

    def _is_repeated(self, entry: Entry, label: str) -> bool:
        """Return whether the label was used before; if so, note what becomes of the entry."""
        event = entry.event
        assert isinstance(event, DurableEvent)
        author = (entry.room, names.key(event.nick), label)
        first = self._labels.get(author)
        if first is None or first.time < self._ages() - LABEL_SECONDS * 1000:
            self._labels[author] = StoredEvent(self._last_id + 1, entry.time, event)
            self._labels.move_to_end(author)
            if len(self._labels) > MAX_LABELS:
                self._labels.popitem(last=False)
            return False
        if same_content(first.event, event):
            entry.id, entry.time, entry.duplicate = first.id, first.time, True
        else:
            entry.refused = label_reused(label)
        return True

    def _note(self, new: Sequence[tuple[str, StoredEvent]]) -> None:
        room_states, most = self._room_states, self._retention.messages
        for room, kept in new:
            self._bytes += len(kept.event.text or "")
            if kept.id <= self._forgotten.get(room, 0):
                continue
            room_state = room_states.get(room)
            if room_state is None:
                room_state = room_states[room] = RoomState(kept.event.room)
            room_state.apply(kept)
            if most is not None and len(self._rings[room]) > most:
                self._drop_first(room)
        self._oldest += new
        self._forgotten.clear()
        if len(self._stale) > MAX_FORGOTTEN + len(self._oldest) // 8:
            self._drop_stale()

    def _kept(self, room: str) -> Sequence[StoredEvent]:
        self._trim()
        return self._rings.get(room, ())

    def _trim(self) -> None:
        age = self._retention.seconds
        horizon = 0 if age is None else self._ages() - age * 1000
        oldest = self._oldest
        while oldest:
            room, kept = oldest[0]
            if len(oldest) <= MAX_KEPT and self._bytes <= MAX_KEPT_BYTES and kept.time >= horizon:
                break
            oldest.popleft()
            ring = self._rings.get(room)
            if ring and ring[0] is kept:
                self._drop_first(room)
            elif kept.id in self._stale:
                self._stale.discard(kept.id)
                self._bytes -= len(kept.event.text or "")

    def _drop_first(self, room: str) -> None:
        ring = self._rings[room]
        kept = ring.popleft()
        if kept.id <= self._indexed:
            self._deleted.append(kept.id)
        self._bytes -= len(kept.event.text or "")
        self._room_states[room].watermark = kept.id
        if not ring:
            del self._rings[room]
