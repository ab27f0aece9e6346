"""What can go wrong on the way to the servers, and what a part of this package needs of the connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

API_SECONDS = 5.0
"""How long a server may take to make or describe a stream."""


class LinkError(Exception):
    """Something could not be done with the servers. The argument says why, for the operator."""


class NoRespondersError(LinkError):
    """Nobody is subscribed to what was asked."""


class TooSlowError(LinkError):
    """No answer came in time."""


class ApiError(LinkError):
    """JetStream refused something; ``code`` is its number for the reason."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Requester(Protocol):
    """What asks the servers."""

    async def request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, seconds: float = 2.0
    ) -> bytes:
        """Return the answer to a request. Raise `LinkError` if there is none within ``seconds``."""


async def api(link: Requester, what: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what JetStream answers. Raise `ApiError` if it refuses, `LinkError` if it does not answer."""
    payload = b"" if question is None else json.dumps(question).encode()
    try:
        answer = json.loads(await link.request(f"$JS.API.{what}", payload, seconds=API_SECONDS))
    except NoRespondersError:
        raise LinkError("JetStream is not to be had there; is it enabled, and are enough servers up?") from None
    except ValueError:
        raise LinkError("the answer is not JetStream's") from None
    if not isinstance(answer, dict):
        raise LinkError("the answer is not JetStream's")
    if (error := answer.get("error")) is not None:
        raise ApiError(int(error.get("err_code", 0)), str(error.get("description", error)))
    return answer
