"""Who is an operator of a room, or has a voice there, only for as long as they are in it: its founder, and guests.

It goes by connections, so that nobody inherits anything with a nick, and is not stored: it is part of who is where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from chatd.model.entry import Entry, Member
from chatd.model.room_policy import ModerationAction
from chatd.protocol.events import Moderated

OPERATOR = "OP"
VOICE = "VOICE"
_RANKS = {"OP": OPERATOR, "DEOP": OPERATOR, "VOICE": VOICE, "UNVOICE": VOICE}
"""By the verb that gives or takes it."""


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

    def change(self, action: ModerationAction, members: Collection[Member]) -> None:
        """Do what an action says of the ranks of one of ``members``, with all connections of that person."""
        event = action.event
        kind, _, connection = (event.reach or "").partition("=")
        if event.verb not in _RANKS or kind != "connection":
            return
        there = {connection_of(member): member.person for member in members}
        for each, person in there.items():
            if person is there.get(connection):
                if event.verb in (OPERATOR, VOICE):
                    self.give(each, action)
                else:
                    self.take(each, _RANKS[event.verb])

    def join(self, newcomer: Member, members: Collection[Member]) -> None:
        """Let a further connection of a person have what the others have, who are among ``members``."""
        other = next((each for each in members if each.person is newcomer.person), None)
        if other is not None and (held := self._held.get(connection_of(other))):
            self._held[connection_of(newcomer)] = dict(held)

    def move(self, connection: str, successor: str) -> None:
        """Let a connection have what the one had whose place it takes."""
        if (held := self._held.pop(connection, None)) is not None:
            self._held[successor] = held

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

    def state(self, seal: ModerationAction | None) -> Any:
        """Return all of it in lists and texts, for other nodes, with the seal of the room's policy."""
        held = [
            [connection, rank, None if action is None else [action.id, action.time, *_words(action.event)]]
            for connection, ranks in self._held.items()
            for rank, action in ranks.items()
        ]
        return [self.after, held, None if seal is None else [seal.id, seal.time, *_words(seal.event)]]

    def restore(self, state: Any, members: Collection[Member]) -> ModerationAction | None:
        """Be what another node says, None for nothing, as far as it is of ``members``; return the seal."""
        self.clear()
        self.after, held, seal = state or (0, [], None)
        connections = {connection_of(member) for member in members}
        for connection, rank, action in held:
            if connection in connections and rank in (OPERATOR, VOICE):
                self._held.setdefault(connection, {})[rank] = None if action is None else _action(rank, *action)
        return None if seal is None else _action("SET", *seal)


def connection_of(member: Member) -> str:
    """Return by what a member's ranks are known, on all nodes alike."""
    return member.judged_as[0].connection


def _action(verb: str, id_: int, time: int, *words: Any) -> ModerationAction:
    return ModerationAction(id_, time, Moderated(verb, *words))


def _words(event: Moderated) -> list[str | int | None]:
    return [event.nick, event.room, event.subject, event.seconds, event.text, event.reach]


NO_RANKS = Ranks()
"""Those of a room in which nobody is. Never to be changed."""
