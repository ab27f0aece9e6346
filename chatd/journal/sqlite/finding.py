"""Finds messages in the file of a SQLite journal, by their words, their author, and when they were said."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from chatd.journal import Times
from chatd.journal.search import match, match_before
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow
from chatd.journal.sqlite.word_index import fed_before
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID

FOUND = f"""
    SELECT {ENTRY_COLUMNS} FROM said JOIN entry ON entry.id = said.rowid
    WHERE said MATCH ? AND said.rowid > ? AND said.rowid < ? ORDER BY said.rowid DESC"""
FIRST_AT = "SELECT id FROM entry WHERE time >= ? ORDER BY time, id LIMIT 1"
"""What leads from a time to an id, so that times are compared nowhere else: by an index, whatever else is asked."""


class Search(NamedTuple):
    """What is looked for in a room."""

    room: int
    """The id of the room."""
    words: Sequence[str]
    author: str | None
    after: int
    before: int
    most: int
    """How many of the newest are wanted."""


def within(db: sqlite3.Connection, after: int, before: int, times: Times) -> tuple[int, int]:
    """Return between which ids, both exclusive, that is which is between two others and two times."""
    if times.since is not None:
        first = db.execute(FIRST_AT, (times.since,)).fetchone()
        after = MAX_ID if first is None else max(after, first[0] - 1)
    if times.before is not None and (end := db.execute(FIRST_AT, (times.before,)).fetchone()) is not None:
        before = min(before, end[0])
    return after, before


def find(db: sqlite3.Connection, search: Search) -> list[EntryRow]:
    """Return the newest messages that are looked for, oldest first."""
    wanted = match(search.room, search.words, search.author)
    if wanted is None:
        return []
    last = fed_before(db)
    values = (wanted, max(search.after, last), search.before, search.most)
    rows = [EntryRow(*columns) for columns in db.execute(f"{FOUND} LIMIT ?", values)]
    if search.after < last and len(rows) < search.most:
        rows += _find_before(db, search, last, search.most - len(rows))
    return rows[::-1]


def _find_before(db: sqlite3.Connection, search: Search, last: int, count: int) -> list[EntryRow]:
    """Return the newest messages, newest first, that are in the index as an older chatd has put them there."""
    wanted = match_before(search.room, search.words)
    author = None if search.author is None else names.key(search.author)
    rows: list[EntryRow] = []
    for columns in db.execute(FOUND, (wanted, search.after, min(search.before, last + 1))):
        row = EntryRow(*columns)
        if author is None or names.key(row.nick) == author:
            rows.append(row)
            if len(rows) == count:
                break
    return rows
