"""The columns of a journal's tables, named once, and how an entry becomes a row and a row an event again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from chatd.journal.references import refers, target_id
from chatd.journal.rows import from_row, to_row
from chatd.journal.sqlite import word_index
from chatd.journal.sqlite.insertion import insert
from chatd.journal.sqlite.word_index import IndexedMessage
from chatd.model.authorship import main_key
from chatd.model.entry import Entry, StoredEvent
from chatd.model.room_policy import ModerationAction, PolicyKey
from chatd.protocol.events import DurableEvent, Moderated, Said


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
    notice: int | None = None
    """1 for a message that no program is to answer by itself."""


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


def entry_row(id_: int, room: int, entry: Entry, event: DurableEvent) -> EntryRow:
    """Return the row of an entry, given its id, the id of its room, and its event."""
    if type(event) is Said and not event.reply:  # nearly every entry there is
        notice = 1 if event.notice else None
        return EntryRow(id_, room, entry.time, "MSG", event.nick, event.text, entry.by, None, None, notice)
    kind, nick, text = to_row(event)
    target = target_id(event) if refers(entry) else None  # type: ignore[arg-type]  # it refers to a message
    notice = 1 if type(event) is Said and event.notice else None
    return EntryRow(id_, room, entry.time, kind, nick, text, main_key(entry.by), target, None, notice)


def stored_event(columns: Sequence[Any], room_name: str) -> StoredEvent:
    """Return what `ENTRY_COLUMNS` of an entry stand for. Raise `ValueError` if its kind is unknown."""
    id_, _, time, kind, nick, text, author, target, edited, notice = columns
    if kind == "MSG":  # nearly every entry there is
        said = Said(nick, room_name, text, target or 0, notice is not None)
        return StoredEvent(id_, time, said, author, edited is not None)
    return StoredEvent(id_, time, from_row(room_name, kind, nick, text), author, edited is not None)


def action_row(room: int, key: PolicyKey, id_: int, time: int, event: Moderated) -> ActionRow:
    """Return the row of a moderation action that holds from the entry ``id_`` on."""
    verb, nick, text = to_row(event)
    return ActionRow(room, key.kind, key.subject, id_, time, verb, nick, text, event.reach)


def moderation_action(row: ActionRow, room_name: str) -> ModerationAction:
    """Return what a row stands for. Raise `ValueError` or `ChatError` if it makes no sense."""
    event = from_row(room_name, row.verb, row.nick, row.text)
    if not isinstance(event, Moderated):
        raise ValueError(f"{row.verb} is not a moderation action")
    return ModerationAction(row.entry, row.time, replace(event, reach=row.reach))


def insert_entries(db: sqlite3.Connection, rows: Sequence[EntryRow]) -> None:
    """Insert new entries; the messages among them are not in the full-text index yet, see `word_index.feed_new`."""
    insert(db, "entry", EntryRow._fields, rows)


def restore_entry(db: sqlite3.Connection, row: EntryRow) -> None:
    """Insert an entry that was there before, also into the full-text index if others of its age are there."""
    insert_entries(db, [row])
    word_index.add(db, _indexed(db, [row]))


def insert_labels(db: sqlite3.Connection, labels: Iterable[tuple[LabelKey, FirstUse]]) -> None:
    """Insert which entry was the first under each of some labels."""
    insert(db, "label", LABEL_COLUMNS, [(*key, *first) for key, first in labels])


def insert_action(db: sqlite3.Connection, row: ActionRow) -> None:
    """Insert a moderation action that holds."""
    insert(db, "ruling", ActionRow._fields, [row])


def delete_entries(db: sqlite3.Connection, rows: Sequence[EntryRow]) -> dict[int, int]:
    """Delete entries, also from the full-text index; return, by room, the highest id among them."""
    highest: dict[int, int] = {}
    if rows:
        word_index.remove(db, _indexed(db, rows))
    for row in rows:
        db.execute("DELETE FROM entry WHERE id = ?", (row.id,))
        highest[row.room] = max(row.id, highest.get(row.room, 0))
    return highest


def replace_text(db: sqlite3.Connection, row: EntryRow, text: str) -> EntryRow:
    """Give an entry another text, also in the full-text index; return its row as it is then."""
    changed = row._replace(text=text)
    word_index.remove(db, _indexed(db, [row]))
    db.execute("UPDATE entry SET text = ? WHERE id = ?", (text, row.id))
    word_index.add(db, _indexed(db, [changed]))
    return changed


def _indexed(db: sqlite3.Connection, rows: Iterable[EntryRow]) -> list[IndexedMessage]:
    """Return those messages among entries that are in the full-text index, or should be."""
    upto = word_index.fed_upto(db)
    said = (row for row in rows if row.kind == "MSG" and row.id <= upto)
    return [IndexedMessage(row.id, row.room, row.nick, row.text) for row in said]
