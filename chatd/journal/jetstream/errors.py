"""The errors of NATS and JetStream, and requests to JetStream's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from chatd.model.health import Health

API_SECONDS = 5.0
"""How long a server may take to make or describe a stream."""


class NatsError(Exception):
    """The servers could not do something. Its argument is a sentence that says why, for the server operator."""


class NoRespondersError(NatsError):
    """Nobody is subscribed to what was asked."""


class RequestTimeoutError(NatsError):
    """No answer came in time."""


class UnusableError(NatsError):
    """The servers are there, and what they have cannot be used; ``health`` says what that is."""

    def __init__(self, health: Health, why: str) -> None:
        super().__init__(why)
        self.health = health


class ApiError(NatsError):
    """JetStream refused a request; ``code`` is its number for the reason."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


def why_not_stored(error: NatsError) -> str:
    """Return why a message could not be stored and what a server operator can do about it."""
    match error:
        case ApiError():
            return f"the servers say: {error}"
        case RequestTimeoutError():
            return (
                "the servers did not confirm that it is stored;"
                " if a disk of theirs was full, free some space and restart them"
            )
        case NoRespondersError():
            return "too few servers are up; if a disk of theirs was full, free some space and restart them all"
    return str(error)


def check_stored(answer: bytes) -> None:
    """Raise `ApiError` if JetStream answers that it has not stored a message, `NatsError` if it is not its answer."""
    try:
        error = json.loads(answer).get("error")
        code = int(error["err_code"]) if error else 0
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NatsError("the answer does not come from JetStream") from None
    if error:
        raise ApiError(code, str(error.get("description", code)))


class Requester(Protocol):
    """Sends requests to the servers."""

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer to a request. Raise `NatsError` if there is none within ``seconds``."""


async def api(requester: Requester, what: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what JetStream answers. Raise `ApiError` if it refuses, `NatsError` if it does not answer."""
    payload = b"" if question is None else json.dumps(question).encode()
    try:
        answer = json.loads(await requester.request(f"$JS.API.{what}", payload, seconds=API_SECONDS))
    except NoRespondersError:
        raise NatsError("JetStream is not available; check that it is enabled and that enough servers are up") from None
    except ValueError:
        raise NatsError("the answer does not come from JetStream") from None
    if not isinstance(answer, dict):
        raise NatsError("the answer does not come from JetStream")
    if (error := answer.get("error")) is not None:
        raise ApiError(int(error.get("err_code", 0)), str(error.get("description", error)))
    return answer
