"""What ``chatd compact`` does: nothing of what was taken away stays in a journal's file, also while it is in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from chatd.journal import JournalError
from chatd.journal.sqlite import merging
from chatd.journal.sqlite.database import BUSY_SECONDS, InUseError, explained, locked, open_to_read
from chatd.journal.sqlite.merging import Step
from chatd.journal.sqlite.store import Store
from chatd.journal.sqlite.word_index import ROWS
from chatd.protocol.text import counted

_VERSION_WITH_UPKEEP = 6
_BESIDE = ("", "-wal")

Progress = Callable[[str], None]
"""Is told how far it has come."""


class Compacted(NamedTuple):
    """What was done."""

    by_daemon: bool
    """Whether the daemon that uses the file has done it."""
    before: int
    """How many bytes the file and its log had."""
    after: int
    free: int
    """How many bytes of the file are free, and used again."""


def compact(path: Path, progress: Progress, pause: Callable[[], None]) -> Compacted:
    """Make all that was taken away leave a journal's file, and return what it came to.

    The file is written anew. A daemon that uses it is asked to merge its index instead, and ``pause`` waits for a
    moment: SQLite moves rows between pages, and what it leaves of them there goes with the page. Raise `JournalError`
    if the file is none or is being read.
    """
    with closing(open_to_read(path)):
        before = _size(path)
    by_daemon = False
    try:
        _compact_file(path, progress)
    except InUseError:
        by_daemon = _ask(path, progress, pause)
        if not by_daemon:
            _compact_file(path, progress)
    return Compacted(by_daemon, before, _size(path), _free(path))


def _compact_file(path: Path, progress: Progress) -> None:
    def show(step: Step, count: int) -> None:
        if step is Step.FED:
            progress(f"{counted(count * ROWS, 'message')} indexed again")
        else:
            progress(f"{counted(count, 'part')} merged")

    with closing(Store(path)) as store:
        store.compact(show)


def _ask(path: Path, progress: Progress, pause: Callable[[], None]) -> bool:
    """Return once the daemon that uses a file has done it, or does not use it any more, with whether it was done."""
    with explained(path), closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version < _VERSION_WITH_UPKEEP:
            raise JournalError(f"{path} is in use by an older chatd; stop it first")
        (wanted,) = db.execute(f"{merging.ASK} RETURNING wanted").fetchone()
        while True:
            fed_before, merged = db.execute("SELECT fed_before, merged FROM upkeep").fetchone()
            if merged >= wanted:
                return True
            waits = f"; {counted(fed_before, 'message')} to index again" if fed_before else ""
            progress(f"by the chatd that uses {path}{waits}")
            pause()
            if not _is_in_use(path):
                return False


def _is_in_use(path: Path) -> bool:
    try:
        with locked(path):
            return False
    except InUseError:
        return True


def _size(path: Path) -> int:
    files = [path.with_name(path.name + beside) for beside in _BESIDE]
    return sum(file.stat().st_size for file in files if file.exists())


def _free(path: Path) -> int:
    with explained(path), closing(open_to_read(path)) as db:
        ((pages,), (size,)) = (db.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size"))
    return int(pages) * int(size)
