"""What was read over other connections of the same account, and what the server is to be told of that."""

from __future__ import annotations

from chatd.client.model.changes import Change, UnreadChanged
from chatd.client.model.lines import id_of
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol.commands import History
from chatd.protocol.events import Done, Seen

PAGE = 100
"""How many messages of a conversation are asked for."""
LITTLE = 50
"""With fewer messages the window may have room for older ones."""


def apply_seen(transcript: Transcript, event: Seen) -> list[Change]:
    """Take in that a room was read up to an id elsewhere; return what is to be redrawn."""
    room = transcript.find_room(event.room)
    if room is None or room.private or room.reported_id is None:
        return []
    return _read_elsewhere(transcript, room, event.id)


def apply_joined(transcript: Transcript, room: Room, reply: Done) -> list[Change]:
    """Take in up to where a room that one has joined was read, as OK JOIN says; its last id is known."""
    has_markers = transcript.has_account = "seen" in reply.values
    seen = min(id_of(reply.values, "seen"), room.last_id)
    is_new = room.seen_id is None
    room.reported_id = seen if has_markers else None
    if room is transcript.front or (is_new and not seen):
        room.seen_id = room.last_id
        if is_new and room is not transcript.front and has_markers:
            room.reported_id = room.last_id  # nobody has read it: it only counts from here on
        return [UnreadChanged(room.key)]
    if is_new:
        room.seen_id = seen
    return _read_elsewhere(transcript, room, seen)


def begin_markers(transcript: Transcript) -> None:
    """Note that the server keeps from here on up to where rooms are read, because one has an account now."""
    for room in transcript.rooms.values():
        if room.joined and room.reported_id is None:
            room.reported_id = 0


def private_questions(transcript: Transcript) -> list[History]:
    """Return what is to be asked of conversations of an earlier run: of what accounts are told nothing is kept here."""
    if not transcript.has_account:
        return []
    return [
        History(None, PAGE, person=room.name) for room in transcript.rooms.values() if room.private and room.is_stored
    ]


def knows_little_of(transcript: Transcript, name: str) -> bool:
    """Return whether a room was read in an earlier run, and little that was said there was told since."""
    room = transcript.find_room(name)
    return room is not None and room.is_stored and sum(line.id > 0 for line in room.lines) < LITTLE


def to_report(transcript: Transcript) -> list[Room]:
    """Return the rooms that were read further than the server knows."""
    return [
        room
        for room in transcript.rooms.values()
        if room.joined and room.reported_id is not None and (room.seen_id or 0) > room.reported_id
    ]


def _read_elsewhere(transcript: Transcript, room: Room, id_: int) -> list[Change]:
    upto = min(id_, room.last_id)
    room.reported_id = max(room.reported_id or 0, upto)
    if upto <= (room.seen_id or 0):
        return []
    changes = room.mark_seen(upto)
    if not room.unread and room is not transcript.front:
        changes += room.clear_mark()
    return changes
