"""One request to whoever receives a hook, and what became of it."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers

from chatd import __version__
from chatd.hooks.addresses import is_public
from chatd.hooks.target import Target
from chatd.runtime.clocks import WallClock
from chatd.runtime.connection_failures import why_lost, why_not
from chatd.runtime.http_endpoints import (
    Body,
    CheckedEndpoints,
    NotAllowedError,
    TooLateError,
    any_address,
    timed_out,
    verifying_tls,
)

REQUEST_SECONDS = 10
"""How long a request may take, from looking up the name to the end of the answer."""
GONE = 410


class Outcome(NamedTuple):
    """What became of a request."""

    status: int | None
    """That of the answer; None if there was none."""
    why: str = ""
    """What went wrong, in a few words; empty if nothing did."""
    retry_after: float = 0
    """For how many seconds at least the receiver wants to be left alone."""


class Receiver:
    """Sends to one target, over a connection that stays open while there is more to send."""

    def __init__(self, reactor: Any, target: Target, wall: WallClock, *, private: bool) -> None:
        self.target = target
        self._clock = IReactorTime(reactor)
        self._wall = wall
        self._pool = HTTPConnectionPool(reactor)
        self._pool.maxPersistentPerHost = 1
        self._pool.retryAutomatically = False
        self._endpoints = CheckedEndpoints(reactor, any_address if private else is_public, verifying_tls)
        self._agent = Agent.usingEndpointFactory(reactor, self._endpoints, self._pool)

    async def post(self, headers: dict[str, str], body: bytes) -> Outcome:
        """Send one request. It never raises, unless it is cancelled."""
        if self.target.authorization is not None:
            headers = {**headers, "Authorization": self.target.authorization}
        headers |= {"Content-Type": "application/json", "User-Agent": f"chatd/{__version__}"}
        sent = Headers({name: [value] for name, value in headers.items()})
        end = self._clock.seconds() + REQUEST_SECONDS
        request = self._agent.request(b"POST", self.target.url.encode(), sent, Body(body))
        request.addTimeout(REQUEST_SECONDS, self._clock, timed_out)
        try:
            response = await request
        except CancelledError:
            raise
        except Exception:
            return Outcome(None, _why(Failure()))
        await self._discard(response, max(0.0, end - self._clock.seconds()))
        if 200 <= response.code < 300:
            return Outcome(response.code)
        why = f"answered {response.code}" + ("; redirects are not followed" if 300 <= response.code < 400 else "")
        return Outcome(response.code, why, self._retry_after(response))

    async def _discard(self, response: Any, seconds: float) -> None:
        """Read what is left of an answer, as far as that goes; what it says is nobody's business."""
        sink = _Sink()
        response.deliverBody(sink)
        sink.ended.addTimeout(seconds, self._clock, timed_out)
        try:
            await sink.ended
        except TooLateError:
            self._endpoints.abort()
        except CancelledError:
            self._endpoints.abort()
            raise

    def _retry_after(self, response: Any) -> float:
        value = (response.headers.getRawHeaders("retry-after") or [""])[-1].strip()
        if re.fullmatch("[0-9]{1,9}", value):
            return float(value)
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._wall())
        except (ValueError, OverflowError):
            return 0

    def rest(self) -> Deferred[None]:
        """Close the connection: there is nothing to send for now, and one that is old may be dead."""
        closed: Deferred[None] = self._pool.closeCachedConnections()
        return closed

    def abort(self) -> None:
        """Break off every connection: nothing is sent any more."""
        self.rest()
        self._endpoints.abort()


class _Sink(Protocol):
    """Takes what is left of an answer, and drops it."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = Failure(Exception())) -> None:  # noqa: ARG002, B008  # Twisted's
        if not self.ended.called:
            self.ended.callback(None)


def _why(failure: Failure) -> str:
    """Return why there was no answer, in a few words that say nothing of the path."""
    error = failure.value
    if isinstance(error, NotAllowedError):
        return f"its address {error} is not public; add the webhook with --private to allow it"
    if isinstance(error, TooLateError):
        return f"did not answer within {REQUEST_SECONDS} seconds"
    if isinstance(error, ResponseFailed):
        return why_lost(error.reasons[0]).replace("the server", "it")
    return why_not(failure)
