"""What becomes of a participant, and what it is told, when what it asked for has happened."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from chatd.chat import any_name, auditing, founding, guidance, permissions
from chatd.chat.client import CatchUp
from chatd.chat.participant import NO_NICK, Participant
from chatd.chat.read_markers import seen_in
from chatd.chat.replay import said_tags
from chatd.model.conversation import is_conversation
from chatd.model.entry import Entry, Place
from chatd.protocol import events, wire
from chatd.protocol.errors import ANY_VERB, ChatError
from chatd.protocol.events import DurableEvent
from chatd.protocol.names import Nick
from chatd.protocol.references import Edited, Reacted, Retracted

SAYING = frozenset({"MSG", "TELL", "POST", "TOPIC", "RETRACT", "EDIT", "REACT", "UNREACT", ANY_VERB})
"""The verbs of lines that were to say something."""


def outcome(participant: Participant, entry: Entry, room: Place | None) -> bytes:
    """Change a participant as an entry of its own wants it; return the reply to what asked for that, if it has one."""
    if entry.refused is not None:
        return _refused(participant, entry)
    if entry.duplicate:
        return _said_before(participant, entry)
    if type(entry.event) in auditing.NOTED:
        auditing.note_done(participant, entry)
    match entry.event:
        case events.Said():
            if entry.verb == "TELL" and is_conversation(entry.room):
                return told(participant, entry)
            return _told_from_without(participant, entry, room)
        case events.Joined() if room is not None:
            return _joined(participant, entry, room)
        case events.Parted() if room is not None:
            participant.leave(room)
            return participant.line(events.Done("PART", (room.name,)), entry.label)
        case events.TopicSet() if room is not None:
            return participant.line(events.Done("TOPIC", (room.name,)), entry.label)
        case events.Moderated(verb, _, place, subject) if verb == entry.verb:
            return participant.line(events.Done(verb, (place, subject)), entry.label)
        case Retracted() | Edited() | Reacted() if room is not None:
            return participant.line(_done_about(entry, entry.event), entry.label)
        case events.Renamed(old, new) if old == new:
            participant.hub.conversations.arrive(participant)
            return participant.line(events.Done("NICK", (new,)), entry.label)
        case events.Renamed(_, new):
            before, participant.nick, participant.renaming = participant.nick, Nick.of(new), NO_NICK
            participant.hub.release(before, participant)
            if participant.ended:
                participant.hub.release(participant.nick, participant)
            return participant.line(events.Done("NICK", (new,)), entry.label)
    return b""


def told(participant: Participant, entry: Entry) -> bytes:
    """Return the answer to a TELL to a person whose line is stored."""
    values = {"id": str(entry.id), "time": wire.timestamp(entry.time)} if participant.tagged else {}
    values["stored"] = "yes"
    if not participant.telling.here:
        values["here"] = "no"
    if participant.telling.away:
        values["away"] = "yes"
    tags = {"old": ""} if entry.duplicate else wire.NO_TAGS
    return participant.line(events.Done("TELL", (participant.telling.nick,), values), entry.label, tags)


def _told_from_without(participant: Participant, entry: Entry, room: Place | None) -> bytes:
    """Return the answer to a TELL to a room that a program is not in; who is in it is answered by its own line."""
    if room is None or room in participant.rooms or not participant.tagged:
        return b""
    values = {"id": str(entry.id), "time": wire.timestamp(entry.time)}
    return participant.line(events.Done(entry.verb, (room.name,), values), entry.label)


def done_join(participant: Participant, room: Place, missed: CatchUp | None = None) -> events.Done:
    """Return the end of a JOIN: how many are in the room and, for a program, what it needs to come back.

    ``missed`` is what it was told of what it missed, if it asked.
    """
    values = {"last": str(room.last_id), "resume": participant.takeover.secret} if participant.tagged else {}
    if participant.other_names is not None or not (participant.tagged or participant.welcomed):
        values["nick"], participant.other_names = str(participant.nick), None
    if participant.tagged and (seen := seen_in(participant, room)) is not None:
        values["seen"] = str(seen)
    if participant.tagged:
        values |= founding.shown(participant, room)
    if missed is not None and missed.asked_since and participant.tagged:
        values["recovered"] = "yes" if missed.recovered else "no"
        if not missed.known:
            values["since"] = "unknown"
    return events.Done("JOIN", (room.name, str(room.head_count)), values)


def internal(participant: Participant, entry: Entry, room: Place | None) -> bytes:
    """Change a participant as an entry wants it that its node appended for it."""
    event = entry.event
    if isinstance(event, events.Renamed):
        before, participant.nick = participant.nick, Nick.of(event.new)
        participant.hub.release(before, participant)
        return participant.line(events.Done("NICK", (event.new,)))
    if room is None:
        return b""
    if isinstance(event, events.Joined):
        founding.note_founding(participant, entry, room)
    if participant.ended:
        participant.rooms.pop(room, None)
        return b""
    if isinstance(event, events.Parted):
        participant.leave(room)
        return participant.line(events.Done("PART", (room.name,)))
    entering = participant.joining is not None and participant.joining[0] == room.key
    if (entry.refused is not None) == (room in participant.rooms) and not entering:
        # It may not be here, or has left meanwhile and the others do not know.
        participant.hub.nodes.withdraw(participant, room)
    return b""


def _refused(participant: Participant, entry: Entry) -> bytes:
    error = entry.refused
    assert error is not None
    participant.untaken = participant.untaken or entry.verb in SAYING
    if type(entry.event) is events.Joined:
        participant.joining = None
        participant.hub.nodes.join_refused(participant)
        why = any_name.take_another(participant, error, entry.room)
        if why is None:
            participant.submit(entry.room, replace(entry.event, nick=participant.nick), entry.label, entry.verb)
            return b""
        error, participant.other_names = why, None
        if participant.replay is not None:
            participant.replay.close()
            participant.replay = None
    elif isinstance(entry.event, events.Renamed) and entry.event.old == entry.event.new:
        participant.hub.nodes.join_refused(participant)
    elif isinstance(entry.event, events.Renamed):
        participant.renaming = NO_NICK
        participant.hub.release(Nick.of(entry.event.new), participant)
    participant.hub.tallies.refusals[error.code] += 1
    auditing.note_refusal(participant, error, entry.verb, participant.nick)
    return participant.line(events.Refused(error.code, entry.verb, error.text), entry.label, error.tags)


def _joined(participant: Participant, entry: Entry, room: Place) -> bytes:
    participant.joining = None
    participant.enter(room)
    founding.note_founding(participant, entry, room)
    if participant.ended:
        participant.takeover.forget()
        return b""
    participant.hub.conversations.arrive(participant)
    replay, participant.replay = participant.replay, None
    missed = b"" if replay is None else b"".join(replay.rest(room.last_id))
    untold, participant.takeover.untold = participant.takeover.untold, ()
    for line in untold:
        with suppress(ChatError):  # it is ignored meanwhile, or is more than is taken at once
            participant.tell(line, again=True)
    topic = b""
    told = replay is not None and replay.has_told(room.topic_id)
    if not told and (known := permissions.readable_topic(participant, room)) is not None:
        topic = participant.line(known, tags=room.topic_tags)
    done = participant.line(done_join(participant, room, replay), entry.label)
    if not participant.tagged and not participant.welcomed:
        participant.welcomed = True
        return missed + topic + participant.line(guidance.welcome(participant.nick, room)) + done
    return missed + topic + done


def _said_before(participant: Participant, entry: Entry) -> bytes:
    tags = {"id": str(entry.id), "time": wire.timestamp(entry.time), "old": ""}
    event = entry.event
    assert isinstance(event, DurableEvent)
    if is_conversation(entry.room):
        return told(participant, entry)
    if isinstance(event, Retracted | Edited | Reacted):
        return participant.line(event, tags=tags) + participant.line(_done_about(entry, event), entry.label)
    if isinstance(event, events.TopicSet | events.Moderated):
        words = (event.room, event.subject) if isinstance(event, events.Moderated) else (event.room,)
        return participant.line(event, tags=tags) + participant.line(events.Done(entry.verb, words), entry.label)
    return participant.line(event, entry.label, tags | said_tags(event))


def _done_about(entry: Entry, event: Retracted | Edited | Reacted) -> events.Done:
    return events.Done(entry.verb, (event.room, str(event.id)))
