"""Parts of what was said in a room, or in private, for edges that have words of their own for what they want."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from chatd.chat import permissions, replay
from chatd.chat.participant import Participant
from chatd.chat.private_history import conversation_with
from chatd.chat.telling import Telling
from chatd.journal import Query, Times
from chatd.model.conversation import GUESTS, other_party
from chatd.model.entry import Place, StoredEvent
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.events import DurableEvent, Said
from chatd.protocol.names import Nick

SCANNED_AT_A_TIME = 500
MAX_SCANS = 20
"""How often that many entries are looked through for those of a kind that is wanted."""


ANYTHING: tuple[type, ...] = (object,)
"""All kinds of entries."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was said: a room, or what a participant and one other have told each other."""

    key: str
    last_id: int
    """Up to which id it was delivered."""
    readable: int = 0
    """After which id the participant may read it."""
    other: str = ""
    """What the other one is called, in a conversation; empty for a room."""
    guest: str = ""
    """The key of the nick that what guests have told must come from; empty for no guest's."""


def room_source(participant: Participant, room: Place, last_id: int | None = None) -> Source | None:
    """Return a room to read in, up to an id if one is given; None if the participant may read nothing of it."""
    readable = permissions.readable_after(participant, room.key)
    return None if readable is None else Source(room.key, room.last_id if last_id is None else last_id, readable)


def private_source(participant: Participant, nick: Nick) -> Source:
    """Return what a participant and somebody have told each other. Raise `ChatError` if none of that is kept for it."""
    key, shown = conversation_with(participant, nick)
    guest = nick.key if other_party(key, participant.party or "") == GUESTS else ""
    return Source(key, participant.hub.conversations.last_id(key), other=shown, guest=guest)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in what was said: an id, or a time in milliseconds since 1970."""

    id: int = 0
    time: int | None = None

    def just_before(self) -> Mark:
        """Return the mark after which this one comes at once."""
        return Mark(max(self.id - 1, 0), None if self.time is None else self.time - 1)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """So many entries of a source between two marks, both exclusive: the newest of them, or the oldest."""

    source: Source
    count: int
    newest: bool = False
    after: Mark | None = None
    before: Mark | None = None
    kinds: tuple[type, ...] = (Said,)
    """Of which kinds they are."""

    def is_wanted(self, event: DurableEvent) -> bool:
        """Return whether an event is among those that are wanted, wherever it stands."""
        by_guest = not self.source.guest or names.key(event.nick) == self.source.guest
        return by_guest and isinstance(event, self.kinds)

    @property
    def query(self) -> Query:
        """What has it, and perhaps more."""
        source, after, before = self.source, self.after or Mark(), self.before or Mark(MAX_ID)
        times = Times(
            None if after.time is None else after.time + 1,
            before.time,
        )
        upto = source.last_id + 1 if before.time is not None else min(before.id, source.last_id + 1)
        return Query(source.key, max(after.id, source.readable), upto, times=times, said_only=self.kinds == (Said,))


async def find(participant: Participant, excerpt: Excerpt) -> list[StoredEvent]:
    """Return an excerpt that is short. Raise `ChatError` if it cannot be read now."""
    found: list[StoredEvent] = []

    async def take(telling: Telling, kept: Sequence[StoredEvent]) -> None:
        found.extend(each for each in map(telling.current, kept) if each is not None)

    await tell(participant, excerpt, take)
    return found


async def tell(
    participant: Participant, excerpt: Excerpt, take: Callable[[Telling, Sequence[StoredEvent]], Awaitable[None]]
) -> None:
    """Hand an excerpt over page by page, oldest first. Raise `ChatError` if it cannot be read now.

    Whoever takes a page asks the `Telling` what each entry is by the time that it is told.
    """
    query, left, more = await _narrowed(participant, excerpt), excerpt.count, excerpt.count > 0
    with Telling(participant.hub, excerpt.source.key) as telling:
        while more and left and not participant.ended:
            telling.reads()
            page = await replay.read(participant, query)
            kept = [each for each in page.kept if excerpt.is_wanted(each.event)][:left]
            telling.has_read(kept)
            await take(telling, kept)
            left -= len(kept)
            more = page.more
            if more:
                count = query.count if query.count == MAX_ID else query.count - len(page.kept)
                query = replace(query, after=page.kept[-1].id, newest=False, count=count)


async def count_of(participant: Participant, excerpt: Excerpt) -> int:
    """Return how many entries an excerpt has. Raise `ChatError` if it cannot be read now."""
    found = 0

    async def take(_telling: Telling, kept: Sequence[StoredEvent]) -> None:
        nonlocal found
        found += len(kept)
        await participant.next_turn()

    await tell(participant, excerpt, take)
    return found


async def around(participant: Participant, mark: Mark, excerpt: Excerpt) -> tuple[Excerpt, Excerpt]:
    """Return the entries about a mark as two excerpts, from the older of which half are taken if there are as many."""
    count = excerpt.count
    older = replace(excerpt, before=mark, newest=True)
    newer = replace(excerpt, after=mark.just_before())
    of_older, of_newer = await count_of(participant, older), await count_of(participant, newer)
    from_newer = min(of_newer, max(count - count // 2, count - of_older))
    return replace(older, count=min(of_older, count - from_newer)), replace(newer, count=from_newer)


async def between(participant: Participant, first: Mark, last: Mark, excerpt: Excerpt) -> Excerpt:
    """Return the entries between two marks, of which those next to the first are meant if there are too many."""
    if await _comes_before(participant, excerpt.source, last, first):
        return replace(excerpt, after=last, before=first, newest=True)
    return replace(excerpt, after=first, before=last)


async def _comes_before(participant: Participant, source: Source, one: Mark, other: Mark) -> bool:
    if one.time is not None and other.time is not None:
        return one.time < other.time
    ids = []
    for mark in (one, other):
        page = await replay.read(participant, Query(source.key, count=1, times=Times(mark.time)))
        ids.append(mark.id if mark.time is None else page.kept[0].id if page.kept else source.last_id + 1)
    return ids[0] < ids[1]


async def _narrowed(participant: Participant, excerpt: Excerpt) -> Query:
    """Return a query that begins with the first entry of an excerpt; of what it finds the first so many are meant."""
    query, count = excerpt.query, excerpt.count
    if (query.said_only or excerpt.kinds == ANYTHING) and not excerpt.source.guest:
        return replace(query, count=count, newest=excerpt.newest)
    if not excerpt.newest:
        return query
    before, found = query.before, 0
    for _ in range(MAX_SCANS):
        kept = await _newest(participant, replace(query, before=before))
        for each in reversed(kept):
            found += excerpt.is_wanted(each.event)
            if found == count:
                return replace(query, after=each.id - 1)
        if len(kept) < SCANNED_AT_A_TIME:
            return query
        before = kept[0].id
        await participant.next_turn()
    return replace(query, after=before - 1)


async def _newest(participant: Participant, query: Query) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    query, more = replace(query, count=SCANNED_AT_A_TIME, newest=True), True
    while more:
        page = await replay.read(participant, query)
        found += page.kept
        more = page.more
        if more:
            query = replace(query, after=page.kept[-1].id, newest=False, count=SCANNED_AT_A_TIME - len(found))
    return found
