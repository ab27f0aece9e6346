"""The page's logins in an account store: of each, the hash of what a browser keeps in a cookie."""

from __future__ import annotations

from typing import NamedTuple

from chatd.accounts.random_secrets import digest, is_login, new_login
from chatd.accounts.store import Account, AccountStore, NoAccountError

LOGIN_SECONDS = 30 * 24 * 60 * 60
"""How long a login lasts without being used."""
MAX_LOGINS = 20
"""How many an account has at most; one more ends the one that ends first by itself."""


class PageLogin(NamedTuple):
    """A login that holds."""

    account: str
    """The key of its account."""
    expires: int
    """When it ends if it is not used, in seconds since 1970."""


class LoginStore:
    """The page's logins in a store of accounts. Everything raises `AccountsError` as that does."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def open(self, account: Account, now: int) -> str:
        """Begin a login of an account at ``now`` and return its secret.

        Raise `NoAccountError` if it has another password by now, or is there no more.
        """
        secret, key = new_login(), account.key
        older = "SELECT digest FROM page_login WHERE key = ? ORDER BY expires DESC LIMIT -1 OFFSET ?"
        with self._store.writing() as db:
            db.execute("DELETE FROM page_login WHERE key = ? AND expires <= ?", (key, now))
            db.execute(f"DELETE FROM page_login WHERE digest IN ({older})", (key, MAX_LOGINS - 1))
            added = db.execute(
                "INSERT INTO page_login (digest, key, mark, expires)"
                " SELECT ?, key, mark, ? FROM account WHERE key = ? AND mark = ? AND hash IS ?",
                (digest(secret), now + LOGIN_SECONDS, key, account.mark, account.hash),
            )
            if not added.rowcount:
                raise NoAccountError
        return secret

    def find(self, secret: str, now: int) -> PageLogin | None:
        """Return the login that has a secret, None if there is none that holds at ``now``."""
        if not is_login(secret):
            return None
        # Found by its hash: how long that takes tells nothing of a secret that anybody could go by.
        found = self._store.read(
            "SELECT key, expires FROM page_login JOIN account USING (key, mark) WHERE digest = ? AND expires > ?",
            (digest(secret), now),
        )
        return next((PageLogin(*columns) for columns in found), None)

    def renew(self, secret: str, now: int) -> None:
        """Let a login last from ``now`` on; nothing happens if it has ended."""
        with self._store.writing() as db:
            db.execute("UPDATE page_login SET expires = ? WHERE digest = ?", (now + LOGIN_SECONDS, digest(secret)))

    def end(self, secret: str) -> None:
        """End a login, if it has not ended."""
        with self._store.writing() as db:
            db.execute("DELETE FROM page_login WHERE digest = ?", (digest(secret),))

    def end_all(self, key: str) -> int:
        """End all logins of an account; return how many there were."""
        with self._store.writing() as db:
            return db.execute("DELETE FROM page_login WHERE key = ?", (key,)).rowcount
