"""What a command asks of the daemon that uses the journal's file: a row, which the daemon takes and carries out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chatd.journal import JournalError
from chatd.journal.sqlite.database import BUSY_SECONDS, explained
from chatd.model.entry import Entry
from chatd.protocol import names
from chatd.protocol.events import Moderated

POLL_SECONDS = 1
"""How often a daemon looks for requests."""
ANSWER_SECONDS = 10
"""How long a command waits for one to be taken."""
SAID_BY = "chatd"
"""The nick in the line that the room is told."""
_VERSION_WITH_REQUESTS = 4
_HELD = """
    SELECT 1 FROM ruling JOIN room ON room.id = ruling.room WHERE key = ? AND kind = 'BAN' AND subject = ?"""


def unban(room: str, subject: str) -> Entry:
    """Return an entry that takes a ban back, said by nobody who is there."""
    return Entry(names.key(room), Moderated("UNBAN", SAID_BY, room, subject))


def take(db: sqlite3.Connection) -> list[Entry]:
    """Return what was asked for, and delete it, within a transaction if there is anything."""
    rows = db.execute("SELECT number, room, subject FROM request ORDER BY number").fetchall()
    db.executemany("DELETE FROM request WHERE number = ?", [(number,) for number, _, _ in rows])
    return [unban(room, subject) for _, room, subject in rows]


def ask_unban(path: Path, room: str, subject: str, pause: Callable[[], float]) -> None:
    """Ask the daemon that uses a file to take a ban back, and return when it has.

    ``pause`` waits for a moment, and returns how many seconds have passed since the first. Raise `JournalError` if it
    is not done in time; it is asked for no longer then.
    """
    with explained(path), closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version < _VERSION_WITH_REQUESTS:
            raise JournalError(f"{path} is in use by an older chatd; stop it first")
        db.execute("PRAGMA secure_delete = ON")
        number = db.execute("INSERT INTO request (room, subject) VALUES (?, ?)", (room, subject)).lastrowid
        while db.execute(_HELD, (names.key(room), names.key(subject))).fetchone():
            if pause() > ANSWER_SECONDS:
                db.execute("DELETE FROM request WHERE number = ?", (number,))
                raise JournalError(f"the chatd that uses {path} does not answer; nothing was changed")
