"""The file of what is kept of conversations as they change: a small SQLite database of its user's alone.

Why a database: a change writes the few rows that are others, all of it or nothing, on the disk when it returns; two
clients of one user can write at once; and a client that is killed leaves nothing half done. It has a rollback journal
and no write-ahead log, which would not do where the home is on a network. What is deleted is overwritten.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chatd.client.model.claims import Claim

FILE_NAME = "conversations.sqlite"
SCHEMA = 1
LOCK_SECONDS = 0.5
"""How long to wait for another client that is writing."""
MAX_READ = 2000
"""How many places of one name at one server are read."""
_TABLES = """
CREATE TABLE place (server TEXT, nick TEXT, place TEXT, data TEXT, PRIMARY KEY (server, nick, place)) WITHOUT ROWID;
CREATE TABLE waiting (label TEXT PRIMARY KEY, server TEXT, owner TEXT, number INTEGER, data TEXT);
PRAGMA user_version = 1;
"""


class NewerFileError(Exception):
    """A newer client has written the file."""


class Message(NamedTuple):
    """One message that waits for a server. ``owner`` is the `Claim` of the client that is to send it."""

    label: str
    owner: str
    number: int
    data: str


class KeptRows:
    """The file, opened when it is first needed; ``client`` is a name that no other client ever has.

    All raise `sqlite3.Error`, `OSError` or `NewerFileError`.
    """

    def __init__(self, folder: Path, client: str) -> None:
        self.path = folder / FILE_NAME
        self.claim = Claim(folder, FILE_NAME, client)
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of what is done in the block, on the disk when it is left, or nothing if it raises."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def places(self, server: str, nick: str) -> dict[str, dict[str, Any]]:
        """Return what was put for a name at a server, by place; what cannot be read is passed over."""
        rows = self._open().execute(
            "SELECT place, data FROM place WHERE server = ? AND nick = ? LIMIT ?", (server, nick, MAX_READ)
        )
        return {place: found for place, data in rows if isinstance(found := _read(data), dict)}

    def waiting(self, server: str) -> list[Message]:
        """Return what waits for a server, in the order in which it was said."""
        query = "SELECT label, owner, number, data FROM waiting WHERE server = ? ORDER BY number, label"
        return [Message(*row) for row in self._open().execute(query, (server,))]

    def set_aside(self) -> None:
        """Let a file that is of no use stand beside a new one, with ``.broken`` at the end of its name."""
        self.close()
        self.path.replace(self.path.with_name(self.path.name + ".broken"))

    def close(self) -> None:
        """Close the file; the claim stays."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            folder = self.path.parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.claim.take()
            # SQLite would make it readable for others; its journal gets the mode of the file.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in ("journal_mode = TRUNCATE", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        connection.execute("ROLLBACK")
        raise NewerFileError
    if version == 0:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
    connection.execute("COMMIT")


def _read(data: object) -> object:
    try:
        return json.loads(data) if isinstance(data, str) else None
    except (ValueError, RecursionError):
        return None
