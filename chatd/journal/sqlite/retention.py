"""Deletes what retention does not keep, in steps that are small enough for nobody to wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from chatd.journal import LABEL_SECONDS, Retention
from chatd.journal.sqlite.rows import (
    ACTION_COLUMNS,
    ENTRY_COLUMNS,
    ActionRow,
    EntryRow,
    delete_entries,
    moderation_action,
)
from chatd.journal.sqlite.word_index import note_removal
from chatd.model.room_policy import KEEP, RoomPolicy
from chatd.protocol.errors import ChatError

LABEL_SLACK_SECONDS = 60 * 60
"""How long labels that do not count any more are left: by another clock they may count still."""
ROWS = 50
"""How many rows one step deletes at most: in two milliseconds, for which a message may have to wait."""
ROOMS = 50
"""How many rooms one step looks at, at most, of each kind that are looked at one by one."""


class Trimmed(NamedTuple):
    """What one step deleted."""

    watermarks: dict[str, int]
    """The highest id that was deleted, by the room's key."""
    more: bool
    """Whether another step has something to do."""
    unspoken: Collection[str] = ()
    """The keys of the rooms of which it has left no message."""


class Trimming:
    """Which rooms are to be looked at: the ids of those that may have more than they keep, and how far a round is.

    However many there are, a step looks at `ROOMS`. It may be told of what is rolled back then: that a room keeps no
    more than it may does not depend on what the step deletes.
    """

    def __init__(self) -> None:
        self._grown: set[int] = set()
        self._all_after: int | None = 0  # all rooms with ids after this one may have grown; None when there are none
        self._shorter_after: int | None = 0  # of the rooms with ``keep=``; None when the round has seen them all

    def grew(self, rooms: Iterable[int]) -> None:
        """Look at rooms, given their ids, to which something was added."""
        self._grown.update(rooms)

    def look_at_all(self) -> None:
        """Look at every room, and not only at those to which something was added."""
        self._all_after = 0

    def step(self, db: sqlite3.Connection, retention: Retention, now: int) -> Trimmed:
        """Delete up to `ROWS` entries and as many labels; ``now`` is in milliseconds since 1970."""
        rows = _too_old(db, retention, now) or self._too_old_in_rooms(db, now)
        if not rows and self._shorter_after is None:
            rows = self._too_many(db, retention)
        watermarks, unspoken = _delete(db, rows)
        labels = _expire_labels(db, now)
        to_be_seen = self._shorter_after is not None or self._all_after is not None or self._grown
        more = bool(rows or to_be_seen or labels == ROWS)
        if not more:
            self._shorter_after = 0
        return Trimmed(watermarks, more, unspoken)

    def _too_old_in_rooms(self, db: sqlite3.Connection, now: int) -> list[EntryRow]:
        if self._shorter_after is None:
            return []
        query = f"SELECT {ACTION_COLUMNS} FROM ruling WHERE kind = ? AND subject = ? AND room > ? ORDER BY room LIMIT ?"
        found = [ActionRow(*columns) for columns in db.execute(query, (*KEEP, self._shorter_after, ROOMS))]
        for action in found:
            if rows := _too_old_in_room(db, action, now):
                return rows
            self._shorter_after = action.room
        if len(found) < ROOMS:
            self._shorter_after = None
        return []

    def _too_many(self, db: sqlite3.Connection, retention: Retention) -> list[EntryRow]:
        if retention.messages is None:
            self._grown.clear()
            self._all_after = None
            return []
        for room in list(islice(self._grown, ROOMS)):
            if rows := _too_many_in_room(db, retention.messages, room):
                return rows
            self._grown.discard(room)
        if self._grown or self._all_after is None:
            return []
        after = self._all_after
        some = db.execute("SELECT id FROM room WHERE id > ? ORDER BY id LIMIT ?", (after, ROOMS)).fetchall()
        for (room,) in some:
            if rows := _too_many_in_room(db, retention.messages, room):
                return rows
            self._all_after = room
        if len(some) < ROOMS:
            self._all_after = None
        return []


def _delete(db: sqlite3.Connection, rows: Sequence[EntryRow]) -> tuple[dict[str, int], list[str]]:
    """Delete entries; return the highest id among them by the room's key, and of which rooms no message is left."""
    watermarks: dict[str, int] = {}
    unspoken: list[str] = []
    for room, watermark in delete_entries(db, rows).items():
        for (key,) in db.execute(
            "UPDATE room SET cut = max(cut, ?) WHERE id = ? RETURNING key", (watermark, room)
        ).fetchall():
            watermarks[key] = watermark
            if not db.execute("SELECT 1 FROM entry WHERE room = ? AND kind = 'MSG' LIMIT 1", (room,)).fetchone():
                unspoken.append(key)
    return watermarks, unspoken


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


# One function for each bound: what is too old anywhere or in one room, and what is too much in one room.


def _too_old(db: sqlite3.Connection, retention: Retention, now: int) -> list[EntryRow]:
    if retention.seconds is None:
        return []
    query = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE time < ? ORDER BY time LIMIT ?"
    return [EntryRow(*columns) for columns in db.execute(query, (now - retention.seconds * 1000, ROWS))]


def _too_old_in_room(db: sqlite3.Connection, action: ActionRow, now: int) -> list[EntryRow]:
    policy = RoomPolicy()
    with suppress(ChatError, ValueError):  # what makes no sense there is no reason to keep what others have too much of
        policy.restore(KEEP, moderation_action(action, "#"))
    if (seconds := policy.seconds("keep")) is None:
        return []
    horizon = now - seconds * 1000
    # The newest that is too old, in whatever room, bounds what of a room is looked at.
    newest = db.execute("SELECT id FROM entry WHERE time < ? ORDER BY time DESC LIMIT 1", (horizon,)).fetchone()
    if newest is None:
        return []
    query = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE room = ? AND id <= ? AND time < ? ORDER BY id LIMIT ?"
    return [EntryRow(*columns) for columns in db.execute(query, (action.room, *newest, horizon, ROWS))]


def _too_many_in_room(db: sqlite3.Connection, keep: int, room: int) -> list[EntryRow]:
    query = f"""
        SELECT {ENTRY_COLUMNS} FROM entry WHERE room = :room AND id <=
            (SELECT id FROM entry WHERE room = :room ORDER BY id DESC LIMIT 1 OFFSET :keep) LIMIT :rows"""
    values = {"room": room, "keep": keep, "rows": ROWS}
    return [EntryRow(*columns) for columns in db.execute(query, values)]


def _expire_labels(db: sqlite3.Connection, now: int) -> int:
    """Delete labels that do not count any more; return how many."""
    horizon = now - (LABEL_SECONDS + LABEL_SLACK_SECONDS) * 1000
    oldest = db.execute("SELECT entry, time FROM label ORDER BY entry LIMIT ?", (ROWS,))
    expired = [(entry,) for entry, time in oldest if time < horizon]
    db.executemany("DELETE FROM label WHERE entry = ?", expired)
    return len(expired)
