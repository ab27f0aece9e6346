"""Accounts of which it is noted who logs in, who tries to and who registers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.accounts import Accounts, Exchange, Grant, LoggedIn, Vouched
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.runtime.audit import Act, AuditEvent, Auditor

PASSWORD, PROVIDER, TOKEN, LINK, PAGE = "password", "provider", "token", "link", "page"
REMEMBERED = 10_000
"""How many uses of a token from an address are not noted again; then all of them are new."""
_NAMES = re.compile(rb"\A[^\0]*\0([^\0]+)\0|(?:\A|,)n=([^,]+),")
"""Where the name is in the first message of PLAIN (RFC 4616) and in that of SCRAM (RFC 5802)."""


class AuditedAccounts(Accounts):
    """Does what ``accounts`` do, and notes how it went."""

    def __init__(self, accounts: Accounts, auditor: Auditor) -> None:
        self._accounts = accounts
        self._auditor = auditor
        self._tokens: set[tuple[str, str | None]] = set()

    @property
    @override
    def members_only(self) -> bool:
        return self._accounts.members_only

    @property
    @override
    def takes_newcomers(self) -> bool:
        return self._accounts.takes_newcomers

    @override
    def start(self) -> None:
        self._accounts.start()

    @override
    def stop(self) -> None:
        self._accounts.stop()

    @override
    def is_registered(self, key: str) -> bool:
        return self._accounts.is_registered(key)

    @override
    def looks_like(self, nick: str) -> str | None:
        return self._accounts.looks_like(nick)

    @override
    def name(self, key: str) -> str:
        return self._accounts.name(key)

    @override
    def party(self, key: str) -> str | None:
        return self._accounts.party(key)

    @override
    def made(self, key: str) -> int:
        return self._accounts.made(key)

    @override
    def is_operator(self, key: str) -> bool:
        return self._accounts.is_operator(key)

    @override
    def mechanisms(self) -> Sequence[str]:
        return self._accounts.mechanisms()

    @override
    def check_login(self, secret: str) -> str:
        return self._accounts.check_login(secret)

    @override
    def end_login(self, secret: str) -> Deferred[None]:
        return self._accounts.end_login(secret)

    @override
    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        return self._noted(lambda: self._accounts.log_in(nick, password, address), PASSWORD, address, nick)

    @override
    def log_in_vouched(self, who: Vouched, address: str | None) -> Deferred[str]:
        return self._noted(lambda: self._accounts.log_in_vouched(who, address), PROVIDER, address, who.name)

    @override
    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        return _AuditedExchange(self._accounts.exchange(mechanism, address), self, f"sasl-{mechanism.lower()}", address)

    @override
    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._register(nick, password, code, address))

    @override
    def check_token(self, secret: str, address: str | None) -> Grant:
        try:
            grant = self._accounts.check_token(secret, address)
        except ChatError as error:
            self.failed(error, TOKEN, address)
            raise
        use = (grant.token, address)
        if use not in self._tokens:  # a program sends its token with each request
            if len(self._tokens) >= REMEMBERED:
                self._tokens.clear()
            self._tokens.add(use)
            self.logged_in(grant.account, f"{TOKEN} {grant.token}", address)
        return grant

    @override
    def open_login(self, account: str) -> Deferred[str]:
        return Deferred.fromCoroutine(self._open_login(account))

    @override
    def use_link(self, secret: str, address: str | None) -> Deferred[str]:
        return self._noted(lambda: self._accounts.use_link(secret, address), LINK, address)

    def logged_in(self, account: str, how: str, address: str | None, nick: str | None = None) -> None:
        """Note that somebody logged in."""
        operator = self._accounts.is_operator(account) or None
        name = nick or self._accounts.name(account)
        self._auditor.note(Act(AuditEvent.LOGIN, None, name, account, operator, address, how=how))

    def failed(self, error: ChatError, how: str, address: str | None, nick: str | None = None) -> None:
        """Note that somebody did not."""
        code, reason = error.code.value, error.text
        name = None if nick is None else self._name_of_somebody(nick)
        self._auditor.note(Act(AuditEvent.LOGIN_FAILED, nick=name, address=address, how=how, code=code, reason=reason))

    def _name_of_somebody(self, nick: str) -> str | None:
        """Return a nick if it is the name of an account: else it may be a password that was typed in its place."""
        try:
            return nick if self._accounts.is_registered(names.key(nick)) else None
        except ChatError:
            return None

    def _noted(
        self, attempt: Callable[[], Deferred[str]], how: str, address: str | None, nick: str | None = None
    ) -> Deferred[str]:
        return Deferred.fromCoroutine(self._attempted(attempt, how, address, nick))

    async def _attempted(
        self, attempt: Callable[[], Awaitable[str]], how: str, address: str | None, nick: str | None
    ) -> str:
        try:
            account = await attempt()
        except ChatError as error:
            self.failed(error, how, address, nick)
            raise
        self.logged_in(account, how, address)
        return account

    async def _register(self, nick: str, password: str, code: str | None, address: str | None) -> str:
        try:
            account = await self._accounts.register(nick, password, code, address)
        except ChatError as error:
            self._auditor.note(
                Act(AuditEvent.REGISTER_FAILED, nick=nick, address=address, code=error.code.value, reason=error.text)
            )
            raise
        self._auditor.note(Act(AuditEvent.REGISTERED, nick=nick, account=account, address=address))
        return account

    async def _open_login(self, account: str) -> str:
        secret = await self._accounts.open_login(account)
        self.logged_in(account, PAGE, None)
        return secret


class _AuditedExchange(Exchange):
    """A SASL exchange whose end is noted."""

    def __init__(self, exchange: Exchange, accounts: AuditedAccounts, how: str, address: str | None) -> None:
        self._exchange = exchange
        self._accounts = accounts
        self._how = how
        self._address = address
        self._nick: str | None = None

    @override
    async def step(self, message: bytes) -> bytes | LoggedIn:
        if self._nick is None and (named := _NAMES.search(message)) is not None:
            self._nick = next(filter(None, named.groups()), b"").decode(errors="replace")
        try:
            outcome = await self._exchange.step(message)
        except ChatError as error:
            self._accounts.failed(error, self._how, self._address, self._nick)
            raise
        if isinstance(outcome, LoggedIn):
            self._accounts.logged_in(outcome.account, self._how, self._address)
        return outcome
