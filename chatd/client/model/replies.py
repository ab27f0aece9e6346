"""What the answers to one's own commands, OK and ERR, do to the transcript."""

from __future__ import annotations

from chatd.client.model.changes import (
    AwayChanged,
    Change,
    Found,
    LinesChanged,
    MembersChanged,
    RoomsChanged,
    RoomsListed,
    StillWaiting,
    TopicChanged,
)
from chatd.client.model.incoming import apply_rename, mark_left, room_for
from chatd.client.model.lines import Delivery, Kind, Line, id_of
from chatd.client.model.membership import MembershipCue
from chatd.client.model.moderation import apply_rules
from chatd.client.model.people import described
from chatd.client.model.presence import PresenceCue
from chatd.client.model.private_lines import put_private
from chatd.client.model.room import Room
from chatd.client.model.seen import apply_joined
from chatd.client.model.standing import apply_away, apply_ignored
from chatd.client.model.transcript import Transcript
from chatd.protocol import names
from chatd.protocol.commands import Command, History, Rooms, Who
from chatd.protocol.events import Done, Refused
from chatd.protocol.wire import Tags

GAP = "Some messages are missing here"
BEGUN_SINCE = "The server has started a new history since your last visit"
BEGUN = "The server started a new history; everything above is from the old one"
_NOT_THERE = {"away": "is away", "gone": "is not connected and will see this after logging in"}
_NOTHING: tuple[Command | None, str] = (None, "")


def apply_done(transcript: Transcript, tags: Tags, reply: Done) -> list[Change]:
    """Take in an OK line; return what is to be redrawn."""
    label = tags.get("label", "")
    command, asked_in = transcript.asked.pop(label, _NOTHING)
    word = reply.words[0] if reply.words else ""
    room = transcript.find_room(word)
    match reply.verb:
        case "HELLO":
            transcript.change_presence(PresenceCue.GREETED)
            return _begin_epoch(transcript, reply.values.get("epoch"))
        case "JOIN" if word.startswith("#"):
            return _joined(transcript, reply)
        case "PART" if room is not None and not room.private:
            return mark_left(room)
        case "NICK" if word:
            return apply_rename(transcript, tags, transcript.nick, word)
        case "REGISTER" if word:
            return transcript.add_note(asked_in, f"The nick {word} is now registered to you")
        case "IGNORE":
            return apply_ignored(transcript, command, reply, asked_in)
        case "AWAY":
            return apply_away(transcript, command, asked_in)
        case "RULES" if room is not None and not room.private:
            return apply_rules(transcript, room, asked_in)
        case "UNIGNORE" if word:
            transcript.ignored.pop(names.key(word), None)
            return transcript.add_note(asked_in, f"You no longer ignore {word}")
        case "TELL":
            return _delivered(transcript, label, reply)
        case "WHO" if room is not None and not room.private:
            return _listed(transcript, room, command, asked_in)
        case "ROOMS":
            transcript.end_listing()
            return [RoomsListed()] if isinstance(command, Rooms) else []  # it covers the window
        case "HISTORY" if room is not None:
            if isinstance(command, History) and _number(reply) < command.count and command.since is None:
                room.may_have_older = False
        case "SEARCH" if room is not None:
            return [Found(room.key)]
    return []


def apply_refused(transcript: Transcript, tags: Tags, error: Refused) -> list[Change]:
    """Take in an ERR line; return what is to be redrawn."""
    label = tags.get("label", "")
    room = transcript.waits_in(label)
    if room is not None:
        if error.code.temporary:
            return [StillWaiting(room.key, label, error.text)]
        return transcript.mark_failed(label, error.text)
    _, asked_in = transcript.asked.pop(label, _NOTHING)
    return transcript.add_note(asked_in, error.text, Kind.ERROR)


def _begin_epoch(transcript: Transcript, epoch: str | None) -> list[Change]:
    """Note the server's epoch; if its history is another than before, every room begins a new run of ids.

    A restart makes another epoch of the same history: then JOIN says whether the server knows what was seen last.
    """
    before, transcript.epoch = transcript.epoch, epoch or transcript.epoch
    if before is None or transcript.epoch is None or _history(before) == _history(transcript.epoch):
        return []
    changes: list[Change] = []
    for room in transcript.rooms.values():
        if not room.private or room.last_id or room.seen_id:
            changes += _begin_run(transcript, room)
    return changes


def _history(epoch: str) -> str:
    return epoch.partition(".")[0]


def _begin_run(transcript: Transcript, room: Room) -> list[Change]:
    """Let a room's ids start over, and say so where there are lines from before."""
    known = any(line.id and line.run == room.timeline.run for line in room.lines)
    was_read = bool(room.seen_id) and not room.private
    room.begin_epoch()
    transcript.forget_answered(room)
    changes: list[Change] = [TopicChanged(room.key)]
    if known or was_read:
        text = BEGUN if known else BEGUN_SINCE
        changes += _bar(room, Line(room.timeline.serial(), Kind.BEGUN, transcript.now(), "", text), 0)
    return changes


def _joined(transcript: Transcript, reply: Done) -> list[Change]:
    room, _ = room_for(transcript, reply.words[0])
    if room is None:
        return []
    transcript.change_presence(PresenceCue.ADMITTED)
    transcript.resume = reply.values.get("resume", transcript.resume)
    changes: list[Change] = [RoomsChanged()]
    if reply.values.get("since") == "unknown" and room.resume_id is not None:
        changes += _begin_run(transcript, room)  # an older copy of the journal was put back
    elif reply.values.get("recovered") == "no" and room.resume_id is not None and (room.lines or room.seen_id):
        line = Line(room.timeline.serial(), Kind.GAP, transcript.now(), "", GAP)
        changes += _bar(room, line, room.resume_id)
    if not room.joined:
        room.members.clear()
        room.members.add(transcript.nick)
        room.rulings.known, room.rulings.asked = False, None
    room.name = reply.words[0]
    room.change_membership(MembershipCue.ADMITTED)
    if reply.values.get("operator") == "yes":
        facts = room.members.facts(transcript.nick)
        room.members.note_facts(transcript.nick, facts._replace(operator=True))
    room.count = _number(reply)
    last = id_of(reply.values, "last")
    room.timeline.last_id = max(room.timeline.last_id, last)
    room.heard(last, transcript.epoch)
    return [*changes, *apply_joined(transcript, room, reply), MembersChanged(room.key)]


def _bar(room: Room, line: Line, after: int) -> list[Change]:
    index = room.timeline.bar(line, after)
    return [] if index is None else [LinesChanged(room.key, index), *room.trim()]


def _delivered(transcript: Transcript, label: str, reply: Done) -> list[Change]:
    """Let a private message be acknowledged: in its place if it is stored, else as a passing line of this moment."""
    room = transcript.waits_in(label)
    if room is None or not room.private:
        return []
    gone = reply.values.get("here") == "no"
    before, room.presence = room.presence, "gone" if gone else "away" if reply.values.get("away") == "yes" else ""
    line, index = transcript.settle(label)
    line = line._replace(state=Delivery.STORED, id=id_of(reply.values, "id"))
    if line.id:
        changes = put_private(transcript, room, line, old=False) or [LinesChanged(room.key, index)]
    else:
        changes = transcript.add_passing(room, line)
    if room.presence != before:
        changes += [AwayChanged()]
        if room.presence:
            changes += transcript.add_note(room.key, f"{room.name} {_NOT_THERE[room.presence]}")
    return changes


def _listed(transcript: Transcript, room: Room, command: Command | None, asked_in: str) -> list[Change]:
    """Note that a list of members is whole, and show it in the room where a person asked for it, if one did."""
    room.members.end_list()
    room.count = len(room.members)
    changes: list[Change] = [MembersChanged(room.key)]
    if isinstance(command, Who):
        people = [described(nick, room.members.facts(nick)) if command.details else nick for nick in room.members]
        changes += transcript.add_note(asked_in, f"In {room.name}: {', '.join(people)}")
    return changes


def _number(reply: Done) -> int:
    """Return the count that an OK line ends in, 0 if it is none."""
    word = reply.words[1] if len(reply.words) > 1 else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 19 else 0
