"""Reading a stream from its beginning to its end, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from chatd.journal.jetstream.connection import ReplySubscription
from chatd.journal.jetstream.errors import NatsError, Requester, api
from chatd.journal.jetstream.messages import ReceivedMessage

PATIENCE_SECONDS = 5.0
"""How long nothing may come before it is given up."""
HEARTBEAT_SECONDS = 1
FORGET_SECONDS = 30
_NANOSECONDS = 1_000_000_000


class Scanner(Requester, Protocol):
    """The connection, as reading needs it."""

    def inbox(self) -> str:
        """Return a new subject for answers."""

    async def subscribe_replies(self, subject: str) -> ReplySubscription:
        """Return a subscription that is read one by one."""

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send something that nobody acknowledges."""


class Found(NamedTuple):
    """A message of a stream, and its subject."""

    subject: str
    message: ReceivedMessage


async def scan(scanner: Scanner, stream: str, subjects: Sequence[str]) -> AsyncIterator[Found]:
    """Yield all that a stream has by now of ``subjects``, in its order. Raise `NatsError`."""
    inbox = scanner.inbox()
    replies = await scanner.subscribe_replies(inbox)
    config = {
        "deliver_subject": inbox,
        "deliver_policy": "all",
        "ack_policy": "none",
        "max_deliver": 1,
        "replay_policy": "instant",
        "filter_subjects": list(subjects),
        "flow_control": True,
        "idle_heartbeat": HEARTBEAT_SECONDS * _NANOSECONDS,
        "inactive_threshold": FORGET_SECONDS * _NANOSECONDS,
        "mem_storage": True,
        "num_replicas": 1,
    }
    try:
        made = await api(scanner, f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config})
        left, expected = int(made.get("num_pending") or 0), 1
        while left:
            each = await replies.next(PATIENCE_SECONDS)
            if each.headers and "Status" in each.headers:
                if answer := each.reply or each.headers.get("Nats-Consumer-Stalled"):
                    await scanner.publish(answer, b"")
                continue
            words = each.reply.split(".")
            if len(words) > 9:  # with a domain and an account's hash before the stream
                words = words[2:]
            sequence, order, nanoseconds, left = (int(word) for word in words[5:9])
            if order != expected:
                raise NatsError(f"a message of {stream} did not arrive; try again")
            expected += 1
            yield Found(each.subject, ReceivedMessage(sequence, nanoseconds // 1_000_000, each.payload))
    finally:
        await replies.close()
