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
MAX_LEVELS = 1000
"""With how many levels the index is made anew before it is merged again: with twice as many it would be unreadable."""
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
    """Does what is still to be done in the index of a file, by its one connection that writes.

    How far it has come stands in the file, but for a merge, which a restart begins anew.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db
        self._begun: int | None = None
        """How often something had been taken out when the merge began that is under way."""
        self._merged_again = False
        """Whether that is the second one for the same."""

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
            self._limit_levels()
            # What is under way already is without what was taken out last; FTS5 would go on with that alone.
            if self._merge_some(pages):
                return Step.MERGED
            self._begun = removals
            with transaction(self.path, self._db):
                begins = self._merge(-pages)  # from here on all that there is
            if begins:
                return Step.MERGED
        if self._merge_some(pages) or self._merge_again(pages):
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

    def _limit_levels(self) -> None:
        with explained(self.path):
            levels = word_index.shape(self._db).levels
        if levels >= MAX_LEVELS:
            with transaction(self.path, self._db) as db:
                word_index.make_anew(db)

    def _merge_again(self, pages: int) -> bool:
        """Begin anew if words that were taken out may have been kept; return whether that is so.

        A merge leaves them out if it is into the last level, and alone there. Before empty levels it keeps each, with a
        note that it is gone; newer SQLites, as 3.46, end so now and then, and do not merge what is alone. One page
        would be put beside what it is to be merged with, and be kept for the same reason.
        """
        with explained(self.path):
            shape = word_index.shape(self._db)
        if not shape.has_empty_end:
            return False
        if shape.pages == 1:
            with transaction(self.path, self._db) as db:
                word_index.make_anew(db)
            return False
        if self._merged_again:
            return False
        self._merged_again = True
        with transaction(self.path, self._db) as db:
            for statement in _COMPANY:
                db.execute(statement)
        with transaction(self.path, self._db):
            return self._merge(-pages)

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
        self._merged_again = False
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
