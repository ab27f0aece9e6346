"""Who comes with a secret in place of a password: a bearer token, or the cookie of a login."""

from __future__ import annotations

from functools import partial

from twisted.internet.interfaces import IReactorTime

from chatd.accounts import Grant
from chatd.accounts.daily_writes import DAY_SECONDS, DailyWrites
from chatd.accounts.link_store import LinkStore
from chatd.accounts.login_store import LOGIN_SECONDS, LoginStore
from chatd.accounts.random_secrets import digest
from chatd.accounts.store import AccountStore, NoAccountError
from chatd.accounts.throttle import Throttle
from chatd.accounts.token_store import Token, TokenStore
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.runtime.clocks import WallClock
from chatd.runtime.thread_pool import ThreadPool


class Bearers:
    """Tokens and logins of the accounts in a store, which it asks anew each time: what is revoked is so at once.

    Its methods raise `ChatError`, or `AccountsError` as the store does.
    """

    def __init__(self, store: AccountStore, clock: IReactorTime, wall: WallClock, workers: ThreadPool) -> None:
        self._store = store
        self._tokens = TokenStore(store)
        self._logins = LoginStore(store)
        self._links = LinkStore(store)
        self._wall = wall
        self._workers = workers
        self._writes = DailyWrites(workers, clock)
        # Of its own: a script whose token has expired is to shut nobody out who logs in with a password.
        self._guesses = Throttle(clock, why="too many wrong tokens")

    def check_token(self, secret: str, address: str | None) -> Grant:
        """Return what a token is good for, see `chatd.accounts.Accounts.check_token`."""
        now = int(self._wall())
        token = self._tokens.find(secret, now)
        if token is None:
            # Asked only now: whatever else comes from an address, the right token is taken.
            self._guesses.attempt(None, address)
            raise ChatError(Code.BAD_PASSWORD, "the token is invalid, revoked or expired")
        if token.used is None or not 0 <= now - token.used < DAY_SECONDS:
            self._writes.write(token.id, partial(self._tokens.note_use, token.id, now))
        return _grant(token)

    async def open_login(self, account: str) -> str:
        """Begin a login, see `chatd.accounts.Accounts.open_login`."""
        found = self._store.find(account)
        try:
            if found is None:
                raise NoAccountError
            # By the account as it is now: a password that is changed while this waits ends this login too.
            return await self._workers.do(lambda: self._logins.open(found, int(self._wall())))
        except NoAccountError:
            raise ChatError(Code.BAD_PASSWORD, "the account has changed; log in again") from None

    def check_login(self, secret: str) -> str:
        """Return the account of a login, see `chatd.accounts.Accounts.check_login`."""
        now = int(self._wall())
        login = self._logins.find(secret, now)
        if login is None:
            raise ChatError(Code.BAD_PASSWORD, "the login has expired; log in again")
        if not 0 <= now - (login.expires - LOGIN_SECONDS) < DAY_SECONDS:
            self._writes.write(digest(secret), partial(self._logins.renew, secret, now))
        return login.account

    async def end_login(self, secret: str) -> None:
        """End a login, see `chatd.accounts.Accounts.end_login`."""
        await self._workers.do(lambda: self._logins.end(secret))

    async def use_link(self, secret: str, address: str | None) -> str:
        """Use up a link, see `chatd.accounts.Accounts.use_link`."""
        account = await self._workers.do(lambda: self._links.use(secret, int(self._wall())))
        if account is None:
            self._guesses.attempt(None, address)
            why = "the link was used before or has expired; ask the people who run this server for another"
            raise ChatError(Code.BAD_PASSWORD, why)
        return account

    def flush(self) -> None:
        """Write what still waits, once the workers have stopped."""
        self._writes.flush()


def _grant(token: Token) -> Grant:
    rooms = None if token.rooms is None else frozenset(map(names.key, token.rooms))
    return Grant(token.account, token.nick, rooms, token.post_only, token.id)
