"""A journal in memory: it keeps the newest events, until the process ends."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.journal import (
    EVERYTHING,
    LABEL_SECONDS,
    Among,
    Environment,
    Follower,
    Journal,
    Judge,
    Page,
    Query,
    Retention,
    Times,
    TooMuchError,
)
from chatd.journal.ages import AgeClock
from chatd.journal.batching import Batcher
from chatd.journal.known_rooms import KnownRooms, RoomState, kept_shorter
from chatd.journal.memory_index import WordIndex, first_at
from chatd.journal.memory_references import Labels, References, place_of, put
from chatd.journal.read_markers import ReadMarkers
from chatd.journal.references import taken_back
from chatd.journal.rows import same_content
from chatd.journal.starts import MARK_CHARACTERS, Start, Starts
from chatd.model.authorship import main_key
from chatd.model.entry import Entry, StoredEvent, label_reused
from chatd.model.health import Health
from chatd.model.numbers import CommitTimes, JournalNumbers
from chatd.protocol import names
from chatd.protocol.events import DurableEvent, Moderated, Said
from chatd.protocol.references import REFERRING

MAX_KEPT = 50_000
"""How many events are kept, in all rooms together."""
MAX_KEPT_BYTES = 32 * 1024 * 1024
"""About how much memory their texts may take."""
MAX_LABELS = 50_000
MAX_FORGOTTEN = 256
"""How many events of forgotten rooms may be held, besides an eighth of what is kept, before their memory is freed."""
PAGE_EVENTS = 256

_log = Logger()
_stored = tuple.__new__  # 60 ns less than what a NamedTuple puts before it


class MemoryJournal(Journal):
    """Hands back, at the end of a turn of the reactor, what was appended in it, numbered and stamped with one time.

    While deliveries are costly it gathers for longer than a turn, see `Batcher`.
    """

    retention = Retention()
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
        self.retention = environment.retention
        self._markers = ReadMarkers(environment.clock)
        self._commits = CommitTimes()
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
        self._changed: dict[int, tuple[str, str, str]] = {}
        self._new: list[tuple[str, StoredEvent]] = []
        self._kept_shorter: dict[str, int] = {}
        self._labels: Labels = OrderedDict()
        self._references = References(self._replace, self._labels)

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

    @property
    @override
    def numbers(self) -> JournalNumbers:
        return JournalNumbers("memory", self._commits, len(self._turn), self._bytes)

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
    def known_rooms(self) -> KnownRooms:
        self._trim()
        return KnownRooms(self._room_states)

    @override
    def forget(self, rooms: Mapping[str, int]) -> None:
        for room, upto in rooms.items():
            room_state, ring = self._room_states.get(room), self._rings.get(room, deque())
            if room_state is not None and room_state.last_id <= upto:
                del self._room_states[room]
            while ring and ring[0].id <= upto:
                kept = ring.popleft()
                self._references.drop(kept)
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
        after, before = self._within(query.after, query.before, query.times)
        found = [
            kept
            for kept in self._kept(query.room)
            if after < kept.id < before and (type(kept.event) is Said or not query.said_only)
        ]
        wanted = found[-query.count :] if query.newest else found[: query.count]
        page = wanted[:PAGE_EVENTS]
        if query.said_only:
            page = [self._references.with_reactions(kept) for kept in page]
        room_state = self._room_states.get(query.room)
        watermark = room_state.watermark if room_state is not None else 0
        skipped = query.newest and len(found) > len(wanted)
        return succeed(Page(page, more=len(wanted) > len(page), skipped=skipped, watermark=watermark))

    @override
    def search(
        self, room: str, words: Sequence[str], before: int, count: int, among: Among = EVERYTHING
    ) -> Deferred[Sequence[StoredEvent]]:
        said = {kept.id: kept for kept in self._kept(room)}
        after, before = self._within(among.after, before, among.times)
        try:
            found = self._updated_index().search(room, words, after, before, count, among.author)
        except TooMuchError as error:
            return fail(error)
        return succeed([self._references.with_reactions(said[id_]) for id_ in found if id_ in said])

    def _within(self, after: int, before: int, times: Times) -> tuple[int, int]:
        """Return between which ids, both exclusive, that is which is between two others and two times."""
        if times.since is not None:
            after = max(after, first_at(self._oldest, times.since, self._last_id + 1) - 1)
        if times.before is not None:
            before = min(before, first_at(self._oldest, times.before, before))
        return after, before

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
        self._index.add(
            (kept.id, room, kept.event.nick, kept.event.text) for room, kept in new if type(kept.event) is Said
        )
        self._index.remove([*self._deleted, *self._changed])
        self._index.add((id_, *changed) for id_, changed in self._changed.items())
        self._deleted.clear()
        self._changed.clear()
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
        self._new = stored
        for entry in turn:
            event = entry.event
            if not (type(event) is Said or entry.durable) or entry.refused is not None:
                continue
            if entry.label is not None and self._is_repeated(entry, entry.label):
                continue
            about = event.reply != 0 if type(event) is Said else type(event) in REFERRING
            if about and self._is_refused(entry):
                continue
            self._last_id += 1
            entry.id = self._last_id
            author = main_key(entry.by) if about else entry.by
            kept = _stored(StoredEvent, (entry.id, now, event, author, False, ()))
            stored.append((entry.room, kept))
            self._rings[entry.room].append(kept)
            if about:
                self._references.follow(entry, self._rings[entry.room])
        # As on a disk: what is handed back can be read, and only then the rooms stand as it leaves them.
        if self._follower is not None:
            with self._pace:
                self._follower(turn)
        self._new = []
        self._note(stored)
        self._trim()

    def _is_refused(self, entry: Entry) -> bool:
        """Return whether what refers to a message does not count; if so, note why."""
        entry.refused = self._references.refusal(entry, self._rings.get(entry.room, ()))
        if entry.refused is not None and entry.label is not None:
            assert isinstance(entry.event, DurableEvent)
            self._labels.pop((entry.room, names.key(entry.event.nick), entry.label), None)
        return entry.refused is not None

    def _replace(self, room: str, id_: int, kept: StoredEvent | None) -> None:
        """Put something in the place of what a room has under an id; nothing of it stays in memory."""
        before = put(self._rings[room], id_, kept)
        if before is None:
            return
        where = self._oldest if place_of(id_, self._new, _id_of) is None else self._new
        at = place_of(id_, where, _id_of)
        assert at is not None
        where[at] = room, kept or before._replace(event=Said(before.event.nick, before.event.room, ""))
        if where is self._oldest:
            self._bytes += len(where[at][1].event.text or "") - len(before.event.text or "")
        if kept is None:
            self._stale.add(id_)
            self._changed.pop(id_, None)
        if id_ <= self._indexed and kept is None:
            self._deleted.append(id_)
        elif id_ <= self._indexed and kept is not None and type(kept.event) is Said:
            self._changed[id_] = room, kept.event.nick, kept.event.text

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
        if not first.event.text and not first.edited and type(first.event) is Said:
            entry.refused = taken_back()
        elif first.edited or same_content(first.event, event):
            entry.id, entry.time, entry.duplicate = first.id, first.time, True
        else:
            entry.refused = label_reused(label)
        return True

    def _note(self, new: Sequence[tuple[str, StoredEvent]]) -> None:
        room_states, most = self._room_states, self.retention.messages
        for room, kept in new:
            self._bytes += len(kept.event.text or "")
            if kept.id <= self._forgotten.get(room, 0):
                continue
            room_state = room_states.get(room)
            if room_state is None:
                room_state = room_states[room] = RoomState(kept.event.room)
            room_state.apply(kept)
            if type(kept.event) is Moderated and kept.event.verb == "SET":
                self._kept_shorter.pop(room, None)
                self._kept_shorter |= kept_shorter({room: room_state})
            if most is not None and len(self._rings[room]) > most:
                self._drop_first(room)
        self._oldest += new
        self._forgotten.clear()
        if len(self._stale) > MAX_FORGOTTEN + len(self._oldest) // 8:
            self._drop_stale()

    @override
    def set_retention(self, retention: Retention) -> Deferred[None]:
        self.retention = retention
        for room, ring in list(self._rings.items()):
            while retention.messages is not None and len(ring) > retention.messages:
                self._drop_first(room)
        self._trim()
        return succeed(None)

    def _kept(self, room: str) -> Sequence[StoredEvent]:
        self._trim()
        return self._rings.get(room, ())

    def _trim(self) -> None:
        age = self.retention.seconds
        horizon = 0 if age is None else self._ages() - age * 1000
        for room, seconds in self._kept_shorter.items():
            ring, shorter = self._rings.get(room), self._ages() - seconds * 1000
            while ring and ring[0].time < shorter:
                self._drop_first(room)
        oldest = self._oldest
        while oldest:
            if len(oldest) <= MAX_KEPT and self._bytes <= MAX_KEPT_BYTES and oldest[0][1].time >= horizon:
                break
            room, kept = oldest.popleft()
            ring = self._rings.get(room)
            if ring and ring[0] is kept:
                self._drop_first(room)
            elif kept.id in self._stale:
                self._stale.discard(kept.id)
                self._bytes -= len(kept.event.text or "")

    def _drop_first(self, room: str) -> None:
        ring = self._rings[room]
        kept = ring.popleft()
        self._references.drop(kept)
        if kept.id <= self._indexed:
            self._deleted.append(kept.id)
            self._changed.pop(kept.id, None)
        self._bytes -= len(kept.event.text or "")
        self._room_states[room].watermark = kept.id
        if not ring:
            del self._rings[room]


def _id_of(each: tuple[str, StoredEvent]) -> int:
    return each[1].id
