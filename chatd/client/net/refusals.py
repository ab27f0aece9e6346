"""The rooms that a server did not let one into, and what is wrong when it lets one into none."""

from __future__ import annotations

from types import MappingProxyType

from chatd.client.model.changes import Change, RoomsChanged
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.client.net.connection import Aftermath, Connection
from chatd.client.net.session_memory import SessionMemory
from chatd.client.net.trouble import Trouble
from chatd.protocol.errors import Code
from chatd.protocol.events import Refused
from chatd.protocol.wire import Tags

PERSONAL = frozenset({Code.BAD_NICK, Code.TLS_NEEDED, Code.ALREADY_IN, Code.NAME_NEEDED})
"""What is refused to the one who joins, and not for the sake of the room."""
LOGIN_TROUBLES = MappingProxyType(
    {
        Code.BAD_PASSWORD: Trouble.PASSWORD_WRONG,
        Code.TLS_NEEDED: Trouble.PASSWORD_UNSAFE,
        Code.FULL: Trouble.FULL,
    }
)
"""What is wrong when a LOGIN is refused; with any other error the server takes no password now."""
JOIN_TROUBLES = MappingProxyType(
    {
        Code.BAD_NICK: Trouble.NAME,
        Code.NAME_TAKEN: Trouble.NAME,
        Code.NAME_NEEDED: Trouble.NAME,
        Code.FULL: Trouble.FULL,
        Code.BANNED: Trouble.BANNED,
    }
)
"""What is wrong when a JOIN is refused to the one who joins."""
_KEPT_OUT_OF_ALL = MappingProxyType({Code.NOT_ALLOWED: Aftermath.ASK_PASSWORD, Code.BANNED: Aftermath.STAY_AWAY})
"""What follows when not even the lobby can be joined; after any other error another try."""


class Refusals:
    """Gathers them, while it is not known whether they are for the rooms' sake."""

    def __init__(self, transcript: Transcript, connection: Connection, memory: SessionMemory) -> None:
        self._transcript = transcript
        self._connection = connection
        self._memory = memory
        self._rooms: list[Room] = []
        self._said: list[tuple[Tags, Refused]] = []

    def take(self, name: str | None, tags: Tags, error: Refused) -> None:
        """Do without a room that one was not let into."""
        room = self._transcript.find_room(name)
        if room is not None:
            room.change_membership(MembershipCue.GIVE_UP)
            room.out = error.text
            self._rooms.append(room)
        self._said.append((tags, error))

    def show(self) -> list[Change]:
        """Show in the rooms why one is not in them: it is for their sake."""
        self._rooms.clear()
        said, self._said = self._said, []
        return [change for tags, error in said for change in apply_event(self._transcript, tags, error)]

    def withdraw(self) -> None:
        """Want the rooms again of which it was not known whether it was for their sake."""
        for room in self._rooms:
            room.change_membership(MembershipCue.WANT)
            room.out = ""
        self._rooms.clear()

    def end(self, error: Refused) -> list[Change]:
        """End the connection: not even the lobby can be joined. Return what is to be redrawn."""
        aftermath = _KEPT_OUT_OF_ALL.get(error.code, Aftermath.RETRY_REFUSED)
        if aftermath.final:  # so it was not for the sake of one room
            for room in self._rooms:
                room.change_membership(MembershipCue.WANT)
        self._connection.close(error.text, aftermath, trouble=self._trouble_of(error))
        if error.code is Code.NOT_ALLOWED:  # a password is asked for, and no room has anything to say of it
            self._said.clear()
        return [*self.show(), RoomsChanged()]

    def _trouble_of(self, error: Refused) -> Trouble | None:
        if error.code is not Code.NOT_ALLOWED:
            return JOIN_TROUBLES.get(error.code)
        if self._memory.account:
            return Trouble.NAME
        return Trouble.PASSWORD_NEEDED if self._connection.private else Trouble.PASSWORD_UNSAFE
