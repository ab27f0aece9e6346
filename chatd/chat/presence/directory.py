"""Who goes by which nick, on all nodes together: tables that change in the order of the journal only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chatd.chat.client import Client
from chatd.chat.nicks import NickRegistry
from chatd.chat.presence.remote import RemoteMember
from chatd.model.cluster import MemberInfo, incarnation_of
from chatd.protocol.errors import ChatError
from chatd.protocol.names import Nick


@dataclass(eq=False, slots=True)
class Occupant:
    """Somebody who joined and has not left for good."""

    info: MemberInfo
    member: Client | RemoteMember
    successor: str | None = None
    """The member id that took the nick over, and may take the places in rooms."""
    places: dict[str, str] = field(default_factory=dict)
    """The keys and names of the rooms to tell of the departure; some may have removed this one before."""

    @property
    def member_id(self) -> str:
        """What all nodes know this one by."""
        return self.info.member_id


class Directory:
    """Everybody whose incarnation is live, by member id and by nick; ``changed`` is as in `NickRegistry`."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self.changed = changed
        self.incarnations: dict[str, None] = {}
        """Those that are live."""
        self._occupants: dict[str, Occupant] = {}
        self._nicks: NickRegistry[str] = NickRegistry(lambda member_id: self._occupants[member_id].info.nick, changed)
        self._stale: dict[str, dict[str, None]] = {}  # by successor

    def all(self) -> list[Occupant]:
        """Return everybody, in the order in which they joined."""
        return list(self._occupants.values())

    def get(self, member_id: str | None) -> Occupant | None:
        """Return who is known by a member id."""
        return None if member_id is None else self._occupants.get(member_id)

    def owner(self, nick: Nick) -> Occupant | None:
        """Return who goes by a nick, in any spelling."""
        return self.get(self._nicks.holder(nick))

    def refusal(self, nick: str, *but: str, account: str | None) -> ChatError | None:
        """Return why a nick is not to be had, None if it is; the member ids in ``but`` are in nobody's way."""
        return self._nicks.refusal(Nick.of(nick), *but, account=account)

    def rivals(self, nick: Nick) -> list[Occupant]:
        """Return those who go by a nick or by one that it could be mistaken for."""
        return [self._occupants[member_id] for member_id in self._nicks.rivals(nick)]

    def keeper(self, occupant: Occupant) -> str:
        """Return the incarnation with which somebody leaves: one's own, or that of one's successor."""
        return incarnation_of(occupant.successor or occupant.member_id)

    def add(self, occupant: Occupant) -> None:
        """Let somebody in, with the nick unless a successor has it."""
        self._occupants[occupant.member_id] = occupant
        if occupant.successor is None:
            self._nicks.assign(Nick(occupant.info.nick), occupant.member_id)
        else:
            self._stale.setdefault(occupant.successor, {})[occupant.member_id] = None

    def rename(self, occupant: Occupant, nick: str) -> None:
        """Give somebody another nick, and free the one before."""
        self._withdraw_nick(occupant)
        occupant.info = occupant.info._replace(nick=nick)
        self._nicks.assign(Nick.of(nick), occupant.member_id)

    def inherit(self, old: Occupant, successor: str) -> None:
        """Take the nick from somebody, and let a successor have the places that there are."""
        self._withdraw_nick(old)
        for stale in (*self.stale_connections(old.member_id), old):
            stale.successor = successor
            self._stale.setdefault(successor, {})[stale.member_id] = None
        self._stale.pop(old.member_id, None)

    def stale_connections(self, member_id: str) -> list[Occupant]:
        """Return those whose places a successor may take."""
        return [self._occupants[stale] for stale in self._stale.get(member_id, ())]

    def remove(self, occupant: Occupant) -> None:
        """Forget somebody, and free the nick."""
        self._withdraw_nick(occupant)
        del self._occupants[occupant.member_id]
        if occupant.successor is not None:
            stale_connections = self._stale.get(occupant.successor, {})
            stale_connections.pop(occupant.member_id, None)
            if not stale_connections:
                self._stale.pop(occupant.successor, None)

    def _withdraw_nick(self, occupant: Occupant) -> None:
        self._nicks.withdraw(Nick(occupant.info.nick), occupant.member_id)
