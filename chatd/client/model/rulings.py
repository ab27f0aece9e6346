"""What those do who look after a room, or the server: each ruling as a sentence, and what comes of it here."""

from __future__ import annotations

from chatd.client.model.changes import Change, LinesChanged
from chatd.client.model.incoming import mark_gone, notice_of, put_stored, time_of_event
from chatd.client.model.lines import Kind, Line, id_of
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import duration, names
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.wire import Tags


def apply_ruling(transcript: Transcript, tags: Tags, event: Moderated) -> list[Change]:
    """Take in a ruling: a line of its room, and whoever is put out is not there any more.

    One that is replayed is shown as old and changes nobody's place. One for the whole server, or for a room that is
    not open, is a passing line in the room in front.
    """
    what = sentence(event)
    if event.room == SERVER:
        return transcript.add_note(None, f"{event.nick} {what}")
    room, old = transcript.find_room(event.room), "old" in tags
    if room is None or room.private:
        far = event.room.startswith("#") and not old
        return transcript.add_note(None, f"In {event.room}, {event.nick} {what}") if far else []
    me = names.key(transcript.nick)
    own, about = names.key(event.nick) == me, names.key(event.subject) == me
    time, id_ = time_of_event(transcript, tags), id_of(tags)
    serial = room.timeline.serial()
    line = Line(serial, Kind.RULED, time, event.nick, what, id_, own=own, mention=about and not own)
    changes = put_stored(transcript, room, line, old=old) if id_ else _passing(transcript, room, line)
    if event.verb == "KICK" and not old:
        changes += mark_gone(transcript, room, event.subject)
        if about:
            room.out = f"{event.nick} put you out{_because(event)}"
    return changes


def sentence(event: Moderated) -> str:
    """Return what somebody did, without the name: ``muted mallory for 30m: spam``."""
    held = "" if event.seconds is None else f" for {duration.written(event.seconds)}"
    return f"{_deed(event)}{held}{_because(event)}"


def _because(event: Moderated) -> str:
    return f": {event.text}" if event.text else ""


def _deed(event: Moderated) -> str:
    who, everywhere = event.subject, event.room == SERVER
    place = "the server" if everywhere else event.room
    oneself = names.key(event.nick) == names.key(who)
    match event.verb:
        case "KICK":
            return f"put {who} off the server" if everywhere else f"put {who} out"
        case "MUTE":
            return f"muted {who} everywhere" if everywhere else f"muted {who}"
        case "UNMUTE":
            return f"let {who} speak again" + (" everywhere" if everywhere else "")
        case "BAN":
            return f"banned {who} from the server" if everywhere else f"banned {who}"
        case "UNBAN":
            return f"let {who} onto the server again" if everywhere else f"let {who} in again"
        case "OP":
            return f"looks after {place} now" if oneself else f"let {who} look after {place}"
        case "DEOP":
            return f"looks after {place} no longer" if oneself else f"let {who} look after {place} no longer"
        case "INVITE":
            return f"invited {who} to {place}"
    return _setting(event.subject, place)


def _setting(subject: str, place: str) -> str:
    match subject:
        case "registered=yes":
            return f"registered {place}"
        case "private=yes":
            return f"made {place} private"
        case "private=no":
            return f"opened {place} to everybody"
        case "topic=members":
            return "let everybody set the topic"
        case "topic=operators":
            return f"let nobody set the topic but those who look after {place}"
    return f"set {subject} in {place}"


def _passing(transcript: Transcript, room: Room, line: Line) -> list[Change]:
    """Show what has no place in the order, at the end: the KICK of somebody whom a ban puts out."""
    index = room.timeline.add(line)
    changes: list[Change] = [LinesChanged(room.key, index)]
    if line.mention:
        changes += transcript.count_unread(room, index) + notice_of(transcript, room, line)
    return changes + room.trim()
