"""How a node that begins, or that has missed something, learns from another who is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatd.chat.presence.directory import Directory, Occupant
from chatd.chat.presence.remote import RemoteMember
from chatd.chat.room import Room
from chatd.chat.session import Session
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Member
from chatd.protocol import wire
from chatd.protocol.events import Event, Joined, Parted

if TYPE_CHECKING:
    from chatd.chat.presence import Presence


def restore(presence: Presence, state: Any) -> None:
    """Make the people and the rooms of this node those of a state, and tell the members what changes for them."""
    hub, announcer, before = presence.hub, presence.announcer, presence.directory
    missed_the_end = announcer.incarnation not in ("", presence.cluster.incarnation)
    if not missed_the_end:
        announcer.begin()
    hub.read_server_policy()
    presence.directory = directory = _directory(presence, before, state)
    wanted = {key: (name, member_ids) for key, name, member_ids in state["rooms"]}
    for room in hub.rooms():
        wanted.setdefault(room.key, (room.name, []))
    for key, (name, member_ids) in wanted.items():
        room = hub.make_room(key, name)
        occupants = [occupant for member_id in member_ids if (occupant := directory.get(member_id)) is not None]
        for occupant in occupants:
            occupant.places[key] = name
        _refill(presence, room, [occupant.member for occupant in occupants])
        hub.drop_if_empty(room)
    if missed_the_end:
        announcer.begin_again()
        return
    for session in hub.sessions:
        occupant = directory.get(session.member_id)
        if occupant is None or any(session not in room.everybody for room in session.rooms):
            announcer.announce(session)


def _directory(presence: Presence, before: Directory, state: Any) -> Directory:
    directory = Directory()
    directory.runs = dict.fromkeys(state["runs"])
    for *fields, successor in state["people"]:
        info = MemberInfo(*fields)
        known = before.get(info.member_id)
        member = presence.announcer.session(info.member_id) or (
            RemoteMember(presence, info) if known is None else known.member
        )
        member.info = info
        directory.add(Occupant(info, member, successor))
    return directory


def _refill(presence: Presence, room: Room, members: list[Member]) -> None:
    """Let those and nobody else be in a room."""
    before, now = dict(room.everybody), dict.fromkeys(members)
    left = [member for member in {**before, **room.members} if member not in now and _is_over(member)]
    lines: list[Event] = [Parted(member.nick, room.name) for member in left]
    arrived = [member for member in now if member not in before and not member.here]
    room.everybody = now
    for member in left:
        room.members.pop(member, None)
        member.rooms.pop(room, None)
    for member in now:
        session = presence.announcer.session(member.member_id) if member.here and member not in room.members else None
        if session is not None and not session.ended:
            presence.announcer.withdraw(session, room.key, room.name)
    for member in arrived:
        member.rooms[room] = None
    tags = {"time": wire.timestamp(int(presence.hub.clock.seconds() * 1000))}
    lines += [Joined(member.nick, room.name) for member in arrived]
    bodies = [wire.render(line) for line in lines]
    data = [b"".join(wire.encode(body, t) for body in bodies) for t in (wire.NO_TAGS, tags)]
    for member in room.members if bodies else ():
        member.send(data[member.tagged])


def _is_over(member: Member) -> bool:
    """Return whether somebody who is not in a room any more is to be seen leaving it; others are announced again."""
    return not isinstance(member, Session) or member.ended
