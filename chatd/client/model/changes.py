"""What the window has to redraw: small values, each about one room (by its key) or about all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoomsChanged:
    """Rooms were opened or closed, or one was joined or left: the list of rooms is to be redrawn."""


@dataclass(frozen=True, slots=True)
class RoomRenamed:
    """A private conversation has another name, because the other person has."""

    old: str
    room: str


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """The lines of a room from this index on are to be redrawn; it may be the number of lines there are."""

    room: str
    first_index: int


@dataclass(frozen=True, slots=True)
class LinesDropped:
    """So many lines are gone from the beginning: the room is to be redrawn.

    That happens once in hundreds of lines. A LinesChanged that stands before it counts from before that.
    """

    room: str
    count: int


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """Somebody joined, left or was renamed, or the number of members is another."""

    room: str


@dataclass(frozen=True, slots=True)
class UnreadChanged:
    """The unread or the mention count of a room is another."""

    room: str


@dataclass(frozen=True, slots=True)
class TopicChanged:
    """A room's topic is another."""

    room: str


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """What holds in a room is another: its settings, or who is muted, banned, invited or an operator."""

    room: str


@dataclass(frozen=True, slots=True)
class AwayChanged:
    """The one who reads is away, or back, or somebody else is."""


@dataclass(frozen=True, slots=True)
class OwnNickChanged:
    """The one who reads has another name."""

    nick: str


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """The answer to ROOMS is whole: `Transcript.listing` holds it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a SEARCH is whole: `Room.found` holds it."""

    room: str


@dataclass(frozen=True, slots=True)
class StillWaiting:
    """The server could not take a message now; the link sends it again later."""

    room: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something was said to the one who reads, who is not looking at that room."""

    room: str
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class RegisterAnswered:
    """The server has answered to `LinkPort.register`; ``problem`` says why not, empty if the name is one's own now."""

    problem: str


Change = (
    RoomsChanged
    | RoomRenamed
    | LinesChanged
    | LinesDropped
    | MembersChanged
    | UnreadChanged
    | TopicChanged
    | RulesChanged
    | AwayChanged
    | OwnNickChanged
    | RoomsListed
    | Found
    | StillWaiting
    | Notice
    | RegisterAnswered
)
