"""Those who are told, without asking, of people: that somebody comes or goes, is away or back,
has an account or another real name.

An edge whose protocol has such notices registers an `Onlooker` for a connection. It hears of those who share a room
with it, and of the nicks that it watches, until the hub knows the connection no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from chatd.chat.client import Client
from chatd.chat.persons import Persons
from chatd.chat.private_lines import PrivateLine
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Member, Place
from chatd.protocol import names
from chatd.protocol.names import Nick
from chatd.runtime.log_limiter import LogLimiter


class Onlooker(Protocol):
    """Who is told of people."""

    def came(self, nick: Nick) -> None:
        """Be told that somebody goes by a nick that one watches, as they spell it."""

    def went(self, nick: Nick) -> None:
        """Be told that nobody goes by it any more, as it was spelled last."""

    def away_changed(self, member: Member, text: str | None) -> None:
        """Be told why somebody is away; None for one who is back."""

    def account_changed(self, member: Member) -> None:
        """Be told that somebody is logged in to another account than before, or to none."""

    def realname_changed(self, member: Member) -> None:
        """Be told that somebody is called otherwise besides the nick."""

    def invited(self, line: PrivateLine) -> None:
        """Be told that one is invited into a room oneself."""

    def other_invited(self, room: str, by: str, nick: str) -> None:
        """Be told that ``by`` has invited another into a room that one is in."""


class Onlookers:
    """All of a hub. It is false where nobody wants to be told anything, and then does nothing.

    ``going_by`` returns how somebody spells a nick whom all know by it, None if nobody goes by it.
    """

    def __init__(
        self, clock: IReactorTime, going_by: Callable[[Nick], Nick | None], persons: Persons, log_limiter: LogLimiter
    ) -> None:
        self._clock = clock
        self._going_by = going_by
        self._persons = persons
        self._log_limiter = log_limiter
        self._onlookers: dict[Member, Onlooker] = {}
        self._watching: dict[Member, dict[str, Nick]] = {}
        self._watched: dict[str, dict[Member, None]] = {}
        self._present: dict[str, Nick] = {}  # of the watched nicks those that somebody goes by, as last told
        self._touched: dict[str, None] = {}
        self._look_is_due = False

    def __bool__(self) -> bool:
        return bool(self._onlookers)

    def add(self, client: Client, onlooker: Onlooker) -> None:
        """Tell an onlooker of those who share a room with a client, and of the nicks that it watches."""
        self._onlookers[client] = onlooker

    def leave(self, client: Client) -> None:
        """Tell it nothing more; it is no mistake if it was told nothing."""
        if self._onlookers.pop(client, None) is not None:
            for nick in list(self.watched(client)):
                self.unwatch(client, nick)

    def watched(self, client: Client) -> Collection[Nick]:
        """Return the nicks that a client watches, as it wrote them."""
        return self._watching.get(client, {}).values()

    def watch(self, client: Client, nick: Nick) -> None:
        """Tell the onlooker of a client when somebody begins or ceases to go by a nick. The edge limits how many."""
        if nick.key in self._touched:  # others are told first, so that this one is not told what it finds already
            self._look(nick.key)
        elif nick.key not in self._watched and (present := self._going_by(nick)) is not None:
            self._present[nick.key] = present
        self._watching.setdefault(client, {}).setdefault(nick.key, nick)
        self._watched.setdefault(nick.key, {})[client] = None

    def unwatch(self, client: Client, nick: Nick) -> None:
        """Tell no more of a nick; it is no mistake if it was not watched."""
        watching, watched = self._watching.get(client, {}), self._watched.get(nick.key, {})
        watching.pop(nick.key, None)
        if not watching:
            self._watching.pop(client, None)
        watched.pop(client, None)
        if not watched:
            self._watched.pop(nick.key, None)
            self._present.pop(nick.key, None)
            self._touched.pop(nick.key, None)

    def concerned(self, member: Member) -> Iterator[Onlooker]:
        """Yield, once each, those who share a room with a person, watch the nick, or are the person too.

        The member that is named is none of them.
        """
        beside = self._persons.beside(member)
        found: dict[Member, None] = dict.fromkeys(beside)
        for each in (member, *beside):
            for room in each.rooms:
                found.update(dict.fromkeys(room.members))
        found.update(self._watched.get(member.nick.key, {}))
        found.pop(member, None)
        return (self._onlookers[each] for each in found if each in self._onlookers)

    # What the chat says.

    def touch(self, key: str) -> None:
        """Look, in the next turn of the reactor, who goes by a nick, given its key.

        Not at once: a connection that takes another's place gives up the nick and has it in the same turn.
        """
        if key in self._watched:
            self._touched[key] = None
            self._look_soon()

    def look_again(self) -> None:
        """The same for every nick: who is where was learned anew."""
        self._touched.update(dict.fromkeys(self._watched))
        if self._touched:
            self._look_soon()

    def away_changed(self, member: Member, text: str | None) -> None:
        """Tell those whom it concerns why somebody is away; None for one who is back."""
        for onlooker in list(self.concerned(member)) if self else ():
            self._tell(onlooker.away_changed, member, text)

    def account_changed(self, member: Member) -> None:
        """Tell those whom it concerns, and themselves, that somebody is logged in to another account, or to none."""
        if not self:
            return
        own = self._onlookers.get(member)
        for onlooker in (*self.concerned(member), *(() if own is None else (own,))):
            self._tell(onlooker.account_changed, member)

    def realname_changed(self, member: Member) -> None:
        """Tell those whom it concerns that somebody is called otherwise."""
        for onlooker in list(self.concerned(member)) if self else ():
            self._tell(onlooker.realname_changed, member)

    def invited(self, client: Client, line: PrivateLine) -> bool:
        """Tell a client that it is invited into a room; return False if it has no onlooker that would tell it."""
        onlooker = self._onlookers.get(client)
        if onlooker is not None:
            self._tell(onlooker.invited, line)
        return onlooker is not None

    def others_invited(self, room: Place, by: str, nick: str) -> None:
        """Tell those in a room, but for the one who did it, that somebody was invited into it by a notice alone."""
        for member in list(room.members) if self else ():
            onlooker = self._onlookers.get(member)
            if onlooker is not None and member.nick.key != names.key(by):
                self._tell(onlooker.other_invited, str(room.name), by, nick)

    def learned(self, member: Member, before: MemberInfo, now: MemberInfo) -> None:
        """Tell what is new of one who is connected to another node."""
        if before.proof != now.proof and before.away != now.away:
            self.away_changed(member, now.away)
        if before.proof != now.proof and before.realname != now.realname:
            self.realname_changed(member)
        if before.account != now.account:
            self.account_changed(member)

    def _look_soon(self) -> None:
        if not self._look_is_due:
            self._look_is_due = True
            self._clock.callLater(0, self._look_at_touched)

    def _look_at_touched(self) -> None:
        self._look_is_due = False
        for key in list(self._touched):
            self._look(key)

    def _look(self, key: str) -> None:
        self._touched.pop(key, None)
        watching: Iterable[Member] = list(self._watched.get(key, ()))
        if not watching:
            return
        before, now = self._present.pop(key, None), self._going_by(Nick(key))
        if now is not None:
            self._present[key] = now
        for member in watching:
            if (onlooker := self._onlookers.get(member)) is None:  # it ended when another was told
                continue
            if now is not None and before is None:
                self._tell(onlooker.came, now)
            elif before is not None and now is None:
                self._tell(onlooker.went, before)

    def _tell(self, tell: Callable[..., None], *what: object) -> None:
        try:
            tell(*what)
        except Exception:
            self._log_limiter.failure("a connection could not be told who else is there")
