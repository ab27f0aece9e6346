"""The accounts of this server: logging in, registering, and whose nick is whose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TypeVar

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import Portal
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.accounts import Accounts, AccountsError, Exchange, Grant, Vouched, passwords
from chatd.accounts.bearers import Bearers
from chatd.accounts.checkers import AccountChecker, Checkers, Credentials, IAccount, Realm
from chatd.accounts.groups import GroupRules, Groups
from chatd.accounts.known_networks import KnownNetworks
from chatd.accounts.passwords import Hasher
from chatd.accounts.provided import ProvidedAccounts
from chatd.accounts.sasl import WRONG, Sasl, ScramServer
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.store import Account, AccountStore, CodeError, TakenError
from chatd.accounts.throttle import Throttle
from chatd.protocol import names
from chatd.protocol.errors import NO_REGISTRATION, ChatError, Code
from chatd.runtime.clocks import WallClock
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.thread_pool import ThreadPool
from chatd.runtime.timers import TimerWheel

NEW_IN_AN_HOUR = 50
"""How many accounts may be made from one address; enough for a class behind one router."""
T = TypeVar("T")


class Registration(StrEnum):
    """Who may make an account with REGISTER."""

    OFF = "off"
    OPEN = "open"
    CODE = "code"


class AccountService(Accounts):
    """Accounts in a store. Hashes are made and compared by ``workers``, look-ups are made at once.

    ``checkers`` are those of ``--auth``. The store's file is made at the start if ``make``. ``wall`` tells the time of
    day, if that is another clock. ``scram`` is where the keys of SCRAM are kept, if they are. ``rules`` say what groups
    are good for.
    """

    members_only = False
    takes_newcomers = False

    def __init__(
        self,
        store: AccountStore,
        clock: IReactorTime,
        workers: ThreadPool,
        hasher: Hasher | None,
        checkers: Sequence[ICredentialsChecker] = (),
        *,
        registration: Registration = Registration.OFF,
        members_only: bool = False,
        make: bool = True,
        wall: WallClock | None = None,
        scram: ScramStore | None = None,
        rules: GroupRules | None = None,
    ) -> None:
        self.members_only = members_only
        self.takes_newcomers = registration is not Registration.OFF and hasher is not None
        self._store = store
        self._wall = wall = wall or clock.seconds
        self._workers = workers
        self._hasher = hasher
        self._registration = registration
        self._make = make
        self._has_checkers = bool(checkers)
        self._timers = TimerWheel(clock)
        self._log_limiter = LogLimiter(self._timers)
        asked = Checkers(AccountChecker(store, workers, hasher, self._log_limiter, scram), checkers, clock)
        self._portal = Portal(Realm(store, workers, wall, self._log_limiter), [asked])
        self._guesses = Throttle(clock)
        self._logins = KnownNetworks(store, wall, workers, self._guesses)
        self._scram = scram
        server = None if scram is None else ScramServer(scram, self._guesses, self._logins, self._unavailable)
        self._sasl = Sasl(self._log_in, server)
        self._bearers = Bearers(store, clock, wall, workers)
        self.groups = Groups(store, workers, rules or GroupRules())
        self._provided = ProvidedAccounts(store, workers, wall, self.groups)
        self._newcomers = Throttle(clock, NEW_IN_AN_HOUR, 60 * 60, "too many accounts were made from your address")

    @property
    def store(self) -> AccountStore:
        """Where they are kept."""
        return self._store

    def prepare_policy(self, registration: Registration) -> None:
        """Make sure that who may REGISTER could be set to that. Raise `AccountsError` if it cannot."""
        if registration is Registration.OFF:
            return
        if self._hasher is None:
            raise AccountsError(f"it {passwords.missing()}")
        if not self._store.is_there:
            with self._store.writing():
                pass

    def set_policy(self, registration: Registration, *, members_only: bool) -> None:
        """Let those REGISTER, and come in, who may from here on; who is in stays."""
        self._registration = registration
        self.takes_newcomers = registration is not Registration.OFF and self._hasher is not None
        self.members_only = members_only

    @override
    def start(self) -> None:
        self._store.open(make=self._make)
        if self._hasher is None and self._store.has_hashes():
            raise AccountsError(f"to check the passwords in {self._store.path} {passwords.missing()}")
        if self._scram is not None:
            self._scram.begin()
        self._timers.start()

    @override
    def stop(self) -> None:
        self._log_limiter.flush()
        self._timers.stop()
        self._workers.stop()
        self._logins.flush()
        self._bearers.flush()
        self._store.close()

    @override
    def is_registered(self, key: str) -> bool:
        return self._find(key) is not None

    @override
    def looks_like(self, nick: str) -> str | None:
        return self._or_unavailable(lambda: self._store.twin(nick))

    @override
    def name(self, key: str) -> str:
        account = self._find_if_possible(key)
        return key if account is None else account.name

    @override
    def party(self, key: str) -> str | None:
        account = self._find(key)
        return None if account is None else f"{account.key}.{account.mark}"

    @override
    def made(self, key: str) -> int:
        account = self._find(key)
        # Of those of an --auth method each node notes another time, and only that method knows when one is another's.
        return 0 if account is None or account.hash is None else account.created

    @override
    def is_operator(self, key: str) -> bool:
        account = self._find_if_possible(key)
        if account is None or account.operator:
            return account is not None
        with suppress(ChatError):
            return self._or_unavailable(lambda: self.groups.make_operator(key))
        return False

    @override
    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._log_in(nick, password, address))

    @override
    def log_in_vouched(self, who: Vouched, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._written(self._log_in_vouched(who, address)))

    @override
    def mechanisms(self) -> Sequence[str]:
        return self._or_unavailable(lambda: self._sasl.mechanisms) if self._is_there() else ()

    @override
    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        return self._or_unavailable(lambda: self._sasl.exchange(mechanism, address))

    @override
    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._register(nick, password, code, address))

    @override
    def check_token(self, secret: str, address: str | None) -> Grant:
        return self._or_unavailable(lambda: self._bearers.check_token(secret, address))

    @override
    def open_login(self, account: str) -> Deferred[str]:
        return Deferred.fromCoroutine(self._written(self._bearers.open_login(account)))

    @override
    def check_login(self, secret: str) -> str:
        return self._or_unavailable(lambda: self._bearers.check_login(secret))

    @override
    def end_login(self, secret: str) -> Deferred[None]:
        return Deferred.fromCoroutine(self._written(self._bearers.end_login(secret)))

    @override
    def use_link(self, secret: str, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._written(self._bearers.use_link(secret, address)))

    async def _log_in(self, nick: str, password: str, address: str | None) -> str:
        if not self._is_there():
            raise ChatError(Code.NOT_ALLOWED, "there are no accounts here yet")
        key = names.key(nick)
        self._logins.recall(key, address)
        attempt = self._guesses.attempt(key, address)
        try:
            account = self._find(key)
            # An --auth method may tell upper from lower case: it is asked for the name that it has authenticated.
            username = account.name if account is not None and account.hash is None else nick
            credentials = Credentials(username.encode(), password.encode())
            _, avatar, _ = await self._portal.login(credentials, None, IAccount)
            logged_in = IAccount(avatar)
            if logged_in.groups is not None:
                await self.groups.note(logged_in.key, logged_in.groups)
        except UnauthorizedLogin:
            raise ChatError(Code.BAD_PASSWORD, WRONG) from None
        except ChatError:
            attempt.void()
            raise
        except AccountsError as error:
            attempt.void()
            raise self._unavailable(error) from None
        except Exception:
            self._log_limiter.failure("a password could not be checked", address or "")
            raise ChatError(Code.UNAVAILABLE, "passwords cannot be checked now; try again later") from None
        attempt.succeeded()
        self._logins.note(key, address)
        return str(logged_in.key)

    async def _log_in_vouched(self, who: Vouched, address: str | None) -> str:
        key = await self._provided.log_in(who)
        self._logins.note(key, address)
        return key

    async def _register(self, nick: str, password: str, code: str | None, address: str | None) -> str:
        hasher = self._hasher
        if self._registration is Registration.OFF or hasher is None:
            raise ChatError(Code.NOT_ALLOWED, NO_REGISTRATION)
        self._check_is_free(nick)
        try:
            passwords.check(password)
        except ValueError as error:
            raise ChatError(Code.BAD_PASSWORD, f"{error}; choose another") from None
        used = self._check_code(code, address) if self._registration is Registration.CODE else None
        newcomer = self._newcomers.attempt(None, address)
        key, now = names.key(nick), int(self._wall())
        try:
            await self._workers.do(lambda: self._add(key, nick, password, hasher, now, used))
        except TakenError as error:
            raise ChatError(Code.NAME_TAKEN, str(error)) from None
        except CodeError:
            raise _no_code() from None
        except AccountsError as error:
            newcomer.void()
            raise self._unavailable(error) from None
        except ChatError:
            newcomer.void()
            raise
        self._logins.note(key, address)
        return key

    def _add(self, key: str, nick: str, password: str, hasher: Hasher, now: int, code: str | None) -> None:
        """Add an account, in a thread. Raise as the store does."""
        kept = hasher.hash(password)
        self._store.add(Account(key, nick, kept, operator=False, created=now), code)
        if self._scram is not None:
            with suppress(AccountsError):  # there is an account all the same, and its next login does it
                self._scram.keep(key, kept, password)

    def _is_there(self) -> bool:
        """Return whether there can be an account."""
        return self._has_checkers or self._or_unavailable(lambda: self._store.is_there)

    def _check_is_free(self, nick: str) -> None:
        if self.is_registered(names.key(nick)):
            raise ChatError(Code.NAME_TAKEN, f"{nick} already belongs to a registered user; choose another nick")
        twin = self.looks_like(nick)
        if twin is not None:
            raise ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {twin}; choose another nick")

    def _check_code(self, code: str | None, address: str | None) -> str:
        if code is None:
            raise ChatError(Code.NOT_ALLOWED, "you need an invitation code: REGISTER <password> <code>")
        guess = self._guesses.attempt(None, address)
        if not self._or_unavailable(lambda: self._store.has_code(code, int(self._wall()))):
            raise _no_code()
        guess.void()
        return code

    def _find(self, key: str) -> Account | None:
        return self._or_unavailable(lambda: self._store.find(key))

    def _find_if_possible(self, key: str) -> Account | None:
        try:
            return self._find(key)
        except ChatError:
            return None

    def _or_unavailable(self, look_up: Callable[[], T]) -> T:
        try:
            return look_up()
        except AccountsError as error:
            raise self._unavailable(error) from None

    async def _written(self, writing: Awaitable[T]) -> T:
        try:
            return await writing
        except AccountsError as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: AccountsError) -> ChatError:
        self._log_limiter.note(f"accounts: {error}", "accounts")
        return ChatError(Code.UNAVAILABLE, "accounts cannot be looked up now; try again later")


def _no_code() -> ChatError:
    return ChatError(Code.NOT_ALLOWED, "the invitation code is invalid, used or expired")
