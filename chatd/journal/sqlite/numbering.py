"""Which of a batch's entries are new, the ids that they get, and what becomes of those sent before under a label."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from chatd.journal.references import taken_back
from chatd.journal.sqlite.insertion import chunks
from chatd.journal.sqlite.references import CHANGED, GONE
from chatd.journal.sqlite.rows import LABEL_COLUMNS, EntryRow, FirstUse, LabelKey, entry_row
from chatd.model.entry import Entry, label_reused
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import DurableEvent


class Repeated(NamedTuple):
    """What becomes of an entry under a label that was used before, once the transaction is committed."""

    entry: Entry
    id: int
    duplicate: bool = False
    refused: ChatError | None = None
    time: int | None = None
    """That of the first under the same label, for a duplicate."""


class Batch(NamedTuple):
    """What one transaction adds."""

    rooms: dict[str, int]
    """The ids of rooms that the file did not have, by key."""
    new: list[Entry]
    rows: list[EntryRow]
    """One for each new entry."""
    labels: dict[LabelKey, FirstUse]
    expired: list[int]
    """The entries whose labels were used so long ago that they are free again."""
    repeated: list[Repeated]


class Numbering(NamedTuple):
    """What a batch is numbered by."""

    rooms: Mapping[str, int]
    """The ids of the rooms that the file has, by key."""
    last_id: int
    id_after: Callable[[int, Entry], int]
    """Returns the id of an entry, given that of the one before."""
    label_seconds: int
    """How much older than an entry the first under the same label may be."""
    now: int | None = None
    """The time up to which the age of a label is counted, in milliseconds since 1970; None for that of each entry."""


def join_onto(first: Batch, second: Batch) -> None:
    """Add to one part of a transaction what the next one adds, which knew of the first."""
    first.rooms.update(second.rooms)
    first.new.extend(second.new)
    first.rows.extend(second.rows)
    first.labels.update(second.labels)
    first.expired.extend(second.expired)
    first.repeated.extend(second.repeated)


def number(db: sqlite3.Connection, entries: Sequence[Entry], numbering: Numbering) -> Batch:
    """Make the rooms that are missing, and give every durable entry its id, but duplicates."""
    rooms, id_, id_after, label_seconds, now = numbering
    entries = [entry for entry in entries if entry.refused is None]
    made = _make_rooms(db, entries, rooms)
    batch = Batch(made, [], [], {}, [], [])
    known = _first_uses(db, entries, rooms)
    for entry in entries:
        event = entry.event
        if not isinstance(event, DurableEvent):
            continue
        next_id = id_after(id_, entry)
        room = rooms.get(entry.room) or made[entry.room]
        row = entry_row(next_id, room, entry, event)
        if entry.label is not None:
            key = (room, names.key(row.nick), entry.label)
            answers = f" {row.target}" if row.kind == "MSG" and row.target else ""
            notice = " notice" if row.notice else ""
            digest = blake2b(f"{row.kind}{answers}{notice} {row.text}".encode(), digest_size=16).digest()
            first = known.get(key)
            if first is not None and first.time >= (entry.time if now is None else now) - label_seconds * 1000:
                batch.repeated.append(_repeated(entry, entry.label, digest, first))
                continue
            if first is not None:
                batch.expired.append(first.entry)
            known[key] = batch.labels[key] = FirstUse(next_id, entry.time, digest)
        id_ = next_id
        batch.rows.append(row)
        batch.new.append(entry)
    return batch


def _make_rooms(db: sqlite3.Connection, entries: Iterable[Entry], rooms: Mapping[str, int]) -> dict[str, int]:
    """Make the rooms of ``entries`` that the file does not have yet; return their ids by key."""
    made: dict[str, int] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, DurableEvent) and entry.room not in rooms and entry.room not in made:
            inserted = db.execute("INSERT INTO room (key, name) VALUES (?, ?)", (entry.room, event.room))
            made[entry.room] = inserted.lastrowid or 0
    return made


def _first_uses(db: sqlite3.Connection, entries: Iterable[Entry], rooms: Mapping[str, int]) -> dict[LabelKey, FirstUse]:
    """Return what is known of the labels of entries."""
    known: dict[LabelKey, FirstUse] = {}
    wanted = [
        (rooms[entry.room], names.key(entry.event.nick), entry.label)
        for entry in entries
        if entry.label is not None and isinstance(entry.event, DurableEvent) and entry.room in rooms
    ]
    for chunk in chunks(wanted):
        values = ", ".join(["(?, ?, ?)"] * len(chunk))
        rows = db.execute(
            f"WITH wanted (r, a, l) AS (VALUES {values}) SELECT {', '.join(LABEL_COLUMNS)}"
            " FROM wanted CROSS JOIN label ON room = r AND author = a AND label = l",
            [value for key in chunk for value in key],
        )
        for room, author, label, entry, time, digest in rows:
            known[room, author, label] = FirstUse(entry, time, digest)
    return known


def _repeated(entry: Entry, label: str, digest: bytes, first: FirstUse) -> Repeated:
    """Return what becomes of an entry under a known label."""
    if first.digest == GONE:
        return Repeated(entry, 0, refused=taken_back())
    if first.digest in (digest, CHANGED):
        return Repeated(entry, first.entry, duplicate=True, time=first.time)
    return Repeated(entry, 0, refused=label_reused(label))
