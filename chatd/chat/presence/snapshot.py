"""How a node that begins, or that has missed something, learns from another who is where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chatd.chat.client import Client
from chatd.chat.hub import Hub
from chatd.chat.presence.announcer import Announcer
from chatd.chat.presence.directory import Directory, Occupant
from chatd.chat.presence.remote import RemoteMember
from chatd.chat.room import Room
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Member
from chatd.protocol import events, plain, wire
from chatd.protocol.events import Event, Joined, Parted
from chatd.protocol.names import RoomName


def take(hub: Hub, directory: Directory) -> Any:
    """Return who is where, in lists, dicts and texts."""
    there = [room for room in hub.rooms() if room.everybody]
    rooms = [[room.key, room.name, [member.member_id for member in room.everybody]] for room in there]
    people = [[*occupant.info, occupant.successor] for occupant in directory.all()]
    state = {"runs": sorted(directory.incarnations), "people": people, "rooms": rooms}
    # An older node does not know them, and leaves them alone.
    ranks = {room.key: known for room in there if (known := room.shared_ranks) is not None}
    return {**state, "ranks": ranks} if ranks else state


def read(
    state: Any, before: Directory, announcer: Announcer, remote: Callable[[MemberInfo], RemoteMember]
) -> Directory:
    """Return the directory of a state. Who was known ``before`` is the same member; others are made by ``remote``."""
    directory = Directory(before.changed)
    directory.incarnations = dict.fromkeys(state["runs"])
    for *fields, successor in state["people"]:
        info = MemberInfo(*fields)
        known = before.get(info.member_id)
        member = announcer.client(info.member_id) or (remote(info) if known is None else known.member)
        member.info = info
        directory.add(Occupant(info, member, successor))
    return directory


def fill_rooms(state: Any, hub: Hub, directory: Directory, announcer: Announcer) -> None:
    """Let the rooms have the members of a state, and tell those who are here what changes for them."""
    wanted = {key: (name, member_ids) for key, name, member_ids in state["rooms"]}
    for room in hub.rooms():
        wanted.setdefault(room.key, (room.name, []))
    for key, (name, member_ids) in wanted.items():
        room = hub.make_room(RoomName(name))
        occupants = [found for member_id in member_ids if (found := directory.get(member_id)) is not None]
        for occupant in occupants:
            occupant.places[key] = name
        _refill(hub, announcer, room, [occupant.member for occupant in occupants])
        room.restore(state.get("ranks", {}).get(key), hub.journal.room_state(key))
        hub.drop_if_empty(room)


def _refill(hub: Hub, announcer: Announcer, room: Room, members: Iterable[Client | RemoteMember]) -> None:
    """Let those and nobody else be in a room."""
    before = dict(room.everybody)
    now: dict[Member, None] = dict.fromkeys(members)
    left = [member for member in {**before, **room.members} if member not in now and _is_over(announcer, member)]
    lines: list[Event] = [Parted(member.nick, room.name) for member in left]
    arrived = [member for member in now if member not in before and not member.here]
    room.everybody = now
    for member in left:
        room.members.pop(member, None)
        member.rooms.pop(room, None)
    for member in now:
        client = announcer.client(member.member_id) if member.here and member not in room.members else None
        if client is not None and not client.ended:
            announcer.withdraw(client, room.key, room.name)
    for member in arrived:
        member.rooms[room] = None
    tags = {"time": wire.timestamp(hub.now)}
    lines += [Joined(member.nick, room.name) for member in arrived]
    untagged = b"".join(wire.encode(plain.render(line)) for line in lines)
    data = (untagged, b"".join(wire.encode(events.render(line), tags) for line in lines))
    for member in room.members if lines else ():
        member.send(data[member.tagged])


def _is_over(announcer: Announcer, member: Member) -> bool:
    """Return whether somebody who is not in a room any more is to be seen leaving it; others are announced again."""
    if not member.here:
        return True
    client = announcer.client(member.member_id)
    return client is None or client.ended
