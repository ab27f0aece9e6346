"""The columns of a journal's tables, named once, and how an entry becomes a row and a row an event again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from chatd.journal.references import refers, target_id
from chatd.journal.rows import from_row, to_row
from chatd.model.authorship import main_key
from chatd.model.entry import Entry, StoredEvent
from chatd.model.room_policy import ModerationAction, PolicyKey
from chatd.protocol.events import DurableEvent, Moderated, Said

ROWS_PER_INSERT = 64
"""A statement for so many rows costs the full-text index a fraction of what one for each does.

Fewer rows are cut into powers of two: a statement keeps the values that it was last given, and one for each number of
rows would keep many megabytes.
"""


class EntryRow(NamedTuple):
    """A row of ``entry``."""

    id: int
    room: int
    """The id of the room."""
    time: int
    """In milliseconds since 1970."""
    kind: str
    nick: str
    text: str
    author: str = ""
    """Whose it is, see `chatd.model.authorship`."""
    target: int | None = None
    """The id of the message that it refers to."""
    edited: int | None = None
    """The id of the entry that gave it its text, if that is not its first."""


LabelKey = tuple[int, str, str]
"""Of a row of ``label`` what there is but one of: room, author (the nick, folded) and label.

A plain tuple, because two are made for each labelled message, and none is taken apart.
"""


class FirstUse(NamedTuple):
    """The rest of a row of ``label``: the entry that was sent first under the label."""

    entry: int
    time: int
    digest: bytes
    """Of its kind and text."""


class ActionRow(NamedTuple):
    """A row of ``ruling``: a moderation action that holds."""

    room: int
    kind: str
    subject: str
    entry: int
    time: int
    verb: str
    nick: str
    text: str
    reach: str | None = None
    """What no line of it says, see `Moderated`."""


ENTRY_COLUMNS = ", ".join(f"entry.{column}" for column in EntryRow._fields)
"""What a query selects for `EntryRow`."""
ACTION_COLUMNS = ", ".join(f"ruling.{column}" for column in ActionRow._fields)
"""What a query selects for `ActionRow`."""
LABEL_COLUMNS = ("room", "author", "label", *FirstUse._fields)
SAID_COLUMNS = ("rowid", "room", "text")


def entry_row(id_: int, room: int, entry: Entry, event: DurableEvent) -> EntryRow:
    """Return the row of an entry, given its id, the id of its room, and its event."""
    if type(event) is Said and not event.reply:  # nearly every entry there is
        return EntryRow(id_, room, entry.time, "MSG", event.nick, event.text, entry.by)
    kind, nick, text = to_row(event)
    target = target_id(event) if refers(entry) else None  # type: ignore[arg-type]  # it refers to a message
    return EntryRow(id_, room, entry.time, kind, nick, text, main_key(entry.by), target)


def stored_event(row: EntryRow, room_name: str) -> StoredEvent:
    """Return what a row stands for. Raise `ValueError` if its kind is unknown."""
    event = from_row(room_name, row.kind, row.nick, row.text)
    if type(event) is Said and row.target is not None:
        event.reply = row.target
    return StoredEvent(row.id, row.time, event, row.author, row.edited is not None)


def action_row(room: int, key: PolicyKey, id_: int, time: int, event: Moderated) -> ActionRow:
    """Return the row of a moderation action that holds from the entry ``id_`` on."""
    verb, nick, text = to_row(event)
    return ActionRow(room, key.kind, key.subject, id_, time, verb, nick, text, event.reach)


def moderation_action(row: ActionRow, room_name: str) -> ModerationAction:
    """Return what a row stands for."""
    event = from_row(room_name, row.verb, row.nick, row.text)
    assert isinstance(event, Moderated)
    return ModerationAction(row.entry, row.time, replace(event, reach=row.reach))


def insert_entries(db: sqlite3.Connection, rows: Sequence[EntryRow]) -> None:
    """Insert entries, and into the full-text index the messages among them."""
    _insert(db, "entry", EntryRow._fields, rows)
    _insert(db, "said", SAID_COLUMNS, [(row.id, row.room, row.text) for row in rows if row.kind == "MSG"])


def insert_labels(db: sqlite3.Connection, labels: Iterable[tuple[LabelKey, FirstUse]]) -> None:
    """Insert which entry was the first under each of some labels."""
    _insert(db, "label", LABEL_COLUMNS, [(*key, *first) for key, first in labels])


def insert_action(db: sqlite3.Connection, row: ActionRow) -> None:
    """Insert a moderation action that holds."""
    _insert(db, "ruling", ActionRow._fields, [row])


def delete_entries(db: sqlite3.Connection, rows: Iterable[EntryRow]) -> dict[int, int]:
    """Delete entries, also from the full-text index; return, by room, the highest id among them."""
    highest: dict[int, int] = {}
    for row in rows:
        if row.kind == "MSG":
            # The index must be told what it is to forget. https://www.sqlite.org/fts5.html#the_delete_command
            values = (row.id, row.room, row.text)
            db.execute("INSERT INTO said (said, rowid, room, text) VALUES ('delete', ?, ?, ?)", values)
        db.execute("DELETE FROM entry WHERE id = ?", (row.id,))
        highest[row.room] = max(row.id, highest.get(row.room, 0))
    return highest


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into pieces that are worth a statement each, see `ROWS_PER_INSERT`."""
    start, size = 0, ROWS_PER_INSERT
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _insert(db: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    for chunk in chunks(rows):
        db.execute(_insertion(table, columns, len(chunk)), [value for row in chunk for value in row])


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    values = "(" + ", ".join("?" * len(columns)) + ")"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([values] * rows)}"
