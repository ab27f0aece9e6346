"""What a row about a command says: what it needs before it is carried out, and what carries it out.

`chatd.chat.handlers` puts the rows of all modules together.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from chatd.chat.participant import Participant
from chatd.model.entry import Place
from chatd.protocol.commands import Command
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import RoomName

Work = Coroutine[Deferred[Any], Any, None]
"""What is left to do of a command that has to wait for its reader or for the journal."""


class Needs(Enum):
    """What a participant must have before a command is looked at."""

    NOTHING = "nothing"
    NICK = "a nick"
    ROOM = "a room that it is in: the one that is named, else the current one"


@dataclass(frozen=True, slots=True)
class Row:
    """How one command is carried out. ``carry_out`` gets the participant, the command and the line's label.

    It returns what is left to do, and raises `ChatError` if the command cannot be carried out.
    """

    command: type
    needs: Needs
    carry_out: Callable[[Participant, Any, str | None], Work | None]
    is_question: bool = False
    """Whether it only asks for something, so that it is of no use to one who cannot be answered."""


@dataclass(frozen=True, slots=True)
class Task:
    """What an edge does itself of what it was asked, in the turn of a command: after all that came before it.

    ``run`` returns what is left to do, and raises `ChatError` if it cannot be done.
    """

    run: Callable[[], Work | None]
    for_barred: bool = False
    """Whether it belongs to logging in, so that it is done for one who is banned too, see `chatd.chat.barred`."""


class InRoom(Protocol):
    """A command for a room."""

    @property
    def room(self) -> str | None:
        """The room that is named, None for the current one."""


C = TypeVar("C", bound=Command)
R = TypeVar("R", bound=InRoom)


def for_anybody(
    command: type[C], carry_out: Callable[[Participant, C, str | None], Work | None], *, is_question: bool = False
) -> Row:
    """Return the row of a command that needs nothing."""
    return Row(command, Needs.NOTHING, carry_out, is_question)


def for_named(
    command: type[C], carry_out: Callable[[Participant, C, str | None], Work | None], *, is_question: bool = False
) -> Row:
    """Return the row of a command that needs a nick."""

    def with_nick(participant: Participant, command: C, label: str | None) -> Work | None:
        need_nick(participant)
        return carry_out(participant, command, label)

    return Row(command, Needs.NICK, with_nick, is_question)


def in_room(
    command: type[R],
    carry_out: Callable[[Participant, Place, R, str | None], Work | None],
    *,
    is_question: bool = False,
) -> Row:
    """Return the row of a command that needs a room."""

    def with_room(participant: Participant, command: R, label: str | None) -> Work | None:
        return carry_out(participant, room_of(participant, command.room), command, label)

    return Row(command, Needs.ROOM, with_room, is_question)


def need_nick(participant: Participant) -> None:
    """Raise `ChatError` if a participant has no nick yet."""
    if not participant.nick:
        raise ChatError(Code.NAME_NEEDED, "choose a nick first: JOIN <your name>")


def room_of(participant: Participant, name: str | None) -> Place:
    """Return the room of that name, or the current one. Raise `ChatError` if the participant is not in it."""
    need_nick(participant)
    room = participant.current if name is None else participant.hub.room(RoomName.of(name).key)
    if room is None or room not in participant.rooms:
        where = "not in a room" if name is None else f"not in {name}"
        raise ChatError(Code.NOT_IN_ROOM, f"you are {where}; JOIN <#room> first")
    return room
