"""What a reader finds: something said, something that cannot be read, something that is left out on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from chatd.protocol.actions import BEGINNING

_YEAR_10000 = round(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000) + 24 * 60 * 60 * 1000
JOINS = "joins, leaves and program notices"
NO_TEXT = "messages without text"


@dataclass(slots=True)
class Record:
    """Something that was said, or a topic that was set, as it stands in the file. Not frozen: there are very many.

    ``time`` is in milliseconds since 1970. ``room`` and ``name`` are as the people there saw them; ``room_id`` and
    ``who`` are what they are told apart by, which is the name itself if they are empty.
    """

    time: int
    room: str
    name: str
    text: str
    room_id: str = ""
    who: str = ""
    is_topic: bool = False


@dataclass(frozen=True, slots=True)
class Bad:
    """Something that cannot be read. ``where`` is the file and the line or message in it."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that has no place in a room here. ``what`` is what it is counted as, in the plural."""

    what: str


Found = Record | Bad | LeftOut


def in_this_age(time: int) -> bool:
    """Return whether a journal takes a time, in milliseconds since 1970."""
    return 0 <= time < _YEAR_10000


def action(text: str) -> str:
    """Return what ``/me`` says elsewhere as it is said here, see `chatd.protocol.actions`."""
    return BEGINNING + text
