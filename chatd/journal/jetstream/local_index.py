"""The file in which a node keeps what it has read from the stream. It can always be made again from the stream."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from typing_extensions import override

from chatd.journal import LABEL_SECONDS, Environment, JournalError, Retention
from chatd.journal.ages import StreamAges
from chatd.journal.jetstream.forgetting import forget_entry
from chatd.journal.known_rooms import RoomState
from chatd.journal.sqlite.archive import erase_said
from chatd.journal.sqlite.database import explained, is_journal
from chatd.journal.sqlite.retention import ROWS, Trimmed
from chatd.journal.sqlite.rows import ENTRY_COLUMNS, EntryRow, delete_entries, stored_event
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.stored import StoredJournal
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol import names

# Of each incarnation the last message that was read, and where; a file of a journal without a cluster has none.
_INCARNATIONS = """
    CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, message INTEGER NOT NULL, place INTEGER NOT NULL) STRICT"""
# What did not count at its place, and whether it is deleted from the stream.
_REFUSED = "CREATE TABLE IF NOT EXISTS refused (place INTEGER PRIMARY KEY, deleted INTEGER NOT NULL) STRICT"
# Who was erased, and up to which place.
_ERASED = "CREATE TABLE IF NOT EXISTS erased (nick TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT"
# What was taken back or changed, and is to be deleted from the stream.
_GONE = "CREATE TABLE IF NOT EXISTS gone (place INTEGER PRIMARY KEY, because INTEGER NOT NULL) STRICT"
# Moderation actions and topics stay in the stream, so that they say nothing of what was there between them.
_CUT = """
    UPDATE room SET cut = max(cut,
        coalesce((SELECT min(id) FROM entry WHERE room = room.id AND kind = 'MSG' AND edited IS NULL), ?) - 1)"""
_MAX_INCARNATIONS = 1000
"""Of how many incarnations the last message is remembered: those that sent something last."""
MAX_REFUSED = 10_000
"""Of how many that were refused last and are deleted from the stream the places are remembered."""


_log = Logger()


class LocalIndexStore(Store):
    """A store in which each entry has the id that the stream gave it: its place."""

    knows_all = False  # a new one never sees what was deleted from the stream before

    def __init__(self, path: Path) -> None:
        super().__init__(path, synchronous="NORMAL")
        self.first = 1
        """The place of the oldest message that the stream has: what was before it was deleted there."""
        with self.transaction() as db:
            db.execute(_INCARNATIONS)
            db.execute(_REFUSED)
            db.execute(_ERASED)
            db.execute(_GONE)

    def existing_epoch(self) -> str:
        """Return the epoch of the stream that the file was made from, empty if it is new."""
        with explained(self._path):
            row = self._writer.execute("SELECT epoch FROM journal").fetchone()
        if row is None:
            return ""
        (epoch,) = row
        return str(epoch)

    def incarnations(self) -> dict[str, int]:
        """Return which message was read last of each incarnation, see `MessageId.order`."""
        with explained(self._path):
            return dict(self._writer.execute("SELECT name, message FROM run"))

    def is_filled(self) -> bool:
        """Return whether the file has all that the stream had when it was made."""
        unfilled = "SELECT count(*) FROM sqlite_schema WHERE name = 'unfilled'"
        with explained(self._path):
            return bool(self.existing_epoch()) and not self._one(unfilled)

    @property
    def last_id(self) -> int:
        """The highest id that an entry had, 0 before the first."""
        return self._last_id

    def newest_entries(self, count: int) -> list[StoredEvent]:
        """Return the newest entries that are as the stream has them, newest first."""
        query = (
            f"SELECT {ENTRY_COLUMNS}, name FROM entry JOIN room ON room.id = entry.room"
            " WHERE entry.edited IS NULL ORDER BY entry.id DESC LIMIT ?"
        )
        with explained(self._path):
            rows = self._writer.execute(query, (count,)).fetchall()
        return [stored_event(EntryRow(*values), name) for *values, name in rows]

    def erase(self, nick: str, place: int, *, again: bool) -> None:
        """Delete all up to ``place`` under a folded nick; ``again`` also if that was done before."""
        with self.transaction() as db:
            known = db.execute("SELECT 1 FROM erased WHERE nick = ? AND place >= ?", (nick, place)).fetchone()
            if known and not again:
                return
            erase_said(db, nick, place)
            db.execute("INSERT OR REPLACE INTO erased VALUES (?, ?)", (nick, place))
        with suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def forget_some(self) -> Trimmed:
        """Delete some of what the stream does not have any more."""
        with self.transaction() as db:
            # Of what was changed the stream has the change alone, further on.
            old = "id < :first AND (edited IS NULL OR edited < :first)"
            query = f"SELECT {ENTRY_COLUMNS} FROM entry WHERE {old} ORDER BY id LIMIT :rows"
            rows = [EntryRow(*values) for values in db.execute(query, {"first": self.first, "rows": ROWS})]
            watermarks: dict[str, int] = {}
            for room, watermark in delete_entries(db, rows).items():
                raised = db.execute("UPDATE room SET cut = max(cut, ?) WHERE id = ? RETURNING key", (watermark, room))
                watermarks |= {key: watermark for (key,) in raised.fetchall()}
        return Trimmed(watermarks, more=bool(rows))

    def place(self) -> int:
        """Return up to where the stream was read."""
        with explained(self._path):
            place: int = self._one("SELECT coalesce(max(place), 0) FROM run")
        return max(place, self._last_id)

    def mark_unfilled(self) -> None:
        """Note that a new file has not been filled yet."""
        with self.transaction() as db:
            db.execute("CREATE TABLE IF NOT EXISTS unfilled (place INTEGER) STRICT")

    def finish(self, place: int, *, trimmed: bool) -> dict[str, int]:
        """Note that a new file has all that the stream had, up to ``place``; return the new watermarks by room.

        What had been deleted by then, if ``trimmed`` says that anything was, came before the first message there is.
        """
        with self.transaction() as db:
            if not self._one("SELECT count(*) FROM sqlite_master WHERE name = 'unfilled'"):
                return {}
            db.execute("DROP TABLE unfilled")
            if not trimmed:
                return {}
            db.execute(_CUT, (place + 1,))
            return dict(db.execute("SELECT key, cut FROM room"))

    def write_read(self, entries: Sequence[Entry], incarnations: Mapping[str, int], place: int) -> list[int]:
        """Store ``entries``, that the stream was read up to ``place``, and the last message of each incarnation.

        Return the places of those that were refused before, and are not stored.
        """
        self._seen = [(incarnation, order, place) for incarnation, order in incarnations.items()]
        self._refused = [entry.place for entry in entries if entry.durable and entry.refused is not None]
        self.write(entries)
        return self._refused

    def refused(self) -> list[tuple[int, bool]]:
        """Return the places of what was refused, in their order, and whether it is deleted from the stream."""
        with explained(self._path):
            rows = self._writer.execute("SELECT place, deleted FROM refused ORDER BY place")
            return [(place, bool(deleted)) for place, deleted in rows]

    @override
    def note_refused(self, entry: Entry) -> None:
        # To be deleted from the stream: a node that reads it there cannot know what its author was allowed.
        self._refused.append(entry.place)

    @override
    def note_gone(self, ids: Sequence[int], because: int) -> None:
        self._writer.executemany("INSERT OR IGNORE INTO gone VALUES (?, ?)", [(place, because) for place in ids])

    def gone(self, count: int) -> list[int]:
        """Return some of the places of what is to be deleted from the stream, because it was taken back or changed."""
        with explained(self._path):
            rows = self._writer.execute("SELECT place FROM gone ORDER BY place LIMIT ?", (count,)).fetchall()
        return [place for (place,) in rows]

    def forget_gone(self, places: Sequence[int]) -> None:
        """Note that what was taken back or changed is deleted from the stream."""
        with self.transaction() as db:
            db.executemany("DELETE FROM gone WHERE place = ?", [(place,) for place in places])

    def note_deleted(self, place: int) -> None:
        """Note that what was refused is deleted from the stream."""
        with self.transaction() as db:
            db.execute("UPDATE refused SET deleted = 1 WHERE place = ?", (place,))

    def forget_places(self, places: Collection[int]) -> dict[str, RoomState]:
        """Undo what was stored at some places, of which another node knows that it does not count.

        Return how the rooms stand that this concerns, by key.
        """
        with self.transaction() as db:
            rooms = {room for place in places for room in forget_entry(db, place)}
            db.executemany("DELETE FROM gone WHERE because = ?", [(place,) for place in places])
            keys = {key for room in rooms for (key,) in db.execute("SELECT key FROM room WHERE id = ?", (room,))}
        return {key: room_state for key, room_state in self.room_states().items() if key in keys} if keys else {}

    @override
    def write_more(self) -> None:
        db = self._writer
        db.executemany("INSERT OR REPLACE INTO run VALUES (?, ?, ?)", self._seen)
        db.executemany("INSERT OR IGNORE INTO refused VALUES (?, 0)", [(place,) for place in self._refused])
        if self._refused:
            oldest = "SELECT place FROM refused WHERE deleted ORDER BY place DESC LIMIT 1 OFFSET ?"
            db.execute(f"DELETE FROM refused WHERE deleted AND place < ({oldest})", [MAX_REFUSED])
        too_many = "SELECT place FROM run ORDER BY place DESC LIMIT 1 OFFSET ?"
        db.execute(f"DELETE FROM run WHERE place < ({too_many})", [_MAX_INCARNATIONS])

    @override
    def _id_after(self, last: int, entry: Entry) -> int:  # the stream has counted
        return entry.place


class LocalIndex(StoredJournal):
    """A journal's file that is filled from the stream, and trimmed as the stream is."""

    def __init__(self, environment: Environment, path: Path) -> None:
        self._stream_ages = StreamAges(environment.clock)
        super().__init__(environment, Retention(), self._stream_ages)
        self.note_refused: Callable[[Sequence[int]], None] = lambda _places: None
        """Is called with the places of what was refused, once it is known here."""
        self._path = path
        self._finished = False
        self._forgotten_to = 1
        self.complete = False
        """Whether the file has all that the stream had up to the place that it was read to."""

    @property
    def last_id(self) -> int:
        """The highest id that an entry had, 0 before the first."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        return store.last_id

    def start(self) -> tuple[str, int, dict[str, int], list[tuple[int, bool]]]:
        """Open the file; return its epoch, empty if it is new, its place, and the last message of each incarnation.

        Last come the places of what was refused, and whether it is deleted. Raises `JournalError`.
        """
        if self._path.exists() and self._path.stat().st_size > 0 and is_journal(self._path):
            raise JournalError(
                f"{self._path} is the journal of a single chatd and was not changed; name another file with"
                " ?index=FILE, and move its messages to the cluster with chatd export and chatd import"
            )
        store = LocalIndexStore(self._path)
        try:
            known = store.existing_epoch(), store.place(), store.incarnations(), store.refused()
            self.complete = store.is_filled()
            self.open_store(store)
            self._rooms.read_all()  # the file may be ahead of what is handed over by more than a batch
        except BaseException:
            if self._store is None:
                store.close()
            else:
                self.close_store()  # its threads would keep the process alive
            raise
        return known

    def belong_to(self, epoch: str) -> None:
        """Note from which stream the file is made. Raise `JournalError` if it is from another."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        if not store.existing_epoch():
            store.mark_unfilled()
        if store.epoch(epoch) != epoch:
            raise JournalError(
                f"{self._path} was built from another stream; name another file with ?index=FILE, or move this one away"
            )

    def newest_entries(self, count: int) -> Deferred[list[StoredEvent]]:
        """Return the newest entries, newest first; it fails with `JournalError`."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        return self._writer.do(partial(store.newest_entries, count))

    def erase(self, nick: str, place: int, *, again: bool) -> Deferred[None]:
        """Delete all up to ``place`` under a folded nick; it fails with `JournalError`."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        for room in self._rooms.values():
            topic = room.topic
            if topic is not None and topic.id <= place and names.key(topic.event.nick) == nick:
                room.topic = None
        return self._writer.do(partial(store.erase, nick, place, again=again))

    def note_first(self, first: int) -> None:
        """Note the place of the oldest message that the stream has: all that was before it is deleted there."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        store.first = first

    def forget_deleted(self) -> None:
        """Delete what was before the oldest message of the stream.

        Only once nothing is undone any more, see `forget`: what held before that may be among it.
        """
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        if self.complete and store.first > self._forgotten_to:
            self._forgotten_to = store.first
            self._delete_some()

    def _delete_some(self) -> None:
        """Delete step by step what was before the oldest message of the stream."""
        if self._store is None:
            return
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        step = self._writer.do(store.forget_some)
        step.addCallbacks(self._deleted_some, lambda failure: _log.error("{why}", why=failure.getErrorMessage()))

    def _deleted_some(self, forgotten: Trimmed) -> None:
        self._rooms.raise_watermarks(forgotten.watermarks)
        if forgotten.more:
            self._delete_some()

    def set_retention(self, retention: Retention) -> None:
        """Keep as much as the stream does from here on."""
        self.retention = retention
        # A node that joins later does not know the labels of what the stream has deleted.
        self._opened.label_seconds = min(LABEL_SECONDS, retention.seconds or LABEL_SECONDS)

    def write(self, entries: Sequence[Entry], incarnations: Mapping[str, int], place: int) -> Deferred[None]:
        """Store what was read; it fails with `JournalError`, and then nothing was."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        if entries:
            self._stream_ages.hear(entries[-1].time)
        writing = self._writer.do(partial(store.write_read, entries, dict(incarnations), place))
        return writing.addCallback(self.note_refused)

    def gone(self, count: int) -> Deferred[list[int]]:
        """Return some of the places of what is to be deleted from the stream; it fails with `JournalError`."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        return self._writer.do(partial(store.gone, count))

    def forget_gone(self, places: Sequence[int]) -> Deferred[None]:
        """Note that what was taken back or changed is deleted from the stream; it fails with `JournalError`."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        return self._writer.do(partial(store.forget_gone, places))

    def note_deleted(self, place: int) -> None:
        """Note that what was refused is deleted from the stream; if that fails it is deleted again after a restart."""
        if self._store is None:
            return
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        self._writer.do(partial(store.note_deleted, place)).addErrback(lambda failure: failure.trap(JournalError))

    def forget_places(self, places: Collection[int]) -> Deferred[None]:
        """Undo what was stored at some places; it fails with `JournalError`, and then nothing was."""
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        return self._writer.do(partial(store.forget_places, places)).addCallback(self._rooms.replace)

    def finish_once(self, place: int) -> None:
        """Note, the first time, that all that the stream had up to ``place`` was written."""
        if self._finished:
            return
        self._finished = True
        store = self._opened
        assert isinstance(store, LocalIndexStore)
        trimmed = self.retention != Retention() or store.first > 1
        finishing = self._writer.do(partial(store.finish, place, trimmed=trimmed))
        finishing.addCallbacks(self._filled, lambda failure: _log.error("{why}", why=failure.getErrorMessage()))

    def _filled(self, watermarks: Mapping[str, int]) -> None:
        self.complete = True
        self._rooms.raise_watermarks(watermarks)
