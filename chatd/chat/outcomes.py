"""What becomes of a session, and what it is told, when what it asked for has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.chat import moderation
from chatd.model.entry import Entry, Place
from chatd.protocol import events, wire
from chatd.protocol.errors import ANY_VERB
from chatd.protocol.events import DurableEvent

if TYPE_CHECKING:
    from chatd.chat.session import Session

SAYING = frozenset({"MSG", "TELL", "TOPIC", ANY_VERB})
"""The verbs of lines that were to say something."""


def effect(session: Session, entry: Entry, room: Place | None) -> bytes:
    """Change a session as an entry of its own wants it; return the reply to what asked for that, if it has one."""
    if entry.refused is not None:
        return _refused(session, entry)
    if entry.duplicate:
        return _said_before(session, entry)
    match entry.event:
        case events.Said():
            return b""
        case events.Joined() if room is not None:
            return _joined(session, entry, room)
        case events.Parted() if room is not None:
            session.leave(room)
            return session.line(events.Done("PART", (room.name,)), entry.label)
        case events.TopicSet() if room is not None:
            return session.line(events.Done("TOPIC", (room.name,)), entry.label)
        case events.Moderated(verb, _, place, subject) if verb == entry.verb:
            return session.line(events.Done(verb, (place, subject)), entry.label)
        case events.Renamed(_, new):
            old, session.nick, session.renaming = session.nick, new, ""
            session.hub.release(old, session)
            if session.ended:
                session.hub.release(new, session)
            return session.line(events.Done("NICK", (new,)), entry.label)
    return b""


def done_join(session: Session, room: Place, *, recovered: bool | None = None) -> events.Done:
    """Return the end of a JOIN: how many are in the room and, for a program, what it needs to come back.

    ``recovered`` says whether it was told all that it missed, if it asked.
    """
    values = {"last": str(room.last_id), "resume": session.takeover.secret} if session.tagged else {}
    if recovered is not None and session.tagged:
        values["recovered"] = "yes" if recovered else "no"
    return events.Done("JOIN", (room.name, str(len(room.everybody))), values)


def unasked(session: Session, entry: Entry, room: Place | None) -> bytes:
    """Change a session as an entry wants it that its node appended for it."""
    presence, event = session.hub.presence, entry.event
    assert presence is not None
    if isinstance(event, events.Renamed):
        old, session.nick = session.nick, event.new
        session.hub.release(old, session)
        return session.line(events.Done("NICK", (event.new,)))
    if room is None or session.ended:
        session.rooms.pop(room, None)  # type: ignore[arg-type]  # None is no key of it
        return b""
    if isinstance(event, events.Parted):
        session.leave(room)
        return session.line(events.Done("PART", (room.name,)))
    entering = session.joining is not None and session.joining[0] == room.key
    if (entry.refused is not None) == (room in session.rooms) and not entering:
        # It may not be here, or has left meanwhile and the others do not know.
        presence.announcer.withdraw(session, room.key, room.name)
    return b""


def _refused(session: Session, entry: Entry) -> bytes:
    error = entry.refused
    assert error is not None
    session.untaken = session.untaken or entry.verb in SAYING
    if type(entry.event) is events.Joined:
        session.joining = None
        if session.replay is not None:
            session.replay.close()
            session.replay = None
        if session.hub.presence is not None and session.info is None and not session.ended:
            _unname(session)
    elif isinstance(entry.event, events.Renamed):
        session.renaming = ""
        session.hub.release(entry.event.new, session)
    return session.line(events.Refused(error.code, entry.verb, error.text), entry.label)


def _unname(session: Session) -> None:
    """Let a session be what it was before its first JOIN."""
    nick, session.nick, session.takeover.takes = session.nick, "", None
    session.hub.release(nick, session)
    presence = session.hub.presence
    if presence is not None:
        # The refused JOIN may yet come, and is to be of nobody then.
        presence.announcer.forget(session.member_id)
        session.member_id = presence.announcer.enroll(session)


def _joined(session: Session, entry: Entry, room: Place) -> bytes:
    session.joining = None
    session.enter(room)
    if session.ended:
        session.takeover.forget()
        return b""
    replay, session.replay = session.replay, None
    missed = b"" if replay is None else b"".join(replay.rest(room.last_id))
    topic = b""
    told = replay is not None and replay.has_told(room.topic_id)
    if room.topic is not None and not told and moderation.may_read(session, room.key, room.topic_id):
        topic = session.line(room.topic, tags=room.topic_tags)
    done = done_join(session, room, recovered=None if replay is None else replay.recovered)
    return missed + topic + session.line(done, entry.label)


def _said_before(session: Session, entry: Entry) -> bytes:
    tags = {"id": str(entry.id), "time": wire.timestamp(entry.time), "old": ""}
    event = entry.event
    assert isinstance(event, DurableEvent)
    if isinstance(event, events.TopicSet | events.Moderated):
        words = (event.room, event.subject) if isinstance(event, events.Moderated) else (event.room,)
        return session.line(event, tags=tags) + session.line(events.Done(entry.verb, words), entry.label)
    return session.line(event, entry.label, tags)
