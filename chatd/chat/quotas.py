"""What is too much for one participant: rooms, JOINs and new nicks."""

from __future__ import annotations

from chatd.chat.participant import Participant
from chatd.model.entry import Place
from chatd.protocol.errors import ChatError, Code


def check_join(participant: Participant, room: Place | None) -> None:
    """Raise `ChatError` if it is too much that a participant enters a room as well, None for one that is not there."""
    hub, limits, count = participant.hub, participant.hub.limits, len(participant.rooms)
    if room is not None and room in participant.rooms:
        return
    if limits.rooms_per_connection and count >= limits.rooms_per_connection:
        raise ChatError(Code.FULL, f"you are in {count} rooms, which is all one may be in; PART one first")
    # Those whose first JOIN is still on its way are not counted: one for each connection that made it.
    if room is None and limits.rooms and hub.room_count >= limits.rooms:
        raise ChatError(Code.FULL, f"there are {hub.room_count} rooms, which is all there may be; ROOMS lists them")
    check_name(participant)


def check_name(participant: Participant) -> None:
    """Note that a participant enters a room or changes its nick; raise `ChatError` if it does so too often."""
    rate, now = participant.hub.limits.name_rate, participant.hub.clock.seconds()
    if rate.per_second and rate.left(participant.names_full_at, now) < 1:
        often = participant.hub.limits.names_per_minute
        raise ChatError(Code.SLOW_DOWN, f"no more than {often} JOINs and NICKs a minute; try again in a little while")
    participant.names_full_at = rate.after(participant.names_full_at, now, 1)
