"""Storing a batch in the stream: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import ApiError, NatsError, RequestTimeoutError, check_stored
from chatd.journal.jetstream.messages import PASSING_SECONDS, Message

ACK_SECONDS = 2.0
_KNOWN = (10201, 10158)
"""JetStream's codes for a message that is stored already, or is being stored just now."""


class Publisher(Protocol):
    """The way to the stream."""

    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:
        """Store messages together, or none of them.

        The Deferred fires with True if they are stored, with False if they may be, and fails with `NatsError`.
        """


class StreamPublisher(Publisher):
    """Stores each batch as one atomic batch of JetStream; a batch of one as a plain message."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.open = False
        """Whether it is known that the stream is the one that the index is made from."""

    @override
    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:
        return self._connection.run(self._store(messages, attempt))

    async def _store(self, messages: Sequence[Message], attempt: int) -> bool:
        if not self.open:
            raise NatsError("there is no connection")
        *first, last = messages
        message_id = last.id
        batch = {"Nats-Batch-Id": f"{message_id.incarnation}.{message_id.batch}.{attempt}"} if first else {}
        for number, message in enumerate(first, 1):
            headers = _headers(message) | batch | {"Nats-Batch-Sequence": str(number)}
            await self._connection.publish(message.subject, message.payload, headers)
        headers = _headers(last) | batch
        if first:
            headers |= {"Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
        try:
            answer = await self._connection.request(last.subject, last.payload, headers, ACK_SECONDS)
        except RequestTimeoutError:
            await self._connection.ping()
            raise
        try:
            check_stored(answer)
        except ApiError as error:
            if error.code not in _KNOWN:
                raise
            return False
        return True


def _headers(message: Message) -> dict[str, str]:
    headers = {"Nats-Msg-Id": str(message.id)}
    if message.lasts:
        return headers | {"Nats-TTL": "never"}
    return headers | {"Nats-TTL": f"{PASSING_SECONDS}s"} if message.passing else headers
