"""What is too much for one participant: rooms, JOINs and new nicks."""

from __future__ import annotations

from chatd.chat.participant import Participant
from chatd.model.entry import Place
from chatd.protocol.errors import ChatError, Code


def check_join(participant: Participant, key: str, room: Place | None) -> None:
    """Raise `ChatError` if it is too much that a participant enters a room as well, None if nobody is there.

    ``key`` is that of the room.
    """
    hub, limits, count = participant.hub, participant.hub.limits, len(participant.rooms)
    if room is not None and room in participant.rooms:
        return
    if limits.rooms_per_connection and count >= limits.rooms_per_connection:
        raise ChatError(Code.FULL, f"you are in {count} rooms, which is all one may be in; PART one first")
    # Those whose first JOIN is still on its way are not counted: one for each connection that made it.
    is_new = room is None and key not in hub.journal.known_rooms
    if is_new and limits.rooms and (there := hub.room_count_in_all) >= limits.rooms:
        raise ChatError(Code.FULL, f"there are {there} rooms, which is all there may be; ROOMS lists those with people")
    check_name(participant)


def check_name(participant: Participant) -> None:
    """Note that a participant enters a room or changes its nick; raise `ChatError` if it does so too often."""
    rate, now = participant.hub.limits.name_rate, participant.hub.clock.seconds()
    if rate.per_second and rate.left(participant.names_full_at, now) < 1:
        often = participant.hub.limits.names_per_minute
        raise ChatError(Code.SLOW_DOWN, f"no more than {often} JOINs and NICKs a minute; try again in a little while")
    participant.names_full_at = rate.after(participant.names_full_at, now, 1)
