"""Who proves to be somebody whose connection is still there takes its place, unseen by the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import TYPE_CHECKING

from chatd.chat.presence.remote import RemoteMember
from chatd.protocol.errors import DisconnectReason

if TYPE_CHECKING:
    from chatd.chat.session import Session
    from chatd.model.entry import Member, Place

RESUME_SECONDS = 30
"""How long somebody who took a nick over may take to enter the old rooms again before those are told of a PART."""


class Takeover:
    """What proves that another connection is the same person's, and the places that such a one has left in rooms."""

    __slots__ = ("_session", "proof", "secret", "stale_connections", "takes")

    def __init__(self, session: Session) -> None:
        self.secret = ""
        """Proves, after a JOIN, that another connection is the same person's."""
        self.proof = ""
        """What this one proved to be the same person by."""
        self.takes: str | None = None
        """Whose nick and places this one takes, as all nodes know that one."""
        self.stale_connections: Sequence[Session] = ()
        """The connections here that this one took over, and that may have places in rooms still."""
        self._session = session

    def is_proven_by(self, secret: str) -> bool:
        """Return whether whoever knows ``secret`` is the person whom the session belongs to.

        What proved that before is good still: the connection may have died before the new secret came through.
        """
        known = (self.secret, self.proof)
        return any(compare_digest(secret.encode(), each.encode()) for each in known if each)

    def begin(self, old: Session | RemoteMember, proof: str) -> None:
        """Be what another connection of the same person was; the rooms see nothing of it in ``RESUME_SECONDS``."""
        hub = self._session.hub
        hub.replace(old, self._session)
        self.proof, self.takes = proof, old.member_id
        if not isinstance(old, RemoteMember):
            earlier = old.takeover
            told = hub.presence is not None  # the others are told of each that it is gone
            before = [*self.stale_connections, *earlier.stale_connections] if told else earlier.stale_connections
            self.stale_connections = [old, *(stale for stale in before if stale.rooms or stale.joining or told)]
            if old.joining is None:
                earlier.stale_connections = ()
            old.end(DisconnectReason.REPLACED, "you came in over another connection", parting=False)
        hub.timers.add(self._end_of_grace, hub.timers.now + RESUME_SECONDS)

    def respell(self, nick: str) -> None:
        """Go by the nick as the one who was taken over has written it last."""
        session = self._session
        before, session.nick = session.nick, nick
        session.hub.release(before, session)

    def place_in(self, room: Place) -> Member | None:
        """Return the connection whose place in a room is free to be taken; from here on it has none."""
        presence = self._session.hub.presence
        if presence is not None:
            return presence.place(self._session.member_id, room)
        for stale in self.stale_connections:
            if stale in room.everybody:
                stale.rooms.pop(room, None)
                return stale
        return None

    def forget(self) -> None:
        """Leave the places to whoever comes next."""
        self.stale_connections = ()

    def release_stale(self) -> None:
        """Tell of its PART the rooms that a taken over connection was in and that this one did not enter again."""
        presence = self._session.hub.presence
        if presence is not None:
            presence.announcer.release_stale(self._session, self.stale_connections)
            self.stale_connections = ()
            return
        # They stay until they have left: a JOIN of this one that is still on its way may yet take their place.
        self.stale_connections = [stale for stale in self.stale_connections if stale.rooms or stale.joining]
        for stale in self.stale_connections:
            stale.part_all()

    def _end_of_grace(self, _now: float) -> None:
        if not self._session.ended:
            self.release_stale()
