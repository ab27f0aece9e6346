"""What was said here and is not acknowledged yet, so that it is said again after a reconnect or a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from chatd.client.model.lines import MAX_TIME
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.text import clean
from chatd.protocol.wire import MAX_LINE_BYTES

MAX_LOADED = 10_000
"""How many messages are taken over from an earlier run of the client."""
_LABEL = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


class Waiting(NamedTuple):
    """One message that waits."""

    room: str
    """The room's name, or the nick of the one it is for."""
    text: str
    label: str
    time: int
    """When it was said, in milliseconds since 1970."""
    sent: bool = False
    """Whether it may have arrived: only of use for private ones, which the server does not recognize."""
    nick: str = ""
    """The name it was said under, for which alone the server knows the label again."""
    reply: int = 0
    """The id of the message that it answers, 0 if it answers none."""

    @property
    def private(self) -> bool:
        """Whether it is for one person."""
        return not self.room.startswith("#")


def dump(messages: Iterator[Waiting]) -> list[dict[str, Any]]:
    """Return messages as values for `json.dump`."""
    return [message._asdict() for message in messages]


def load(data: object) -> Iterator[Waiting]:
    """Yield the messages that `dump` wrote; whatever else is there is passed over."""
    if not isinstance(data, list):
        return
    known: set[str] = set()
    for entry in data[:MAX_LOADED]:
        message = _message(entry)
        if message is not None and message.label not in known:
            known.add(message.label)
            yield message


def _message(entry: object) -> Waiting | None:
    match entry:
        case {"room": str(room), "text": str(text), "label": str(label), "time": int(time), "sent": bool(sent), **more}:
            nick, reply = more.get("nick"), more.get("reply")
        case _:
            return None
    try:
        room = names.room(room) if room.startswith("#") else names.nick(room)
    except names.BadNameError:
        return None
    text = clean(text)
    if not _LABEL.fullmatch(label) or not text or len(text.encode()) > MAX_LINE_BYTES or not 0 <= time <= MAX_TIME:
        return None
    answered = reply if type(reply) is int and 0 < reply <= MAX_ID else 0
    return Waiting(room, text, label, time, sent, nick if isinstance(nick, str) else "", answered)
