"""Who goes by which nick, on all nodes together: tables that change in the order of the journal only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatd.model.cluster import Card, run_of
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code

if TYPE_CHECKING:
    from chatd.chat.presence.remote import Elsewhere
    from chatd.chat.session import Session


@dataclass(eq=False, slots=True)
class Being:
    """Somebody who came in and has not gone for good."""

    card: Card
    member: Session | Elsewhere
    heir: str | None = None
    """The person who took the nick over, and may take the places in rooms."""
    places: dict[str, str] = field(default_factory=dict)
    """The keys and names of the rooms to tell of the going; some may have put this one out before."""


class People:
    """Everybody whose run is live, by person, by nick, and by what the nick looks like."""

    def __init__(self) -> None:
        self.runs: dict[str, None] = {}
        """The runs that are live."""
        self._beings: dict[str, Being] = {}
        self._by_nick: dict[str, str] = {}
        self._by_look: dict[str, str] = {}
        self._ghosts: dict[str, dict[str, None]] = {}

    def all(self) -> list[Being]:
        """Return everybody, in the order in which they came."""
        return list(self._beings.values())

    def get(self, person: str | None) -> Being | None:
        """Return who is known as a person."""
        return None if person is None else self._beings.get(person)

    def owner(self, nick: str) -> Being | None:
        """Return who goes by a nick, in any spelling."""
        return self.get(self._by_nick.get(names.key(nick)))

    def refusal(self, nick: str, *but: str) -> ChatError | None:
        """Return why a nick is not to be had, None if it is; the persons in ``but`` are in nobody's way."""
        owner = self._by_nick.get(names.key(nick))
        if owner is not None and owner not in but:
            return ChatError(Code.NAME_TAKEN, f"{self._beings[owner].card.nick} is here already; take another name")
        for look in sorted(looks_of(nick)):
            twin = self._by_look.get(look)
            if twin is not None and twin not in but:
                name = self._beings[twin].card.nick
                return ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {name}; take another name")
        return None

    def rivals(self, nick: str) -> list[Being]:
        """Return those who go by a nick or by one that it could be mistaken for."""
        found = [self._by_nick.get(names.key(nick)), *map(self._by_look.get, looks_of(nick))]
        return [self._beings[person] for person in found if person is not None]

    def keeper(self, being: Being) -> str:
        """Return the run with which somebody goes: one's own, or that of whoever may take one's places."""
        return run_of(being.heir or being.card.person)

    def add(self, being: Being) -> None:
        """Let somebody in, with a nick unless it is an heir's."""
        self._beings[being.card.person] = being
        if being.heir is None:
            self._give(being)
        else:
            self._ghosts.setdefault(being.heir, {})[being.card.person] = None

    def rename(self, being: Being, nick: str) -> None:
        """Give somebody another nick, and free the one before."""
        self._take(being)
        being.card = being.card._replace(nick=nick)
        self._give(being)

    def inherit(self, old: Being, heir: str) -> None:
        """Take the nick from somebody, and let an heir have the places that there are."""
        self._take(old)
        for ghost in (*self.ghosts(old.card.person), old):
            ghost.heir = heir
            self._ghosts.setdefault(heir, {})[ghost.card.person] = None
        self._ghosts.pop(old.card.person, None)

    def ghosts(self, person: str) -> list[Being]:
        """Return those whose places a person may take."""
        return [self._beings[ghost] for ghost in self._ghosts.get(person, ())]

    def remove(self, being: Being) -> None:
        """Forget somebody, and free the nick."""
        self._take(being)
        del self._beings[being.card.person]
        if being.heir is not None:
            ghosts = self._ghosts.get(being.heir, {})
            ghosts.pop(being.card.person, None)
            if not ghosts:
                self._ghosts.pop(being.heir, None)

    def _give(self, being: Being) -> None:
        person, nick = being.card.person, being.card.nick
        self._by_nick[names.key(nick)] = person
        self._by_look |= dict.fromkeys(looks_of(nick), person)

    def _take(self, being: Being) -> None:
        person, nick = being.card.person, being.card.nick
        if self._by_nick.get(names.key(nick)) == person:
            del self._by_nick[names.key(nick)]
        for look in looks_of(nick):
            if self._by_look.get(look) == person:
                del self._by_look[look]


def looks_of(nick: str) -> set[str]:
    """Return what a nick looks like as it is written, and in small letters."""
    return {names.skeleton(nick), names.skeleton(names.key(nick))}
