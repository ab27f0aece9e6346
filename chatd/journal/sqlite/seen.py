"""Read markers in the file of a SQLite journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from chatd.journal.read_markers import Marker

_COLUMNS = ", ".join(Marker._fields)
_PUT = f"INSERT OR REPLACE INTO seen ({_COLUMNS}) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM seen WHERE account = ? AND room = ?"


def read_markers(db: sqlite3.Connection) -> list[Marker]:
    """Return all markers that are stored."""
    return [Marker(*row) for row in db.execute(f"SELECT {_COLUMNS} FROM seen")]


def write_markers(db: sqlite3.Connection, markers: Sequence[Marker]) -> None:
    """Store markers, each in the place of the one before it, within a transaction; an id of 0 deletes."""
    db.executemany(_PUT, [marker for marker in markers if marker.id])
    db.executemany(_DELETE, [(marker.account, marker.room) for marker in markers if not marker.id])


def delete_markers(db: sqlite3.Connection, account: str) -> None:
    """Delete all markers of an account, within a transaction."""
    db.execute("DELETE FROM seen WHERE account = ?", (account,))
