"""Rooms that hold no more people than ``limit=`` says, and who comes in all the same."""

from __future__ import annotations

from chatd.chat import permissions
from chatd.chat.hub import Hub
from chatd.chat.participant import Participant
from chatd.model.entry import Entry, Member, Place
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick


def refusal(hub: Hub, room: Place, member: Member, entry: Entry) -> ChatError | None:
    """Return why somebody may not enter a room because it is full; the same on all nodes, at its place in the order.

    Whoever has a place in it comes in, and so do its operators, those of the server and those with an invitation.
    """
    limit = _reached(room)
    if limit is None or entry.again or room.has_place_of(member):
        return None
    if permissions.is_room_operator(hub, room.key, member) or room.policy.lets_in(member.judged_as[0]):
        return None
    return _full(room, limit)


def check_join(participant: Participant, room: Place | None, nick: Nick, *, resumes: bool) -> None:
    """Raise `ChatError` if a JOIN under a nick would be refused as things are; ``room`` is None if nobody is in it.

    Who comes in as the successor of another connection is judged in the order alone, where its places are known.
    """
    limit = None if room is None else _reached(room)
    if room is None or limit is None or resumes:
        return
    if room.has_place_of(participant) or _may_be_there(participant, nick):
        return
    is_operator = participant.is_operator or permissions.moderates(participant, room.key)
    if not (is_operator or room.policy.lets_in(participant.identity._replace(nick=nick.key))):
        raise _full(room, limit)


def _may_be_there(participant: Participant, nick: Nick) -> bool:
    """Return whether somebody who comes in under a nick joins, or replaces, another connection that goes by it."""
    return not participant.nick and participant.account == nick.key and participant.hub.holder(nick) is not None


def _reached(room: Place) -> int | None:
    """Return the limit of a room that has no place left; None if it has one."""
    limit = room.policy.count("limit")
    return None if limit is None or room.head_count < limit else limit


def _full(room: Place, limit: int) -> ChatError:
    why = f"{room.name} is full (limit {limit}); JOIN it later, or ask an operator to INVITE you"
    return ChatError(Code.FULL, why, limit=limit)
