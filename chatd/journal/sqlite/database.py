"""Opens the file of a SQLite journal: takes its lock, checks it, upgrades it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from chatd.journal import JournalError
from chatd.journal.sqlite.word_index import drop_empty_levels, is_unreadable
from chatd.protocol import unicode_tables
from chatd.runtime.error_texts import of_sqlite
from chatd.runtime.files import open_own
from chatd.runtime.schema import upgrade, versions
from chatd.runtime.soundness import damage_in

APPLICATION_ID = int.from_bytes(b"chat", "big")
"""Marks a file as chatd's. https://www.sqlite.org/pragma.html#pragma_application_id"""
BUSY_SECONDS = 1.0
"""How long another program may hold the file before a write fails."""
MAX_LOG_BYTES = 16 * 1024 * 1024
"""The size that the write-ahead log shrinks to once no reader needs an old state of it."""
LACKS_LOG = (
    "it was not closed, and the log beside it (-wal) is missing; if it was copied while chatd ran, the newest"
    " messages are not in it: make complete copies with chatd backup"
)
_VERSION_WITH_STARTS = 3
_HEADER = b"SQLite format 3\0"
CHECK_SECONDS = 0.3
"""How long the check at the opening may take; a file that is too big for that, some 100 MB, is checked in part."""


class InUseError(JournalError):
    """Another process uses the file, and would write to it as well."""


class FileStatus(NamedTuple):
    """A file that a name leads to."""

    identity: tuple[int, int]
    """Stays the same while the name leads to the same file."""
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The connections to one file, and the lock beside it."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    searcher: sqlite3.Connection
    asker: sqlite3.Connection
    """For what is asked of a room at once."""
    second: sqlite3.Connection
    """Writes what the writer's FTS5 is to read anew, in its thread: see `word_index.drop_empty_levels`."""
    lock: int
    lacks_log: bool
    """Whether a daemon had the file open last, and the log is not there in which it may have written more."""
    repaired_index: bool
    """Whether SQLite could not read the full-text index, see `word_index.is_unreadable`, and can now."""

    def close(self) -> None:
        """Close them; the last connection brings all that was written into the file itself."""
        self.asker.close()
        self.searcher.close()
        self.reader.close()
        self.second.close()
        self.writer.close()
        os.close(self.lock)


def open_file(path: Path, synchronous: str = "FULL") -> OpenFile:
    """Open a journal's file, or make one. Raise `JournalError` if it is none, broken, in use or of a newer version."""
    if path.exists():
        _check_header(path)
    lock = _lock(path)
    with ExitStack() as opened:
        opened.callback(os.close, lock)
        with explained(path):
            without_log = False
            _roll_back(path)
            if path.exists() and path.stat().st_size > 0:  # else its making was cut short, or not begun
                _check(path, max(versions(schema())))
                without_log = lacks_log(path)
            os.close(open_own(path))  # nobody else may read it
            writer = opened.enter_context(closing(_connect(path)))
            writer.execute("PRAGMA secure_delete = ON")  # so that nothing stays in the file of what is deleted
            if _pragma(writer, "application_id") != APPLICATION_ID:
                writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            repaired = _repair_index(path, writer)
            upgrade(writer, schema())
            _note_unicode(writer)
            (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise JournalError(f"{path} cannot use a write-ahead log; is it on a network file system?")
            writer.execute(f"PRAGMA synchronous = {synchronous}")
            writer.execute("PRAGMA secure_delete = ON")  # of what is taken away nothing is to stay in the file
            writer.execute(f"PRAGMA journal_size_limit = {MAX_LOG_BYTES}")
            others = [opened.enter_context(closing(_connect(path))) for _ in range(4)]
            reader, searcher, asker, second = others
            for each in (reader, searcher, asker):
                each.execute("PRAGMA query_only = ON")
            _pragma(second, "user_version")  # opens the log: later there may be another under that name
            opened.pop_all()  # nothing has failed
            return OpenFile(writer, reader, searcher, asker, second, lock, without_log, repaired)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal's file to read it, even while a daemon uses it. Raise `JournalError` if it is none."""
    if not (path.is_file() or path.is_dir()):  # a pipe would be waited for
        raise JournalError(f"no such file: {path}")
    with explained(path):
        _roll_back(path)
        # Not even what a crash has left in the write-ahead log is brought into the file by such a connection.
        db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            if _pragma(db, "application_id") != APPLICATION_ID:
                raise JournalError(f"{path} is a database, but not of chatd")
        except BaseException:
            db.close()
            raise
        return db


def _roll_back(path: Path) -> None:
    """Take back what a crash has left undone while the file was being made; a connection that only reads cannot."""
    if path.exists() and path.with_name(path.name + "-journal").exists():
        with closing(_connect(path)) as db:
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def is_index(path: Path) -> bool:
    """Return whether a file is what a node of a cluster has read from the stream. Raise `JournalError`."""
    with closing(open_to_read(path)) as db, explained(path):
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run'").fetchone() is None:
            return False
        # A node has put the table into every file it was given, but never wrote to one that it did not make.
        return _any(db, "run") or not (_any(db, "entry") or _any(db, "room"))


def is_journal(path: Path) -> bool:
    """Return whether a file holds the journal of a single chatd. Raise `JournalError` if it is no file of chatd's."""
    with closing(open_to_read(path)) as db, explained(path):
        begun = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'journal'").fetchone() is not None
        begun = begun and (_any(db, "journal") or _any(db, "entry") or _any(db, "room"))
    return begun and not is_index(path)


def refuse_index(path: Path) -> None:
    """Raise `JournalError` for the index of a node: what is written there is in no stream, and is lost with it."""
    if path.exists() and path.stat().st_size > 0 and is_index(path):
        raise JournalError(
            f"{path} is the index of a node, built from the stream of a cluster, and was not changed; give the"
            " address of the cluster, nats://..., instead"
        )


def _any(db: sqlite3.Connection, table: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


@cache
def schema() -> str:
    """Return the schema; asked for once while all files of the program can still be read."""
    return files("chatd.journal.sqlite").joinpath("schema.sql").read_text()


def status(path: Path) -> FileStatus | None:
    """Return what the system says of the file to which a name leads; None if it leads nowhere."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileStatus((found.st_dev, found.st_ino), found.st_size)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into `JournalError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(of_sqlite(error, path)) from error


@contextmanager
def transaction(path: Path, db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is written within is stored together at the end, or nothing of it, if anything fails."""
    with explained(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def check(path: Path) -> None:
    """Raise `JournalError` for a file that is broken, another program's, or newer; nothing is written to it."""
    _check_header(path)
    with explained(path):
        _check(path, max(versions(schema())))


def lacks_log(path: Path) -> bool:
    """Return whether a daemon had a journal's file open last and its log is not there: as in a plain copy of the file.

    It is so, too, after a crash, when another program has opened the file and brought the log into it.
    """
    with suppress(FileNotFoundError):
        if path.with_name(path.name + "-wal").stat().st_size:
            return False  # one that is empty is made by whoever only reads
    with closing(open_to_read(path)) as db, explained(path):
        if _pragma(db, "user_version") < _VERSION_WITH_STARTS:
            return False
        return db.execute("SELECT 1 FROM journal WHERE running").fetchone() is not None


def _note_unicode(db: sqlite3.Connection) -> None:
    """Note by which Unicode names are judged from here on; a chatd that knows an older one leaves the file alone."""
    with suppress(sqlite3.OperationalError):  # such as a full disk, which keeps nobody from reading
        db.execute("UPDATE names SET unicode = :version WHERE unicode != :version", {"version": unicode_tables.VERSION})


def _pragma(db: sqlite3.Connection, name: str) -> int:
    (value,) = db.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _connect(path: Path) -> sqlite3.Connection:
    # Each connection stays with one thread, but is opened and closed in another.
    db = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    if sys.version_info >= (3, 12):  # else it is as SQLite was built; see `word_index.drop_empty_levels`
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, False)  # noqa: FBT003  # sqlite3's
    return db


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep daemons and commands that would write to a journal's file away. Raise `JournalError` if it is in use."""
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    """Keep every other process that would write away for as long as the returned descriptor is open."""
    beside = path.with_name(path.name + "-lock")
    try:
        lock = open_own(beside)
    except OSError as error:
        raise JournalError(f"cannot open {path}: {error.strerror} ({beside})") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise InUseError(f"{path} is in use by another chatd (process {holder or 'unknown'}); stop it first") from None
    with suppress(OSError):  # a full disk need not keep anybody from reading
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _check_header(path: Path) -> None:
    """Raise `JournalError` for what is not even a database; nothing is made beside it."""
    if not (path.is_file() or path.is_dir()):
        raise JournalError(f"cannot open {path}: it is not a regular file")
    try:
        with path.open("rb") as file:
            start = file.read(len(_HEADER))
    except OSError as error:
        raise JournalError(f"cannot open {path}: {error.strerror}") from None
    if start not in (b"", _HEADER):
        raise JournalError(f"{path}: file is not a database")


def _check(path: Path, newest: int) -> None:
    """Raise `JournalError` for a file that is broken, another program's, or newer; nothing is written to it."""
    with closing(open_to_read(path)) as db:
        version = _pragma(db, "user_version")
        if version > newest:
            raise JournalError(f"{path} was written by a newer chatd (version {version}; this one knows {newest})")
        page = _pragma(db, "page_size")
        beside = path.with_name(path.name + "-wal")
        if path.stat().st_size % page and not (beside.exists() and beside.stat().st_size):
            # SQLite itself would take the missing end of the last page for zeros.
            raise JournalError(f"{path} is damaged and was not changed: its end is missing")
        if not is_unreadable(db):  # else it is checked once that is repaired
            _check_soundness(db, path)
        _check_unicode(db, path)


def _repair_index(path: Path, db: sqlite3.Connection) -> bool:
    """Make an index readable that has too many levels; return whether it had. Raise `JournalError` for other damage."""
    if not is_unreadable(db):
        return False
    with transaction(path, db):
        drop_empty_levels(db)
        _check_soundness(db, path)
    return True


def _check_soundness(db: sqlite3.Connection, path: Path) -> None:
    enough = threading.Timer(CHECK_SECONDS, db.interrupt)
    enough.start()
    try:
        damage = damage_in(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        enough.cancel()
        enough.join()
    if damage:
        raise JournalError(f"{path} is damaged and was not changed: {damage}")


def _check_unicode(db: sqlite3.Connection, path: Path) -> None:
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'names'").fetchall():
        return
    for (unicode,) in db.execute("SELECT unicode FROM names"):
        if unicode_tables.is_later(str(unicode)):
            known = unicode_tables.VERSION
            raise JournalError(f"{path} has names of Unicode {unicode}, but this chatd knows {known}; update it")
