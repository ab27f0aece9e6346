"""Which lines of somebody's conversations were not told yet, read from the journal.

Reading raises `JournalError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

from chatd.journal import JournalReader, Page, Query
from chatd.model.entry import StoredEvent
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID

AT_A_TIME = 50
"""How many lines of each conversation are read together."""


class Span(NamedTuple):
    """What of a conversation was not told: the ids after one, up to another."""

    after: int
    upto: int


class Missed(NamedTuple):
    """A line that was not told, or, without one, an id up to which there is nothing to tell."""

    conversation: str
    id: int
    kept: StoredEvent | None


class Beginning(NamedTuple):
    """Where the newest lines begin that are told of all that was missed."""

    id: int
    """The id of the first; 0 if that are all."""
    more: list[str]
    """The conversations in which there is more before it."""


async def beginning(journal: JournalReader, spans: Mapping[str, Span], most: int, own: str) -> Beginning:
    """Return where the newest ``most`` lines begin, of all conversations together, but those said under ``own``."""
    newest: list[tuple[int, str]] = []
    more: dict[str, None] = {}
    for conversation in sorted(spans, key=lambda each: spans[each].upto, reverse=True):
        after, upto = spans[conversation]
        if len(newest) == most and newest[0][0] > upto:
            more[conversation] = None
            continue
        query = Query(conversation, after, upto + 1, most, newest=True)
        page = await journal.read(query)
        if page.skipped:
            more[conversation] = None
        ids = [kept.id async for kept in _all(journal, query, page) if names.key(kept.event.nick) != own]
        newest = sorted([*newest, *((id_, conversation) for id_ in ids)])
        more |= dict.fromkeys(left_out for _, left_out in newest[:-most])
        del newest[:-most]
    return Beginning(newest[0][0] if more and newest else 0, list(more))


async def next_lines(journal: JournalReader, spans: Mapping[str, Span], own: str) -> list[Missed]:
    """Return the oldest lines of all spans together, in their order; those said under ``own`` need not be told."""
    found: list[Missed] = []
    complete = MAX_ID  # up to here no conversation has more than was read
    for conversation, (after, upto) in spans.items():
        page = await journal.read(Query(conversation, after, upto + 1, AT_A_TIME))
        if page.more or len(page.kept) == AT_A_TIME:
            complete = min(complete, page.kept[-1].id)
        for kept in page.kept:
            found.append(Missed(conversation, kept.id, None if names.key(kept.event.nick) == own else kept))
        if not page.kept:  # retention was faster
            found.append(Missed(conversation, upto, None))
    return sorted((each for each in found if each.id <= complete), key=attrgetter("id"))


async def _all(journal: JournalReader, query: Query, page: Page) -> AsyncIterator[StoredEvent]:
    """Yield all that a query asks for, given its first page."""
    count = query.count
    while True:
        for kept in page.kept:
            yield kept
        if not page.more:
            return
        count -= len(page.kept)
        query = replace(query, after=page.kept[-1].id, count=count, newest=False)
        page = await journal.read(query)
