"""The full-text index of a journal's file, the table ``said``: what is put into it and what is taken out.

The index keeps no text of its own, and has to be told what it is to forget, in exactly the words that it was fed by.
Those follow from the row of the entry, by `chatd.journal.search` and `chatd.protocol.search_words`: so whoever deletes
or changes entries says here what they were, as `rows.delete_entries` and `rows.replace_text` do.

What is new waits until there are some to put into it together, see `feed_new`: ids up to ``fed_upto`` are in it. Who
searches has the rest put there before.

In a file that an older chatd has made, messages up to an id, ``fed_before``, are in the index by the words of before.
They are fed anew step by step, the newest first, and a search asks for both kinds meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import NamedTuple

from chatd.journal.search import where
from chatd.journal.sqlite.insertion import insert
from chatd.protocol.search_words import fed

NEW_ROWS = 64
"""How many new messages are put into the index together, at least: one by one each costs 50 microseconds."""
ROWS = 200
"""How many messages one step feeds anew."""
MIN_PAGES, ROWS_PER_PAGE = 4, 4
"""How many pages of the index are merged with each change to it, and for how many rows one more.

It is what keeps up: a page that is written is merged once for each level. FTS5's own ``automerge`` does as much, but
for 64 pages at once: whoever comes then waits for 40 milliseconds.
"""
MAX_LEVELS = 2000
"""With more levels SQLite takes the index for damaged: "database disk image is malformed"."""
MERGE = "INSERT INTO said (said, rank) VALUES ('merge', ?)"
"""Merges about so many pages of the index. https://www.sqlite.org/fts5.html#the_merge_command"""
_COLUMNS = ("rowid", "room", "text")
_FED_BEFORE = "SELECT fed_before FROM upkeep"
_FED_UPTO = "SELECT fed_upto FROM upkeep"
_NEW = "SELECT id, room, nick, text FROM entry WHERE id > ? AND kind = 'MSG' ORDER BY id"
_OLD = "SELECT id, room, nick, text FROM entry WHERE id <= ? AND kind = 'MSG' ORDER BY id DESC LIMIT ?"
# https://www.sqlite.org/fts5.html#the_delete_command
_DELETE = "INSERT INTO said (said, rowid, room, text) VALUES ('delete', ?, ?, ?)"


class IndexedMessage(NamedTuple):
    """What the index is told of a message."""

    id: int
    room: int
    """The id of the room."""
    nick: str
    text: str


def add(db: sqlite3.Connection, messages: Sequence[IndexedMessage]) -> None:
    """Put messages into the index, within a transaction."""
    insert(db, "said", _COLUMNS, _rows(messages, fed_before(db)))
    _merge_some(db, len(messages))


def remove(db: sqlite3.Connection, messages: Sequence[IndexedMessage]) -> None:
    """Take messages out of the index, within a transaction; each has to be what it was when it was put there.

    Their words are found no longer, and are gone from the file's pages once the index is merged: see `merging`.
    """
    db.executemany(_DELETE, _rows(messages, fed_before(db)))
    _merge_some(db, len(messages))
    note_removal(db)


class Structure(NamedTuple):
    """FTS5's record of how the index lies in the file; the oldest of its pieces are in the last level."""

    cookie: bytes
    pieces: int
    writes: int
    levels: list[list[int]]
    """Of each how many of its pieces are being merged, how many it has, and three numbers of each piece."""

    def record(self) -> bytes:
        """Return it as SQLite writes it: ``fts5StructureWrite`` in its fts5_index.c."""
        numbers = [len(self.levels), self.pieces, self.writes, *chain.from_iterable(self.levels)]
        return self.cookie + b"".join(_bytes(number) for number in numbers)


def structure(db: sqlite3.Connection) -> Structure:
    """Return how the index lies in the file. Raise `sqlite3.DatabaseError` if the record is not as it should be."""
    try:
        (record,) = db.execute("SELECT block FROM said_data WHERE id = 10").fetchone() or (b"",)
        numbers = _numbers(record[4:])
        count, pieces, writes = next(numbers), next(numbers), next(numbers)
        levels: list[list[int]] = []
        for _ in range(count):
            merging, has = next(numbers), next(numbers)
            levels.append([merging, has, *islice(numbers, 3 * has)])
    except StopIteration:
        raise sqlite3.DatabaseError("the search index is damaged") from None
    found = Structure(record[:4], pieces, writes, levels)
    if found.record() != record:
        raise sqlite3.DatabaseError("the search index is damaged")
    return found


def is_unreadable(db: sqlite3.Connection) -> bool:
    """Return whether SQLite takes the index of a file for damaged because it has too many levels.

    Each full merge adds two, with an SQLite before 3.41 forever.
    """
    try:
        return len(structure(db).levels) > MAX_LEVELS
    except sqlite3.DatabaseError:
        return False  # there is none, or it is damaged indeed


def drop_empty_levels(db: sqlite3.Connection) -> None:
    """Leave the levels without pieces out of the record, within a transaction.

    They say nothing, but before them a merge keeps what was taken out, and too many make the index unreadable. No
    statement of FTS5 does it. It takes no notice of what its own connection writes there: ``db`` has to be another.
    """
    found = structure(db)
    levels = [level for level in found.levels if level[1]]
    if len(levels) < len(found.levels):
        db.execute("UPDATE said_data SET block = ? WHERE id = 10", (found._replace(levels=levels).record(),))


@contextmanager
def unless_defensive() -> Iterator[None]:
    """Go on where SQLite refuses to have its records written, as that of macOS does: see SQLITE_DBCONFIG_DEFENSIVE."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "may not be modified" not in str(error):
            raise


def _numbers(data: bytes) -> Iterator[int]:
    """Yield numbers as SQLite writes small ones: seven bits a byte, the highest first, the last without the eighth."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            yield number
            number = 0


def _bytes(number: int) -> bytes:
    """Return a number as SQLite writes it."""
    high = number >> 7
    return (bytes(byte | 0x80 for byte in _bytes(high)) if high else b"") + bytes([number & 0x7F])


def _merge_some(db: sqlite3.Connection, rows: int) -> None:
    """Merge as much of the index as is due for so many rows that were put in or taken out."""
    db.execute(MERGE, (MIN_PAGES + rows // ROWS_PER_PAGE,))


def note_removal(db: sqlite3.Connection) -> None:
    """Note that something was deleted, of the index or else, that is still in the pages or the log."""
    db.execute("UPDATE upkeep SET removals = removals + 1")


def fed_before(db: sqlite3.Connection) -> int:
    """Return up to which id messages are in the index as an older chatd has put them there; 0 if there are none."""
    (last,) = db.execute(_FED_BEFORE).fetchone()
    return int(last)


def fed_upto(db: sqlite3.Connection) -> int:
    """Return up to which id messages are in the index."""
    (last,) = db.execute(_FED_UPTO).fetchone()
    return int(last)


def feed_new(db: sqlite3.Connection) -> None:
    """Put all messages into the index that are not there yet, within a transaction."""
    upto = fed_upto(db)
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()
    if last > upto:
        add(db, [IndexedMessage(*row) for row in db.execute(_NEW, (upto,))])
        db.execute("UPDATE upkeep SET fed_upto = ?", (last,))


def feed_some(db: sqlite3.Connection, count: int = ROWS) -> bool:
    """Feed some messages anew, within a transaction; return whether more may be to be fed."""
    old = [IndexedMessage(*row) for row in db.execute(_OLD, (fed_before(db), count))]
    remove(db, old)
    # Of all above it the next step has nothing to do, and if this is the last thing that is done, so has a restart.
    db.execute("UPDATE upkeep SET fed_before = ?", (old[-1].id - 1 if old else 0,))
    add(db, old)
    return bool(old)


def _rows(messages: Sequence[IndexedMessage], last: int) -> list[tuple[int, str, str]]:
    return [
        (id_, str(room), text) if id_ <= last else (id_, where(room, nick), fed(text))
        for id_, room, nick, text in messages
    ]
