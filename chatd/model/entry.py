"""What happens in a room on its way through the journal, who did it, and what both see of the room.

An entry names its author, a member its rooms, and a room its members, so they are in one module.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from chatd.model.authorship import Rights
from chatd.model.cluster import NodeDown, NodeUp, Source
from chatd.model.member_facts import MemberFacts
from chatd.model.room_policy import Identity, RoomPolicy
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import DurableEvent, Joined, Moderated, Parted, Renamed, Said, TopicSet
from chatd.protocol.names import Nick, RoomName
from chatd.protocol.references import REFERRING
from chatd.protocol.wire import Tags

RoomEvent = DurableEvent | Joined | Parted | Renamed | NodeUp | NodeDown
_DURABLE = frozenset({Said, TopicSet, Moderated}) | REFERRING

INTERNAL = ""
"""The verb of what a node appends by itself for a member on it, and which nobody is told was done."""


@dataclass(slots=True, eq=False)
class Entry:
    """Something that happened, or is about to. Not frozen: the journal fills in what became of it; each
    is itself alone, however alike two of them are.

    ``room`` is the room's key (`chatd.protocol.names.key`), empty for what concerns every room that its author is in.
    ``author`` is whoever said it through this process, with the ``label`` and the ``verb`` of the line that did.
    """

    room: str
    event: RoomEvent
    author: Member | None = None
    label: str | None = None
    verb: str = "MSG"
    id: int = 0
    """0 for passing and refused entries, and until the entry has its place."""
    time: int = 0
    """In milliseconds since 1970."""
    duplicate: bool = False
    """Whether the label had already stored the same, so nothing was stored; ``id`` and ``time`` are the first's."""
    refused: ChatError | None = None
    """Why it was not stored, if it was not: ``unavailable`` or ``label-reused``."""
    source: Source | None = None
    """Where it was appended, if there are several nodes; on another node it has no ``author``."""
    place: int = 0
    """Where it stands in the order that it shares with passing entries of other nodes, if there are several."""
    by: str = ""
    """Whose it is, see `chatd.model.authorship`; of what refers to a message all keys, separated by spaces."""
    rights: Rights | None = None
    """What its author may, of what refers to a message; None for what was brought in, and is believed."""
    seen: bool = False
    """Whether the message that it refers to was there when it was appended."""
    again: bool = False
    """Whether it says anew that somebody is in a room, for nodes that have taken this one for dead."""

    @property
    def durable(self) -> bool:
        """Whether it gets an id and is stored; joins, parts and nick changes only have a place in the order."""
        return type(self.event) in _DURABLE

    @property
    def stored(self) -> bool:
        """Whether the room is to see it as a new durable event."""
        return self.id != 0 and not self.duplicate


class StoredEvent(NamedTuple):
    """A durable event as the journal stores it."""

    id: int
    time: int
    """In milliseconds since 1970."""
    event: DurableEvent
    author: str = ""
    """Whose it is, see `chatd.model.authorship`; no line says it."""
    edited: bool = False
    """Whether its text was changed."""
    reactions: tuple[tuple[str, int], ...] = ()
    """How often each emoji was given to it, if that was asked for."""


class Form(Protocol):
    """What readers read who do not read lines; one and the same object for all who read the same."""

    def line(self, entry: Entry, body: str) -> bytes | None:
        """Return what they are all sent for an entry, given its line without tags and end.

        None if it has to be made for each of them: of the line that has tags, which `Reader.send` is given.
        """


class Reader(Protocol):
    """Somebody to whom lines are sent."""

    form: Form | None = None
    """In which this one reads what `deliver` is given; None if there is none but lines."""

    @property
    def tagged(self) -> bool:
        """Whether lines carry tags for this one."""

    @property
    def in_several_rooms(self) -> bool:
        """Whether lines may come to this one from more than one room."""

    def send(self, data: bytes) -> None:
        """Send whole lines; never blocks, never raises."""

    def deliver(self, data: bytes) -> None:
        """Send what the form of this one made of whole lines; never blocks, never raises."""
        self.send(data)


class Member(Reader, Protocol):
    """A participant, as rooms see it."""

    rooms: dict[Place, None]
    """The rooms that this one is in, the current one at the end."""
    is_deaf_to_itself: bool = False
    """Whether this one is not told what it says itself without a label, although it reads tags."""

    @property
    def nick(self) -> Nick:
        """The nick."""

    @property
    def ignored(self) -> Mapping[str, str]:
        """Whose lines this one does not want: nicks as written, by their keys."""

    @property
    def renaming(self) -> Nick:
        """Another nick that this one will go by in a moment; or nothing."""

    @property
    def member_id(self) -> str:
        """What all nodes know this one by, see `chatd.model.cluster.MemberInfo`; empty if there is one node."""

    @property
    def person(self) -> object:
        """What the connections of one person have in common, and nobody else has: a room has one place for them."""

    @property
    def here(self) -> bool:
        """Whether this one is connected to this node."""

    def takes_over(self, room: Place) -> Member | None:
        """Return the member of ``room`` whose place this one may take unseen, if there is one."""

    @property
    def facts(self) -> MemberFacts | None:
        """What is known of this one without asking; None of one who is connected to another node."""

    @property
    def away(self) -> str | None:
        """Why this one is away; None if not, or if its node has a version that tells so only when asked."""

    @property
    def realname(self) -> str:
        """The real name; empty if it was not given, or is told only when asked."""

    @property
    def bot(self) -> bool:
        """Whether this one is a program that answers by itself, as far as its node tells so unasked."""

    @property
    def judged_as(self) -> tuple[Identity, bool]:
        """Whom moderation actions are about, and whether that is a server operator: the same on all nodes."""

    @property
    def account(self) -> str | None:
        """The key of the account that this one is logged in to; None for a guest."""

    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        """Return why this one may not enter a room by a JOIN of its own; None if it may."""

    def removed_from(self, room: Place) -> None:
        """Note that one is not in a room any more."""

    def disconnect_on_fault(self) -> None:
        """End this one's connection, because of a fault of ours."""

    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        """Note that an entry of one's own has happened; return the reply to what asked for it, if it has one."""


class Place(Protocol):
    """A room, as those who are not the room itself see it."""

    @property
    def key(self) -> str:
        """Its name, folded."""

    @property
    def name(self) -> RoomName:
        """As first written."""

    @property
    def everybody(self) -> Collection[Member]:
        """Its members, on whatever node."""

    @property
    def members(self) -> Collection[Member]:
        """Those of them who are connected to this node."""

    @property
    def people(self) -> Collection[Member]:
        """One member for each person in it."""

    @property
    def head_count(self) -> int:
        """How many people are in it."""

    def has_place_of(self, member: Member) -> bool:
        """Return whether somebody has a place in it already: over any connection, or one that is theirs to take."""

    def note_ignoring(self, member: Member) -> None:
        """Note whether a member ignores somebody."""

    @property
    def last_id(self) -> int:
        """The id of the newest durable entry, 0 before the first."""

    @property
    def topic(self) -> TopicSet | None:
        """The topic, if one is set."""

    @property
    def topic_id(self) -> int:
        """The id under which the topic was set, 0 if none was."""

    @property
    def topic_tags(self) -> Tags:
        """The tags that the topic is told with."""

    @property
    def policy(self) -> RoomPolicy:
        """The moderation and settings in force."""


def label_reused(label: str) -> ChatError:
    """Return the refusal of an entry whose label belongs to another one."""
    return ChatError(Code.LABEL_REUSED, f"the label {label} belongs to another message; use a new label")


def unavailable() -> ChatError:
    """Return the refusal of an entry that could not be stored."""
    return ChatError(Code.UNAVAILABLE, "it could not be stored; send it again later")
