"""What a private line does to the transcript: it goes to the conversation with one person, opened if need be."""

from __future__ import annotations

from chatd.client.model.changes import Change
from chatd.client.model.incoming import MAX_FOUND, put_stored, room_for, said_without_id, time_of_event
from chatd.client.model.lines import Kind, Line, id_of
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import events, names
from chatd.protocol.commands import Command, History, Join, Search
from chatd.protocol.wire import Tags


def apply_private(transcript: Transcript, tags: Tags, event: events.Told) -> list[Change]:
    """Take in a private line: a new one, one that was missed, or one that was asked for; return what is to be redrawn.

    One with an id that is there already is passed over: the server tells it again until it knows that it has arrived.
    """
    if event.nick.startswith("#"):
        return []
    own = names.key(event.nick) == names.key(transcript.nick)
    asked = _asked(transcript) if "old" in tags else None
    person = asked.person if isinstance(asked, History | Search) else None
    about = event.nick if person is None or not (own or names.key(person) == names.key(event.nick)) else person
    room, changes = room_for(transcript, about)
    if room is None:
        return transcript.add_note(None, f"Private message from {event.nick}: {event.text}")
    time, serial = time_of_event(transcript, tags), room.timeline.serial()
    line = Line(serial, Kind.SAID, time, event.nick, event.text, id_of(tags), own=own, mention=not own)
    if not line.id:
        return changes + said_without_id(transcript, room, line)
    if isinstance(asked, Search) and about == person:
        room.found = [*room.found[-MAX_FOUND:], line]
        return changes
    # What was missed is as new as what comes now; history is not.
    return changes + put_private(transcript, room, line, old=about == person)


def apply_own(transcript: Transcript, tags: Tags, event: events.ToldOthers) -> list[Change]:
    """Take in what one told somebody oneself, over another connection; who did that has read what was said before."""
    if event.nick.startswith("#") or not id_of(tags):
        return []
    room, changes = room_for(transcript, event.nick)
    if room is None:
        return []
    time, serial = time_of_event(transcript, tags), room.timeline.serial()
    line = Line(serial, Kind.SAID, time, transcript.nick, event.text, id_of(tags), own=True)
    return changes + put_private(transcript, room, line, old=False) + room.mark_seen(line.id)


def put_private(transcript: Transcript, room: Room, line: Line, *, old: bool) -> list[Change]:
    """Put a private line that is stored into its conversation, unless it is there already."""
    room.oldest_id = min(room.oldest_id or line.id, line.id)
    return put_stored(transcript, room, line, old=old)


def _asked(transcript: Transcript) -> Command | None:
    """Return the question that a line told as old may answer: answers come in the order of the questions."""
    asked = (command for command, _ in transcript.asked.values())
    return next((command for command in asked if isinstance(command, Search | History | Join)), None)
