"""A line of a conversation as the window draws it: what it is, and what became of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from chatd.protocol.actions import BEGINNING
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.wire import NO_TAGS, Tags

_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z")
_ID = re.compile(r"[0-9]{1,19}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_TIME = 250_000_000_000_000
"""The latest time a line may have, in milliseconds since 1970: every time zone can still write it as a date."""


class Kind(Enum):
    """What a line is."""

    SAID = "a message, in a room or to one person"
    TOPIC = "a new topic"
    JOINED = "somebody joined"
    PARTED = "somebody left"
    RENAMED = "somebody took another name"
    MODERATED = "somebody was kicked, muted, banned or invited, or a setting was changed"
    RETRACTED = "a message stood here and was taken back"
    NOTE = "information for the one who reads"
    ERROR = "a command failed"
    GAP = "messages are missing here"
    BEGUN = "the server started a new history; everything above is from the old one"


class Delivery(Enum):
    """What became of a line."""

    STORED = "nothing is awaited any more: the server has it, or it is not for the server"
    WAITING = "one's own, and the server has not acknowledged it yet"
    FAILED = "one's own, and the server will not take it"


FOLDABLE = frozenset({Kind.JOINED, Kind.PARTED, Kind.RENAMED})


class Line(NamedTuple):
    """One line. ``serial`` is its own in its room and tells it from others for as long as the client runs."""

    serial: int
    kind: Kind
    time: int
    """In milliseconds since 1970: the server's if it told one, else the client's."""
    nick: str = ""
    """Who said or did it; of a RENAMED the old name. Empty for NOTE, ERROR, GAP and BEGUN."""
    text: str = ""
    """What was said; of a RENAMED the new name, of a MODERATED what was done, of a RETRACTED whose message it was."""
    id: int = 0
    """The server's, 0 if it has none."""
    run: int = 0
    """Which epoch of the room it is from, counted from 0; the timeline sets it, `Room.is_from_before` asks."""
    own: bool = False
    mention: bool = False
    """Whether it names the one who reads, or was said to nobody else."""
    state: Delivery = Delivery.STORED
    label: str = ""
    """Of a line of one's own that is not stored."""
    reason: str = ""
    """Why it FAILED: the error's text."""
    edited: bool = False
    """Whether its text was changed."""
    reactions: tuple[tuple[str, int], ...] = ()
    """How often each emoji was given to it."""
    answers: str = ""
    """Whom it answers, if that is known."""
    reacted: tuple[str, ...] = ()
    """Which of these emoji one has given oneself, as far as that is known."""
    reply: int = 0
    """The id of the message that it answers, 0 if it answers none."""

    @property
    def action(self) -> bool:
        """Whether it is what somebody does: ``* ann waves``."""
        return self.kind is Kind.SAID and self.text.startswith(BEGINNING)

    @property
    def counts(self) -> bool:
        """Whether it is unread until it is seen, if another said it: messages, and moderation of the one who reads."""
        return self.kind is Kind.SAID or (self.kind is Kind.MODERATED and self.mention)


def describe(line: Line) -> str:
    """Return the sentence that stands for a line in the window; of SAID it is what was said, without the name."""
    match line.kind:
        case Kind.JOINED:
            return f"{line.nick} joined"
        case Kind.PARTED:
            return f"{line.nick} left: {line.text}" if line.text else f"{line.nick} left"
        case Kind.RENAMED:
            return f"{line.nick} is now {line.text}"
        case Kind.TOPIC:
            return f"{line.nick} set the topic: {line.text}" if line.text else f"{line.nick} removed the topic"
        case Kind.RETRACTED:
            return f"{line.nick} deleted a message from {line.text}" if line.text else f"{line.nick} deleted a message"
        case Kind.MODERATED:
            return f"{line.nick} {line.text}"
        case _:
            return line.text


def id_of(tags: Tags, key: str = "id") -> int:
    """Return the id that a tag (or a value of an OK line) holds, from 1 to 2^63-1, and 0 if it holds none."""
    value = tags.get(key)
    if value is None or not _ID.fullmatch(value):
        return 0
    number = int(value)
    return number if number <= MAX_ID else 0


def time_of(tags: Tags = NO_TAGS) -> int | None:
    """Return the time of a line in milliseconds since 1970, from its tag; None if it tells no time."""
    value = tags.get("time")
    return None if value is None else _milliseconds(value)


@lru_cache(maxsize=64)
def _milliseconds(value: str) -> int | None:
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second, thousandth = map(int, match.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    time = (moment - _EPOCH) // timedelta(milliseconds=1) + thousandth
    return time if 0 <= time <= MAX_TIME else None
