"""Reads from a journal's file how rooms stand, and which of them something is true of. Blocking; no Twisted.

Each function is given a connection within a transaction, see `Reader.ask`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from chatd.journal import JournalError
from chatd.journal.known_rooms import RoomState
from chatd.journal.sqlite.rows import ACTION_COLUMNS, ActionRow, moderation_action
from chatd.model.entry import StoredEvent
from chatd.model.room_policy import PolicyKey
from chatd.protocol.errors import ChatError
from chatd.protocol.events import TopicSet

_STANDING = """
    SELECT key, name, cut, topic_id, topic_time, topic_nick, topic_text,
        max(cut, erased, coalesce((SELECT id FROM entry WHERE room = room.id ORDER BY id DESC LIMIT 1), 0)),
        coalesce((SELECT id FROM entry WHERE room = room.id AND kind = 'MSG' ORDER BY id DESC LIMIT 1), 0)
    FROM room"""
_RULINGS = f"SELECT key, {ACTION_COLUMNS} FROM ruling JOIN room ON room.id = ruling.room"
_NOTHING_SAID = "NOT EXISTS (SELECT 1 FROM entry WHERE room = room.id AND kind = 'MSG')"
_CONVERSATIONS = "FROM room WHERE key >= '=' AND key < '>'"


class Unspoken(NamedTuple):
    """What a look at some rooms has found."""

    keys: list[str]
    """Those of which no message is left."""
    last: int | None
    """The id of the last room that was looked at; None if there are no more."""


def standing(db: sqlite3.Connection, key: str) -> RoomState | None:
    """Return how a room stands, given its key; None if it is not in the file."""
    rulings = db.execute(f"{_RULINGS} WHERE key = ? ORDER BY entry", (key,))
    return _room_states(db.execute(f"{_STANDING} WHERE key = ?", (key,)), rulings).get(key)


def standings(db: sqlite3.Connection) -> dict[str, RoomState]:
    """Return how all rooms stand, by key."""
    return _room_states(db.execute(_STANDING), db.execute(f"{_RULINGS} ORDER BY entry"))


def _room_states(rooms: Iterable[Any], rulings: Iterable[Any]) -> dict[str, RoomState]:
    found: dict[str, RoomState] = {}
    for key, name, cut, id_, time, nick, text, last_id, said_id in rooms:
        topic = StoredEvent(id_, time, TopicSet(nick, name, text)) if id_ else None
        found[key] = RoomState(name, last_id, cut, topic, said_id=said_id)
    for key, *columns in rulings:
        row = ActionRow(*columns)
        try:
            action = moderation_action(row, found[key].name)
        except (ChatError, ValueError) as error:
            raise JournalError(f"invalid ruling in {found[key].name}: {error}") from error
        found[key].policy.restore(PolicyKey(row.kind, row.subject), action)
    return found


def count(db: sqlite3.Connection) -> int:
    """Return how many rooms there are."""
    (rooms,) = db.execute("SELECT count(*) FROM room").fetchone()
    return int(rooms)


def ruled(db: sqlite3.Connection, kind: str, about: Collection[str]) -> dict[str, str]:
    """Return the names, by key, of the rooms in which something is ruled; see `KnownRooms.ruled`."""
    marks = ", ".join("?" * len(about))
    by_subject, by_reach = (  # each by an index of its own
        f"SELECT key, name FROM ruling JOIN room ON room.id = ruling.room WHERE kind = ? AND {column} IN ({marks})"
        for column in ("subject", "reach")
    )
    return dict(db.execute(f"{by_subject} UNION {by_reach}", (kind, *about) * 2))


def conversations(db: sqlite3.Connection) -> list[str]:
    """Return the keys of the conversations of two."""
    return [key for (key,) in db.execute(f"SELECT key {_CONVERSATIONS}")]


def unspoken(db: sqlite3.Connection, after: int, most: int) -> Unspoken:
    """Look for rooms of which no message is left, among the next ``most`` after the one with an id."""
    (last,) = db.execute("SELECT max(id) FROM (SELECT id FROM room WHERE id > ? ORDER BY id LIMIT ?)", (after, most))
    found = db.execute(f"SELECT key FROM room WHERE id > ? AND id <= ? AND {_NOTHING_SAID}", (after, *last))
    return Unspoken([key for (key,) in found], *last)
