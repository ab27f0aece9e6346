"""What the server sends about an earlier message: it was deleted, edited or reacted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_ID_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Retracted:
    """Its author or an operator deleted the message with that ``id``: its text is gone."""

    nick: str
    room: str
    id: int

    @property
    def text(self) -> None:
        """Nothing: what was said is gone."""
        return None


class Original(NamedTuple):
    """What stays the same when the text of a message changes: stored with the change, and in no line."""

    nick: str
    time: int
    """In milliseconds since 1970."""
    author: str
    """Whose it is, see `chatd.model.authorship`."""
    reply: int = 0
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody replaced the text of their own message with that ``id``."""

    nick: str
    room: str
    id: int
    text: str
    original: Original | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody reacted to the message with that ``id`` with one emoji."""

    nick: str
    room: str
    id: int
    emoji: str

    @property
    def text(self) -> str:
        """The emoji, which is all that it says."""
        return self.emoji


@dataclass(frozen=True, slots=True)
class Unreacted(Reacted):
    """Somebody removed a reaction."""


@dataclass(frozen=True, slots=True)
class ReactionCounts:
    """How many reacted to the message with that ``id`` with each emoji; follows the message in HISTORY and SEARCH."""

    room: str
    id: int
    counts: tuple[tuple[str, int], ...]


ReferringEvent = Retracted | Edited | Reacted | Unreacted
"""What refers to a message."""
REFERRING = frozenset({Retracted, Edited, Reacted, Unreacted})
"""The same, to look a type up."""

RENDER: Mapping[type, Callable[..., str]] = {
    Retracted: lambda e: f"RETRACT {e.nick} {e.room} {e.id}",
    Edited: lambda e: f"EDIT {e.nick} {e.room} {e.id} {e.text}",
    Reacted: lambda e: f"REACT {e.nick} {e.room} {e.id} {e.emoji}",
    Unreacted: lambda e: f"UNREACT {e.nick} {e.room} {e.id} {e.emoji}",
    ReactionCounts: lambda e: " ".join(
        ("REACTIONS", e.room, str(e.id), *(f"{emoji} {count}" for emoji, count in e.counts))
    ),
}
"""How each is written, by its type."""


def rest_of(event: ReferringEvent) -> str:
    """Return what stands in a line after the room."""
    return RENDER[type(event)](event).split(" ", 3)[3]


def _parts(rest: str | None, count: int) -> list[str]:
    parts = (rest or "").split(" ", count - 1)
    if len(parts) != count or not all(parts):
        raise ValueError
    return parts


def _id(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= MAX_ID_DIGITS):
        raise ValueError
    return int(word)


def _one_word(word: str) -> str:
    if " " in word:
        raise ValueError
    return word


def _read_retracted(rest: str | None) -> Retracted:
    nick, room, id_ = _parts(rest, 3)
    return Retracted(nick, room, _id(id_))


def _read_edited(rest: str | None) -> Edited:
    nick, room, id_, text = _parts(rest, 4)
    return Edited(nick, room, _id(id_), text)


def _read_reacted(rest: str | None) -> Reacted:
    nick, room, id_, emoji = _parts(rest, 4)
    return Reacted(nick, room, _id(id_), _one_word(emoji))


def _read_unreacted(rest: str | None) -> Unreacted:
    nick, room, id_, emoji = _parts(rest, 4)
    return Unreacted(nick, room, _id(id_), _one_word(emoji))


def _read_counts(rest: str | None) -> ReactionCounts:
    room, id_, *more = (rest or "").split(" ")
    if not (room and more) or len(more) % 2 or not all(more):
        raise ValueError
    return ReactionCounts(room, _id(id_), tuple((more[at], _id(more[at + 1])) for at in range(0, len(more), 2)))


SHAPES: Mapping[str, Callable[[str | None], ReferringEvent | ReactionCounts]] = {
    "RETRACT": _read_retracted,
    "EDIT": _read_edited,
    "REACT": _read_reacted,
    "UNREACT": _read_unreacted,
    "REACTIONS": _read_counts,
}
"""How each is read from what follows its verb, which raises `ValueError`."""
VERBS = ("RETRACT", "EDIT", "REACT", "UNREACT")
"""The verbs of what refers to a message, as a journal keeps them."""
