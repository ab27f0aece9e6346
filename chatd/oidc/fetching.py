"""Requests to a provider: over TLS that is verified, bounded in time and size, and without following a redirect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers

from chatd import __version__
from chatd.oidc import ProviderError
from chatd.oidc.addresses import host_of, is_loopback
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
OK = 200


class Answer(NamedTuple):
    """What came back."""

    status: int
    value: dict[str, Any]
    """The object that it is; empty if it is none and the status is not 200."""


class Fetcher(Protocol):
    """What sends requests, see `HTTPFetcher`."""

    async def fetch(
        self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Get an object of JSON, or post a form for one. Raise `ProviderError`."""


class HTTPFetcher:
    """Sends each request over a connection of its own."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._clock = IReactorTime(reactor)

    async def fetch(
        self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Get an object of JSON, or post a form for one.

        Raise `ProviderError` if there is no answer in time, it is too long, or its status is 200 and it is no object.
        """
        endpoints = CheckedEndpoints(
            self._reactor, any_address if url.startswith("https:") else is_loopback, verifying_tls
        )
        pool = HTTPConnectionPool(self._reactor, persistent=False)
        agent = Agent.usingEndpointFactory(self._reactor, endpoints, pool)
        sent = {"Accept": "application/json", "User-Agent": f"chatd/{__version__}", **(headers or {})}
        body = None if form is None else Body(urlencode(form).encode())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        end = self._clock.seconds() + REQUEST_SECONDS
        try:
            request = agent.request(
                b"GET" if body is None else b"POST", url.encode(), Headers({k: [v] for k, v in sent.items()}), body
            )
            request.addTimeout(REQUEST_SECONDS, self._clock, timed_out)
            response = await request
            received = _Received()
            response.deliverBody(received)
            received.ended.addTimeout(max(0.0, end - self._clock.seconds()), self._clock, timed_out)
            data = await received.ended
        except Exception:
            raise ProviderError(f"{host_of(url)} did not answer properly: {_why(Failure())}") from None
        finally:
            endpoints.abort()
        return _answer(url, response.code, data)


def _answer(url: str, status: int, data: bytes) -> Answer:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return Answer(status, value)
    if status == OK:
        raise ProviderError(f"{host_of(url)} answered with something other than JSON at {urlsplit(url).path or '/'}")
    return Answer(status, {})


class _Received(TwistedProtocol):
    """Takes an answer's body; that it is no longer than it may be is for the connection to see."""

    def __init__(self) -> None:
        self._data: list[bytes] = []
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self._data.append(data)

    def connectionLost(self, reason: Failure = Failure(Exception())) -> None:  # noqa: B008  # Twisted's
        if self.ended.called:
            return
        if type(reason.value).__name__ in ("ResponseDone", "PotentialDataLoss"):
            self.ended.callback(b"".join(self._data))
        else:
            self.ended.errback(reason)


def _why(failure: Failure) -> str:
    error = failure.value
    if isinstance(error, TooLateError):
        return f"it took more than {REQUEST_SECONDS} seconds"
    if isinstance(error, NotAllowedError):
        return f"its name resolves to {error}, and plain http:// is for this machine only"
    if isinstance(error, ResponseFailed):
        return why_lost(error.reasons[0]).replace("the server", "it")
    return why_not(failure)
