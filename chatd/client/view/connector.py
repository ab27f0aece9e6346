"""The server that was chosen, and the link to it once somebody has joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatd.client.model import persistence
from chatd.client.model.changes import Change
from chatd.client.model.membership import MembershipCue
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import Dial, LinkPort, NoLink
from chatd.protocol.commands import LOBBY
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address


class Connector:
    """Makes the link. ``refuse`` is told what to do first, when something needs a link and there is none."""

    def __init__(self, transcript: Transcript, settings: Settings, dial: Dial, refuse: Callable[[str], None]) -> None:
        self.address = Address()
        self.rooms: tuple[str, ...] = (LOBBY,)
        """The rooms to join with the link that is made next."""
        self._transcript = transcript
        self._settings = settings
        self._dial = dial
        self._no_link = NoLink(refuse)
        self.link: LinkPort = self._no_link

    @property
    def linked(self) -> bool:
        """Whether somebody has joined under a name, so that there is a link, connected or not."""
        return self.link is not self._no_link

    def choose(self, address: Address, rooms: Sequence[str]) -> None:
        """Choose a server and the rooms to join there, by default the lobby."""
        self.address, self.rooms = address, tuple(rooms) or (LOBBY,)

    def connect(self, nick: str, password: str) -> list[Change]:
        """Make the link and let it connect; return what is to be redrawn. Raise `ValueError` if there is no way."""
        self._transcript.nick = nick
        self.link = self._dial(self.address)
        for name in self.rooms:
            self._transcript.open_room(name).change_membership(MembershipCue.WANT)
        restored = persistence.restore_conversations(self._settings, self._transcript, str(self.address))
        if password:
            self.link.send_command(Login(nick, password))
        self.link.start()
        return restored

    def detach(self) -> LinkPort:
        """Return the link, which is to be stopped; from here on there is none."""
        link, self.link = self.link, self._no_link
        return link
