"""Taking an entry out of an index again, with all that followed from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, action_row, delete_entries, insert_action, stored_event
from chatd.model.room_policy import ANEW, ModerationAction, PolicyKey, RoomPolicy, effects
from chatd.protocol.events import Moderated

_RULINGS = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE room = ? AND kind NOT IN ('MSG', 'TOPIC') ORDER BY id"
_TOPIC = """
    UPDATE room SET (topic_id, topic_time, topic_nick, topic_text) =
        (SELECT id, time, nick, text FROM entry WHERE entry.room = room.id AND kind = 'TOPIC' ORDER BY id DESC LIMIT 1)
    WHERE topic_id = ?"""


def forget_entry(db: sqlite3.Connection, id_: int) -> Iterator[int]:
    """Delete an entry, and let hold what held before it; yield the id of its room, if it was there."""
    rows = [EntryRow(*columns) for columns in db.execute(f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id = ?", (id_,))]
    for row in rows:
        delete_entries(db, rows)
        db.execute("DELETE FROM label WHERE entry = ?", (id_,))
        db.execute(_TOPIC, (id_,))
        (name,) = db.execute("SELECT name FROM room WHERE id = ?", (row.room,)).fetchone()
        event = stored_event(row, name).event
        if isinstance(event, Moderated) and event.subject == ANEW:
            _restore_all(db, row.room, name)
        elif isinstance(event, Moderated):
            for key, _held in effects(event):
                _restore(db, row.room, name, key)
        yield row.room


def _restore_all(db: sqlite3.Connection, room: int, name: str) -> None:
    """Let hold what the entries say that there still are: what ended what was before it is no more."""
    policy = RoomPolicy()
    for columns in db.execute(_RULINGS, (room,)).fetchall():
        row = EntryRow(*columns)
        event = stored_event(row, name).event
        if isinstance(event, Moderated):
            policy.apply(ModerationAction(row.id, row.time, event))
    db.execute("DELETE FROM ruling WHERE room = ?", (room,))
    for key, action in policy.items():
        insert_action(db, action_row(room, key, action.id, action.time, action.event))


def _restore(db: sqlite3.Connection, room: int, name: str, key: PolicyKey) -> None:
    """Let hold of a key what the last entry about it says that there still is."""
    db.execute("DELETE FROM ruling WHERE room = ? AND kind = ? AND subject = ?", (room, *key))
    last = None
    for columns in db.execute(_RULINGS, (room,)).fetchall():
        row = EntryRow(*columns)
        event = stored_event(row, name).event
        assert isinstance(event, Moderated)
        for other, held in effects(event):
            if other == key:
                last = None if held is None else action_row(room, key, row.id, row.time, held)
    if last is not None:
        insert_action(db, last)
