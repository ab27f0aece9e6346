"""What one has told the server of oneself, and what it told of others: who is away, ignored, an operator."""

from __future__ import annotations

from chatd.client.model.changes import AwayChanged, Change, MembersChanged
from chatd.client.model.people import NOTHING_KNOWN, Facts
from chatd.client.model.room import Room
from chatd.client.model.rulings import modes
from chatd.client.model.transcript import Transcript
from chatd.protocol import names
from chatd.protocol.commands import Away, Command, History, Ignore, Join, Search, Topic, Who
from chatd.protocol.events import Done
from chatd.protocol.member_details import MemberDetails
from chatd.protocol.moderation_commands import Rules
from chatd.protocol.wire import Tags

MAX_TOPIC = 300
"""How many characters of a topic are shown; asking for it (/topic) shows it all."""
REFRESH_SECONDS = 120
"""How old may be what is known of the people in a room that comes to the front: who is away is told to nobody."""
MAX_IGNORED = 1000
"""With so many that one ignores, no others are taken in."""
MAX_REFRESHED = 300
"""In a larger room it is asked for only once."""


def to_know(transcript: Transcript, name: str) -> list[Command]:
    """Return what is to be asked to know what is known of those in a room, and what holds there.

    The topic is among it where none is known: whoever was told of a room up to an id is not told it again.
    """
    room = transcript.find_room(name)
    topic: list[Command] = [] if room is None or room.topic_id else [Topic(name)]
    return [*topic, Who(name, details=True), Rules(name)]


def to_repeat(transcript: Transcript) -> list[Command]:
    """Return what a new connection is to be told again, since the server forgets it with the old one."""
    away: list[Command] = [Away(transcript.away)] if transcript.away else []
    return [*away, *map(Ignore, transcript.ignored.values())]


def apply_details(transcript: Transcript, event: MemberDetails) -> list[Change]:
    """Take in what is known of one who is in a room; return what is to be redrawn."""
    room = transcript.find_room(event.room)
    if room is None or room.private:
        return []
    room.members.add_listed([event.nick])
    if event.nick in room.members:
        facts = Facts(event.operator, event.voice and not event.operator, event.bot, event.away, event.text or "")
        room.members.note_facts(event.nick, facts)
    return [MembersChanged(room.key)]


def apply_away(transcript: Transcript, command: Command | None, asked_in: str) -> list[Change]:
    """Take in that one is away now, or back."""
    if not isinstance(command, Away):
        return []
    transcript.away = command.text or ""
    changes: list[Change] = [AwayChanged()]
    for room in transcript.rooms.values():
        if transcript.nick in room.members:
            facts = room.members.facts(transcript.nick)
            room.members.note_facts(transcript.nick, facts._replace(away=bool(transcript.away), why=transcript.away))
            changes.append(MembersChanged(room.key))
    if asked_in:
        note = f"You are away: {transcript.away}" if transcript.away else "You are back"
        changes += transcript.add_note(asked_in, note)
    return changes


def apply_ignored(transcript: Transcript, command: Command | None, reply: Done, asked_in: str) -> list[Change]:
    """Take in whom one ignores."""
    is_list = isinstance(command, Ignore) and command.nick is None
    if is_list:
        transcript.ignored.clear()
    if len(transcript.ignored) < MAX_IGNORED:
        transcript.ignored.update((names.key(nick), nick) for nick in reply.words)
    if not asked_in:
        return []
    return transcript.add_note(asked_in, f"You ignore {', '.join(reply.words) or 'nobody'}")


def answers_rules(transcript: Transcript, room: Room, tags: Tags) -> bool:
    """Return whether a line is told in answer to RULES: answers come in the order of the questions."""
    if "old" not in tags:
        return False
    for command, _ in transcript.asked.values():
        if isinstance(command, Rules):
            return command.room is not None and names.key(command.room) == room.key
        if isinstance(command, History | Join | Search):
            return False
    return False


def facts_of(transcript: Transcript, nick: str) -> Facts:
    """Return what is known of somebody, from whichever room they are in: whether they are away, and why."""
    for room in transcript.rooms.values():
        if nick in room.members and (found := room.members.facts(nick)) != NOTHING_KNOWN:
            return found
    conversation = transcript.find_room(nick)
    return Facts(away=conversation is not None and conversation.presence == "away")


def heading(transcript: Transcript, room: Room) -> str:
    """Return what stands over a conversation below its name: the topic and the modes, or whether the other is away."""
    if not room.private:
        topic = room.topic if len(room.topic) <= MAX_TOPIC else room.topic[:MAX_TOPIC] + " …"
        return " · ".join([topic or "No topic", *modes(room.rulings)])
    facts = facts_of(transcript, room.name)
    away = " · away" + (f": {facts.why}" if facts.why else "")
    return f"Private conversation{away if facts.away else ''}"


def operates(transcript: Transcript, room: Room | None) -> bool:
    """Return whether one runs a room."""
    return room is not None and room.members.facts(transcript.nick).operator


def to_refresh(transcript: Transcript, room: Room) -> bool:
    """Return whether to ask now what holds in a room and who is away there; then it is noted as asked."""
    if not room.joined:
        return False
    now = transcript.now()
    fresh = room.rulings.asked is not None and now - room.rulings.asked < REFRESH_SECONDS * 1000
    if fresh or (room.rulings.known and room.count > MAX_REFRESHED):
        return False
    room.rulings.asked = now
    return True
