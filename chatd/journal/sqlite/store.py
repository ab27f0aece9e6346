"""What is written to the file of a SQLite journal. Blocking; no Twisted."""

from __future__ import annotations

import sqlite3
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from chatd.journal import LABEL_SECONDS, JournalError, Retention
from chatd.journal.known_rooms import RoomState
from chatd.journal.read_markers import Marker
from chatd.journal.sqlite import merging, requests, seen
from chatd.journal.sqlite.database import explained, open_file, status, transaction
from chatd.journal.sqlite.lapsing import lapse
from chatd.journal.sqlite.merging import IndexUpkeep, Step
from chatd.journal.sqlite.numbering import Batch, Numbering, Repeated, join_onto, number
from chatd.journal.sqlite.reader import Reader
from chatd.journal.sqlite.references import follow, refusal_in
from chatd.journal.sqlite.retention import Trimmed, Trimming, forget_room
from chatd.journal.sqlite.rows import action_row, insert_action, insert_entries, insert_labels
from chatd.journal.sqlite.standings import standings
from chatd.journal.sqlite.word_index import NEW_ROWS, feed_new
from chatd.journal.starts import MARK_CHARACTERS, MAX_STARTS, Start, Starts
from chatd.model.entry import Entry
from chatd.model.room_policy import ANEW, REGISTERED, effects
from chatd.protocol.events import Moderated, Said
from chatd.protocol.references import REFERRING


class Store:
    """An open journal file.

    `write` and `trim` belong to one thread, ``reader``, ``searcher`` and ``asker`` to one each, with connections of
    their own.
    A lock beside the file keeps other writing processes out. Any failure raises `JournalError`, and then
    nothing was changed. ``synchronous`` is SQLite's: with FULL, what is committed survives a loss of power.
    """

    knows_all = True
    """Whether all that ever stood in the order was read, so that what is not there never was, or is deleted."""

    def __init__(self, path: Path, *, synchronous: str = "FULL", label_seconds: int = LABEL_SECONDS) -> None:
        self.label_seconds = label_seconds
        """How much older than an entry the first under the same label may be."""
        self._path = path
        self._file = open_file(path, synchronous)
        self._log = path.with_name(path.name + "-wal")
        self.lacks_log = self._file.lacks_log
        """Whether a daemon had the file open last, and the log is not there in which it may have written more."""
        self._identity: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._size = 0
        self._writer = self._file.writer
        self.reader = Reader(path, self._file.reader)
        self.searcher = Reader(path, self._file.searcher)
        self.asker = Reader(path, self._file.asker)
        self.upkeep = IndexUpkeep(path, self._writer, self._file.second, repaired=self._file.repaired_index)
        """What is still to be done in the full-text index; it belongs to the thread that writes."""
        self._rooms: dict[str, int] = {}  # the ids, by key, of those that were asked for
        self._trimming = Trimming()
        self._last_id = 0
        self._unfed = 0
        """How many entries the full-text index lacks, at most."""
        self._begun: Start | None = None
        """The start that is to be noted in the file with what is written next."""
        with explained(path):
            self._load()

    @property
    def size_bytes(self) -> int:
        """How long the file was, without its log, when something was last written."""
        return self._size

    def close(self) -> None:
        """Close the file; what was written is all in it, and nothing is left beside it but the lock."""
        with suppress(JournalError):
            self.feed()
        with suppress(sqlite3.Error):  # such as a full disk: the next start is told of a log that may be missing
            self._writer.execute("UPDATE journal SET running = 0 WHERE running")
        self._file.close()

    def epoch(self, made: str) -> str:
        """Return the name of the journal, which is ``made`` if the file has none yet."""
        with explained(self._path):
            row = self._writer.execute("SELECT epoch FROM journal").fetchone()
        if row is not None:
            (epoch,) = row
            return str(epoch)
        with self.transaction():
            self.rename(made)
        return made

    def begin(self, made: str) -> Starts:
        """Note that a daemon starts; return what is known of it and those before. ``made`` is random.

        On a full disk it is noted with the first thing that can be written.
        """
        name = self.epoch(made)
        with explained(self._path):
            known = [Start(*row) for row in self._writer.execute("SELECT mark, first_id FROM start ORDER BY number")]
        self._begun = begun = Start(made[:MARK_CHARACTERS] if name != made else "", self._last_id + 1)
        with suppress(JournalError):
            self.write(())
            with explained(self._path):  # so that the file itself says it, also without its log
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return Starts(name, [*known, begun] if begun.mark else known)

    def _note_start(self, begun: Start) -> None:
        if begun.mark:
            self._writer.execute("INSERT INTO start (mark, first_id) VALUES (?, ?)", begun)
            too_many = "(SELECT max(number) FROM start) - ?"
            self._writer.execute(f"DELETE FROM start WHERE number <= {too_many}", (MAX_STARTS,))
        self._writer.execute("UPDATE journal SET running = 1")

    def newest(self) -> int | None:
        """Return when the newest entry was stored, in milliseconds since 1970; None without entries."""
        with explained(self._path):
            row = self._writer.execute("SELECT time FROM entry ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def room_states(self) -> dict[str, RoomState]:
        """Return what is known of each room, by key."""
        with explained(self._path):
            return standings(self._writer)

    def write(self, entries: Sequence[Entry], now: int | None = None) -> None:
        """Store the durable ones of ``entries`` in one transaction; then, and only then, note what became of each.

        The ages of labels are counted up to ``now``, in milliseconds since 1970, or to the time that each entry has.
        """
        try:
            with self.transaction():
                self._check_identity()
                if self._begun is not None:
                    self._note_start(self._begun)
                batch = self.add(entries, now)
                self.write_more()
        except JournalError as error:
            self._recover(error.__cause__)
            raise
        self._begun = None
        self.settle(batch)

    def write_more(self) -> None:
        """Write what a kind of store keeps beside the entries, in their transaction."""

    def add(self, entries: Sequence[Entry], now: int | None = None) -> Batch:
        """Add the durable ones of ``entries``, each with the time that it has, within a transaction."""
        whole: Batch | None = None
        self._know_rooms({entry.room for entry in entries if entry.durable})
        for part, is_about in _parts(entries):
            rooms = ChainMap(whole.rooms, self._rooms) if whole is not None and whole.rooms else self._rooms
            last_id = whole.rows[-1].id if whole is not None and whole.rows else self._last_id
            numbering = Numbering(rooms, last_id, self._id_after, self.label_seconds, now)
            added = self._add_about(part[0], numbering) if is_about else self._add_part(part, numbering)
            if whole is None:
                whole = added
            else:
                join_onto(whole, added)
        assert whole is not None
        self._unfed += len(whole.rows)
        if self._unfed >= NEW_ROWS:
            feed_new(self._writer)
            self._unfed = 0
        return whole

    def feed(self) -> None:
        """Put what is still missing into the full-text index. Raise `JournalError`."""
        if self._unfed:
            with self.transaction() as db:
                feed_new(db)
            self._unfed = 0

    def _add_part(self, entries: Sequence[Entry], numbering: Numbering) -> Batch:
        """Add entries that refer to no others."""
        db = self._writer
        batch = number(db, entries, numbering)
        insert_entries(db, batch.rows)
        db.executemany("DELETE FROM label WHERE entry = ?", [(entry,) for entry in batch.expired])
        insert_labels(db, batch.labels.items())
        topics = [(row.id, row.time, row.nick, row.text, row.room) for row in batch.rows if row.kind == "TOPIC"]
        set_topic = "UPDATE room SET topic_id = ?, topic_time = ?, topic_nick = ?, topic_text = ? WHERE id = ?"
        db.executemany(set_topic, topics)
        for entry, row in zip(batch.new, batch.rows, strict=True):
            if type(entry.event) is Moderated:
                self._apply(entry, row.room, row.id, entry.event)
        return batch

    def _add_about(self, entry: Entry, numbering: Numbering) -> Batch:
        """Add an entry that refers to a message, and do what it says."""
        batch = number(self._writer, [entry], numbering)
        if not batch.rows:
            return batch
        (row,) = batch.rows
        why = refusal_in(self._writer, row.room, entry, known=self.knows_all or not entry.seen)
        if why is not None:
            self.note_refused(entry)
            return Batch(batch.rooms, [], [], {}, [], [Repeated(entry, 0, refused=why)])
        self._writer.executemany("DELETE FROM label WHERE entry = ?", [(expired,) for expired in batch.expired])
        insert_entries(self._writer, batch.rows)
        insert_labels(self._writer, batch.labels.items())
        self.note_gone(follow(self._writer, row.room, entry, row.id), row.id)
        return batch

    def note_refused(self, entry: Entry) -> None:
        """Note, within the transaction, that an entry does not count that refers to a message."""

    def note_gone(self, ids: Sequence[int], because: int) -> None:
        """Note, within the transaction, of which entries nothing is left because of another, given their ids."""

    def _apply(self, entry: Entry, room: int, id_: int, event: Moderated) -> None:
        """Keep the moderation actions that hold from here on apart from the entries, which retention deletes."""
        if event.verb == "SET" and event.subject == ANEW:
            lapse(self._writer, room, event.room, id_ - 1)
            return
        known = "FROM ruling WHERE room = ? AND kind = ? AND subject = ?"
        for key, held in effects(event):
            if key == REGISTERED and self._writer.execute(f"SELECT 1 {known}", (room, *key)).fetchone():
                return
            self._writer.execute(f"DELETE {known}", (room, *key))
            if held is not None:
                insert_action(self._writer, action_row(room, key, id_, entry.time, held))

    def settle(self, batch: Batch) -> None:
        """Note that what was added is committed."""
        self._rooms |= batch.rooms
        self._trimming.grew({row.room for row in batch.rows})
        if batch.rows:
            self._last_id = batch.rows[-1].id
        for entry, row in zip(batch.new, batch.rows, strict=True):
            entry.id, entry.duplicate, entry.refused = row.id, False, None
        for entry, id_, duplicate, refused, time in batch.repeated:
            entry.id, entry.duplicate, entry.refused = id_, duplicate, refused
            if time is not None:
                entry.time = time

    def markers(self) -> list[Marker]:
        """Return up to where the owners of accounts have read."""
        with explained(self._path):
            return seen.read_markers(self._writer)

    def write_markers(self, markers: Sequence[Marker]) -> None:
        """Store markers, see `ReadMarkers`, in one transaction."""
        with self.transaction() as db:
            self._check_identity()
            seen.write_markers(db, markers)

    def take_requests(self) -> list[Entry]:
        """Return what commands ask for, see `requests`, and which is not asked for any more."""
        with explained(self._path):
            asked = self._one("SELECT EXISTS (SELECT 1 FROM request)")
        if not asked:
            return []
        with self.transaction() as db:
            return requests.take(db)

    def trim(self, retention: Retention, now: int) -> Trimmed:
        """Delete some of what retention, and a room's own, does not keep; see `Trimming.step`."""
        with self.transaction() as db:
            return self._trimming.step(db, retention, now)

    def trim_all(self) -> None:
        """Let `trim` look at every room again, and not only at those to which something was added."""
        self._trimming.look_at_all()

    def forget(self, rooms: Mapping[str, int]) -> None:
        """Forget rooms of which nothing is left but topics, by key, up to the id of the last that is to go."""
        with self.transaction() as db:
            self._know_rooms(rooms)
            known = {key: (self._rooms[key], upto) for key, upto in rooms.items() if key in self._rooms}
            gone = [key for key, (room, upto) in known.items() if forget_room(db, room, upto)]
        for key in gone:
            del self._rooms[key]

    def _know_rooms(self, keys: Iterable[str]) -> None:
        """Learn the ids of rooms, by key, as far as the file has them."""
        for key in keys:
            if key not in self._rooms:
                for (room,) in self._writer.execute("SELECT id FROM room WHERE key = ?", (key,)):
                    self._rooms[key] = room

    def _check_identity(self) -> None:
        """Raise `JournalError` if what is written would not be found under the name that the file was opened by.

        What was written last is in the log beside it, so that the same holds for that.
        """
        file, log = status(self._path), status(self._log)
        if file is None or log is None or self._identity not in (None, (file.identity, log.identity)):
            raise JournalError(f"{self._path} or {self._log} is not the file that was opened; put it back or restart")
        self._identity = file.identity, log.identity
        if file.size < self._size:
            raise JournalError(
                f"{self._path} was truncated from {self._size} to {file.size} bytes; restore it and restart"
            )
        self._size = file.size

    def _recover(self, cause: BaseException | None) -> None:
        """After a write that failed, make room on a full disk if that can be; forget what may not be so any more."""
        with suppress(sqlite3.Error):
            if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with suppress(sqlite3.Error):
            self._load()

    def _load(self) -> None:
        self._unfed = NEW_ROWS  # there may be some
        self._rooms.clear()
        self._last_id = self._one("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'entry'")

    def _one(self, query: str) -> Any:
        (value,) = self._writer.execute(query).fetchone()
        return value

    def _id_after(self, last: int, entry: Entry) -> int:  # noqa: ARG002  # for those who override it
        """Return the id of an entry, given that of the one before; a kind of store may have ids from elsewhere."""
        return last + 1

    def compact(self, progress: Callable[[Step, int], None] | None = None) -> None:
        """Make all that was deleted leave the file, and return its space to the system.

        Rows that SQLite has moved to other pages may have left parts of themselves in the unused middle of those where
        they were, also with ``secure_delete``: so the file is written anew.

        ``progress`` is told what each step has done, and how many there were of its kind. Raise `JournalError` if
        somebody reads the file.
        """
        with self.transaction() as db:
            db.execute(merging.ASK)
        steps: Counter[Step] = Counter()
        while (step := self.upkeep.step(pages=merging.PAGES_AT_ONCE)) in (Step.FED, Step.MERGED):
            steps[step] += 1
            if progress is not None:
                progress(step, steps[step])
        with explained(self._path):
            self._writer.execute("VACUUM")
        if not merging.empty_log(self._path, self._writer):
            raise JournalError(f"{self._path} is being read, so deleted text is still in it; try again later")

    def rename(self, made: str) -> None:
        """Make it another journal, within a transaction: what was told under the epochs before says nothing of it."""
        self._writer.execute("DELETE FROM start")
        self._writer.execute("DELETE FROM journal")
        self._writer.execute("INSERT INTO journal (epoch) VALUES (?)", (made,))

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """All that is written within is stored together at the end, or nothing of it, if anything fails."""
        return transaction(self._path, self._writer)


def _parts(entries: Sequence[Entry]) -> Iterator[tuple[Sequence[Entry], bool]]:
    """Cut entries into parts that are stored together; whether each is one that refers to a message, and alone."""
    start = 0
    for at, entry in enumerate(entries):
        event = entry.event
        # As `refers` says, for half of what the call would cost.
        if event.reply if type(event) is Said else type(event) in REFERRING:
            if at > start:
                yield entries[start:at], False
            yield [entry], True
            start = at + 1
    if start < len(entries) or not entries:
        yield entries[start:], False
