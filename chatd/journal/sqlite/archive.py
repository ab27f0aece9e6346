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
from chatd.journal.carried_ids import CarriedIds, is_about
from chatd.journal.rows import from_row, to_row
from chatd.journal.sqlite.database import explained, open_to_read, refuse_index
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries
from chatd.journal.sqlite.seen import delete_markers
from chatd.journal.sqlite.store import Store
from chatd.model.authorship import lasting
from chatd.model.conversation import is_conversation, is_of
from chatd.model.entry import Entry, StoredEvent
from chatd.model.room_policy import is_reach
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.emoji import is_emoji
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Moderated, Said
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.references import Reacted
from chatd.protocol.text import clean
from chatd.protocol.wire import MAX_LINE_BYTES, timestamp

MAX_TEXT_BYTES = 3 * MAX_LINE_BYTES
"""As long as a text can get: a line of control characters, each of which became three bytes."""
MAX_AUTHOR = 200
LINES_AT_A_TIME = 1000
"""How many lines are read or written together."""

_YEAR_10000 = round(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000) + 24 * 60 * 60 * 1000
_TOPICS_ALONE = """
    SELECT topic_id, topic_time, 'TOPIC', name, topic_nick, topic_text FROM room
        WHERE topic_id IS NOT NULL AND topic_id NOT IN (SELECT id FROM entry)
            AND (:room IS NULL OR key = :room) ORDER BY topic_id"""
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
    SELECT entry.id, time, kind, name, nick, text, NULL, author, iif(kind = 'MSG', target, NULL), notice
        FROM entry JOIN room ON room.id = entry.room
        WHERE entry.id > :after AND key NOT LIKE '=%' AND (:room IS NULL OR key = :room)
        ORDER BY entry.id LIMIT :count"""

_ENTRIES_OF_8 = _ENTRIES.replace(", notice", "")
_ENTRIES_BEFORE = _ENTRIES_OF_8.replace(", NULL, author, iif(kind = 'MSG', target, NULL)", "")


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
    author: str = ""
    """Whose it is, see `chatd.model.authorship`."""
    reply: int | None = None
    """The id of the message that it answers."""
    notice: int | None = None
    """1 for a message that no program is to answer by itself."""

    def line(self) -> str:
        """Return the line of JSON."""
        fields: dict[str, Any] = {
            "id": self.id,
            "time": timestamp(self.time),
            "type": self.kind,
            "room": self.room,
            "nick": self.nick,
            "text": self.text,
        }
        if self.reach is not None:
            fields["reach"] = self.reach
        if author := lasting(self.author):
            fields["author"] = author
        if self.reply:
            fields["reply"] = self.reply
        if self.notice:
            fields["notice"] = True
        return json.dumps(fields, ensure_ascii=False)


def knows_room(path: Path, room: str) -> bool:
    """Return whether a journal has, or had, anything of a room. Raise `JournalError` if the file cannot be read."""
    with closing(open_to_read(path)) as db, explained(path):
        return db.execute("SELECT 1 FROM room WHERE key = ?", (names.key(room),)).fetchone() is not None


def export_lines(path: Path, room: str | None = None) -> Iterator[str]:
    """Yield a line of JSON for each of `export_rows`.

    It has ``id``, ``time``, ``type`` (``MSG``, ``TOPIC``, a verb of moderation, or ``RETRACT``, ``EDIT``, ``REACT`` or
    ``UNREACT``, whose text begins with the id that they are about), ``room``, ``nick`` and ``text``; ``reach`` where a
    MUTE or BAN of a nick holds for an account or an address besides, ``author`` where an account has said it,
    ``reply`` where it answers another, and ``notice``, which is true, where no program is to answer it by itself.
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
        columns = {name for _, name, *_ in db.execute("PRAGMA table_info(entry)")}
        entries = _ENTRIES if "notice" in columns else _ENTRIES_OF_8 if "author" in columns else _ENTRIES_BEFORE
        while True:
            yield from (row._replace(reach=reaches.get(row.id)) for row in rows) if reaches else rows
            rows = _select(db, entries, wanted)
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
    """Add what `export_lines` wrote to a file, as `import_events` does. Raise `JournalError` for any other line."""
    events = (read_line(number, line) for number, line in enumerate(lines, 1) if line.strip())
    return import_events(path, events, epoch, progress)


def import_events(
    path: Path, events: Iterable[StoredEvent], epoch: str, progress: Callable[[int], None] | None = None
) -> Carried:
    """Add events to a file, which is made if it is not there, and give the file a new ``epoch``.

    Ids are given anew, in the order of the events. All is added or, if `JournalError` is raised, nothing: for a room
    that has messages already, a file that is in use or cannot be written. What ``events`` raises has the same effect.
    ``progress`` is told how many were added.
    """
    refuse_index(path)
    store = Store(path)
    with closing(store), store.transaction() as db:
        taken = {room for (room,) in db.execute("SELECT key FROM room WHERE id IN (SELECT room FROM entry)")}
        carried, ids = Carried(), CarriedIds()
        waiting: list[tuple[StoredEvent, Entry]] = []

        def write() -> None:
            store.settle(store.add([entry for _, entry in waiting]))
            for before, entry in waiting:
                ids.note(before, entry.id)
            waiting.clear()

        for kept in events:
            key = names.key(kept.event.room)
            if key in taken:
                raise JournalError(f"{kept.event.room} already has messages in {path}; nothing was imported")
            if is_about(kept):
                write()  # what it is about has its new id then
            entry = ids.entry(kept)
            if entry is None:
                continue
            carried.add(to_row(kept.event)[0], kept.event.room)
            waiting.append((kept, entry))
            if len(waiting) == LINES_AT_A_TIME:
                write()
                if progress is not None:
                    progress(carried.lines)
        write()
        store.rename(epoch)
    return carried


def erase(path: Path, nick: str) -> int:
    """Delete all messages and topics that were sent under a nick, in any spelling, and return how many there were.

    ``=`` before the nick stands for all that was told in private to the account of that name, or by it. Its read
    markers go with them. Nothing of all that stays in the file. Raise `JournalError` if the file is in use or cannot
    be written.
    """
    if not path.exists():
        raise JournalError(f"no such file: {path}")
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
    db.execute("UPDATE upkeep SET wanted = removals")
    return len(rows)


def _id(value: object) -> int:
    """Return an id, 0 for what is none: a line of another program has none, or others."""
    return value if type(value) is int and 0 < value <= MAX_ID else 0


def _said(db: sqlite3.Connection, key: str, last: int) -> list[EntryRow]:
    nicks = db.execute("SELECT DISTINCT nick FROM entry WHERE kind IN ('MSG', 'TOPIC', 'EDIT')").fetchall()
    said = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE nick = ? AND kind IN ('MSG', 'TOPIC', 'EDIT') AND id <= ?"
    spellings = [spelling for (spelling,) in nicks if names.key(spelling) == key]
    rows = [EntryRow(*columns) for spelling in spellings for columns in db.execute(said, (spelling, last))]
    edited = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id = ? AND edited = ?"
    for row in [row for row in rows if row.kind == "EDIT"]:  # a message has the text of whoever changed it last
        rows += (EntryRow(*columns) for columns in db.execute(edited, (row.target, row.id)))
    rows = list({row.id: row for row in rows}.values())
    edits = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE target = ? AND kind = 'EDIT'"
    known = {row.id for row in rows}
    for row in [row for row in rows if row.edited is not None]:  # under whatever nick the text was changed
        found = (EntryRow(*columns) for columns in db.execute(edits, (row.id,)))
        rows += [edit for edit in found if edit.id not in known]
    return rows


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
            raise ValueError("its time has no zone or is out of range")
        text = clean(fields["text"])
        if not 0 < len(text.encode()) <= MAX_TEXT_BYTES:
            raise ValueError("its text is empty or too long")
        room = SERVER if fields["room"] == SERVER else names.room(fields["room"])
        event = from_row(room, fields["type"], names.nick(fields["nick"]), text)
        if (reach := fields.get("reach")) is not None:
            if not isinstance(event, Moderated) or not is_reach(reach):
                raise ValueError("it has an invalid reach")
            event = replace(event, reach=reach)
        if isinstance(event, Reacted) and not is_emoji(event.emoji):
            raise ValueError("it has a reaction that is not an emoji")
        if isinstance(event, Said):
            event.reply, event.notice = _id(fields.get("reply")), fields.get("notice") is True
        author = fields.get("author", "")
        if author and (lasting(author) != author or " " in author or len(author) > MAX_AUTHOR):
            raise ValueError("it has an author that is not an account")
        return StoredEvent(_id(fields.get("id")), time, event, author)
    except (ChatError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        why = f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)
        raise JournalError(f"line {number} is not part of an export: {why}; nothing was imported") from None
