"""The hooks in an SQLite file beside the journal, which the command line and the daemon both have open. Blocking."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from pathlib import Path

from chatd.hooks import HooksError
from chatd.protocol.names import RoomName
from chatd.runtime.error_texts import of_sqlite
from chatd.runtime.files import make_own
from chatd.runtime.schema import upgrade

APPLICATION_ID = int.from_bytes(b"chah", "big")
"""Marks a file as one of hooks. https://www.sqlite.org/pragma.html#pragma_application_id"""
VERSION = 1
WAIT_SECONDS = 5.0
"""How long another process may hold the file."""
MAX_HOOKS = 100
"""How many there may be: each has a connection of its own."""


@dataclass(slots=True)
class Hook:
    """One hook, as the file has it; ``schema.sql`` says what each field is."""

    id: int
    room: RoomName
    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    private: bool
    made: int
    series: str
    epoch: str | None = None
    position: int | None = None
    behind: int = 0
    missed: int = 0
    failures: int = 0
    status: int | None = None
    why: str = ""
    next: int = 0
    disabled: bool = False


_COLUMNS = tuple(each.name for each in fields(Hook))
_GIVEN = _COLUMNS[1:9]
_KEPT = _COLUMNS[6:]
"""What the daemon changes."""


def beside(journal: Path) -> Path:
    """Return the default file of hooks: ``chatd.hooks.sqlite3`` beside the journal ``chatd.sqlite3``."""
    return journal.with_name(f"{journal.stem}.hooks{journal.suffix}")


def new_series() -> str:
    """Return what the ids that a receiver is told begin with: no other history of messages has the same."""
    return secrets.token_hex(6)


@cache
def schema() -> str:
    """Return the schema; asked for once while all files of the program can still be read."""
    return files("chatd.hooks").joinpath("schema.sql").read_text()


class HookStore:
    """The hooks in an open file. Everything raises `HooksError` if it cannot be opened, read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _explained(path):
            self._db = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._set_up()
            except BaseException:
                self._db.close()
                raise

    def _set_up(self) -> None:
        db = self._db
        (mark,), (version,) = (db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version"))
        if mark != APPLICATION_ID and (mark or version or db.execute("SELECT 1 FROM sqlite_schema").fetchall()):
            raise HooksError(f"{self._path} is a database, but not of webhooks; choose another file with --hooks")
        if version > VERSION:
            raise HooksError(f"{self._path} was written by a newer chatd (version {version}; this one knows {VERSION})")
        db.execute("PRAGMA secure_delete = ON")  # of a secret that is removed nothing is to stay in the file
        db.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes with it are the newest positions: something is sent once more.
        db.execute("PRAGMA synchronous = NORMAL")
        if version < VERSION:
            try:
                upgrade(db, schema())
            except sqlite3.OperationalError:
                if db.execute("PRAGMA user_version").fetchone() != (VERSION,):  # no other process was faster
                    raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def changes(self) -> int:
        """Return a number that is another as soon as another process has changed something."""
        with _explained(self._path):
            (number,) = self._db.execute("PRAGMA data_version").fetchone()
            return int(number)

    def all(self) -> list[Hook]:
        """Return all hooks in the order in which they were made."""
        with _explained(self._path):
            return [_hook(row) for row in self._db.execute(f"SELECT {', '.join(_COLUMNS)} FROM hook ORDER BY id")]

    def add(self, hook: Hook) -> int:
        """Add a hook, under an id that no other ever had; return that."""
        values = [getattr(hook, name) for name in _GIVEN]
        with _explained(self._path):
            (there,) = self._db.execute("SELECT count(*) FROM hook").fetchone()
            if there >= MAX_HOOKS:
                raise HooksError(f"there are {there} webhooks already, the most allowed; remove one first")
            marks = ", ".join("?" for _ in _GIVEN)
            added = self._db.execute(f"INSERT INTO hook ({', '.join(_GIVEN)}) VALUES ({marks})", values)
            return added.lastrowid or 0

    def remove(self, id_: int) -> bool:
        """Delete a hook; return whether there was one."""
        with _explained(self._path):
            return self._db.execute("DELETE FROM hook WHERE id = ?", (id_,)).rowcount > 0

    def keep(self, hook: Hook) -> None:
        """Write down how far a hook is; nothing if it was removed meanwhile."""
        sets = ", ".join(f"{name} = ?" for name in _KEPT)
        with _explained(self._path):
            self._db.execute(
                f"UPDATE hook SET {sets} WHERE id = ?", [*(getattr(hook, name) for name in _KEPT), hook.id]
            )


def _hook(row: Sequence[object]) -> Hook:
    hook = Hook(*row)  # type: ignore[arg-type]  # the columns are the fields
    hook.room, hook.private, hook.disabled = RoomName(hook.room), bool(hook.private), bool(hook.disabled)
    return hook


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise HooksError(of_sqlite(error, path)) from error


def open_hook_store(path: Path, *, make: bool) -> closing[HookStore]:
    """Return a store that is open, to be used in a ``with``. Raise `HooksError` if it cannot be or is not there."""
    if not path.exists():
        if not make:
            raise HooksError(f"no such file: {path}; chatd hook add creates it")
        try:
            # Nobody else may read the secrets. One that is there is left alone: closing another descriptor of it would
            # end the locks of this process's connections (https://www.sqlite.org/howtocorrupt.html, 2.2).
            os.close(make_own(path))
        except FileExistsError:
            pass
        except OSError as error:
            raise HooksError(f"{path} cannot be created: {error.strerror}") from None
    return closing(HookStore(path))
