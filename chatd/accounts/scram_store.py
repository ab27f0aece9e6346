"""The SCRAM keys in an account store: of each account that has some, and the secret behind those of nobody."""

from __future__ import annotations

import os

from chatd.accounts.scram import ITERATIONS, Keys, make_keys, nobodys_keys
from chatd.accounts.store import AccountStore

SECRET_BYTES = 32


class ScramStore:
    """SCRAM keys in a store of accounts. Everything raises `AccountsError` as that does.

    Keys are kept from the first `begin` on until `end`, which `keeps` tells.
    """

    def __init__(self, store: AccountStore, iterations: int = ITERATIONS) -> None:
        self._store = store
        self._iterations = iterations

    @property
    def keeps(self) -> bool:
        """Whether the file is one in which keys are kept."""
        return self._secret() is not None

    def begin(self) -> None:
        """Keep keys in this file from here on."""
        with self._store.writing() as db:
            if not db.execute("SELECT 1 FROM scram_secret").fetchall():
                db.execute("INSERT INTO scram_secret (secret) VALUES (?)", (os.urandom(SECRET_BYTES),))

    def end(self) -> int:
        """Delete all keys, and keep none until the next `begin`; return how many accounts had some."""
        with self._store.writing() as db:
            db.execute("DELETE FROM scram_secret")
            return db.execute("DELETE FROM scram").rowcount

    def forget(self, key: str) -> bool:
        """Delete the keys of an account, until its password is at hand again; return whether it had some."""
        with self._store.writing() as db:
            return db.execute("DELETE FROM scram WHERE key = ?", (key,)).rowcount > 0

    def find(self, key: str) -> Keys | None:
        """Return the keys of an account, None if it has none."""
        found = self._store.read("SELECT salt, stored_key, server_key, iterations FROM scram WHERE key = ?", (key,))
        return next((Keys(*columns) for columns in found), None)

    def nobodys(self, key: str) -> Keys | None:
        """Return what stands for the keys of an account that has none; None if keys are not kept here."""
        secret = self._secret()
        return None if secret is None else nobodys_keys(secret, key, self._iterations)

    def lacks(self, key: str) -> bool:
        """Return whether an account has no keys, or such as were made at another cost, and is to have some."""
        found = self.find(key)
        return self.keeps and (found is None or found.iterations != self._iterations)

    def keep(self, key: str, hash_: str, password: str) -> None:
        """Make the keys of a password, unless the account has another hash by now; it belongs in a thread."""
        keys = make_keys(password, self._iterations)
        if keys is None:
            return
        with self._store.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO scram (key, salt, stored_key, server_key, iterations)"
                " SELECT key, ?, ?, ?, ? FROM account WHERE key = ? AND hash = ?",
                (*keys, key, hash_),
            )

    def _secret(self) -> bytes | None:
        return next((bytes(secret) for (secret,) in self._store.read("SELECT secret FROM scram_secret", ())), None)
