"""Bearer tokens in an account store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from chatd.accounts.random_secrets import NewToken, digest, new_token, token_id
from chatd.accounts.store import AccountStore, NoAccountError


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token. Times are in seconds since 1970."""

    id: str
    account: str
    """The key of its account."""
    nick: str
    """The same as its owner writes it."""
    rooms: tuple[str, ...] | None
    """The rooms that it is good for, as somebody wrote them; None if any."""
    post_only: bool
    """Whether it says things and does nothing else."""
    made: int
    expires: int | None
    """From when on it is good no more; None if never."""
    used: int | None
    """When it was last used, to a day; None if never."""


class TokenStore:
    """The tokens in a store of accounts. Everything raises `AccountsError` as that does."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def add(
        self, key: str, now: int, *, rooms: Sequence[str] | None = None, post_only: bool = False, expires: int | None
    ) -> NewToken:
        """Make a token for an account, good from ``now`` until ``expires``. Raise `NoAccountError` if there is none."""
        written = None if rooms is None else " ".join(rooms)
        with self._store.writing() as db:
            made = new_token()
            while db.execute("SELECT 1 FROM token WHERE id = ?", (made.id,)).fetchall():
                made = new_token()
            values = (made.id, digest(made.secret), written, post_only, now, expires, key)
            added = db.execute(
                "INSERT INTO token (id, digest, key, mark, rooms, post_only, made, expires)"
                " SELECT ?, ?, key, mark, ?, ?, ?, ? FROM account WHERE key = ?",
                values,
            )
            if not added.rowcount:
                raise NoAccountError
        return made

    def find(self, secret: str, now: int) -> Token | None:
        """Return the token that is this secret, None if there is none that holds at ``now``."""
        id_ = token_id(secret)
        if id_ is None:
            return None
        holds = "token.id = ? AND (expires IS NULL OR expires > ?)"
        for kept, *columns in self._store.read(f"SELECT digest, {_COLUMNS} AND {holds}", (id_, now)):
            if compare_digest(kept, digest(secret)):
                return _token(columns)
        return None

    def all(self, key: str | None = None) -> list[Token]:
        """Return the tokens of an account, or of all, with those that have expired; the oldest first."""
        whose, values = ("", ()) if key is None else (" AND account.key = ?", (key,))
        found = self._store.read(f"SELECT {_COLUMNS}{whose} ORDER BY account.key, made, id", values)
        return list(map(_token, found))

    def note_use(self, id_: str, now: int) -> None:
        """Note that a token was used at ``now``."""
        with self._store.writing() as db:
            db.execute("UPDATE token SET used = ? WHERE id = ?", (now, id_))

    def remove(self, id_: str) -> bool:
        """Delete a token; return whether there was one."""
        with self._store.writing() as db:
            return db.execute("DELETE FROM token WHERE id = ?", (id_,)).rowcount > 0


_COLUMNS = (
    "id, account.key, account.name, rooms, post_only, made, expires, used"
    " FROM token JOIN account ON account.key = token.key AND account.mark = token.mark WHERE true"
)
"""Of a token, as `_token` takes them, and where they are."""


def _token(columns: Sequence[Any]) -> Token:
    id_, account, nick, rooms, post_only, made, expires, used = columns
    return Token(
        id_, account, nick, None if rooms is None else tuple(rooms.split()), bool(post_only), made, expires, used
    )
