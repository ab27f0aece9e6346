"""What was ruled in a room and holds no more, because the room was founded anew."""

from __future__ import annotations

import sqlite3

from chatd.journal.sqlite.rows import ACTION_COLUMNS, ActionRow, action_row, insert_action, moderation_action
from chatd.model.room_policy import PolicyKey, RoomPolicy


def lapse(db: sqlite3.Connection, room: int, name: str, upto: int) -> None:
    """Delete, within a transaction, what has lapsed of what was ruled up to an entry, see `RoomPolicy.lapse`."""
    held = RoomPolicy()
    for columns in db.execute(f"SELECT {ACTION_COLUMNS} FROM ruling WHERE room = ?", (room,)):
        row = ActionRow(*columns)
        held.restore(PolicyKey(row.kind, row.subject), moderation_action(row, name))
    held.lapse(upto)
    db.execute("DELETE FROM ruling WHERE room = ? AND entry <= ?", (room, upto))
    for key, action in held.items():
        if action.id <= upto:
            insert_action(db, action_row(room, key, action.id, action.time, action.event))
