"""Makes what was deleted leave the file: step by step, each of which holds nobody up.

What is taken out of the full-text index stays in its pages until they are merged with those that say so; pages that
become free are overwritten with zeros (``PRAGMA secure_delete``); and what they held before is in the log beside the
file until that is emptied. FTS5's own option ``secure-delete`` would do the first at once, but an SQLite before 3.42
refuses an index with it for good.
"""

from __future__ import annotations

import sqlite3
from enum import Enum, auto
from pathlib import Path
from time import monotonic

from chatd.journal.sqlite import word_index
from chatd.journal.sqlite.database import BUSY_SECONDS, explained, transaction
from chatd.journal.sqlite.word_index import MERGE, feed_some

PAGES = 16
"""How many pages of the index are merged at a time."""
STEP_SECONDS = 0.003
"""How long a step goes on with that: it is over after the pages that follow. For so long a message may have to wait."""
PAGES_AT_ONCE = 1000
"""How many one step merges where nobody waits."""
ASK = "UPDATE upkeep SET removals = removals + 1, wanted = removals + 1"
"""Asks for a merge of all that there is, now."""
_COMPANY = (
    "INSERT INTO said (rowid, room, text) VALUES (0, '', 'company')",
    "INSERT INTO said (said, rowid, room, text) VALUES ('delete', 0, '', 'company')",
)
"""A row of no message that is put into the index and taken out, so that what is there has something to merge with."""
_DUE = "SELECT fed_before > 0, removals > merged, wanted > merged, removals FROM upkeep"


class Step(Enum):
    """What one step has done."""

    NOTHING = auto()
    """There was nothing to do, or it may not begin yet."""
    FED = auto()
    """Some of what an older chatd has put into the index is fed anew."""
    MERGED = auto()
    """A part of the index is merged."""
    WAITED = auto()
    """All is merged, but somebody reads what is still in the log; to be tried again in a moment."""
    DONE = auto()
    """Of all that was taken away before it began, nothing is left in the file and its log."""


class IndexUpkeep:
    """Does what is still to be done in the index of a file, by the connection that writes and a second one beside it.

    How far it has come stands in the file, but for a merge, which a restart begins anew.
    """

    def __init__(
        self, path: Path, db: sqlite3.Connection, second: sqlite3.Connection, *, repaired: bool = False
    ) -> None:
        self.path = path
        self.repaired = repaired
        """Whether the index could not be read when the file was opened, and can now."""
        self._db = db
        self._second = second
        self._begun: int | None = None
        """How often something had been taken out when the merge began that is under way."""

    def step(self, *, may_merge: bool = True, pages: int = PAGES) -> Step:
        """Do one step. A merge begins if it ``may``, or somebody waits for it. Raise `JournalError`."""
        with explained(self.path):
            is_old, is_due, is_wanted, removals = self._db.execute(_DUE).fetchone()
        if is_old:
            with transaction(self.path, self._db) as db:
                feed_some(db)
            return Step.FED
        if self._begun is None:
            if not is_due or not (may_merge or is_wanted):
                return Step.NOTHING
            # What is under way already is without what was taken out last; FTS5 would go on with that alone.
            if self._merge_some(pages):
                return Step.MERGED
            self._prepare()
            with transaction(self.path, self._db):
                begins = self._merge(-pages)  # from here on all that there is
            self._begun = removals
            if begins:
                return Step.MERGED
        if self._merge_some(pages):
            return Step.MERGED
        return self._empty_log(self._begun)

    def _merge_some(self, pages: int) -> bool:
        """Merge for a moment; return whether there is more to do.

        Who writes meanwhile adds pieces that are to be merged, and FTS5 takes the newest first: with one piece of work
        for several that are added there would be no end.
        """
        end = monotonic() + STEP_SECONDS
        with transaction(self.path, self._db):
            while self._merge(pages):
                if monotonic() > end:
                    return True
        return False

    def _prepare(self) -> None:
        """See to it that a merge leaves out what was taken out, which it does where it ends in the last level.

        Before empty levels it keeps each word, with a note that it is gone, as other merges may have done; and what is
        in one piece is not merged. An SQLite that protects the record merges all the same.
        """
        with explained(self.path):
            alone = word_index.structure(self._db).pieces == 1
        if alone:
            with transaction(self.path, self._db) as db:
                for statement in _COMPANY:
                    db.execute(statement)
        with transaction(self.path, self._second) as second, word_index.unless_defensive():
            word_index.drop_empty_levels(second)

    def _merge(self, pages: int) -> bool:
        """Merge some pages; return whether there was anything to do."""
        before = self._db.total_changes
        self._db.execute(MERGE, (pages,))
        return self._db.total_changes - before >= 2

    def _empty_log(self, removals: int) -> Step:
        if not empty_log(self.path, self._db):
            return Step.WAITED
        with transaction(self.path, self._db) as db:
            db.execute("UPDATE upkeep SET merged = ?", (removals,))
        self._begun = None
        return Step.DONE


def empty_log(path: Path, db: sqlite3.Connection) -> bool:
    """Bring the log into the file and cut it to nothing, unless somebody reads; return whether that was done."""
    with explained(path):
        db.execute("PRAGMA busy_timeout = 0")  # what waits here keeps others from writing
        try:
            (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            db.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
    return not busy
