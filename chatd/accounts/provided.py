"""Accounts of people whom an OpenID provider vouches for.

What a provider calls somebody may change, and be somebody else's later. An account is therefore bound, when it is made,
to the issuer and the subject of whoever came first; by these alone it is found again.
"""

from __future__ import annotations

from chatd.accounts import Vouched
from chatd.accounts.groups import Groups
from chatd.accounts.store import Account, AccountStore, TakenError
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.text import clean, excerpt
from chatd.runtime.clocks import WallClock
from chatd.runtime.thread_pool import ThreadPool


class ProvidedAccounts:
    """Finds the accounts of such people, and makes them.

    It raises `ChatError`, or `AccountsError` as the store does.
    """

    def __init__(self, store: AccountStore, workers: ThreadPool, wall: WallClock, groups: Groups) -> None:
        self._store = store
        self._workers = workers
        self._wall = wall
        self._groups = groups

    async def log_in(self, who: Vouched) -> str:
        """Return the key of somebody's account, which is made if there is none."""
        key = account_of(self._store, who.issuer, who.subject)
        if key is None:
            key = await self._make(who)
        await self._groups.note(key, who.groups)
        return key

    async def _make(self, who: Vouched) -> str:
        nick = _nick(who.name)
        account = Account(names.key(nick), nick, None, operator=False, created=int(self._wall()))
        try:
            await self._workers.do(lambda: self._store.add(account, provider=(who.issuer, who.subject)))
        except TakenError as error:
            if (key := account_of(self._store, who.issuer, who.subject)) is not None:
                return key  # made over another connection, at the same time
            why = clean(f"your name at the provider is {excerpt(who.name)}, which cannot be an account here: {error}")
            raise ChatError(Code.NAME_TAKEN, f"{why}. Ask the people who run this server") from None
        return account.key


def account_of(store: AccountStore, issuer: str, subject: str) -> str | None:
    """Return the key of the account that is bound to a subject of an issuer; None if none is."""
    found = store.read("SELECT key FROM provided WHERE issuer = ? AND subject = ?", (issuer, subject))
    return next((str(key) for (key,) in found), None)


def is_provided(store: AccountStore, key: str) -> bool:
    """Return whether an account is bound to a provider's subject, so that no ``--auth`` method says whose it is."""
    return bool(store.read("SELECT 1 FROM provided WHERE key = ?", (key,)))


def _nick(name: str) -> names.Nick:
    """Return the nick of somebody whom a provider calls so; what looks like an address gives what is before its @."""
    try:
        return names.nick(name.partition("@")[0])
    except names.BadNameError as error:
        why = clean(f"your name at the provider is {excerpt(name)}, which cannot be a nick here: {error}")
        raise ChatError(Code.BAD_NICK, f"{why}. The people who run this server can choose another claim") from None
