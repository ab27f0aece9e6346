"""What is passed on live, to those in a room or to one person, and kept nowhere: that somebody types, for one.

The line protocol has no words for it. An edge that has some asks here who is to be told; whoever may not say something
may not do this either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from chatd.chat import permissions, private_telling, quotas
from chatd.chat.client import Client
from chatd.chat.command_rows import room_of
from chatd.chat.participant import Participant
from chatd.model.entry import Member, Place
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick, RoomName

M = TypeVar("M", bound=Member)


def room_for_passing(participant: Participant, name: RoomName) -> Place:
    """Return a room in which a participant may pass something on. Raise `ChatError` if it may not, or not yet."""
    room = room_of(participant, name)
    permissions.check_voice(participant, room.key)
    return room


def to_room(participant: Participant, room: Place) -> Collection[Member]:
    """Return the others in a room, of this node, who are to be told something. Raise `ChatError` if it is too soon.

    In a slow room it has a pace of its own: who is seen typing may say it then.
    """
    quotas.check_pace(participant, participant.nick, room.name, apart="passing")
    return _wanting([each for each in room.members if each is not participant], participant)


def may_add_text(participant: Participant, room: RoomName) -> bool:
    """Return whether a participant may say something beside what it does in a room, and note that it does."""
    try:
        permissions.check_voice(participant, room.key)
        quotas.check_pace(participant, participant.nick, room, apart="passing")
    except ChatError:
        return False
    return True


def to_person(participant: Participant, nick: Nick) -> tuple[Nick, Collection[Client]]:
    """Return what somebody is called, and the connections to this node that are to be told something.

    Raise `ChatError` if there are none, or the participant may not tell them anything.
    """
    hub = participant.hub
    holder = hub.holder(nick)
    if holder is None:
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here uses the nick {nick}")
    private_telling.check_telling(participant)
    client = hub.client(nick)
    if client is None or not holder.here:
        raise ChatError(
            Code.UNAVAILABLE, f"{holder.nick} is connected to another node, where only messages can be sent"
        )
    told = _wanting([client, *hub.persons.beside(client)], participant)
    if not told:
        raise private_telling.ignored_by(client.nick)
    return client.nick, told


def _wanting(members: Sequence[M], participant: Participant) -> Sequence[M]:
    """Return those who do not ignore a participant."""
    keys = {participant.nick.key, participant.account}
    return [each for each in members if not each.ignored or keys.isdisjoint(each.ignored)]
