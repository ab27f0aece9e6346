"""Storing a batch in the stream: all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import LinkError, TooSlowError
from chatd.journal.jetstream.messages import PASSING_SECONDS, Message
from chatd.journal.jetstream.outbox import Publisher

ACK_SECONDS = 2.0
_KNOWN = (10201, 10158)
"""The codes of JetStream for a message that is there already, or is being stored just now."""


class StreamPublisher(Publisher):
    """Stores each batch as one atomic batch of JetStream; a batch of one as a plain message."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.open = False
        """Whether it is known that the stream is the one that the index is made from."""

    @override
    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:
        return self._connection.do(self._store(messages, attempt))

    async def _store(self, messages: Sequence[Message], attempt: int) -> bool:
        if not self.open:
            raise LinkError("there is no connection")
        *first, last = messages
        mark = last.mark
        batch = {"Nats-Batch-Id": f"{mark.incarnation}.{mark.n}.{attempt}"} if first else {}
        for number, message in enumerate(first, 1):
            headers = _headers(message) | batch | {"Nats-Batch-Sequence": str(number)}
            await self._connection.publish(message.subject, message.payload, headers)
        headers = _headers(last) | batch
        if first:
            headers |= {"Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
        try:
            answer = await self._connection.request(last.subject, last.payload, headers, ACK_SECONDS)
        except TooSlowError:
            await self._connection.check()
            raise
        return _stored(answer)


def _headers(message: Message) -> dict[str, str]:
    headers = {"Nats-Msg-Id": str(message.mark)}
    if message.lasts:
        return headers | {"Nats-TTL": "never"}
    return headers | {"Nats-TTL": f"{PASSING_SECONDS}s"} if message.passing else headers


def _stored(answer: bytes) -> bool:
    try:
        fields = json.loads(answer)
        error = fields.get("error")
        code = int(error["err_code"]) if error else 0
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LinkError("the answer is not JetStream's") from None
    if code in _KNOWN:
        return False
    if error:
        raise LinkError(str(error.get("description", code)))
    return True
