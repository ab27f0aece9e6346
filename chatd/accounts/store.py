"""The account store: accounts and open invitations, in an SQLite file or in memory."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from chatd.accounts import AccountsError
from chatd.accounts.database import connect, explained, is_ready, renew_looks, schema, set_up
from chatd.protocol import names
from chatd.runtime.files import make_own
from chatd.runtime.schema import upgrade

MAX_NETWORKS = 16
"""From how many networks, for each account, it is remembered that its owner has logged in: those used last."""
NETWORK_SECONDS = 180 * 24 * 60 * 60
"""For how long that is remembered."""
WRITE_SECONDS = 5.0
"""How long another process may hold the file before a write fails."""
READ_SECONDS = 0.25
"""The same for a look-up, for which the reactor waits. In this mode of SQLite readers wait for next to nothing."""


class TakenError(Exception):
    """An account cannot be made under a name; the argument is a sentence that says why."""


class NoAccountError(Exception):
    """There is no account of a name."""


class CodeError(Exception):
    """An invitation code is none, was used or is too old."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account. ``key`` is its nick, folded (`names.key`); ``created`` is in seconds since 1970."""

    key: str
    name: str
    hash: str | None = field(repr=False)
    """None if an ``--auth`` method knows the password."""
    operator: bool
    created: int
    mark: str = field(default="", compare=False)
    """What no other account of the same name has, before or after it; the store gives it."""


def beside(journal: Path) -> Path:
    """Return the default file of accounts: ``chatd.accounts.sqlite3`` beside the journal ``chatd.sqlite3``."""
    return journal.with_name(f"{journal.stem}.accounts{journal.suffix}")


class AccountStore:
    """Accounts and invitations in the file at ``path``, or in memory if there is none.

    Look-ups belong to one thread, changes may come from any. Both see at once what another process writes. Everything
    but `close` raises `AccountsError` if the file cannot be opened, read or written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._closed = False

    def open(self, *, make: bool) -> None:
        """Open the file, which is made if it is not there and ``make``; else it is opened once it is."""
        schema()
        if self.path is None:
            self._reader = self._writer = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._writer.execute("PRAGMA foreign_keys = ON")
            upgrade(self._writer, schema())
            renew_looks(self._writer, None)
        elif make or self.path.exists():
            with self._lock:
                self._open_writer()
            self._find_reader()

    def close(self) -> None:
        """Close the file, for good: from here on no account is found and none changed."""
        with self._lock:
            self._closed = True
            for db in (self._reader, self._writer):
                if db is not None:
                    db.close()
            self._reader = self._writer = None

    # What is looked up.

    @property
    def is_there(self) -> bool:
        """Whether there is a file, or the memory, to look things up in."""
        return self._find_reader() is not None

    def find(self, key: str) -> Account | None:
        """Return the account of that key."""
        found = self.read(f"SELECT {_COLUMNS} FROM account WHERE key = ?", (key,))
        return next(map(_account, found), None)

    def twin(self, nick: str) -> str | None:
        """Return the name of an account which is not that of ``nick`` but looks like it."""
        return next((str(name) for (name,) in self.read(_TWIN, (*names.looks(nick), names.key(nick)))), None)

    def accounts(self) -> list[Account]:
        """Return all accounts in the order of their keys."""
        return list(map(_account, self.read(f"SELECT {_COLUMNS} FROM account ORDER BY key", ())))

    def last_login(self, key: str, network: str) -> int | None:
        """Return when an account was last noted as logged in to from a network, in seconds since 1970."""
        found = self.read("SELECT time FROM login WHERE key = ? AND network = ?", (key, network))
        return next((int(time) for (time,) in found), None)

    def has_hashes(self) -> bool:
        """Return whether the store has the hash of any password."""
        return bool(self.read("SELECT 1 FROM account WHERE hash IS NOT NULL LIMIT 1", ()))

    def has_code(self, code: str, now: int) -> bool:
        """Return whether a code is an invitation that holds at ``now``, in seconds since 1970."""
        return bool(self.read(f"SELECT 1 FROM code {_IS_OPEN}", (_digest(code), now)))

    # What is changed.

    def add(
        self,
        account: Account,
        code: str | None = None,
        *,
        twins: bool = False,
        provider: tuple[str, str] | None = None,
    ) -> None:
        """Add an account and use up the invitation that it comes by, if any: both or nothing.

        ``provider`` is the issuer and the subject that it is bound to, if it is one of an OpenID provider's.

        Raise `TakenError` if there is one of that key or, unless ``twins`` may be, one that looks like it; `CodeError`
        if the code is not an open one.
        """
        with self.writing() as db:
            if code is not None:
                used = db.execute(f"UPDATE code SET uses = uses - 1 {_IS_OPEN}", (_digest(code), account.created))
                if not used.rowcount:
                    raise CodeError
                db.execute("DELETE FROM code WHERE uses <= 0")
            if db.execute("SELECT 1 FROM account WHERE key = ?", (account.key,)).fetchall():
                raise TakenError(f"{account.name} already belongs to a registered user")
            if provider is not None and db.execute(_PROVIDED, provider).fetchall():
                raise TakenError(f"that person already has another account than {account.name}")
            for (twin,) in db.execute(_TWIN, (*names.looks(account.name), account.key)).fetchall():
                if not twins:
                    raise TakenError(f"{account.name} could be mistaken for {twin}; choose another nick")
            values = {column: getattr(account, column) for column in ("key", "name", "hash", "operator", "created")}
            mark = _AUTH_MARK if account.hash is None else _OWN_MARK
            db.execute(
                f"INSERT INTO account ({_COLUMNS}) VALUES (:key, :name, :hash, :operator, :created, {mark})", values
            )
            rows = [(look, account.key) for look in set(names.looks(account.name))]
            db.executemany("INSERT INTO look (look, key) VALUES (?, ?)", rows)
            if provider is not None:
                db.execute("INSERT INTO provided (key, issuer, subject) VALUES (?, ?, ?)", (account.key, *provider))

    def set_hash(self, key: str, new: str, *, instead_of: str | None = None) -> bool:
        """Give an account another password, which ends its logins; return whether there is such an account.

        ``instead_of`` is the hash of the same password that ``new`` replaces, if that is still there.
        """
        condition, values = ("", ()) if instead_of is None else (" AND hash = ?", (instead_of,))
        with self.writing() as db:
            done = db.execute(f"UPDATE account SET hash = ? WHERE key = ?{condition}", (new, key, *values))
            if instead_of is None:  # it is another password, and not the same at another cost
                db.execute("DELETE FROM page_login WHERE key = ?", (key,))
                db.execute("DELETE FROM login_link WHERE key = ?", (key,))
                db.execute("DELETE FROM scram WHERE key = ?", (key,))
            return done.rowcount > 0

    def note_login(self, key: str, network: str, now: int) -> None:
        """Note that an account's owner logged in from a network at ``now``, in seconds since 1970.

        What is too old is forgotten by the age that it had at the login before: a clock that jumps forgets nothing.
        """
        too_old = "time < (SELECT max(time) FROM login WHERE key = ?) - ?"
        too_many = "network NOT IN (SELECT network FROM login WHERE key = ? ORDER BY time DESC LIMIT ?)"
        with self.writing() as db:
            if not db.execute("SELECT 1 FROM account WHERE key = ?", (key,)).fetchall():
                return
            db.execute(f"DELETE FROM login WHERE key = ? AND {too_old}", (key, key, NETWORK_SECONDS))
            db.execute("INSERT OR REPLACE INTO login (key, network, time) VALUES (?, ?, ?)", (key, network, now))
            db.execute(f"DELETE FROM login WHERE key = ? AND {too_many}", (key, key, MAX_NETWORKS))

    def remove(self, key: str) -> bool:
        """Delete an account; return whether there was one."""
        with self.writing() as db:
            removed = db.execute("DELETE FROM account WHERE key = ?", (key,)).rowcount > 0
            if removed:
                once_more = "ON CONFLICT (key) DO UPDATE SET times = times + 1"
                db.execute(f"INSERT INTO removed (key, times) VALUES (?, 1) {once_more}", (key,))
            return removed

    def add_code(self, code: str, expires: int | None, now: int, uses: int = 1) -> None:
        """Make ``code`` an invitation for that many accounts, until ``expires``; both times are seconds since 1970."""
        with self.writing() as db:
            db.execute("DELETE FROM code WHERE expires <= ?", (now,))
            db.execute("INSERT INTO code (digest, expires, uses) VALUES (?, ?, ?)", (_digest(code), expires, uses))

    # For what else is kept in the file.

    def read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return what a query finds; nothing as long as there is no file."""
        db = self._find_reader()
        if db is None:
            return []
        with explained(self.path):
            if self.path is not None:
                return db.execute(sql, values).fetchall()
            with self._lock:  # the one connection there is
                return db.execute(sql, values).fetchall()

    def _find_reader(self) -> sqlite3.Connection | None:
        """Return the connection for look-ups; None until there is a file. One that is deleted later is still used."""
        if self._reader is not None or self._closed or self.path is None or not self.path.exists():
            return self._reader
        with explained(self.path):
            reader = connect(self.path, READ_SECONDS)
            try:
                if not is_ready(reader, self.path):  # it is just being made
                    reader.close()
                    return None
                reader.execute("PRAGMA query_only = ON")
            except BaseException:
                reader.close()
                raise
        self._reader = reader
        return reader

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Begin a transaction, of which nothing is done if what happens in it raises."""
        with self._lock, explained(self.path):
            db = self._writer or self._open_writer()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open_writer(self) -> sqlite3.Connection:
        """Make the file if there is none, bring it up to date, and return a connection for changes."""
        if self._closed or self.path is None:
            raise AccountsError("the accounts are closed already")
        try:
            # Nobody else may read the hashes. A file that is there is left alone: to close another descriptor of it
            # would end the locks of this process's connections (https://www.sqlite.org/howtocorrupt.html, 2.2).
            os.close(make_own(self.path))
        except FileExistsError:
            if not self.path.is_file():
                raise AccountsError(f"cannot open {self.path}: it is not a regular file") from None
        except OSError as error:
            raise AccountsError(f"cannot open {self.path}: {error.strerror}") from None
        with explained(self.path):
            db = connect(self.path, WRITE_SECONDS)
            try:
                if not is_ready(db, self.path):
                    set_up(db, self.path)
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA foreign_keys = ON")
                renew_looks(db, self.path)
            except BaseException:
                db.close()
                raise
        self._writer = db
        return db


_COLUMNS = "key, name, hash, operator, created, mark"
"""Of an account, as `_account` takes them."""
_OWN_MARK = "lower(hex(randomblob(8)))"
_AUTH_MARK = "'d' || coalesce((SELECT times FROM removed WHERE key = :key), 0)"
"""See ``schema.sql``."""
_IS_OPEN = "WHERE digest = ? AND (expires IS NULL OR expires > ?)"
_PROVIDED = "SELECT 1 FROM provided WHERE issuer = ? AND subject = ?"
_TWIN = "SELECT name FROM look JOIN account USING (key) WHERE look IN (?, ?) AND key != ? LIMIT 1"


def _account(columns: tuple[Any, ...]) -> Account:
    key, name, hash_, operator, created, mark = columns
    return Account(key, name, hash_, bool(operator), created, mark)


def _digest(code: str) -> bytes:
    # A code is 64 random bits: it needs no slow hash.
    return sha256(code.encode()).digest()


def open_account_store(path: Path, *, make: bool) -> closing[AccountStore]:
    """Return a store that is open, to be used in a ``with``. Raise `AccountsError` if it cannot be or is not there."""
    if not make and not path.exists():
        raise AccountsError(f"no such file: {path}")
    store = AccountStore(path)
    store.open(make=make)
    return closing(store)
