"""What room operators and server operators do, each act as a sentence, and what it changes here."""

from __future__ import annotations

from chatd.client.model.changes import Change, LinesChanged, MembersChanged, RulesChanged
from chatd.client.model.incoming import mark_gone, notice_of, put_stored, time_of_event
from chatd.client.model.lines import Kind, Line, id_of
from chatd.client.model.room import Room
from chatd.client.model.rulings import holds, modes
from chatd.client.model.standing import answers_rules
from chatd.client.model.transcript import Transcript
from chatd.protocol import duration, names
from chatd.protocol.events import Moderated
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.wire import Tags


def apply_moderation(transcript: Transcript, tags: Tags, event: Moderated) -> list[Change]:
    """Take in an act of moderation: a line of its room, and whoever is kicked is no longer a member.

    One that is replayed is shown as old and changes nobody's membership. One for the whole server, or for a room that
    is not open, is a passing line in the room in front.
    """
    what = sentence(event)
    if event.room == SERVER:
        return transcript.add_note(None, f"{event.nick} {what}")
    room, old = transcript.find_room(event.room), "old" in tags
    if room is None or room.private:
        far = event.room.startswith("#") and not old
        return transcript.add_note(None, f"In {event.room}, {event.nick} {what}") if far else []
    time = time_of_event(transcript, tags)
    if answers_rules(transcript, room, tags):
        room.rulings.collect(event, time)
        return []
    me = names.key(transcript.nick)
    own, about = names.key(event.nick) == me, names.key(event.subject) == me
    id_, serial = id_of(tags), room.timeline.serial()
    line = Line(serial, Kind.MODERATED, time, event.nick, what, id_, own=own, mention=about and not own)
    changes = put_stored(transcript, room, line, old=old) if id_ else _passing(transcript, room, line)
    if not old:
        changes += _ruled(room, event, time)
    if event.verb == "KICK" and not old:
        changes += mark_gone(transcript, room, event.subject)
        if about:
            room.out = f"{event.nick} kicked you{_because(event)}"
    return changes


def _ruled(room: Room, event: Moderated, time: int) -> list[Change]:
    """Let what was ruled just now hold in a room."""
    room.rulings.apply(event, time)
    changes: list[Change] = [RulesChanged(room.key)]
    raised = event.nick if (event.verb, event.subject) == ("SET", "registered=yes") else event.subject
    if raised not in room.members:
        return changes
    facts = room.members.facts(raised)
    match event.verb:
        case "OP" | "DEOP":
            facts = facts._replace(operator=event.verb == "OP", voice=False)
        case "SET" if raised is event.nick:
            facts = facts._replace(operator=True, voice=False)
        case "VOICE" | "UNVOICE":
            facts = facts._replace(voice=event.verb == "VOICE" and not facts.operator)
        case _:
            return changes
    room.members.note_facts(raised, facts)
    return [*changes, MembersChanged(room.key)]


def apply_rules(transcript: Transcript, room: Room, asked_in: str) -> list[Change]:
    """Take in that an answer to RULES is whole, and show it where a person asked for it, if one did."""
    room.rulings.end_answer()
    changes: list[Change] = [RulesChanged(room.key), MembersChanged(room.key)]
    if asked_in:
        held = [f"{holds(each.event)} ({each.event.nick})" for each in room.rulings.holding(transcript.now())]
        for line in held or [f"No bans, mutes, invitations or operators in {room.name}"]:
            changes += transcript.add_note(asked_in, line)
        changes += transcript.add_note(
            asked_in, f"Settings of {room.name}: {', '.join(modes(room.rulings)) or 'defaults'}"
        )
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
    role = "server operator" if everywhere else "room operator"
    oneself = names.key(event.nick) == names.key(who)
    match event.verb:
        case "KICK":
            return f"kicked {who} from the server" if everywhere else f"kicked {who}"
        case "MUTE":
            return f"muted {who} everywhere" if everywhere else f"muted {who}"
        case "UNMUTE":
            return f"unmuted {who} everywhere" if everywhere else f"unmuted {who}"
        case "BAN":
            return f"banned {who} from the server" if everywhere else f"banned {who}"
        case "UNBAN":
            return f"unbanned {who} from the server" if everywhere else f"unbanned {who}"
        case "OP":
            return f"is now a {role}" if oneself else f"made {who} a {role}"
        case "DEOP":
            return f"is no longer a {role}" if oneself else f"removed {who} as a {role}"
        case "VOICE":
            return f"gave {who} a voice in {place}"
        case "UNVOICE":
            return f"removed {who}'s voice in {place}"
        case "INVITE":
            return f"invited {who} to {place}"
        case "UNINVITE":
            return f"withdrew {who}'s invitation to {place}"
    return _setting(event.subject, place)


def _setting(subject: str, place: str) -> str:
    match subject:
        case "registered=yes":
            return f"registered {place}"
        case "founded=anew":
            return f"moderated {place}, but that was reset because everybody had left"
        case "private=yes":
            return f"made {place} private"
        case "private=no":
            return f"opened {place} to everybody"
        case "listed=no":
            return f"removed {place} from the list of rooms"
        case "listed=yes":
            return f"added {place} to the list of rooms"
        case "topic=members":
            return "let everybody set the topic"
        case "topic=operators":
            return "let only operators set the topic"
        case "speak=members":
            return "let everybody speak"
        case "speak=operators":
            return "let only operators speak"
    return f"set {subject} in {place}"


def _passing(transcript: Transcript, room: Room, line: Line) -> list[Change]:
    """Show what has no place in the order, at the end: the KICK that follows a ban."""
    index = room.timeline.add(line)
    changes: list[Change] = [LinesChanged(room.key, index)]
    if line.mention:
        changes += transcript.count_unread(room, index) + notice_of(transcript, room, line)
    return changes + room.trim()
