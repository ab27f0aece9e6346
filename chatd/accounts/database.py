"""Opens the file of an account store: checks it, upgrades it, and keeps the looks of its names up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from chatd.accounts import AccountsError
from chatd.protocol import names, unicode_tables
from chatd.runtime.error_texts import of_sqlite
from chatd.runtime.schema import upgrade

APPLICATION_ID = int.from_bytes(b"chac", "big")
"""Marks a file as an account store. https://www.sqlite.org/pragma.html#pragma_application_id"""
VERSION = 7


@cache
def schema() -> str:
    """Return the schema; asked for once while all files of the program can still be read."""
    return files("chatd.accounts").joinpath("schema.sql").read_text()


def renew_looks(db: sqlite3.Connection, path: Path | None) -> None:
    """Compute what the names look like anew, if that was done by the tables of another Unicode.

    Raise `AccountsError` if it was a later one.
    """
    if _unicode_of(db) == unicode_tables.VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        known = _unicode_of(db)
        if unicode_tables.is_later(known):
            raise AccountsError(
                f"{path} has names of Unicode {known}, but this chatd knows {unicode_tables.VERSION}; update chatd"
            )
        accounts = db.execute("SELECT key, name FROM account").fetchall()
        db.execute("DELETE FROM look")
        looks = [(look, key) for key, name in accounts for look in set(names.looks(name))]
        db.executemany("INSERT INTO look (look, key) VALUES (?, ?)", looks)
        db.execute("UPDATE names SET unicode = ?", (unicode_tables.VERSION,))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _unicode_of(db: sqlite3.Connection) -> str:
    (known,) = db.execute("SELECT unicode FROM names").fetchone()
    return str(known)


def connect(path: Path, seconds: float) -> sqlite3.Connection:
    """Return a connection that waits so long for another process; any thread may use it."""
    db = sqlite3.connect(path, timeout=seconds, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA secure_delete = ON")  # of a hash that is replaced or removed nothing is to stay in the file
    return db


def is_ready(db: sqlite3.Connection, path: Path) -> bool:
    """Return whether a file has its tables. Raise `AccountsError` if it is another program's, newer, or damaged."""
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if mark != APPLICATION_ID:
        if mark or version or db.execute("SELECT 1 FROM sqlite_schema").fetchall():
            raise AccountsError(f"{path} is a database, but not of chatd accounts")
        return False
    if version > VERSION:
        raise AccountsError(f"{path} was written by a newer chatd (version {version}; this one knows {VERSION})")
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise AccountsError(f"{path} is damaged and was not changed: {' '.join(verdict.split())}")
    return bool(version == VERSION)


def set_up(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or bring them up to date. Raise `AccountsError` where that cannot be."""
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise AccountsError(f"{path} cannot use a write-ahead log; is it on a network file system?")
    try:
        upgrade(db, schema())
    except sqlite3.OperationalError:
        with suppress(sqlite3.Error):
            if is_ready(db, path):  # another process was faster
                return
        raise


@contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors into `AccountsError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise AccountsError(of_sqlite(error, path, "the accounts in memory")) from error
