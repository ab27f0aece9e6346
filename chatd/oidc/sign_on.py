"""Logging in with a provider, as the page sees it: there, and back again into an account."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chatd.accounts import Vouched
from chatd.accounts.throttle import Throttle
from chatd.oidc import ProviderError
from chatd.oidc.addresses import host_of
from chatd.oidc.attempt import Attempt, is_fresh, new_secret
from chatd.oidc.provider import Provider, why_refused
from chatd.protocol.errors import ChatError, Code
from chatd.runtime.clocks import WallClock

MAX_UNDER_WAY = 32
"""How many logins the provider may be asked about at the same time."""
MAX_USED = 10_000
"""How many attempts that were used up are remembered until their time is over."""
FAILURES = 100
SECONDS = 10 * 60
DENIED = "access_denied"
LogIn = Callable[[Vouched, str | None], Deferred[str]]


class ProviderSignOn:
    """Takes people to a provider, and to their accounts when they come back. Its methods raise `ChatError`.

    ``note`` logs a sentence. ``log_in`` returns the account of somebody whom the provider vouches for.
    """

    def __init__(
        self,
        issuer: str,
        provider: Provider,
        log_in: LogIn,
        clock: IReactorTime,
        wall: WallClock,
        note: Callable[[str], None],
    ) -> None:
        self.label = host_of(issuer)
        """What people know the provider by."""
        self._provider = provider
        self._log_in = log_in
        self._wall = wall
        self._note = note
        self._failures = Throttle(clock, FAILURES, SECONDS, "too many failed logins from your address")
        self._used: OrderedDict[bytes, None] = OrderedDict()
        self._under_way = 0

    async def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Begin an attempt; return its secret, for a cookie, and where the browser is to go."""
        secret = new_secret(self._wall())
        try:
            return secret, await self._provider.login_address(Attempt(secret), redirect_uri)
        except ProviderError as error:
            raise self._refusal(error, Code.UNAVAILABLE) from None

    async def finish(self, secret: str, answer: Mapping[str, str], redirect_uri: str, address: str | None) -> str:
        """Return the key of the account of whoever comes back; ``answer`` is what the address says after ``?``.

        ``secret`` is what the browser has in its cookie. ``address`` is as for `Accounts.log_in`.
        """
        attempt = Attempt(secret)
        if not is_fresh(secret, self._wall()) or not attempt.is_answered_by(answer.get("state")):
            why = "this login was started in another browser or tab, or more than ten minutes ago"
            raise ChatError(Code.NOT_ALLOWED, f"{why}; start again")
        self._use_up(secret)
        if (error := answer.get("error")) is not None:
            what = "you declined at the provider" if error == DENIED else f"the provider said {why_refused(answer, '')}"
            raise self._refusal(ProviderError(what), Code.NOT_ALLOWED)
        failure = self._failures.attempt(None, address)
        if self._under_way >= MAX_UNDER_WAY:
            failure.void()
            raise ChatError(Code.SLOW_DOWN, "too many people are logging in; try again in a moment")
        self._under_way += 1
        try:
            who = await self._provider.identify(answer, attempt, redirect_uri)
        except ProviderError as wrong:
            raise self._refusal(wrong, Code.NOT_ALLOWED) from None
        finally:
            self._under_way -= 1
        failure.void()
        return await self._log_in(who, address)

    def _use_up(self, secret: str) -> None:
        """Note that an attempt is over, however it ends. Raise `ChatError` if it was."""
        digest = sha256(secret.encode()).digest()
        if digest in self._used:
            raise ChatError(Code.NOT_ALLOWED, "this login was already used; start again")
        self._used[digest] = None
        if len(self._used) > MAX_USED:
            self._used.popitem(last=False)

    def _refusal(self, error: ProviderError, code: Code) -> ChatError:
        self._note(f"a login with {self.label} failed: {error}")
        return ChatError(code, f"logging in with {self.label} failed: {error}")
