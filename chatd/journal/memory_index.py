"""A full-text index in memory, the same as the one in the file of a SQLite journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from time import monotonic

from chatd.journal import TooMuchError
from chatd.journal.search import TOKENIZE, match, where
from chatd.model.entry import StoredEvent
from chatd.protocol.search_words import fed

SEARCH_SECONDS = 0.1
"""How long a search may take; the reactor waits meanwhile."""
_PROGRESS_STEPS = 10_000


class WordIndex:
    """Finds messages by their words. Rooms are given by their keys."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute(f"CREATE VIRTUAL TABLE said USING fts5 (room, text, columnsize = 0, tokenize = '{TOKENIZE}')")
        self._rooms: dict[str, int] = {}

    def close(self) -> None:
        """Delete the index."""
        self._db.close()

    def __del__(self) -> None:
        """Close the database of a journal that nobody stopped."""
        self._db.close()

    def add(self, messages: Iterable[tuple[int, str, str, str]]) -> None:
        """Add messages, each as id, room, nick and text."""
        rows = (
            (id_, where(self._rooms.setdefault(room, len(self._rooms)), nick), fed(text))
            for id_, room, nick, text in messages
        )
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO said (rowid, room, text) VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def remove(self, ids: Iterable[int]) -> None:
        """Remove messages by their ids; those that are not there are ignored."""
        self._db.execute("BEGIN")
        self._db.executemany("DELETE FROM said WHERE rowid = ?", ((id_,) for id_ in ids))
        self._db.execute("COMMIT")

    def search(
        self, room: str, words: Sequence[str], after: int, before: int, count: int, author: str | None
    ) -> list[int]:
        """Return the newest ``count`` ids between two others of messages in ``room`` with all ``words``, rising."""
        wanted = match(self._rooms[room], words, author) if room in self._rooms else None
        if wanted is None:
            return []
        newest = "SELECT rowid FROM said WHERE said MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
        end = monotonic() + SEARCH_SECONDS
        self._db.set_progress_handler(lambda: monotonic() > end, _PROGRESS_STEPS)
        try:
            return [id_ for (id_,) in self._db.execute(newest, (wanted, after, before, count))][::-1]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise TooMuchError("the search took too long") from None
            raise
        finally:
            self._db.set_progress_handler(None, 0)


def first_at(stored: Sequence[tuple[str, StoredEvent]], time: int, none: int) -> int:
    """Return the id of the first event, of a room each, that was stored at a time or after it; ``none`` without any."""
    found = none
    for _, kept in reversed(stored):
        if kept.time < time:
            break
        found = kept.id
    return found
