"""Rooms that are nobody's: who comes first runs one, and what was ruled before has lapsed."""

from __future__ import annotations

from chatd.chat import permissions
from chatd.chat.participant import Participant
from chatd.chat.ranks import connection_of
from chatd.model.entry import Entry, Member, Place
from chatd.model.room_policy import ANEW
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import RoomName

_FOR_OWNERS = ("registered", "keep")
"""What a room has to be registered for."""


def note_founding(participant: Participant, entry: Entry, room: Place) -> None:
    """If a participant has founded a room by a JOIN, let the journal know that what was ruled before has lapsed.

    Where nothing was, or the hub has said so when the last one left, nothing is stored. Here it is for those who left
    as the server stopped.
    """
    hub = participant.hub
    if hub.ranks(room.key).founding is not entry:
        return
    room_state = hub.journal.room_state(room.key)
    if (found := hub.room(room.key)) is None or room_state is None:
        return
    if nick := found.lapsed_by or room_state.policy.lapsing_by:
        anew = Moderated("SET", nick, room.name, ANEW)
        hub.journal.append(Entry(room.key, anew, source=hub.nodes.own_source))


def check_may_set(participant: Participant, room: RoomName, key: str) -> None:
    """Raise `ChatError` unless a setting of a room that is not registered may be changed."""
    hub = participant.hub
    if key in _FOR_OWNERS or not hub.has_founders(room.key, hub.policy(room.key)):
        raise ChatError(Code.NOT_ALLOWED, f"{room} is not registered; SET {room} registered=yes first")


def check_holds(participant: Participant, room: RoomName) -> None:
    """Raise `ChatError` if what is ruled in a room would not hold, since nobody is in it."""
    hub = participant.hub
    if room == SERVER or not hub.has_founders(room.key, hub.policy(room.key)):
        return
    if (found := hub.room(room.key)) is None or not found.everybody:
        why = f"{room} is empty and not registered, so moderation there would not last; {SERVER} is the whole server"
        raise ChatError(Code.NOT_ALLOWED, why)


def reach(participant: Participant, room: RoomName, target: Member | None) -> str | None:
    """Return for whom an OP or VOICE of somebody holds who is there, and whose nick is nobody's own; None if not."""
    hub = participant.hub
    if target is None or room == SERVER or not hub.has_founders(room.key, hub.policy(room.key)):
        return None
    return f"connection={connection_of(target)}"


def ranks(participant: Participant, room: RoomName, target: Member | None, rank: str) -> bool:
    """Return whether somebody has a rank in a room only as long as they are there."""
    if target is None:
        return False
    found, connection = participant.hub.ranks(room.key), connection_of(target)
    return found.is_operator(connection) if rank == "OP" else found.has_voice(connection)


def shown(participant: Participant, room: Place) -> dict[str, str]:
    """Return what ``OK JOIN`` tells a program of its rank."""
    hub = participant.hub
    if hub.limits.room_founders and permissions.is_room_operator(hub, room.key, participant):
        return {"operator": "yes"}
    return {}
