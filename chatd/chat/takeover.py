"""Who proves to be somebody whose connection is still there takes its place, unseen by the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from chatd.chat.client import Client, NickHolder
from chatd.chat.hub import Hub
from chatd.chat.private_lines import PrivateLine
from chatd.model.cluster import is_proven, proof_of
from chatd.model.entry import Member, Place
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.names import Nick

RESUME_SECONDS = 30
"""How long somebody who took a nick over may take to enter the old rooms again before those are told of a PART."""


class Takeover:
    """What proves that another connection is the same person's, and the places that such a one has left in rooms.

    It is a `Resumption`, and does not say so: from a protocol it would inherit a dict, which is 48 bytes.
    """

    __slots__ = ("_client", "_hub", "earlier", "proof", "secret", "stale_connections", "takes", "untold")

    def __init__(self, client: Client, hub: Hub) -> None:
        self.secret = ""
        self.proof = ""
        self.earlier = ""
        """The digests of what proved it before the server was restarted, see `chatd.chat.kept_places`."""
        self.takes: str | None = None
        self.stale_connections: Sequence[Client] = ()
        self.untold: Sequence[PrivateLine] = ()
        self._client = client
        self._hub = hub

    def is_proven_by(self, secret: str) -> bool:
        """Return whether ``secret`` is a resume token of this person."""
        # What proved it before is good still: the connection may have died before the new secret came through.
        known = (self.secret, self.proof)
        if any(compare_digest(secret.encode(), each.encode()) for each in known if each):
            return True
        return self.earlier != "" and is_proven(self.earlier, secret)

    @property
    def digests(self) -> str:
        """Those of the tokens by which another connection can take this one over; empty if there are none."""
        if not self._client.resumes:
            return ""
        return f"{proof_of(self.secret, self.proof)} {self.earlier}".strip()

    def begin(self, old: NickHolder, here: Client | None, proof: str) -> None:
        """Be what another connection of the same person was; the rooms see nothing of it in ``RESUME_SECONDS``.

        ``here`` is ``old`` if that one is connected to this node.
        """
        hub = self._hub
        hub.replace(old, self._client)
        self.proof, self.takes = proof, old.member_id
        self._client.voice = old.voice
        if here is not None:
            if here.away is not None and self._client.away is None:
                hub.onlookers.away_changed(here, None)  # AWAY ends with the connection
            self._client.person = here.person
            self._client.ignored = here.ignored
            if here.ignored:
                hub.ignoring[self._client] = None
            self.untold = [*self.untold, *here.take_untold()]
            earlier = here.takeover
            told = hub.nodes.shared  # the others are told of each that it is gone
            before = [*self.stale_connections, *earlier.stale_connections] if told else earlier.stale_connections
            self.stale_connections = [here, *(stale for stale in before if stale.rooms or stale.joining or told)]
            if here.joining is None:
                earlier.stale_connections = ()
            here.disconnect(DisconnectReason.REPLACED, "you joined over another connection", parting=False)
        hub.timers.add(self._end_of_grace, hub.timers.now + RESUME_SECONDS)

    def respell(self, nick: str) -> None:
        """Go by the nick as the one that was taken over has spelled it last."""
        before, self._client.nick = self._client.nick, Nick.of(nick)
        self._hub.release(before, self._client)

    def place_here(self, room: Place) -> Member | None:
        """Return a stale connection of this node whose place in a room is free to be taken."""
        return next((stale for stale in self.stale_connections if stale in room.everybody), None)

    def forget(self) -> None:
        """Leave the places to whoever comes next."""
        self.stale_connections = ()

    def release_stale(self) -> None:
        """Tell of its PART the rooms that a taken over connection was in and that this one did not enter again."""
        self._hub.nodes.release_stale(self._client)

    def _end_of_grace(self, _now: float) -> None:
        if not self._client.ended:
            self.release_stale()
