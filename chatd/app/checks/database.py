"""What all SQLite files of the daemon have in common: whose they are, whether they are whole, and of which version."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.app.checks.sqlite_file import UnreadError, number, opened, soundness
from chatd.protocol import unicode_tables

_HEADER = b"SQLite format 3\0"

Contents = Callable[[sqlite3.Connection], Iterator[Result]]
"""Yields what is found in a file that is whole and of a version that is known."""


class Kind(NamedTuple):
    """A kind of file."""

    subject: str
    is_of: str
    """What it is, for people: the file of ..."""
    application_id: int
    version: int
    """The newest that this chatd knows."""
    repair: Callable[[sqlite3.Connection], str] = lambda _: ""
    """Returns what is wrong with a file that the next start repairs, empty if nothing."""


def check_file(question: Question, kind: Kind, path: Path, contents: Contents) -> Iterator[Result]:
    """Yield what is found of a file, which need not be there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        yield _missing(kind, path)
        return
    except OSError as error:
        yield wrong(f"{kind.subject}.file", f"{path}: {error.strerror}", "let the user of the server reach it")
        return
    if not stat.S_ISREG(status.st_mode):
        yield wrong(f"{kind.subject}.file", f"{path} is not a regular file", "name another file")
        return
    yield from _access(kind, path, status)
    if question.in_daemon:
        return  # to open it once more would end the locks of the daemon's own connections
    try:
        if not _is_whole(path, status):
            yield wrong(f"{kind.subject}.file", f"{path} is not a database", "name another file, or restore a backup")
        elif status.st_size:
            with opened(path) as db:
                yield from _look(question, kind, path, db, contents)
    except PermissionError:
        return  # that it may not be read is said above
    except UnreadError as error:
        yield warning(f"{kind.subject}.integrity", f"{path} was not checked: {error}", "check again while it runs")
    except sqlite3.OperationalError as error:
        yield warning(f"{kind.subject}.integrity", f"{path} was not checked: {error}", "check again as its owner")
    except (OSError, sqlite3.Error) as error:
        yield wrong(f"{kind.subject}.integrity", f"{path}: {error}", "restore a backup: chatd restore FILE")


def has_table(db: sqlite3.Connection, table: str) -> bool:
    """Return whether there is a table of that name."""
    return db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone() is not None


def has_rows(db: sqlite3.Connection, table: str) -> bool:
    """Return whether there is such a table, and anything in it."""
    return has_table(db, table) and db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def count(db: sqlite3.Connection, table: str, condition: str = "true") -> int:
    """Return how many rows a table has."""
    (found,) = db.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    return int(found)


def _missing(kind: Kind, path: Path) -> Result:
    name, folder = f"{kind.subject}.file", path.parent
    if not folder.is_dir():
        return wrong(name, f"no such directory for {kind.is_of}: {folder}", f"mkdir -p {folder}")
    if not _may(folder, os.W_OK | os.X_OK):
        return wrong(name, f"this user cannot create {path}", f"give {folder} to the user of the server")
    return good(name, f"{path} does not exist yet; it is created when needed")


def _access(kind: Kind, path: Path, status: os.stat_result) -> Iterator[Result]:
    name = f"{kind.subject}.permissions"
    if not _may(path, os.R_OK | os.W_OK):
        yield wrong(
            name, f"this user cannot read and write {path}", "give it to the user of the server, or check as that user"
        )
    elif not _may(path.parent, os.W_OK | os.X_OK):
        what = f"this user cannot write to {path.parent}, where SQLite keeps files beside {path.name}"
        yield wrong(name, what, "give the directory to the user of the server, or check as that user")
    elif status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        yield warning(name, f"other users can open {path} (mode {mode})", f"chmod 600 {path}")
    else:
        yield good(name, f"only its owner can open {path}")


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=True)


def _is_whole(path: Path, status: os.stat_result) -> bool:
    with path.open("rb") as file:
        return not status.st_size or file.read(len(_HEADER)) == _HEADER


def _look(question: Question, kind: Kind, path: Path, db: sqlite3.Connection, contents: Contents) -> Iterator[Result]:
    if number(db, "application_id") != kind.application_id:
        yield wrong(f"{kind.subject}.file", f"{path} is a database, but not {kind.is_of}", "name another file")
        return
    version = number(db, "user_version")
    yield _version(kind, path, version)
    if unrepaired := kind.repair(db):
        what = f"{unrepaired} of {path}; the next start repairs it"
        yield warning(f"{kind.subject}.integrity", what, "restart the server, then check again")
        return
    sound = _soundness(question, kind, path, db)
    yield sound
    if version <= kind.version and not sound.do:
        yield from _unicode(kind, path, db)
        yield from contents(db)


def _version(kind: Kind, path: Path, version: int) -> Result:
    name = f"{kind.subject}.version"
    if version > kind.version:
        what = f"{path} was written by a newer chatd (version {version}; this one knows {kind.version})"
        return wrong(name, what, "install that chatd again, or restore an earlier backup")
    if version < kind.version:
        what = (
            f"{path} is of version {version}; the next start upgrades it to {kind.version},"
            " which older versions of chatd cannot read"
        )
        return warning(
            name, what, "make a copy first: chatd backup FILE for the journal, cp for another file that is not in use"
        )
    return good(name, f"{path} has version {version}, that of this chatd")


def _soundness(question: Question, kind: Kind, path: Path, db: sqlite3.Connection) -> Result:
    name, log = f"{kind.subject}.integrity", path.with_name(f"{path.name}-wal")
    if path.stat().st_size % number(db, "page_size") and not (log.exists() and log.stat().st_size):
        return wrong(name, f"{path} is damaged: its end is missing", "restore a backup: chatd restore FILE")
    found = soundness(db, question.seconds, lambda passed: question.report(f"{path.name} for {passed:.0f} s"))
    if found.damage:
        return wrong(name, f"{path} is damaged: {found.damage}", "restore a backup: chatd restore FILE")
    if not found.whole:
        return good(name, f"{path}: no damage found in the first {question.seconds:g} s")
    return good(name, f"{path} is undamaged")


def _unicode(kind: Kind, path: Path, db: sqlite3.Connection) -> Iterator[Result]:
    for (known,) in db.execute("SELECT unicode FROM names").fetchall() if has_table(db, "names") else ():
        if unicode_tables.is_later(str(known)):
            what = f"{path} has names of Unicode {known}, and this chatd knows {unicode_tables.VERSION}"
            yield wrong(f"{kind.subject}.version", what, "update chatd")
