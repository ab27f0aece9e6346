"""The servers that the window holds: for each its transcript, its link and what was last seen of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred, DeferredList

from chatd.client.model.changes import Change
from chatd.client.model.kept_servers import KeptServer, can_keep
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import LinkPort
from chatd.client.net.status import LinkState, Status
from chatd.client.view.connector import Connector
from chatd.runtime.server_address import DEFAULT_PORT, Address

_WORDS = {
    LinkState.CONNECTING: "connecting",
    LinkState.WAITING: "offline",
    LinkState.REFUSED: "refused",
    LinkState.LOCKED: "password",
    LinkState.STOPPED: "left",
}


class SessionOwner(Protocol):
    """What hears of all servers: a window."""

    def session_changed(self, session: ServerSession, found: Sequence[Change]) -> None:
        """Draw what changed at a server, soon."""

    def session_status(self, session: ServerSession, before: Status | None) -> None:
        """Show how the connection to a server is, which was another ``before``."""

    def refuse(self, why: str) -> None:
        """Say what is to be done first, when something needs a link and there is none."""


class ServerSession:
    """One server of the window, with a link to it once somebody has joined there."""

    def __init__(
        self, number: int, transcript: Transcript, settings: Settings, dial: SessionDial, owner: SessionOwner
    ) -> None:
        self.number = number
        """Which no other server of the window has or had."""
        self.prefix = f"{number} " if number else ""
        """What stands before the keys of its rooms where rooms of all servers are: no name has a space in it."""
        self.transcript = transcript
        self.connector = Connector(transcript, settings, lambda address: dial(address, self), owner.refuse)
        self.chosen = False
        """Whether an address was chosen for it."""
        self.status: Status | None = None
        self.entered = False
        """Whether somebody has joined at this address, so that the transcript tells which rooms to join again."""
        self.reached = False
        """Whether the server has let one in since the link was made."""
        self.shown: Room | None = None
        """The room on the screen while the server is in front, and again when it comes back there."""
        self.going: str | None = None
        """The key of the room that is to come to the front when there is one of that name."""
        self.greeted: set[str] = set()
        """The keys of the rooms where it was said that one has joined."""
        self._owner = owner

    @property
    def address(self) -> Address:
        """Where it is."""
        return self.connector.address

    @property
    def title(self) -> str:
        """Where it is, in short."""
        address = self.address
        return address.host if address.port == DEFAULT_PORT else str(address).removeprefix("tls://")

    @property
    def connected(self) -> bool:
        """Whether the server has let one in."""
        return self.status is not None and self.status.state is LinkState.CONNECTED

    @property
    def ended(self) -> bool:
        """Whether there is no connection, and no try follows until one is asked for."""
        return self.status is None or self.status.state in (LinkState.STOPPED, LinkState.LOCKED)

    @property
    def idle(self) -> bool:
        """Whether there is no connection, and none is being made."""
        return self.status is None or self.status.state not in (LinkState.CONNECTED, LinkState.CONNECTING)

    @property
    def state(self) -> str:
        """How the connection is, in a word; nothing if it is there."""
        return "offline" if self.status is None else _WORDS.get(self.status.state, "")

    @property
    def unread(self) -> int:
        """How many messages are unread in the rooms that are not silent."""
        return sum(room.unread for room in self.transcript.rooms.values() if not room.muted)

    def changed(self, found: Sequence[Change]) -> None:
        """Take what changed, as the link tells it."""
        self._owner.session_changed(self, found)

    def status_changed(self, status: Status) -> None:
        """Take how the connection is, as the link tells it."""
        before, self.status = self.status, status
        self.reached = self.reached or self.connected
        self._owner.session_status(self, before)

    def choose(self, address: Address, rooms: Sequence[str], nick: str) -> None:
        """Choose where it is, the rooms to join there, and the name to begin with, which may be empty."""
        self.chosen, self.entered = True, False
        self.connector.choose(address, rooms)
        self.transcript.nick = nick

    def connect(self, nick: str, password: str) -> None:
        """Make the link and let it connect. Raise `ValueError` if there is no way."""
        found = self.connector.connect(nick, password)
        self.chosen = self.entered = True
        self.changed(found)

    def detach(self) -> LinkPort:
        """Return the link, which is to be stopped; from here on there is none."""
        self.status, self.reached = None, False
        return self.connector.detach()

    def forget(self) -> None:
        """Close all rooms: another server, or another person, has not those."""
        self.transcript.forget_server()
        self.greeted.clear()
        self.shown = self.going = None

    def kept(self) -> KeptServer:
        """Return what is to be known of it at the next start."""
        rooms = [room.name for room in self.transcript.rooms.values() if room.wanted and not room.private]
        rooms = rooms if self.entered else [*self.connector.rooms]
        nick = self.transcript.nick
        # One that a server has made up, and that cannot be read again, would cost all of the others.
        return KeptServer(str(self.address), nick if can_keep(nick) else "", [*filter(can_keep, rooms)])


SessionDial = Callable[[Address, ServerSession], LinkPort]
"""Returns a link to a server, or raises `ValueError` with a sentence; the link tells the session of itself."""


class Servers:
    """The servers in their order; there is always one, though none may be chosen for it yet."""

    def __init__(self, first: Transcript, settings: Settings, dial: SessionDial, owner: SessionOwner) -> None:
        self._settings = settings
        self._dial = dial
        self._owner = owner
        self._now = first.now
        self._count = 1
        self.front = ServerSession(0, first, settings, dial, owner)
        """The one whose room is on the screen."""
        self._all = [self.front]
        self._leaving = False

    def __iter__(self) -> Iterator[ServerSession]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def find(self, address: Address) -> ServerSession | None:
        """Return the one at an address."""
        return next((each for each in self._all if each.chosen and each.address == address), None)

    def place_for(self, address: Address) -> ServerSession:
        """Return the one at an address, or one that is free for it, or a new one."""
        found = self.find(address) or next((each for each in self._all if not each.chosen), None)
        return found or self._add()

    def _add(self) -> ServerSession:
        made = ServerSession(self._count, Transcript("", self._now), self._settings, self._dial, self._owner)
        self._count += 1
        self._all.append(made)
        return made

    def remove(self, session: ServerSession) -> ServerSession:
        """Take one away whose link is stopped; return the one that is to be in front now."""
        place = self._all.index(session)
        self._all.remove(session)
        if not self._all:
            self._add()
        return self._all[min(place, len(self._all) - 1)] if session is self.front else self.front

    def waits_for(self, session: ServerSession) -> bool:
        """Return whether one whose link has ended may have another, because nothing else was done with it meanwhile."""
        return not self._leaving and session in self._all and not session.connector.linked

    def store(self) -> None:
        """Put what is to be there at the next start into the settings."""
        self._settings.servers = [each.kept() for each in self._all if each.chosen]
        self._settings.conversations.save()

    def leave(self, said: str | None) -> Deferred[None]:
        """Leave all servers for good; the Deferred fires when that is done and everything that waits is kept."""
        self._leaving = True
        self.store()  # also if that takes too long
        linked = [each for each in self._all if each.connector.linked]
        rest = [each.connector.link.stop(said) for each in linked]

        def left(_: object) -> None:
            self.store()
            for each in linked:
                each.detach()

        return DeferredList(rest, consumeErrors=True).addBoth(left)
