"""Looks into SQLite files that a daemon may have open, and changes nothing: neither them nor what is beside them.

A connection that only reads makes the files ``-wal`` and ``-shm`` all the same where a file is written ahead. So a file
that nobody has open is read as one that does not change (``immutable``), and one that is in use with the memory that
those share who use it, which is not written to (``readonly_shm``). See https://www.sqlite.org/uri.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from chatd.runtime.soundness import damage_in

_WAIT_SECONDS = 1.0
_STEPS = 100_000
"""How many of SQLite's instructions are done between two looks at the clock."""


class UnreadError(Exception):
    """A file cannot be looked into without changing something; the argument says why."""


class Soundness(NamedTuple):
    """What the check of a file came to."""

    damage: str
    """What is damaged, empty if nothing was found."""
    whole: bool
    """Whether it came to the end."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file to read it. Raise `UnreadError` if that cannot be, `sqlite3.Error` as SQLite does."""
    log, shared, rollback = (path.with_name(path.name + each) for each in ("-wal", "-shm", "-journal"))
    if rollback.exists():
        raise UnreadError("a write was interrupted; the server repairs it when it starts")
    if shared.exists():
        how = "mode=ro&readonly_shm=1"
    elif log.exists() and log.stat().st_size:
        raise UnreadError("the newest messages are in the log beside it; the server merges them when it starts")
    else:
        how = "immutable=1"
    with closing(
        sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=_WAIT_SECONDS, isolation_level=None)
    ) as db:
        db.execute("PRAGMA query_only = ON")
        yield db


def number(db: sqlite3.Connection, pragma: str) -> int:
    """Return the value of a pragma that is a number."""
    (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def soundness(db: sqlite3.Connection, seconds: float | None, report: Callable[[float], None]) -> Soundness:
    """Check a file; ``report`` is told now and then how many seconds that has taken.

    It is left at a part after so many ``seconds``, if any are given.
    """
    begun = monotonic()

    def go_on() -> bool:
        passed = monotonic() - begun
        report(passed)
        return seconds is not None and passed > seconds

    db.set_progress_handler(go_on, _STEPS)
    try:
        damage = damage_in(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return Soundness("", whole=False)
    finally:
        db.set_progress_handler(None, 0)
    return Soundness(damage, whole=True)
