"""How a node that begins, or that has missed something, learns from another who is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatd.chat.presence.directory import Being, People
from chatd.chat.presence.remote import Elsewhere
from chatd.chat.room import Member, Room
from chatd.chat.session import Session
from chatd.model.cluster import Card
from chatd.protocol import wire
from chatd.protocol.events import Event, Joined, Parted

if TYPE_CHECKING:
    from chatd.chat.presence import Presence


def restore(presence: Presence, state: Any) -> None:
    """Make the people and the rooms of this node those of a state, and tell the members what changes for them."""
    hub, voice, before = presence.hub, presence.voice, presence.people
    missed_the_end = voice.run not in ("", presence.cluster.run)
    if not missed_the_end:
        voice.begin()
    hub.read_rules()
    presence.people = people = _people(presence, before, state)
    wanted = {key: (name, pids) for key, name, pids in state["rooms"]}
    for room in hub.rooms():
        wanted.setdefault(room.key, (room.name, []))
    for key, (name, pids) in wanted.items():
        room = hub.make_room(key, name)
        beings = [being for pid in pids if (being := people.get(pid)) is not None]
        for being in beings:
            being.places[key] = name
        _refill(presence, room, [being.member for being in beings])
        hub.drop_if_empty(room)
    if missed_the_end:
        voice.begin_again()
        return
    for session in hub.sessions:
        being = people.get(session.pid)
        if being is None or any(session not in room.everybody for room in session.rooms):
            voice.announce(session)


def _people(presence: Presence, before: People, state: Any) -> People:
    people = People()
    people.runs = dict.fromkeys(state["runs"])
    for *fields, heir in state["people"]:
        card = Card(*fields)
        known = before.get(card.person)
        member = presence.voice.session(card.person) or (Elsewhere(presence, card) if known is None else known.member)
        member.card = card
        people.add(Being(card, member, heir))
    return people


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
        session = presence.voice.session(member.pid) if member.here and member not in room.members else None
        if session is not None and not session.ended:
            presence.voice.withdraw(session, room.key, room.name)
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
