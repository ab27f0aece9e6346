"""What each line of a server that nobody asked for does to the transcript: things said, joins and departures."""

from __future__ import annotations

from collections.abc import Iterable

from chatd.client.model.changes import (
    Change,
    LinesChanged,
    MembersChanged,
    Notice,
    OwnNickChanged,
    RoomRenamed,
    RoomsChanged,
    TopicChanged,
)
from chatd.client.model.lines import Kind, Line, id_of, time_of
from chatd.client.model.membership import MembershipCue
from chatd.client.model.mention import mentions
from chatd.client.model.people import Facts
from chatd.client.model.presence import Presence
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import events, names
from chatd.protocol.actions import shown
from chatd.protocol.commands import History, Join, Search
from chatd.protocol.events import Event
from chatd.protocol.wire import Tags

MAX_ROOMS = 1000
"""How many rooms and private conversations can be open before a server can open no more."""
MAX_FOUND = 1000
"""How many lines of what a SEARCH finds are kept."""


def apply_incoming(transcript: Transcript, tags: Tags, event: Event) -> list[Change]:
    """Take in an event that is no answer; return what is to be redrawn."""
    match event:
        case events.Said():
            return _said(transcript, tags, event)
        case events.TopicSet():
            return _topic(transcript, tags, event)
        case events.Joined():
            return _joined(transcript, tags, event)
        case events.Parted():
            return _parted(transcript, tags, event)
        case events.Renamed(old, new):
            return apply_rename(transcript, tags, old, new)
        case events.Present(name, nicks):
            return _present(transcript, name, nicks)
        case events.Listed():
            transcript.add_listed(event)
        case events.Note(text) if transcript.presence is not Presence.GREETING:
            return transcript.add_note(None, text)
        case events.Ended(_, text):
            return transcript.add_note(None, f"The server closed the connection: {text}")
        case _:  # PING and PONG are the link's, OLD is for people
            pass
    return []


def room_for(transcript: Transcript, name: str) -> tuple[Room | None, list[Change]]:
    """Return the room (or conversation) that something happens in, opened if need be; None if too many are open."""
    room = transcript.find_room(name)
    if room is not None:
        return room, []
    if len(transcript.rooms) >= MAX_ROOMS:
        return None, []
    return transcript.open_room(name), [RoomsChanged()]


def put_stored(transcript: Transcript, room: Room, line: Line, *, old: bool) -> list[Change]:
    """Put a line with an id into its room, unless it is there already."""
    index = room.timeline.put(line, old=old)
    if room.joined and not old:
        room.heard(line.id, transcript.epoch)
    if index is None:
        return []
    changes: list[Change] = [LinesChanged(room.key, index)]
    if line.counts:
        new = line.id > (room.seen_id or 0) and not (old and room.seen_id is None)
        if new and not line.own:
            changes += transcript.count_unread(room, index)
            if line.mention and not old:
                changes += notice_of(transcript, room, line)
    if line.kind is Kind.SAID:
        room.spoke(line.nick, line.time)
    if room is transcript.front:
        room.seen_id = max(room.seen_id or 0, room.last_id)
    return changes + room.trim()


def _said(transcript: Transcript, tags: Tags, event: events.Said) -> list[Change]:
    if not event.room.startswith("#"):
        return []
    room, changes = room_for(transcript, event.room)
    if room is None:
        return []
    old, label = "old" in tags, tags.get("label")
    own = names.key(event.nick) == names.key(transcript.nick)
    line = Line(
        room.timeline.serial(),
        Kind.SAID,
        time_of_event(transcript, tags),
        event.nick,
        event.text,
        id_of(tags),
        own=own,
        mention=not own and mentions(event.text, transcript.nick),
        edited="edited" in tags,
        answers=room.author_of(event.reply),
        reply=event.reply,
    )
    settled: list[Change] = []
    if label is not None and own and transcript.waits_in(label) is room:
        settled.append(LinesChanged(room.key, transcript.settle(label)[1]))
    elif old and _is_found(transcript, room):
        room.found = [*room.found[-MAX_FOUND:], line]
        return changes
    if not line.id:
        return changes + said_without_id(transcript, room, line)
    if label is None:
        room.oldest_id = min(room.oldest_id or line.id, line.id)
    # What waited stood behind all that is stored: a change there covers it.
    return changes + (put_stored(transcript, room, line, old=old) or settled)


def said_without_id(transcript: Transcript, room: Room, line: Line) -> list[Change]:
    """Show something said that has no place in the order, at the end."""
    index = room.timeline.add(line)
    changes: list[Change] = [LinesChanged(room.key, index)]
    if not line.own:
        changes += transcript.count_unread(room, index)
        room.spoke(line.nick, line.time)
        if line.mention:
            changes += notice_of(transcript, room, line)
    return changes + room.trim()


def _is_found(transcript: Transcript, room: Room) -> bool:
    """Return whether a line told as old is what a SEARCH found: answers come in the order of the questions."""
    for command, key in transcript.asked.values():
        if isinstance(command, Search):
            return key == room.key or (command.room is not None and names.key(command.room) == room.key)
        if isinstance(command, History | Join):
            return False
    return False


def _topic(transcript: Transcript, tags: Tags, event: events.TopicSet) -> list[Change]:
    if not event.room.startswith("#"):
        return []
    room, changes = room_for(transcript, event.room)
    if room is None:
        return []
    old = "old" in tags
    own = names.key(event.nick) == names.key(transcript.nick)
    id_ = id_of(tags)
    time = time_of_event(transcript, tags)
    line = Line(room.timeline.serial(), Kind.TOPIC, time, event.nick, event.topic, id_, own=own)
    if not id_ or id_ >= room.topic_id:
        room.topic, room.topic_id = event.topic, id_ or room.topic_id
        changes.append(TopicChanged(room.key))
    # Of a topic that a newcomer is told, what was said around it is not known: `oldest_id` stays.
    return changes + (put_stored(transcript, room, line, old=old) if id_ else transcript.add_passing(room, line))


def _joined(transcript: Transcript, tags: Tags, event: events.Joined) -> list[Change]:
    room = transcript.find_room(event.room)
    if room is None or room.private:
        return []
    if room.members.add(event.nick):
        room.count += 1
        now = transcript.now()
        room.rulings.asked = None  # who is a bot, or runs the server, is not told
        operator, voice = (room.rulings.find(verb, event.nick, now) is not None for verb in ("OP", "VOICE"))
        room.members.note_facts(event.nick, Facts(operator, voice and not operator))
    return [*_passing(transcript, room, tags, Kind.JOINED, event.nick), MembersChanged(room.key)]


def _parted(transcript: Transcript, tags: Tags, event: events.Parted) -> list[Change]:
    room = transcript.find_room(event.room)
    if room is None or room.private:
        return []
    changes = _passing(transcript, room, tags, Kind.PARTED, event.nick, event.text or "")
    return changes + mark_gone(transcript, room, event.nick)


def mark_gone(transcript: Transcript, room: Room, nick: str) -> list[Change]:
    """Note that somebody, oneself perhaps, is not in a room any more."""
    if room.members.remove(nick) or not room.members.complete:
        room.count = max(0, room.count - 1)
    own = names.key(nick) == names.key(transcript.nick)
    return [*(mark_left(room) if own else ()), MembersChanged(room.key)]


def mark_left(room: Room) -> list[Change]:
    """Note that one is not in a room any more, and not to rejoin it."""
    room.change_membership(MembershipCue.LEFT)
    room.out = ""
    room.members.clear()
    room.count = 0
    return [RoomsChanged(), MembersChanged(room.key)]


def apply_rename(transcript: Transcript, tags: Tags, old: str, new: str) -> list[Change]:
    """Let somebody, oneself perhaps, go by another name wherever the old one is known."""
    changes: list[Change] = []
    if old == new:
        return changes
    if names.key(old) == names.key(transcript.nick):
        transcript.nick = new
        changes.append(OwnNickChanged(new))
    if transcript.ignored.pop(names.key(old), None) is not None:
        transcript.ignored[names.key(new)] = new
    for room in list(transcript.rooms.values()):
        if room.members.rename(old, new):
            room.renamed(old, new)
            changes += _passing(transcript, room, tags, Kind.RENAMED, old, new)
            changes.append(MembersChanged(room.key))
    conversation = transcript.find_room(old)
    if conversation is not None and conversation.private:
        before = conversation.key
        if transcript.rename_room(conversation, new):
            changes.append(RoomRenamed(before, conversation.key))
        changes += _passing(transcript, conversation, tags, Kind.RENAMED, old, new)
    return changes


def _present(transcript: Transcript, name: str, nicks: Iterable[str]) -> list[Change]:
    room = transcript.find_room(name)
    if room is None or room.private:
        return []
    room.members.add_listed(nicks)
    return [MembersChanged(room.key)]


def _passing(transcript: Transcript, room: Room, tags: Tags, kind: Kind, nick: str, text: str = "") -> list[Change]:
    own = names.key(text if kind is Kind.RENAMED else nick) == names.key(transcript.nick)
    line = Line(room.timeline.serial(), kind, time_of_event(transcript, tags), nick, text, own=own)
    return transcript.add_passing(room, line)


def notice_of(transcript: Transcript, room: Room, line: Line) -> list[Change]:
    """Give a notice of a line, unless its room is in front or gives none."""
    quiet = room.muted or room is transcript.front
    return [] if quiet else [Notice(room.key, line.nick, shown(line.nick, line.text))]


def time_of_event(transcript: Transcript, tags: Tags) -> int:
    """Return the time that a line tells, else the time it is."""
    time = time_of(tags)
    return transcript.now() if time is None else time
