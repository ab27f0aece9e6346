"""What a client says about a message that was said before. ``id`` is None where the line says ``last``."""

from __future__ import annotations

from dataclasses import dataclass

LAST = "last"
"""Stands for an id: of RETRACT and EDIT one's own newest message in the room, of REACT the newest of somebody else."""


@dataclass(frozen=True, slots=True)
class Retract:
    """Take a message back: one's own or, as an operator, anybody's."""

    id: int | None
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Change the text of a message of one's own."""

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
    """Take a reaction back."""

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
