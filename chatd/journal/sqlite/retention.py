"""Deletes what retention does not keep, in steps that are small enough for nobody to wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chatd.journal import LABEL_SECONDS, Retention
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries
from chatd.journal.sqlite.word_index import note_removal

LABEL_SLACK_SECONDS = 60 * 60
"""How long labels that do not count any more are left: by another clock they may count still."""
ROWS = 200
"""How many rows one step deletes at most."""


class Trimmed(NamedTuple):
    """What one step deleted."""

    watermarks: dict[str, int]
    """The highest id that was deleted, by the room's key."""
    more: bool
    """Whether another step has something to do."""
    within_limits: set[int]
    """The ids of rooms that have no more than they may."""


def trim(
    db: sqlite3.Connection, retention: Retention, now: int, grown: Iterable[int], shorter: Mapping[int, int]
) -> Trimmed:
    """Delete up to `ROWS` entries and as many labels.

    ``now`` is in milliseconds since 1970; ``grown`` are the ids of the rooms that may have more than they keep;
    ``shorter`` says of rooms for how many seconds they keep what is said there.
    """
    rows = _too_old(db, retention, now) or _too_old_in_rooms(db, shorter, now)
    within_limits: set[int] = set()
    if not rows:
        for room in grown:
            rows = _too_many(db, retention, room)
            if rows:
                break
            within_limits.add(room)
    highest = delete_entries(db, rows)
    watermarks: dict[str, int] = {}
    for room, watermark in highest.items():
        raised = db.execute("UPDATE room SET cut = max(cut, ?) WHERE id = ? RETURNING key", (watermark, room))
        watermarks |= {key: watermark for (key,) in raised.fetchall()}
    labels = _expire_labels(db, now)
    return Trimmed(watermarks, bool(rows or labels == ROWS), within_limits)


def forget_room(db: sqlite3.Connection, room: int, upto: int) -> bool:
    """Delete a room's topics, up to an id, if there is no message; return whether the room itself is gone too."""
    if db.execute("SELECT 1 FROM entry WHERE room = ? AND id <= ? AND kind = 'MSG' LIMIT 1", (room, upto)).fetchone():
        return False
    about_none = "kind IN ('TOPIC', 'RETRACT', 'EDIT', 'REACT', 'UNREACT')"
    db.execute(f"DELETE FROM entry WHERE room = ? AND id <= ? AND {about_none}", (room, upto))
    note_removal(db)
    # Who lets a room be forgotten says that nothing holds in it: what is there has lapsed.
    db.execute("DELETE FROM ruling WHERE room = ? AND entry <= ?", (room, upto))
    for table in ("entry", "ruling"):
        if db.execute(f"SELECT 1 FROM {table} WHERE room = ? LIMIT 1", (room,)).fetchone():
            topic = "topic_id = NULL, topic_time = NULL, topic_nick = NULL, topic_text = NULL"
            db.execute(f"UPDATE room SET {topic} WHERE id = ? AND topic_id <= ?", (room, upto))
            db.execute("UPDATE room SET cut = max(cut, ?) WHERE id = ?", (upto, room))
            return False
    db.execute("DELETE FROM label WHERE room = ?", (room,))
    db.execute("DELETE FROM room WHERE id = ?", (room,))
    return True


# One function for each bound of `Retention`: what is too old anywhere, and what is too much in one room.


def _too_old(db: sqlite3.Connection, retention: Retention, now: int) -> list[EntryRow]:
    if retention.seconds is None:
        return []
    query = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE time < ? ORDER BY time LIMIT ?"
    return [EntryRow(*columns) for columns in db.execute(query, (now - retention.seconds * 1000, ROWS))]


def _too_old_in_rooms(db: sqlite3.Connection, shorter: Mapping[int, int], now: int) -> list[EntryRow]:
    for room, seconds in shorter.items():
        horizon = now - seconds * 1000
        # The newest that is too old, in whatever room, bounds what of a room is looked at.
        newest = db.execute("SELECT id FROM entry WHERE time < ? ORDER BY time DESC LIMIT 1", (horizon,)).fetchone()
        if newest is None:
            continue
        query = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE room = ? AND id <= ? AND time < ? ORDER BY id LIMIT ?"
        rows = [EntryRow(*columns) for columns in db.execute(query, (room, *newest, horizon, ROWS))]
        if rows:
            return rows
    return []


def _too_many(db: sqlite3.Connection, retention: Retention, room: int) -> list[EntryRow]:
    if retention.messages is None:
        return []
    query = f"""
        SELECT {ENTRY_COLUMNS} FROM entry WHERE room = :room AND id <=
            (SELECT id FROM entry WHERE room = :room ORDER BY id DESC LIMIT 1 OFFSET :keep) LIMIT :rows"""
    values = {"room": room, "keep": retention.messages, "rows": ROWS}
    return [EntryRow(*columns) for columns in db.execute(query, values)]


def _expire_labels(db: sqlite3.Connection, now: int) -> int:
    """Delete labels that do not count any more; return how many."""
    horizon = now - (LABEL_SECONDS + LABEL_SLACK_SECONDS) * 1000
    oldest = db.execute("SELECT entry, time FROM label ORDER BY entry LIMIT ?", (ROWS,))
    expired = [(entry,) for entry, time in oldest if time < horizon]
    db.executemany("DELETE FROM label WHERE entry = ?", expired)
    return len(expired)
