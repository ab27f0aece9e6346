"""How rooms stand in a journal, and which of them something is true of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from chatd.model.conversation import is_conversation
from chatd.model.entry import StoredEvent
from chatd.model.room_policy import KEEP, ModerationAction, RoomPolicy
from chatd.protocol.events import Moderated, Said, TopicSet


@dataclass(slots=True)
class RoomState:
    """The state of a room, as of the last batch that the journal handed back."""

    name: str
    """As first written."""
    last_id: int = 0
    """The id of the newest durable event, 0 before the first."""
    watermark: int = 0
    """The highest id that retention has deleted, 0 if none."""
    topic: StoredEvent | None = None
    policy: RoomPolicy = field(default_factory=RoomPolicy)
    said_id: int = 0
    """The id of the newest message, 0 if there is none."""

    @property
    def bare(self) -> bool:
        """Whether nothing is left of it but a topic: no message and nothing that moderators have decided."""
        return self.is_unspoken and not len(self.policy)

    @property
    def is_unspoken(self) -> bool:
        """Whether no message is left of it."""
        return self.said_id <= self.watermark

    def apply(self, kept: StoredEvent) -> None:
        """Apply one more durable event, with an id above all before."""
        self.last_id = kept.id
        event = kept.event
        if type(event) is Said:
            self.said_id = kept.id
        elif type(event) is TopicSet:
            self.topic = kept
        elif type(event) is Moderated:
            self.policy.apply(ModerationAction(kept.id, kept.time, event))


class KnownRooms(Mapping[str, RoomState]):
    """All rooms in which something durable happened, by key; not to be changed.

    How many there are, and how one stands, is quickly told; to go through them may be to read all of a file. The
    methods below are for who looks for some of them.
    """

    def __init__(self, room_states: dict[str, RoomState]) -> None:
        self._states = room_states

    @override
    def __getitem__(self, key: str) -> RoomState:
        return self._states[key]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    @override
    def __len__(self) -> int:
        return len(self._states)

    def ruled(self, kind: str, about: Collection[str]) -> Mapping[str, str]:
        """Return the names, by key, of the rooms in which an action of a kind holds about one of some things.

        Each is a subject, folded, or a setting, or a reach; see `chatd.model.room_policy.PolicyKey`.
        """
        return {
            key: state.name
            for key, state in self._states.items()
            for where, action in state.policy.items()
            if where.kind == kind and (where.subject in about or action.event.reach in about)
        }

    def conversations(self) -> Collection[str]:
        """Return the keys of those that are conversations of two."""
        return [key for key in self._states if is_conversation(key)]

    def unspoken(self) -> Collection[str]:
        """Return the keys of those of which no message is left, and maybe of some others; not all at once."""
        return [key for key, state in self._states.items() if state.is_unspoken]


def kept_shorter(rooms: Mapping[str, RoomState]) -> dict[str, int]:
    """Return for how many seconds rooms keep what is said there, by key, as far as they say so themselves."""
    found: dict[str, int] = {}
    for key, room_state in rooms.items():
        if KEEP in room_state.policy and (seconds := room_state.policy.seconds("keep")) is not None:
            found[key] = seconds
    return found
