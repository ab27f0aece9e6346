"""Authentication in Twisted's terms: credentials, checkers, a realm.

See https://docs.twisted.org/en/stable/core/howto/cred.html.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Self

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorTime
from zope.interface import Attribute, Interface, implementer

from chatd.accounts import AccountsError
from chatd.accounts.passwords import Hasher, missing
from chatd.accounts.provided import is_provided
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.store import Account, AccountStore, TakenError
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.runtime.clocks import WallClock
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.thread_pool import ThreadPool

CHECK_SECONDS = 30
"""How long one ``--auth`` method may take."""
MAX_ASKED = 64
"""How many ``--auth`` checks may be under way before further logins are refused for the moment."""


class GroupMember(bytes):
    """The name of somebody whom a checker accepts that knows of groups."""

    groups: frozenset[str]

    @classmethod
    def of(cls, name: bytes, groups: frozenset[str]) -> Self:
        """Return a name with the groups that go with it."""
        made = cls(name)
        made.groups = groups
        return made


AvatarId = bytes | tuple[()]
"""A name, as a checker returns it. The empty tuple stands for an anonymous user."""
Login = tuple[type[Interface], object, Callable[[], None]]


class IAccount(Interface):
    """The avatar of one who has logged in."""

    key = Attribute("The nick of the account, folded.")
    groups = Attribute("The groups that it is in; None if whoever knows the password knows of none.")


@implementer(IAccount)
@dataclass(frozen=True, slots=True)
class Avatar:
    """An account that has been logged in to."""

    key: str
    groups: frozenset[str] | None = None


@implementer(IUsernamePassword)
@dataclass(frozen=True)
class Credentials:
    """A name and a password, which nothing prints."""

    username: bytes
    password: bytes = field(repr=False)

    def checkPassword(self, password: bytes) -> bool:
        """Return whether ``password`` is the one that was given, in a time that says nothing about it."""
        return compare_digest(self.password, password)


class WrongPasswordError(UnauthorizedLogin):
    """The store has another password for the account: no other checker is to be asked."""


@implementer(ICredentialsChecker)
class AccountChecker:
    """Compares a password with the store's hash, at the same cost whether or not there is such an account.

    Without a ``hasher``, which needs argon2-cffi, it knows no account.
    """

    credentialInterfaces = (IUsernamePassword,)

    def __init__(
        self,
        store: AccountStore,
        workers: ThreadPool,
        hasher: Hasher | None,
        log_limiter: LogLimiter,
        scram: ScramStore | None = None,
    ) -> None:
        self._store = store
        self._scram = scram
        self._log_limiter = log_limiter
        self._workers = workers
        self._hasher = hasher

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        """Return the name of the account; it fails with `UnauthorizedLogin`, or `ChatError` if it cannot be checked."""
        return Deferred.fromCoroutine(self._check(credentials.username.decode(), credentials.password.decode()))

    def is_own(self, avatar_id: AvatarId) -> bool:
        """Return whether a name that another checker has accepted, perhaps an alias, is not that one's to give.

        The store has a hash for it, or it is of somebody whom an OpenID provider vouches for.
        """
        key = names.key(_text(avatar_id))
        account = self._store.find(key)
        return account is not None and (account.hash is not None or is_provided(self._store, key))

    async def _check(self, nick: str, password: str) -> bytes:
        account = self._store.find(names.key(nick))
        kept = None if account is None else account.hash
        hasher = self._hasher
        if hasher is None:
            if kept is not None:
                self._log_limiter.note(f"cannot check a password: that {missing()}", "password")
                raise ChatError(Code.UNAVAILABLE, "passwords cannot be checked now")
            raise UnauthorizedLogin
        right = await self._workers.do(lambda: hasher.verify(kept or hasher.nobodys, password))
        if account is None or kept is None:
            raise UnauthorizedLogin
        now = self._store.find(account.key)
        if not right or now is None or now.hash != kept:  # it may have changed meanwhile
            raise WrongPasswordError
        if self._scram is not None and self._scram.lacks(account.key):
            why = await self._workers.do(lambda: self._make_keys(account.key, kept, password))
            if why:
                self._log_limiter.note(f"the SCRAM keys could not be stored: {why}", "keys")
        if hasher.is_outdated(kept):
            why = await self._workers.do(lambda: self._hash_anew(hasher, account.key, password, kept))
            if why:
                self._log_limiter.note(f"a password could not be rehashed: {why}", "hash")
        return account.name.encode()

    def _make_keys(self, key: str, kept: str, password: str) -> str:
        """Keep what SCRAM needs of a password, in a thread; return why that could not be, empty if it was."""
        assert self._scram is not None
        try:
            self._scram.keep(key, kept, password)
        except AccountsError as error:  # the password is right all the same
            return str(error)
        return ""

    def _hash_anew(self, hasher: Hasher, key: str, password: str, kept: str) -> str:
        """Store a new hash of the same password, in a thread; return why that could not be, empty if it was."""
        try:
            self._store.set_hash(key, hasher.hash(password), instead_of=kept)
        except AccountsError as error:  # the old one is good still
            return str(error)
        return ""


@implementer(ICredentialsChecker)
class Checkers:
    """Asks the store, then one ``--auth`` method after the other, until one accepts the name and the password."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, own: AccountChecker, others: Sequence[ICredentialsChecker], clock: IReactorTime) -> None:
        self._own = own
        self._others = others
        self._clock = clock
        self._asked = 0

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        """Return the name that was authenticated; it fails with `UnauthorizedLogin`, or as its checkers do."""
        return Deferred.fromCoroutine(self._check(credentials))

    async def _check(self, credentials: IUsernamePassword) -> AvatarId:
        try:
            return await self._own.requestAvatarId(credentials)
        except WrongPasswordError:
            raise
        except UnauthorizedLogin:
            pass
        for checker in self._others:
            try:
                avatar_id = await self._ask(checker, credentials)
            except UnauthorizedLogin:
                continue
            if not self._own.is_own(avatar_id):
                return avatar_id
        raise UnauthorizedLogin

    async def _ask(self, checker: ICredentialsChecker, credentials: IUsernamePassword) -> AvatarId:
        if self._asked >= MAX_ASKED:
            raise ChatError(Code.SLOW_DOWN, "too many people are logging in; try again in a moment")
        self._asked += 1
        try:
            asked = maybeDeferred(checker.requestAvatarId, credentials)
            return await asked.addTimeout(CHECK_SECONDS, self._clock)
        finally:
            self._asked -= 1


@implementer(IRealm)
class Realm:
    """Makes the avatar of a name; one that an ``--auth`` method accepts for the first time is added to the store."""

    def __init__(self, store: AccountStore, workers: ThreadPool, wall: WallClock, log_limiter: LogLimiter) -> None:
        self._store = store
        self._log_limiter = log_limiter
        self._workers = workers
        self._wall = wall

    def requestAvatar(self, avatarId: AvatarId, mind: object, *interfaces: type[Interface]) -> Deferred[Login]:
        """Return an `IAccount`; it fails with `UnauthorizedLogin` if that name is another's or none."""
        del mind
        if IAccount not in interfaces:
            raise NotImplementedError("there is no other avatar here than an account")
        return Deferred.fromCoroutine(self._avatar(avatarId))

    async def _avatar(self, avatar_id: AvatarId) -> Login:
        try:
            nick = names.nick(_text(avatar_id))
        except ValueError:
            what = f"an --auth method accepted a name that cannot be a nick: {avatar_id!r}"
            self._log_limiter.note(what, "no nick")
            raise UnauthorizedLogin from None
        key = names.key(nick)
        account = self._store.find(key)
        if account is None:
            account = Account(key, nick, None, operator=False, created=int(self._wall()))
            made = account
            try:
                await self._workers.do(lambda: self._store.add(made, twins=True))
            except TakenError:  # over another connection, at the same time
                account = self._store.find(key)
                if account is not None and (account.hash is not None or is_provided(self._store, key)):
                    raise UnauthorizedLogin from None
        if account is None or account.name != nick:
            # Two names that an --auth method tells apart, and that are the same nick here.
            raise UnauthorizedLogin
        groups = avatar_id.groups if isinstance(avatar_id, GroupMember) else None
        return IAccount, Avatar(key, groups), lambda: None


def _text(avatar_id: object) -> str:
    if isinstance(avatar_id, str):  # some of Twisted's own checkers return text
        return avatar_id
    return avatar_id.decode(errors="replace") if isinstance(avatar_id, bytes) else ""
