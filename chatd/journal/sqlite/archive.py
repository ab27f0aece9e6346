"""Exports a journal as lines of JSON, imports them, and erases all that was sent under one nick."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from chatd.journal import JournalError
from chatd.journal.carried import Carried
from chatd.journal.rows import from_row, to_row
from chatd.journal.sqlite.database import explained, open_to_read, refuse_index
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries
from chatd.journal.sqlite.seen import delete_markers
from chatd.journal.sqlite.store import Store
from chatd.model.conversation import is_conversation, is_of
from chatd.model.entry import Entry, StoredEvent
from chatd.model.room_policy import is_reach
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.text import clean
from chatd.protocol.wire import MAX_LINE_BYTES, timestamp

MAX_TEXT_BYTES = 3 * MAX_LINE_BYTES
"""As long as a text can get: a line of control characters, each of which became three bytes."""
LINES_AT_A_TIME = 1000
"""How many lines are read or written together."""

_YEAR_10000 = round(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000) + 24 * 60 * 60 * 1000
_TOPICS_ALONE = """
    SELECT topic_id, topic_time, 'TOPIC', name, topic_nick, topic_text FROM room
        WHERE topic_id NOT IN (SELECT id FROM entry) AND (:room IS NULL OR key = :room) ORDER BY topic_id"""
_ACTIONS_ALONE = """
    SELECT entry, time, verb, name, nick, text FROM ruling JOIN room ON room.id = room
        WHERE entry NOT IN (SELECT id FROM entry) AND (:room IS NULL OR key = :room) ORDER BY entry, kind DESC"""
_FOUNDERS = """
    SELECT entry, time, 'DEOP', name, nick, nick FROM ruling JOIN room ON room.id = room
        WHERE kind = 'SET' AND subject = 'registered' AND (:room IS NULL OR key = :room) ORDER BY entry"""
_REACHES = "SELECT entry, reach FROM ruling WHERE reach IS NOT NULL"
_VERSION_WITH_REACHES = 4
# What was told in private, in rooms whose keys begin with =, is for those two alone.
_ENTRIES = """
    SELECT entry.id, time, kind, name, nick, text FROM entry JOIN room ON room.id = entry.room
        WHERE entry.id > :after AND key NOT LIKE '=%' AND (:room IS NULL OR key = :room)
        ORDER BY entry.id LIMIT :count"""


class ExportRow(NamedTuple):
    """What the queries of an export select, and a line of it says."""

    id: int
    time: int
    """In milliseconds since 1970."""
    kind: str
    room: str
    """The name, as first written."""
    nick: str
    text: str
    reach: str | None = None
    """Whom a MUTE or BAN of a nick that holds still holds for besides: an account or an address."""

    def line(self) -> str:
        """Return the line of JSON."""
        fields = {
            "id": self.id,
            "time": timestamp(self.time),
            "type": self.kind,
            "room": self.room,
            "nick": self.nick,
            "text": self.text,
        }
        if self.reach is not None:
            fields["reach"] = self.reach
        return json.dumps(fields, ensure_ascii=False)


def export_lines(path: Path, room: str | None = None) -> Iterator[str]:
    """Yield a line of JSON for each of `export_rows`.

    It has ``id``, ``time``, ``type`` (``MSG``, ``TOPIC`` or a verb of moderation), ``room``, ``nick`` and ``text``, and
    ``reach`` where a MUTE or BAN of a nick holds for an account or an address besides.
    """
    return (row.line() for row in export_rows(path, room))


def export_rows(path: Path, room: str | None = None) -> Iterator[ExportRow]:
    """Yield what each message, topic and moderation action of one room, or of all, says, in their order.

    What holds although its entry was deleted comes first. All is as it was at one moment. The file may be in use; take
    the rows without delay, since what is written meanwhile stays in the log beside it. Raise `JournalError` if it
    cannot be read.
    """
    with closing(open_to_read(path)) as db, explained(path):
        db.execute("BEGIN")
        wanted = {"room": room and names.key(room), "after": 0, "count": LINES_AT_A_TIME}
        rows = _select(db, _TOPICS_ALONE, wanted)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        has_actions = version > 1
        if has_actions:
            rows = sorted(rows + _select(db, _ACTIONS_ALONE, wanted), key=attrgetter("id"))
        reaches: dict[int, str] = dict(db.execute(_REACHES)) if version >= _VERSION_WITH_REACHES else {}
        while True:
            yield from (row._replace(reach=reaches.get(row.id)) for row in rows) if reaches else rows
            rows = _select(db, _ENTRIES, wanted)
            if not rows:
                break
            wanted["after"] = rows[-1].id
        if has_actions:
            # Importing a room's registration makes its founder an operator again, unless something says otherwise.
            for row in _select(db, _FOUNDERS, wanted):
                if names.key(row.nick) not in _operators(db, row.room):
                    yield row


def _select(db: sqlite3.Connection, query: str, wanted: Mapping[str, Any]) -> list[ExportRow]:
    return [ExportRow(*columns) for columns in db.execute(query, wanted)]


def import_lines(
    path: Path, lines: Iterable[str], epoch: str, progress: Callable[[int], None] | None = None
) -> Carried:
    """Add what `export_lines` wrote to a file, which is made if it is not there, and give the file a new ``epoch``.

    Ids are given anew, in the order of the lines. All is added or, if `JournalError` is raised, nothing: for a line
    that is none of those, a room that has messages already, a file that is in use or cannot be written. ``progress``
    is told how many lines were added.
    """
    refuse_index(path)
    store = Store(path)
    with closing(store), store.transaction() as db:
        taken = {room for (room,) in db.execute("SELECT key FROM room WHERE id IN (SELECT room FROM entry)")}
        carried = Carried()
        entries: list[Entry] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            kept = read_line(number, line)
            key = names.key(kept.event.room)
            if key in taken:
                raise JournalError(f"{kept.event.room} has messages in {path} already; nothing was imported")
            carried.add(to_row(kept.event)[0], kept.event.room)
            entries.append(Entry(key, kept.event, time=kept.time))
            if len(entries) == LINES_AT_A_TIME:
                store.settle(store.add(entries))
                entries.clear()
                if progress is not None:
                    progress(carried.lines)
        store.settle(store.add(entries))
        store.rename(epoch)
    return carried


def erase(path: Path, nick: str) -> int:
    """Delete all messages and topics that were sent under a nick, in any spelling, and return how many there were.

    ``=`` before the nick stands for all that was told in private to the account of that name, or by it. Its read
    markers go with them. Nothing of all that stays in the file. Raise `JournalError` if the file is in use or cannot
    be written.
    """
    if not path.exists():
        raise JournalError(f"there is no file {path}")
    refuse_index(path)
    store = Store(path)
    with closing(store):
        with store.transaction() as db:
            count = erase_said(db, names.key(nick))
            delete_markers(db, names.key(nick))
        store.compact()
    return count


def erase_said(db: sqlite3.Connection, key: str, last: int = MAX_ID) -> int:
    """Delete all up to the id ``last`` that was said under a folded nick; return how many entries that was.

    With ``=`` before the nick it is what was told in private, see `erase`.
    """
    rows = _told(db, key, last) if is_conversation(key) else _said(db, key, last)
    for room, highest in delete_entries(db, rows).items():
        db.execute("UPDATE room SET erased = max(erased, ?) WHERE id = ?", (highest, room))
    topics = db.execute("SELECT id, topic_nick FROM room WHERE topic_id <= ?", (last,)).fetchall()
    for room in [room for room, setter in topics if names.key(setter) == key]:
        none = "topic_id = NULL, topic_time = NULL, topic_nick = NULL, topic_text = NULL"
        db.execute(f"UPDATE room SET {none} WHERE id = ?", (room,))
    db.execute("DELETE FROM label WHERE author = ? AND entry <= ?", (key, last))
    db.execute("INSERT INTO said (said) VALUES ('rebuild')")
    return len(rows)


def _said(db: sqlite3.Connection, key: str, last: int) -> list[EntryRow]:
    nicks = db.execute("SELECT DISTINCT nick FROM entry WHERE kind IN ('MSG', 'TOPIC')").fetchall()
    said = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE nick = ? AND kind IN ('MSG', 'TOPIC') AND id <= ?"
    spellings = [spelling for (spelling,) in nicks if names.key(spelling) == key]
    return [EntryRow(*columns) for spelling in spellings for columns in db.execute(said, (spelling, last))]


def _told(db: sqlite3.Connection, key: str, last: int) -> list[EntryRow]:
    rooms = db.execute("SELECT id, key FROM room WHERE key LIKE '=%'").fetchall()
    told = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE room = ? AND id <= ?"
    theirs = [room for room, conversation in rooms if is_of(conversation, key)]
    db.executemany("DELETE FROM label WHERE room = ? AND entry <= ?", [(room, last) for room in theirs])
    db.executemany("DELETE FROM seen WHERE room = (SELECT key FROM room WHERE id = ?)", [(room,) for room in theirs])
    return [EntryRow(*columns) for room in theirs for columns in db.execute(told, (room, last))]


def _operators(db: sqlite3.Connection, room: str) -> set[str]:
    query = "SELECT subject FROM ruling WHERE kind = 'OP' AND room = (SELECT id FROM room WHERE key = ?)"
    return {subject for (subject,) in db.execute(query, (names.key(room),))}


def read_line(number: int, line: str) -> StoredEvent:
    """Return what a line of an export says; everything in it is checked as if a client had sent it."""
    try:
        fields: dict[str, Any] = json.loads(line)
        moment = datetime.fromisoformat(fields["time"])
        time = round(moment.timestamp() * 1000)
        if moment.tzinfo is None or not 0 <= time < _YEAR_10000:
            raise ValueError("the time has no zone, or is not in this age")
        text = clean(fields["text"])
        if not 0 < len(text.encode()) <= MAX_TEXT_BYTES:
            raise ValueError("the text is empty or too long")
        room = SERVER if fields["room"] == SERVER else names.room(fields["room"])
        event = from_row(room, fields["type"], names.nick(fields["nick"]), text)
        if (reach := fields.get("reach")) is not None:
            if not isinstance(event, Moderated) or not is_reach(reach):
                raise ValueError("it has a reach that no MUTE or BAN has")
            event = replace(event, reach=reach)
        return StoredEvent(0, time, event)
    except (ChatError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        why = f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)
        raise JournalError(f"line {number} is not of an export: {why}; nothing was imported") from None
