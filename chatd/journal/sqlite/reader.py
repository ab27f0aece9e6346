"""Reads pages and searches from the file of a SQLite journal. Blocking; no Twisted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar

from chatd.journal import EVERYTHING, Among, Page, Query, TooMuchError
from chatd.journal.sqlite.database import explained
from chatd.journal.sqlite.finding import Search, find, within
from chatd.journal.sqlite.references import with_reactions
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, stored_event
from chatd.model.entry import StoredEvent

PAGE_BYTES = 16 * 1024
"""About how much text one page holds; between pages others have their turn."""
_PROGRESS_STEPS = 10_000
"""How many steps of SQLite's machine pass between two looks at the time: some fractions of a millisecond."""
_TEXT = EntryRow._fields.index("text")
_BETWEEN = "FROM entry WHERE room = (SELECT id FROM room WHERE key = ?) AND id > ? AND id < ?"
_PAGE = f"SELECT {ENTRY_COLUMNS} {_BETWEEN} ORDER BY id LIMIT ?"
_PAGE_OF_SAID = f"SELECT {ENTRY_COLUMNS} {_BETWEEN} AND kind = 'MSG' ORDER BY id LIMIT ?"
_FIRST_TOO_MANY = f"SELECT id {_BETWEEN} ORDER BY id DESC LIMIT 1 OFFSET ?"
_FIRST_SAID_TOO_MANY = f"SELECT id {_BETWEEN} AND kind = 'MSG' ORDER BY id DESC LIMIT 1 OFFSET ?"

T = TypeVar("T")


class Reader:
    """Reads over a connection of its own, in one thread. Any failure raises `chatd.journal.JournalError`."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self._path = path
        self._db = db
        self._stopping = False

    def interrupt(self) -> None:
        """Make what is being read, and all that is still to be read, fail at once: the file is to be closed."""
        self._stopping = True
        self._db.interrupt()

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return the answer to a question, which is given the connection and sees one state of the file."""
        with self._snapshot() as db:
            return question(db)

    def read(self, query: Query) -> Page:
        """Return the first page of what is asked for, see `chatd.journal.JournalReader`; blocks."""
        skipped = False
        with self._snapshot() as db:
            after, before = within(db, query.after, query.before, query.times)
            if query.newest:
                first = _FIRST_SAID_TOO_MANY if query.said_only else _FIRST_TOO_MANY
                for (left_out,) in db.execute(first, (query.room, after, before, query.count)):
                    after, skipped = left_out, True
            found = db.execute("SELECT name, cut FROM room WHERE key = ?", (query.room,)).fetchone()
            name, watermark = found or ("", 0)
            page = _PAGE_OF_SAID if query.said_only else _PAGE
            kept: list[StoredEvent] = []
            size, more = 0, False
            for columns in db.execute(page, (query.room, after, before, query.count)):
                if more := size >= PAGE_BYTES:
                    break
                kept.append(stored_event(columns, name))
                size += len(columns[_TEXT])
            told = with_reactions(db, kept) if query.said_only else kept
        return Page(told, more=more, skipped=skipped, watermark=watermark)

    def search(
        self, room: str, words: Sequence[str], before: int, count: int, seconds: float, among: Among = EVERYTHING
    ) -> Sequence[StoredEvent]:
        """Return the newest messages with all ``words``, see `chatd.journal.JournalReader`; blocks for some seconds."""
        end = monotonic() + seconds
        with self._snapshot() as db:
            db.set_progress_handler(lambda: self._stopping or monotonic() > end, _PROGRESS_STEPS)
            found = db.execute("SELECT id, name FROM room WHERE key = ?", (room,)).fetchone()
            if found is None:
                return []
            room_id, name = found
            after, before = within(db, among.after, before, among.times)
            rows = find(db, Search(room_id, words, among.author, after, before, count))
            return with_reactions(db, [stored_event(row, name) for row in rows])

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        if self._stopping:
            raise TooMuchError("the journal is being closed")
        with explained(self._path):
            self._db.execute("BEGIN")
            try:
                yield self._db
            except sqlite3.OperationalError as error:  # of text that is not UTF-8 it has no code
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                    raise TooMuchError("the search took too long") from None
                raise
            finally:
                self._db.set_progress_handler(None, 0)
                self._db.execute("ROLLBACK")
