"""SEEN: up to where somebody has read, for all connections of the same account."""

from __future__ import annotations

from chatd.chat.client import Client
from chatd.chat.command_rows import Row, in_room
from chatd.chat.hub import Hub
from chatd.chat.participant import Participant
from chatd.journal.read_markers import Marker
from chatd.model.entry import Place
from chatd.protocol import commands, events
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done


def seen_in(participant: Participant, room: Place) -> int | None:
    """Return the id up to which a participant has read a room, 0 if that is not known; None without an account."""
    if participant.account is None:
        return None
    seen = participant.hub.journal.markers.of(participant.account, participant.account_made).get(room.key, 0)
    # Beside an older copy of the stream that was put back, the markers may be ahead of it.
    return min(seen, room.last_id)


def noted(participant: Participant, key: str) -> int:
    """Return the id up to which the owner of an account has read a room or a conversation, by its key; 0 if unknown."""
    if participant.account is None:
        return 0
    return participant.hub.journal.markers.of(participant.account, participant.account_made).get(key, 0)


def note(participant: Participant, key: str, id_: int) -> None:
    """Note that the owner of an account has read a conversation, by its key, up to an id."""
    if participant.account is not None:
        marker = Marker(participant.account, participant.account_made, key, id_)
        participant.hub.journal.markers.note(marker)


def follow(hub: Hub) -> None:
    """Tell the connections here what their owners have read over connections to other nodes."""
    hub.journal.markers.told = lambda marker: _tell(hub, marker)


def _seen(participant: Participant, room: Place, command: commands.Seen, label: str | None) -> None:
    if participant.account is None:
        raise ChatError(Code.NOT_ALLOWED, "read markers need an account; LOGIN before JOIN")
    if command.id > room.last_id:
        raise ChatError(Code.BAD_SYNTAX, f"no message in {room.name} has that id yet; the newest is {room.last_id}")
    marker = Marker(participant.account, participant.account_made, room.key, command.id)
    before = seen_in(participant, room) or 0
    now = participant.hub.journal.markers.note(marker) if command.id else before
    if now > before:
        _tell(participant.hub, marker, participant)
    participant.send_event(Done("SEEN", (room.name, str(now))), label)


def _tell(hub: Hub, marker: Marker, but: Client | None = None) -> None:
    """Tell a person's connections that are in a room up to where it was read; programs alone, nobody types by that."""
    for client in hub.persons.connections(marker.account):
        if client is but or not client.tagged or client.account_made != marker.made:
            continue
        room = hub.room(marker.room)
        if room is not None and room in client.rooms:
            client.send_event(events.Seen(room.name, min(marker.id, room.last_id)))


ROWS: tuple[Row, ...] = (in_room(commands.Seen, _seen),)
