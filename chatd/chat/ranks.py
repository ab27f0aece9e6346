"""Who is an operator of a room, or has a voice there, only for as long as they are in it: its founder, and guests.

It goes by connections, so that nobody inherits anything with a nick, and is not stored: it is part of who is where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from chatd.model.entry import Entry
from chatd.model.room_policy import ModerationAction
from chatd.protocol.events import Moderated

OPERATOR = "OP"
VOICE = "VOICE"


class Ranks:
    """The ranks in one room, by connection as `Identity` has it. A founder's has no moderation action."""

    __slots__ = ("_held", "after", "founding")

    def __init__(self) -> None:
        self._held: dict[str, dict[str, ModerationAction | None]] = {}
        self.after = 0
        """The last id of the room when it was founded: what was ruled up to there does not hold."""
        self.founding: Entry | None = None
        """The JOIN by which the room was founded."""

    def __bool__(self) -> bool:
        return bool(self._held)

    def is_operator(self, connection: str) -> bool:
        """Return whether a connection is an operator."""
        return connection in self._held and OPERATOR in self._held[connection]

    def has_voice(self, connection: str) -> bool:
        """Return whether a connection was given a voice."""
        return connection in self._held and VOICE in self._held[connection]

    def found(self, connection: str, entry: Entry, after: int) -> None:
        """Make a connection the founder of the room by its JOIN, when the last id of the room is ``after``."""
        self._held = {connection: {OPERATOR: None}}
        self.after, self.founding = after, entry

    def give(self, connection: str, action: ModerationAction) -> None:
        """Give a connection the rank that an OP or VOICE says."""
        self._held.setdefault(connection, {})[action.event.verb] = action

    def take(self, connection: str, rank: str) -> None:
        """Take a rank back; it is no mistake if it was not held."""
        held = self._held.get(connection, {})
        held.pop(rank, None)
        if not held:
            self._held.pop(connection, None)

    def share(self, connection: str, other: str) -> None:
        """Let a connection have what another one of the same person has."""
        if other in self._held:
            self._held[connection] = dict(self._held[other])

    def drop(self, connection: str) -> None:
        """Forget a connection."""
        self._held.pop(connection, None)

    def clear(self) -> None:
        """Forget everybody."""
        self._held.clear()

    def actions(self) -> Iterator[ModerationAction]:
        """Yield the moderation actions by which ranks are held, each once."""
        found = {action.id: action for held in self._held.values() for action in held.values() if action is not None}
        yield from found.values()

    def state(self) -> Any:
        """Return all of it in lists and texts, for other nodes."""
        held = [
            [connection, rank, None if action is None else [action.id, action.time, *_words(action.event)]]
            for connection, ranks in self._held.items()
            for rank, action in ranks.items()
        ]
        return [self.after, held]

    def restore(self, state: Any, connections: Collection[str]) -> None:
        """Be what another node says, as far as it is of those who are there."""
        self.clear()
        self.after, held = state
        for connection, rank, action in held:
            if connection in connections and rank in (OPERATOR, VOICE):
                id_, time, *words = action or (0, 0)
                known = None if action is None else ModerationAction(id_, time, Moderated(rank, *words))
                self._held.setdefault(connection, {})[rank] = known


def _words(event: Moderated) -> list[str | int | None]:
    return [event.nick, event.room, event.subject, event.seconds, event.text, event.reach]


NO_RANKS = Ranks()
"""Those of a room in which nobody is. Never to be changed."""
