"""What an entry that refers to a message does to it, in the transaction that stores the entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from chatd.journal.references import Target, own_reactions, refusal, target_id
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries, restore_entry
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Said
from chatd.protocol.references import Edited, Reacted, ReferringEvent, Retracted, Unreacted

CHANGED = b""
"""In the place of the digest of what was said under a label: another text stands there by now."""
GONE = b"-"
"""The same: it was taken back."""
_MESSAGE = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id = ? AND room = ? AND kind = 'MSG'"
_ABOUT = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE target = ? AND kind = ?"
_GIVEN = "SELECT id, text, author FROM entry WHERE target = ? AND kind = 'REACT'"
_COUNTS = """
    SELECT target, text, count(*) FROM entry
    WHERE kind = 'REACT' AND target IN (SELECT value FROM json_each(?)) GROUP BY target, text ORDER BY min(id)"""


def refusal_in(db: sqlite3.Connection, room: int, entry: Entry, *, known: bool) -> ChatError | None:
    """Return why an entry does not count that refers to a message of a room, given the room's id.

    ``known`` says whether all that ever stood in the order was read.
    """
    event = entry.event
    assert isinstance(event, Said | ReferringEvent)
    id_ = target_id(event)
    found = db.execute(_MESSAGE, (id_, room)).fetchone()
    retracted = found is None and bool(_about(db, id_, "RETRACT"))
    target = None
    if found is not None:
        given = db.execute(_GIVEN, (id_,)) if isinstance(event, Reacted) else ()
        reactions = {(_emoji(text), author): reaction for reaction, text, author in given}
        target = Target(EntryRow(*found).author, reactions)
    return refusal(entry, target, retracted=retracted, known=known)


def follow(db: sqlite3.Connection, room: int, entry: Entry, id_: int) -> list[int]:
    """Do what an entry says that is stored under ``id_`` and counts; return the ids of what nothing is left of."""
    event = entry.event
    assert isinstance(event, Said | ReferringEvent)
    about = target_id(event)
    found = [EntryRow(*columns) for columns in db.execute(_MESSAGE, (about, room))]
    match event:
        case Retracted():
            gone = [*found, *_about(db, about, "EDIT"), *_about(db, about, "REACT")]
            _delete(db, gone, GONE)
            return [about, *(row.id for row in gone if row.kind == "EDIT")]
        case Edited():
            before = [row for row in _about(db, about, "EDIT") if row.id != id_]
            _delete(db, before, CHANGED)
            _set_text(db, found or _missing(room, event), event.text, id_, restored=not found)
            return [about, *(row.id for row in before)]
        case Unreacted():
            given = [row for row in _about(db, about, "REACT") if _emoji(row.text) == event.emoji]
            target = Target("", {(event.emoji, row.author): row.id for row in given})
            own = own_reactions(entry, event, target)
            delete_entries(db, [row for row in given if row.id in own])
    return []


def with_reactions(db: sqlite3.Connection, kept: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
    """Return messages, each with how often each emoji was given to it."""
    ids = "[" + ",".join(str(each.id) for each in kept) + "]"
    counts: dict[int, list[tuple[str, int]]] = {}
    for target, text, count in db.execute(_COUNTS, (ids,)):
        counts.setdefault(target, []).append((_emoji(text), count))
    if not counts:
        return kept
    return [each._replace(reactions=tuple(counts[each.id])) if each.id in counts else each for each in kept]


def _about(db: sqlite3.Connection, target: int, kind: str) -> list[EntryRow]:
    return [EntryRow(*columns) for columns in db.execute(_ABOUT, (target, kind))]


def _delete(db: sqlite3.Connection, rows: Iterable[EntryRow], digest: bytes) -> None:
    """Delete entries; nothing of their texts stays with the labels that they were sent under."""
    rows = list(rows)
    delete_entries(db, rows)
    db.executemany("UPDATE label SET digest = ? WHERE entry = ?", [(digest, row.id) for row in rows])


def _set_text(db: sqlite3.Connection, rows: Iterable[EntryRow], text: str, edited: int, *, restored: bool) -> None:
    for row in rows:
        if not restored:
            delete_entries(db, [row])
            db.execute("UPDATE label SET digest = ? WHERE entry = ?", (CHANGED, row.id))
        restore_entry(db, row._replace(text=text, edited=edited))


def _missing(room: int, event: Edited) -> list[EntryRow]:
    """Return what a message was that is deleted where the order is read from, as what changed it tells."""
    original = event.original
    if original is None:
        return []
    reply, notice = original.reply or None, 1 if original.notice else None
    return [EntryRow(event.id, room, original.time, "MSG", original.nick, "", original.author, reply, notice=notice)]


def _emoji(text: str) -> str:
    return text.partition(" ")[2]
