"""A document of a provider's that is fetched when somebody needs it, and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chatd.oidc import ProviderError

KEEP_SECONDS = 60 * 60
AFTER_FAILURE_SECONDS = 5
"""For how long nobody else tries when it could not be fetched."""
ANEW_SECONDS = 30
"""How often it is fetched at most because there may be a newer one."""
T = TypeVar("T")


class KeptDocument(Generic[T]):
    """Whatever `fetch` returns, for an hour. It is fetched once at a time, however many need it.

    One that is too old serves on while no newer can be fetched.
    """

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: IReactorTime) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._why = ProviderError("nothing has been fetched yet")
        self._fetched_at = -inf
        self._tried_at = -inf
        self._waiting: list[Deferred[None]] | None = None

    async def get(self) -> T:
        """Return it. Raise `ProviderError` if it could not be fetched."""
        if self._value is None or self._clock.seconds() - self._fetched_at >= KEEP_SECONDS:
            await self._renew(AFTER_FAILURE_SECONDS)
        if self._value is None:
            raise ProviderError(*self._why.args)
        return self._value

    async def get_anew(self) -> T:
        """Return a newer one, unless it was fetched just now."""
        await self._renew(ANEW_SECONDS)
        return await self.get()

    async def _renew(self, least_seconds: float) -> None:
        if self._waiting is not None:
            done: Deferred[None] = Deferred()
            self._waiting.append(done)
            await done
            return
        if self._clock.seconds() - self._tried_at < least_seconds:
            return
        self._tried_at, self._waiting = self._clock.seconds(), []
        try:
            self._value = await self._fetch()
            self._fetched_at = self._clock.seconds()
        except ProviderError as error:
            self._why = error
        finally:
            waiting, self._waiting = self._waiting, None
            for each in waiting:
                each.callback(None)
