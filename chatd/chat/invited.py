"""How somebody learns that they are invited: over each of their connections that is not in the room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from chatd.chat.client import Client
from chatd.chat.persons import Persons
from chatd.chat.private_lines import PrivateLine
from chatd.chat.ranks import connection_of
from chatd.model.entry import Entry
from chatd.model.room_policy import BY_NAME, WHILE_CONNECTED
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Moderated
from chatd.protocol.names import Nick


def invitation_line(nick: str, room: str, time: int) -> PrivateLine:
    """Return what somebody reads whom ``nick`` has invited, at a time in milliseconds since 1970."""
    return PrivateLine(nick, f"{nick} invites you to {room}: JOIN {room}", time, room=room)


class Invited:
    """Tells those who are connected to this node; ``client`` returns who goes by a nick."""

    def __init__(self, persons: Persons, client: Callable[[Nick], Client | None]) -> None:
        self._persons = persons
        self._client = client

    def tell(self, entries: Iterable[Entry]) -> None:
        """Tell those of their invitations whom the entries of a room let into it."""
        for entry in entries:
            event = entry.event
            if type(event) is Moderated and event.verb == "INVITE" and entry.stored and entry.refused is None:
                self._tell_of(entry, event)

    def _tell_of(self, entry: Entry, event: Moderated) -> None:
        line = invitation_line(event.nick, event.room, entry.time)
        info = None if entry.source is None else entry.source.info
        account = info.account if info is not None else None if entry.author is None else entry.author.account
        for client in self._meant(event):
            connections = (client, *self._persons.beside(client))
            if not any(room.key == entry.room for each in connections for room in each.rooms):
                with suppress(ChatError):  # who ignores the one that invites, or reads too slowly, is not told
                    client.tell(line, account)

    def _meant(self, event: Moderated) -> list[Client]:
        """Return the connections of whoever an invitation is for; that of a name is for nobody in particular."""
        subject = Nick.of(event.subject)
        guest = self._client(subject)
        if event.text == WHILE_CONNECTED:
            return [guest] if guest is not None and event.reach == f"connection={connection_of(guest)}" else []
        if event.text == BY_NAME:
            return []
        return list(self._persons.connections(names.key(subject)))
