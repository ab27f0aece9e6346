"""Links that log in to an account once, in an account store: of each, the hash of its secret."""

from __future__ import annotations

from chatd.accounts.random_secrets import digest, is_login, new_login
from chatd.accounts.store import Account, AccountStore, NoAccountError, TakenError
from chatd.protocol.names import Nick


class LinkStore:
    """The links in a store of accounts. Everything raises `AccountsError` as that does."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def make(self, key: str, now: int, expires: int) -> str:
        """Make a link to an account and return its secret; links made before for it hold no more.

        It is good until ``expires``; both times are in seconds since 1970. Raise `NoAccountError` if there is no such
        account.
        """
        secret = new_login()
        with self._store.writing() as db:
            db.execute("DELETE FROM login_link WHERE key = ? OR expires <= ?", (key, now))
            added = db.execute(
                "INSERT INTO login_link (digest, key, mark, expires) SELECT ?, key, mark, ? FROM account WHERE key = ?",
                (digest(secret), expires, key),
            )
            if not added.rowcount:
                raise NoAccountError
        return secret

    def use(self, secret: str, now: int) -> str | None:
        """Use a link up; return the key of its account, None if it is none, was used before, or is too old."""
        if not is_login(secret):
            return None
        with self._store.writing() as db:
            found = db.execute(
                "SELECT key FROM login_link JOIN account USING (key, mark) WHERE digest = ? AND expires > ?",
                (digest(secret), now),
            ).fetchone()
            db.execute("DELETE FROM login_link WHERE digest = ?", (digest(secret),))
        return None if found is None else str(found[0])


def ensure_operator(store: AccountStore, nick: Nick, now: int) -> Account:
    """Return a server operator's account, which is made, without a password, if there is none of that nick.

    Raise `TakenError` if the nick is the account of somebody who is no server operator, or could be mistaken for one.
    """
    account = store.find(nick.key)
    if account is None:
        store.add(Account(nick.key, nick, None, operator=True, created=now))
        account = store.find(nick.key)
    if account is None or not account.operator:
        raise TakenError(f"the account {nick} is not a server operator's; choose another --nick")
    return account
