"""What is written to the file of a SQLite journal. Blocking; no Twisted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from chatd.journal import LABEL_SECONDS, JournalError, Retention, RoomState
from chatd.journal.rows import from_row, to_row
from chatd.journal.sqlite.database import explained, identity, open_file
from chatd.journal.sqlite.reader import Reader
from chatd.journal.sqlite.retention import Trimmed, trim
from chatd.model.entry import Entry, StoredEvent, label_reused
from chatd.model.room_policy import REGISTERED, ModerationAction, PolicyKey, effects
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import DurableEvent, Moderated, TopicSet

ROWS_PER_INSERT = 64
"""A statement for so many rows costs the full-text index a fraction of what one for each does.

Fewer rows are cut into powers of two: a statement keeps the values that it was last given, and one for each number of
rows would keep many megabytes.
"""

Row = tuple[Any, ...]


class _Outcome(NamedTuple):
    """What becomes of an entry once the transaction that it belongs to has ended well."""

    entry: Entry
    id: int
    duplicate: bool = False
    refused: ChatError | None = None
    time: int | None = None
    """That of the first, for one that is old."""


class Batch(NamedTuple):
    """What one transaction adds."""

    rooms: dict[str, int]
    """The ids of rooms that the file did not have, by key."""
    rows: list[Row]
    """Id, room, time, kind, nick and text."""
    labels: list[Row]
    """Room, author, label, entry, time and digest."""
    forgotten: list[Row]
    """The ids of what was said so long ago that its label is free for something else."""
    outcomes: list[_Outcome]


class Store:
    """An open journal file.

    `write` and `trim` belong to one thread; ``reader`` belongs to another, with a connection of its own.
    A lock beside the file keeps other processes that write away. Whatever fails raises `JournalError`, and then
    nothing was changed. ``synchronous`` is SQLite's: with FULL, what is committed survives a loss of power.
    """

    def __init__(self, path: Path, *, synchronous: str = "FULL", label_seconds: int = LABEL_SECONDS) -> None:
        self.label_seconds = label_seconds
        """How much older than what is said the first under the same label may be."""
        self._path = path
        self._file = open_file(path, synchronous)
        self._log = path.with_name(path.name + "-wal")
        self._identity: tuple[tuple[int, int] | None, tuple[int, int] | None] | None = None
        self._size = 0
        self._writer = self._file.writer
        self.reader = Reader(path, self._file.reader)
        self._rooms: dict[str, int] = {}
        self._last_id = 0
        with explained(path):
            self._load()
        self._grown = set(self._rooms.values())

    def close(self) -> None:
        """Close the file; what was written is all in it, and nothing is left beside it but the lock."""
        self._file.close()

    def epoch(self, made: str) -> str:
        """Return the epoch of the file, which is ``made`` if it has none yet."""
        with explained(self._path):
            row = self._writer.execute("SELECT epoch FROM journal").fetchone()
        if row is None:
            with self.transaction() as db:
                db.execute("INSERT INTO journal VALUES (?)", (made,))
            row = (made,)
        epoch: str = row[0]
        return epoch

    def room_states(self) -> dict[str, RoomState]:
        """Return what is known of each room, by key."""
        with explained(self._path):
            rows = self._writer.execute("""
                SELECT key, name, cut, topic_id, topic_time, topic_nick, topic_text,
                    max(cut, erased, coalesce((SELECT id FROM entry WHERE room = room.id ORDER BY id DESC LIMIT 1), 0))
                FROM room""")
            found = {
                key: RoomState(name, last_id, cut, StoredEvent(id_, time, TopicSet(nick, name, text)) if id_ else None)
                for key, name, cut, id_, time, nick, text, last_id in rows
            }
            for key, kind, subject, *ruling in self._writer.execute("""
                SELECT key, kind, subject, entry, time, verb, nick, text FROM ruling JOIN room ON room.id = room
                    ORDER BY entry"""):
                found[key].policy.restore(PolicyKey(kind, subject), _ruling(found[key].name, *ruling))
            return found

    def write(self, entries: Sequence[Entry]) -> None:
        """Store the durable ones of ``entries`` in one transaction; then, and only then, note what became of each."""
        try:
            with self.transaction():
                self._check_identity()
                batch = self.add(entries)
                self.write_more()
        except JournalError as error:
            self._recover(error.__cause__)
            raise
        self.settle(batch)

    def write_more(self) -> None:
        """Write what a kind of store keeps beside the entries, in their transaction."""

    def add(self, entries: Sequence[Entry]) -> Batch:
        """Add the durable ones of ``entries``, each with the time that it has, within a transaction."""
        db = self._writer
        batch = self._number(entries)
        _insert(db, "entry (id, room, time, kind, nick, text)", batch.rows)
        _insert(db, "said (rowid, room, text)", [(r[0], r[1], r[5]) for r in batch.rows if r[3] == "MSG"])
        db.executemany("DELETE FROM label WHERE entry = ?", batch.forgotten)
        _insert(db, "label (room, author, label, entry, time, digest)", batch.labels)
        topics = [(id_, time, nick, text, room) for id_, room, time, kind, nick, text in batch.rows if kind == "TOPIC"]
        set_topic = "UPDATE room SET topic_id = ?, topic_time = ?, topic_nick = ?, topic_text = ? WHERE id = ?"
        db.executemany(set_topic, topics)
        for outcome in batch.outcomes:
            if outcome.id and not outcome.duplicate and isinstance(outcome.entry.event, Moderated):
                self._rule(outcome.entry, outcome.id, outcome.entry.event, batch)
        return batch

    def _rule(self, entry: Entry, id_: int, event: Moderated, batch: Batch) -> None:
        """Keep what holds from here on apart from the entries, which are taken away some day."""
        room = self._rooms.get(entry.room) or batch.rooms[entry.room]
        known = "FROM ruling WHERE room = ? AND kind = ? AND subject = ?"
        for where, held in effects(event):
            if where == REGISTERED and self._writer.execute(f"SELECT 1 {known}", (room, *where)).fetchone():
                return
            self._writer.execute(f"DELETE {known}", (room, *where))
            if held is not None:
                values = (room, *where, id_, entry.time, *to_row(held))
                self._writer.execute("INSERT INTO ruling VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def settle(self, batch: Batch) -> None:
        """Note that what was added is there to stay."""
        self._rooms |= batch.rooms
        for id_, room, *_ in batch.rows:
            self._last_id = id_
            self._grown.add(room)
        for entry, id_, duplicate, refused, time in batch.outcomes:
            entry.id, entry.duplicate, entry.refused = id_, duplicate, refused
            if time is not None:
                entry.time = time

    def trim(self, retention: Retention, now: int) -> Trimmed:
        """Take away some of what is not to be kept any more. ``now`` is in milliseconds since 1970."""
        with self.transaction() as db:
            trimmed = trim(db, retention, now, self._grown)
        self._grown -= trimmed.looked_at
        return trimmed

    def _check_identity(self) -> None:
        """Raise `JournalError` if what is written would not be found under the name that the file was opened by.

        What was written last is in the log beside it, so that the same holds for that.
        """
        now = (identity(self._path), identity(self._log))
        if self._identity is None and None not in now:
            self._identity = now
        if now != self._identity:
            raise JournalError(f"{self._path} or {self._log} is not the file that was opened; put it back, or restart")
        size = self._path.stat().st_size
        if size < self._size:
            raise JournalError(f"{self._path} was cut from {self._size} to {size} bytes; restore it, and restart")
        self._size = size

    def _recover(self, cause: BaseException | None) -> None:
        """After a write that failed, make room on a full disk if that can be; forget what may not be so any more."""
        with suppress(sqlite3.Error):
            if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with suppress(sqlite3.Error):
            self._load()

    def _load(self) -> None:
        self._rooms = dict(self._writer.execute("SELECT key, id FROM room"))
        self._last_id = self._one("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'entry'")

    def _one(self, query: str) -> Any:
        return self._writer.execute(query).fetchone()[0]

    def _add_rooms(self, entries: Iterable[Entry]) -> dict[str, int]:
        """Make the rooms of ``entries`` that the file does not have yet; return their ids."""
        made: dict[str, int] = {}
        for entry in entries:
            event = entry.event
            if isinstance(event, DurableEvent) and entry.room not in self._rooms and entry.room not in made:
                row = (entry.room, event.room)
                made[entry.room] = (
                    self._writer.execute("INSERT INTO room (key, name) VALUES (?, ?)", row).lastrowid or 0
                )
        return made

    def _number(self, entries: Sequence[Entry]) -> Batch:
        """Give every durable entry its id, but those that were said before under the same label."""
        made = self._add_rooms(entries)
        batch = Batch(made, [], [], [], [])
        known = self._labelled(entries)
        id_ = self._last_id
        for entry in entries:
            event = entry.event
            if not isinstance(event, DurableEvent):
                continue
            kind, nick, text = to_row(event)
            room = self._rooms.get(entry.room) or made[entry.room]
            if entry.label is not None:
                author = (room, names.key(nick), entry.label)
                digest = blake2b(f"{kind} {text}".encode(), digest_size=16).digest()
                if author in known and known[author][1] >= entry.time - self.label_seconds * 1000:
                    batch.outcomes.append(_repeated(entry, entry.label, digest, *known[author]))
                    continue
                if author in known:
                    batch.forgotten.append((known[author][0],))
                    batch.labels[:] = [row for row in batch.labels if row[:3] != author]
                known[author] = (self._id_after(id_, entry), entry.time, digest)
                batch.labels.append((*author, *known[author]))
            id_ = self._id_after(id_, entry)
            batch.rows.append((id_, room, entry.time, kind, nick, text))
            batch.outcomes.append(_Outcome(entry, id_))
        return batch

    def _id_after(self, last: int, entry: Entry) -> int:  # noqa: ARG002
        """Return the id of an entry, given that of the one before; a kind of store may have ids from elsewhere."""
        return last + 1

    def _labelled(self, entries: Iterable[Entry]) -> dict[Row, tuple[int, int, bytes]]:
        """Return what is known of the labels of entries: the id, time and digest of what was said under them."""
        known: dict[Row, tuple[int, int, bytes]] = {}
        authors = [
            (self._rooms[entry.room], names.key(entry.event.nick), entry.label)
            for entry in entries
            if entry.label is not None and isinstance(entry.event, DurableEvent) and entry.room in self._rooms
        ]
        for chunk in _chunks(authors):
            values = ", ".join(["(?, ?, ?)"] * len(chunk))
            rows = self._writer.execute(
                f"WITH wanted (r, a, l) AS (VALUES {values}) SELECT room, author, label, entry, time, digest"
                " FROM wanted CROSS JOIN label ON room = r AND author = a AND label = l",
                [value for author in chunk for value in author],
            )
            known.update({tuple(row[:3]): row[3:] for row in rows})
        return known

    def compact(self) -> None:
        """Give back the room of what was taken away, so that nothing of it stays in the file."""
        with explained(self._path):
            self._writer.execute("VACUUM")
            (busy, *_) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalError(f"{self._path} is being read, so that old words are still in it; do it again after that")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written within is stored together at the end, or nothing of it, if anything fails."""
        with explained(self._path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise


def _ruling(room: str, id_: int, time: int, verb: str, nick: str, text: str) -> ModerationAction:
    event = from_row(room, verb, nick, text)
    assert isinstance(event, Moderated)
    return ModerationAction(id_, time, event)


def _repeated(entry: Entry, label: str, digest: bytes, id_: int, time: int, first: bytes) -> _Outcome:
    """Return what becomes of an entry under a known label; ``first`` is the digest of what was said under it."""
    if digest == first:
        return _Outcome(entry, id_, duplicate=True, time=time)
    return _Outcome(entry, 0, refused=label_reused(label))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start, size = 0, ROWS_PER_INSERT
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _insert(db: sqlite3.Connection, into: str, rows: Sequence[Row]) -> None:
    for chunk in _chunks(rows):
        values = ", ".join(["(" + ", ".join("?" * len(chunk[0])) + ")"] * len(chunk))
        db.execute(f"INSERT INTO {into} VALUES {values}", [value for row in chunk for value in row])
