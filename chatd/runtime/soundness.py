"""Says what SQLite finds damaged in a file."""

from __future__ import annotations

import sqlite3

_UNCHECKED = "unable to validate the inverted index"
"""How SQLite 3.44 begins: to check a full-text index it writes to the file, which a connection may not that reads."""


def damage_in(db: sqlite3.Connection) -> str:
    """Return in one line what a quick check finds first; empty if nothing. Raise `sqlite3.Error` as SQLite does."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    # Indexes are looked at last, once the rest is found to be good.
    is_unchecked = sqlite3.sqlite_version_info[:2] == (3, 44) and verdict.startswith(_UNCHECKED)
    return "" if verdict == "ok" or is_unchecked else " ".join(verdict.split())
