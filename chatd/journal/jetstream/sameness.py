"""Whether a stream still has the history that a node has read of it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from chatd.journal.jetstream.errors import ApiError, NatsError, Requester, UnusableError, api
from chatd.journal.jetstream.messages import ReceivedMessage, WriteProbe, decode
from chatd.journal.rows import to_row
from chatd.model.entry import StoredEvent
from chatd.model.health import Health
from chatd.protocol.events import DurableEvent

_NO_MESSAGE = 10037
_MOST = 5
"""How many entries are looked for, newest first, until one is found that is not deleted."""
TIME_SLACK = 1.0
"""By how many milliseconds two times of one entry may differ: one is cut to milliseconds and the other rounded."""


class _AtPlace(NamedTuple):
    time: int
    payload: bytes


async def check_same(
    requester: Requester, stream: str, last: ReceivedMessage | None, newest: Sequence[StoredEvent]
) -> None:
    """Raise `NatsError` if another message is where the node has read ``last``, or one of its ``newest`` entries.

    Numbers alone say nothing: what was restored from an older copy counts on from there, and gives them again.
    """
    if last is not None and (found := await _message(requester, stream, last.place)) is not None:
        if found.payload != last.payload:
            raise _different(stream, last.place)
        return
    for kept in newest[:_MOST]:
        found = await _message(requester, stream, kept.id)
        if found is None:
            continue
        if not _is_same(found, kept):
            raise _different(stream, kept.id)
        return


async def _message(requester: Requester, stream: str, place: int) -> _AtPlace | None:
    if place < 1:
        return None
    try:
        message = (await api(requester, f"STREAM.MSG.GET.{stream}", {"seq": place}))["message"]
    except ApiError as error:
        if error.code != _NO_MESSAGE:
            raise
        return None
    moment = datetime.fromisoformat(message["time"])
    return _AtPlace(round(moment.timestamp() * 1000), b64decode(message.get("data") or ""))


def _is_same(found: _AtPlace, kept: StoredEvent) -> bool:
    try:
        decoded = decode(found.payload)
    except ValueError:
        return False
    event = decoded.event
    if isinstance(event, WriteProbe) or not isinstance(event, DurableEvent):
        return False
    return to_row(event) == to_row(kept.event) and abs((decoded.time or found.time) - kept.time) <= TIME_SLACK


def _different(stream: str, place: int) -> NatsError:
    return UnusableError(
        Health.STREAM_UNUSABLE,
        f"the stream {stream} differs from what this node has read, at {place}, as after a restore from an older"
        " copy; stop all nodes, move their indexes away, and start them again",
    )
