"""Copies a journal's file while a daemon uses it, and puts such a copy in its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from chatd.journal import JournalError
from chatd.journal.sqlite.database import check, explained, locked, open_to_read
from chatd.journal.sqlite.store import Store
from chatd.runtime.files import make_own

PAGES_AT_A_TIME = 250
"""How much is copied between two reports of progress: 1 MB."""
BESIDE = ("-wal", "-shm")
"""What SQLite may keep beside a file, and finds by its name."""

Progress = Callable[[int, int], None]
"""Is told how many pages of how many were copied."""


class Contents(NamedTuple):
    """What a copy of a journal holds."""

    messages: int
    rooms: int
    newest: int | None
    """When the newest message was sent, in milliseconds since 1970; None without messages."""


class Restored(NamedTuple):
    """What was put in place of a journal, and where that is now, if there was one."""

    contents: Contents
    set_aside: Path | None


def back_up(path: Path, target: Path, progress: Progress) -> Contents:
    """Copy a journal's file to ``target``, as it is at this moment, and return what is in it.

    A daemon may use the file, and goes on writing to it meanwhile. ``target`` is made, whole or not at all, readable by
    its owner alone. Raise `JournalError` if it is there already, or the journal cannot be read.
    """
    if os.path.lexists(target):
        raise JournalError(f"{target} already exists; nothing was changed")
    with _new_file(target, of=path) as made:
        with made.open("rb") as file:
            contents = _copy(path, made, _giving_way(file.fileno(), progress))
        os.rename(made, target)
        _flush_folder(target)
    return contents


def copy_beside(path: Path, target: Path) -> None:
    """Copy another SQLite file of the daemon, as it is at this moment, to ``target``, as `back_up` copies a journal.

    Raise `JournalError` if ``target`` is there already, or the file cannot be read.
    """
    if os.path.lexists(target):
        raise JournalError(f"{target} already exists; nothing was changed")
    with _new_file(target, of=path) as made, explained(path):
        read_only = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(read_only, uri=True)) as source, closing(sqlite3.connect(made)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        os.rename(made, target)
        _flush_folder(target)


def restore(path: Path, source: Path, epoch: str, progress: Progress) -> Restored:
    """Put a copy of a journal in the place of a journal's file, under a new ``epoch``.

    What was there before is renamed, not deleted. Raise `JournalError` if ``source`` is no journal, is broken or of a
    newer version, or if the file is in use; then nothing was changed.
    """
    if not source.exists():
        raise JournalError(f"no such file: {source}")
    check(source)
    with locked(path), _new_file(path) as made:
        _copy(source, made, progress)
        # Ids that clients have seen since the copy was made will be given to other messages.
        with closing(Store(made)) as store, store.transaction():
            store.rename(epoch)
        contents = _contents(made)
        set_aside = _set_aside(path)
        os.rename(made, path)
        _flush_folder(path)
    return Restored(contents, set_aside)


def _giving_way(file: int, progress: Progress) -> Progress:
    """Return what lets a daemon go first: after each piece a pause, as long as the piece took to be on the disk.

    Else what the daemon writes would wait there for all that was copied before.
    """
    began = monotonic()

    def copied(done: int, pages: int) -> None:
        nonlocal began
        progress(done, pages)
        with suppress(OSError):  # SQLite does so at the end, and is told as well what cannot be written
            os.fsync(file)
        sleep(monotonic() - began)
        began = monotonic()

    return copied


def _copy(path: Path, target: Path, progress: Progress) -> Contents:
    """Copy a journal to an empty file, and check the copy."""
    connect = sqlite3.connect
    with explained(path), closing(open_to_read(path)) as source, closing(connect(target, isolation_level=None)) as copy:
        # Without a transaction SQLite would begin anew whenever the daemon writes.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=PAGES_AT_A_TIME, progress=lambda _, left, pages: progress(pages - left, pages))
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()  # one file, and nothing beside it
        columns = {row[1] for row in copy.execute("PRAGMA table_info (journal)")}
        if "running" in columns:
            copy.execute("UPDATE journal SET running = 0")
    check(target)
    return _contents(target)


def _contents(path: Path) -> Contents:
    with closing(open_to_read(path)) as db, explained(path):
        in_room = "room NOT IN (SELECT id FROM room WHERE key LIKE '=%')"  # and not in a conversation of two
        rooms = f"count(DISTINCT room) FILTER (WHERE {in_room})"
        query = f"SELECT count(*), {rooms}, max(time) FROM entry WHERE kind = 'MSG'"
        return Contents(*db.execute(query).fetchone())


def _set_aside(path: Path) -> Path | None:
    """Rename a journal's file, with what SQLite keeps beside it; return its new name, None if there was none."""
    if not path.exists():
        return None
    name = f"{path.name}-before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    aside = next(found for found in _numbered(path.with_name(name)) if not os.path.lexists(found))
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # of a file in order nothing is left beside it
    for more in BESIDE:
        with suppress(FileNotFoundError):
            os.rename(path.with_name(path.name + more), aside.with_name(aside.name + more))
    os.rename(path, aside)
    return aside


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    number = 1
    while True:
        number += 1
        yield path.with_name(f"{path.name}-{number}")


@contextmanager
def _new_file(target: Path, *, of: Path | None = None) -> Iterator[Path]:
    """Make an empty file beside ``target``, to be given that name; what is left of it in the end is removed.

    If root makes it, to copy the file ``of`` somebody, the copy is for nobody else.
    """
    made = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(make_own(made, of=of.stat().st_uid if of is not None and of.exists() else None))
    except OSError as error:
        raise JournalError(f"cannot create {target}: {error.strerror}; name another file") from None
    try:
        yield made
    finally:
        for more in ("", "-journal", "-lock", *BESIDE):
            made.with_name(made.name + more).unlink(missing_ok=True)


def _flush_folder(path: Path) -> None:
    """Make sure that a new name of a file outlives a loss of power."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
