"""What is not to be kept any more, taken away in steps that are small enough for nobody to wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from chatd.journal import LABEL_SECONDS, Retention

LABEL_SLACK_SECONDS = 60 * 60
"""How long labels that do not count any more are left: by another clock they may count still."""
ROWS = 200
"""How many rows one step takes away at most."""


class Trimmed(NamedTuple):
    """What one step did."""

    watermarks: dict[str, int]
    """By room, the highest id that was taken away."""
    more: bool
    """Whether another step has something to do."""
    looked_at: set[int]
    """Rooms that have no more messages than they may."""


def trim(db: sqlite3.Connection, retention: Retention, now: int, grown: Iterable[int]) -> Trimmed:
    """Take away up to `ROWS` entries and as many labels. ``now`` is in milliseconds, ``grown`` rooms to be counted."""
    rows: list[tuple[int, int, str, str]] = []
    looked_at: set[int] = set()
    if retention.seconds is not None:
        too_old = "SELECT id, room, kind, text FROM entry WHERE time < ? ORDER BY time LIMIT ?"
        rows += db.execute(too_old, (now - retention.seconds * 1000, ROWS))
    if retention.messages is not None and not rows:
        too_many = """
            SELECT id, room, kind, text FROM entry WHERE room = :room AND id <=
                (SELECT id FROM entry WHERE room = :room ORDER BY id DESC LIMIT 1 OFFSET :keep) LIMIT :rows"""
        for room in grown:
            rows += db.execute(too_many, {"room": room, "keep": retention.messages, "rows": ROWS})
            if rows:
                break
            looked_at.add(room)
    watermarks = take_away(db, rows)
    for room, watermark in watermarks.items():
        db.execute("UPDATE room SET cut = max(cut, ?) WHERE id = ?", (watermark, room))
    old_labels = "SELECT entry, time FROM label ORDER BY entry LIMIT ?"
    horizon = now - (LABEL_SECONDS + LABEL_SLACK_SECONDS) * 1000
    labels = [(entry,) for entry, time in db.execute(old_labels, (ROWS,)) if time < horizon]
    db.executemany("DELETE FROM label WHERE entry = ?", labels)
    keys = {room: db.execute("SELECT key FROM room WHERE id = ?", (room,)).fetchone()[0] for room in watermarks}
    return Trimmed(
        {keys[room]: watermark for room, watermark in watermarks.items()}, bool(rows or len(labels) == ROWS), looked_at
    )


def take_away(db: sqlite3.Connection, rows: Iterable[tuple[int, int, str, str]]) -> dict[int, int]:
    """Delete entries, given as id, room, kind and text; return, by room, the highest id among them."""
    highest: dict[int, int] = {}
    for id_, room, kind, text in rows:
        if kind == "MSG":
            # The index must be told what it is to forget. https://www.sqlite.org/fts5.html#the_delete_command
            db.execute("INSERT INTO said (said, rowid, room, text) VALUES ('delete', ?, ?, ?)", (id_, room, text))
        db.execute("DELETE FROM entry WHERE id = ?", (id_,))
        highest[room] = max(id_, highest.get(room, 0))
    return highest
