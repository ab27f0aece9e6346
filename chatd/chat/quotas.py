"""What is too much for one participant: rooms, JOINs, new nicks, and messages where there is a pace."""

from __future__ import annotations

from math import ceil

from chatd.chat import permissions
from chatd.chat.participant import Participant
from chatd.chat.visitor import Visitor
from chatd.model.entry import Place
from chatd.protocol.duration import written
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick, RoomName


def check_join(participant: Participant, key: str, room: Place | None) -> None:
    """Raise `ChatError` if it is too much that a participant enters a room as well, None if nobody is there.

    ``key`` is that of the room.
    """
    limits, count = participant.hub.limits, len(participant.rooms)
    if room is not None and room in participant.rooms:
        return
    if limits.rooms_per_connection and count >= limits.rooms_per_connection:
        why = f"you are in {count} room{'s' * (count != 1)}, which is the maximum; PART one first"
        raise ChatError(Code.FULL, why)
    is_new = _is_new(participant, key, room)
    _check_rate(participant)
    _check_moves(participant)
    if is_new:
        _note_new_room(participant, key)


def check_post(visitor: Visitor, nick: str, key: str) -> None:
    """Raise `ChatError` if it is too much that somebody speaks in a room without coming in.

    ``nick`` and ``key`` are the keys of the nick and the room. Each other nick counts as one who comes and goes.
    """
    hub = visitor.hub
    if hub.journal.over_hard_limit:
        raise _slow_down("the server is storing too much at the moment")
    is_new = _is_new(visitor, key, hub.room(key))
    if nick != visitor.posted_as:
        check_name(visitor)
        visitor.posted_as = nick
    if is_new:
        _note_new_room(visitor, key)


def check_name(participant: Visitor) -> None:
    """Note that somebody goes by another nick; raise `ChatError` if that happens too often."""
    _check_rate(participant)
    check_first_name(participant)


def check_first_name(participant: Visitor) -> None:
    """Note that somebody goes by a first nick, in no room yet; raise `ChatError` if that happens too often there.

    It is not one of the JOINs and NICKs of the connection: those are left for all rooms that one may be in.
    """
    _check_moves(participant)
    participant.hub.shares.moves.use(participant.household, 1)


def check_shown_text(participant: Participant) -> None:
    """Note that a participant shows another text of its own to all who are in its rooms: why it is away, its real name.

    Raise `ChatError` if it may not, for it is muted in one of them, or if that happens too often.
    """
    permissions.check_voice(participant, None)
    permissions.check_rename(participant)
    _check_rate(participant)


def note_departure(participant: Participant, rooms: int) -> None:
    """Note that so many rooms see a participant leave: it is what those who come in again and again have to wait for.

    Not the JOINs are counted, so that any number of people may come in at once, from one address, and stay.
    """
    if rooms:
        participant.hub.shares.moves.use(participant.household, rooms)


def check_tell(participant: Participant) -> None:
    """Note that a participant says something to one person; raise `ChatError` if it does so too often."""
    hub, who = participant.hub, participant.household
    rate, tells, now = hub.limits.tell_rate, hub.shares.tells, hub.clock.seconds()
    if rate.per_second and (rate.left(participant.tells_full_at, now) < 1 or tells.left(who) < 1):
        raise _slow_down(f"TELL is limited to {hub.limits.tells_per_minute} per minute")
    participant.tells_full_at = rate.after(participant.tells_full_at, now, 1)
    tells.use(who, 1)


def check_pace(visitor: Visitor, nick: Nick, room: RoomName, *, apart: str = "") -> None:
    """Note that somebody speaks in a room. Raise `ChatError` if the room is slow and they spoke a moment ago.

    ``apart`` names what is counted by itself, so that it is not in the way of what is said.
    """
    hub = visitor.hub
    seconds = _pace(visitor, room.key)
    if seconds is None:
        return
    # A guest is known by the nick, and by the connection when that gets another.
    guest: tuple[str, ...] = (f"nick {nick.key}", f"connection {visitor.identity.connection}")
    who = (f"account {visitor.account}",) if visitor.account else guest
    who = tuple(f"{each} {apart}" for each in who) if apart else who
    now = hub.clock.seconds()
    if (wait := hub.slow_rooms.wait(room.key, who, now)) > 0:
        why = f"{room} takes one message every {written(seconds)} from each person; send it again in {ceil(wait)}s"
        raise ChatError(Code.SLOW_DOWN, why, seconds=ceil(wait))
    hub.slow_rooms.note(room.key, who, now, now + seconds)


def may_say_why_it_leaves(participant: Participant, room: str) -> bool:
    """Return whether a participant may leave a room, given its key, with a text.

    Where there is a pace nobody does: who comes in again could say one more.
    """
    return _pace(participant, room) is None and permissions.may_speak(participant, room)


def _pace(visitor: Visitor, room: str) -> int | None:
    """Return how many seconds somebody has to wait between two messages in a room, given its key; None for none."""
    seconds = visitor.hub.policy(room).seconds("slow")
    return None if visitor.is_operator or permissions.moderates(visitor, room) else seconds


def _is_new(visitor: Visitor, key: str, room: Place | None) -> bool:
    """Return whether a room, given its key, has to be made; raise `ChatError` if there may be no more."""
    hub, limits = visitor.hub, visitor.hub.limits
    # Those whose first JOIN is still on its way are not counted: one for each connection that made it.
    is_new = room is None and key not in hub.arriving and hub.journal.room_state(key) is None
    if not (is_new and limits.rooms) or hub.room_count_at_most < limits.rooms:
        return is_new
    if (there := hub.room_count) >= limits.rooms:
        why = f"the server has {there} room{'s' * (there != 1)}, which is the maximum; join one that ROOMS lists"
        raise ChatError(Code.FULL, why)
    return is_new


def _check_moves(participant: Visitor) -> None:
    if participant.hub.shares.moves.left(participant.household) < 1:
        raise _slow_down("too many people came and went from your address")


def _check_rate(participant: Visitor) -> None:
    rate, now = participant.hub.limits.name_rate, participant.hub.clock.seconds()
    if rate.per_second and rate.left(participant.names_full_at, now) < 1:
        often = participant.hub.limits.names_per_minute
        raise _slow_down(f"JOIN, NICK and AWAY together are limited to {often} per minute")
    participant.names_full_at = rate.after(participant.names_full_at, now, 1)


def _note_new_room(participant: Visitor, key: str) -> None:
    new_rooms, who = participant.hub.shares.new_rooms, participant.household
    if new_rooms.left(who) < 1:
        raise _slow_down("too many new rooms were made from your address")
    new_rooms.use(who, 1)
    participant.hub.arriving.add(key)


def _slow_down(why: str) -> ChatError:
    return ChatError(Code.SLOW_DOWN, f"{why}; try again in a moment")
