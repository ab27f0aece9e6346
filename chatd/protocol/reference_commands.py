"""What a client sends about an earlier message. ``id`` is None where the line says ``last``."""

from __future__ import annotations

from dataclasses import dataclass

LAST = "last"
"""Stands for an id: of RETRACT and EDIT one's own newest message in the room, of REACT the newest of somebody else."""


@dataclass(frozen=True, slots=True)
class Retract:
    """Delete a message: one's own or, as an operator, anybody's."""

    id: int | None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of one's own message."""

    id: int | None
    room: str | None
    text: str


@dataclass(frozen=True, slots=True)
class React:
    """React to a message with one emoji."""

    id: int | None
    emoji: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Unreact:
    """Remove a reaction."""

    id: int | None
    emoji: str
    room: str | None = None


ReferenceCommand = Retract | Edit | React | Unreact


def parts(command: ReferenceCommand) -> list[str | None]:
    """Return what follows the verb of a command, word by word."""
    id_ = LAST if command.id is None else str(command.id)
    match command:
        case Retract():
            return [id_, command.room]
        case Edit():
            return [id_, command.room, command.text]
        case React() | Unreact():
            return [id_, command.emoji, command.room]
