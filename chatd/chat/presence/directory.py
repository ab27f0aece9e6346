"""Who goes by which nick, on all nodes together: tables that change in the order of the journal only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatd.model.cluster import MemberInfo, incarnation_of
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code

if TYPE_CHECKING:
    from chatd.chat.presence.remote import RemoteMember
    from chatd.chat.session import Session


@dataclass(eq=False, slots=True)
class Occupant:
    """Somebody who came in and has not gone for good."""

    info: MemberInfo
    member: Session | RemoteMember
    successor: str | None = None
    """The person who took the nick over, and may take the places in rooms."""
    places: dict[str, str] = field(default_factory=dict)
    """The keys and names of the rooms to tell of the going; some may have put this one out before."""


class Directory:
    """Everybody whose run is live, by person, by nick, and by what the nick looks like."""

    def __init__(self) -> None:
        self.runs: dict[str, None] = {}
        """The runs that are live."""
        self._beings: dict[str, Occupant] = {}
        self._by_nick: dict[str, str] = {}
        self._by_look: dict[str, str] = {}
        self._ghosts: dict[str, dict[str, None]] = {}

    def all(self) -> list[Occupant]:
        """Return everybody, in the order in which they came."""
        return list(self._beings.values())

    def get(self, member_id: str | None) -> Occupant | None:
        """Return who is known as a person."""
        return None if member_id is None else self._beings.get(member_id)

    def owner(self, nick: str) -> Occupant | None:
        """Return who goes by a nick, in any spelling."""
        return self.get(self._by_nick.get(names.key(nick)))

    def refusal(self, nick: str, *but: str) -> ChatError | None:
        """Return why a nick is not to be had, None if it is; the persons in ``but`` are in nobody's way."""
        owner = self._by_nick.get(names.key(nick))
        if owner is not None and owner not in but:
            return ChatError(Code.NAME_TAKEN, f"{self._beings[owner].info.nick} is here already; take another name")
        for look in sorted(looks_of(nick)):
            twin = self._by_look.get(look)
            if twin is not None and twin not in but:
                name = self._beings[twin].info.nick
                return ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {name}; take another name")
        return None

    def rivals(self, nick: str) -> list[Occupant]:
        """Return those who go by a nick or by one that it could be mistaken for."""
        found = [self._by_nick.get(names.key(nick)), *map(self._by_look.get, looks_of(nick))]
        return [self._beings[member_id] for member_id in found if member_id is not None]

    def keeper(self, occupant: Occupant) -> str:
        """Return the run with which somebody goes: one's own, or that of whoever may take one's places."""
        return incarnation_of(occupant.successor or occupant.info.member_id)

    def add(self, occupant: Occupant) -> None:
        """Let somebody in, with a nick unless it is an heir's."""
        self._beings[occupant.info.member_id] = occupant
        if occupant.successor is None:
            self._give(occupant)
        else:
            self._ghosts.setdefault(occupant.successor, {})[occupant.info.member_id] = None

    def rename(self, occupant: Occupant, nick: str) -> None:
        """Give somebody another nick, and free the one before."""
        self._take(occupant)
        occupant.info = occupant.info._replace(nick=nick)
        self._give(occupant)

    def inherit(self, old: Occupant, successor: str) -> None:
        """Take the nick from somebody, and let an heir have the places that there are."""
        self._take(old)
        for stale in (*self.stale_connections(old.info.member_id), old):
            stale.successor = successor
            self._ghosts.setdefault(successor, {})[stale.info.member_id] = None
        self._ghosts.pop(old.info.member_id, None)

    def stale_connections(self, member_id: str) -> list[Occupant]:
        """Return those whose places a person may take."""
        return [self._beings[stale] for stale in self._ghosts.get(member_id, ())]

    def remove(self, occupant: Occupant) -> None:
        """Forget somebody, and free the nick."""
        self._take(occupant)
        del self._beings[occupant.info.member_id]
        if occupant.successor is not None:
            stale_connections = self._ghosts.get(occupant.successor, {})
            stale_connections.pop(occupant.info.member_id, None)
            if not stale_connections:
                self._ghosts.pop(occupant.successor, None)

    def _give(self, occupant: Occupant) -> None:
        member_id, nick = occupant.info.member_id, occupant.info.nick
        self._by_nick[names.key(nick)] = member_id
        self._by_look |= dict.fromkeys(looks_of(nick), member_id)

    def _take(self, occupant: Occupant) -> None:
        member_id, nick = occupant.info.member_id, occupant.info.nick
        if self._by_nick.get(names.key(nick)) == member_id:
            del self._by_nick[names.key(nick)]
        for look in looks_of(nick):
            if self._by_look.get(look) == member_id:
                del self._by_look[look]


def looks_of(nick: str) -> set[str]:
    """Return what a nick looks like as it is written, and in small letters."""
    return {names.skeleton(nick), names.skeleton(names.key(nick))}
