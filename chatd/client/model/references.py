"""What became of messages that are shown: taken back, changed, or reacted to."""

from __future__ import annotations

from chatd.client.model.changes import Change, LinesChanged, UnreadChanged
from chatd.client.model.lines import Kind, Line, id_of
from chatd.client.model.mention import mentions
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import names
from chatd.protocol.references import Edited, Reacted, ReactionCounts, ReferringEvent, Retracted, Unreacted
from chatd.protocol.wire import Tags

MAX_REACTIONS = 50
"""How many different reactions of a message are kept, more than a server takes."""


def apply_reference(transcript: Transcript, tags: Tags, event: ReferringEvent | ReactionCounts) -> list[Change]:
    """Take in what refers to a message; one that is not shown is passed over."""
    room = transcript.find_room(event.room)
    if room is None or room.private:
        return []
    _note_id(transcript, room, tags)
    room.found = [line for each in room.found if (line := _changed(transcript, each, event)) is not None]
    index = room.timeline.find(event.id)
    if index is None or room.lines[index].kind is not Kind.SAID:
        return []
    before = room.lines[index]
    line = _changed(transcript, before, event)
    changes: list[Change] = []
    if line is None:
        whose = "" if names.key(before.nick) == names.key(event_nick(event)) else before.nick
        line = before._replace(
            kind=Kind.RETRACTED, nick=event_nick(event), text=whose, mention=False, reactions=(), edited=False
        )
        changes += _unread_no_more(room, before)
    if line == before:
        return changes
    room.timeline.replace(index, line)
    return [*changes, LinesChanged(room.key, index)]


def event_nick(event: ReferringEvent | ReactionCounts) -> str:
    """Return who did it; nothing for what nobody did."""
    return "" if isinstance(event, ReactionCounts) else event.nick


def _note_id(transcript: Transcript, room: Room, tags: Tags) -> None:
    """Note that the server has given an id to what has no line of its own."""
    id_ = id_of(tags)
    room.timeline.last_id = max(room.timeline.last_id, id_)
    if room.joined and "old" not in tags and id_:
        room.heard(id_, transcript.epoch)
    if room is transcript.front:
        room.seen_id = max(room.seen_id or 0, room.last_id)


def _changed(transcript: Transcript, line: Line, event: ReferringEvent | ReactionCounts) -> Line | None:
    """Return what becomes of a line: None if nothing is left of it, itself if it is another message."""
    if line.id != event.id:
        return line
    own = names.key(event_nick(event)) == names.key(transcript.nick)
    match event:
        case Retracted():
            return None
        case Edited(_, _, _, text):
            mention = not line.own and mentions(text, transcript.nick)
            return line._replace(text=text, edited=True, mention=mention)
        case Unreacted(_, _, _, emoji):
            reacted = tuple(each for each in line.reacted if not (own and each == emoji))
            return line._replace(reactions=_counted(line, emoji, -1), reacted=reacted)
        case Reacted(_, _, _, emoji):
            reacted = tuple(dict.fromkeys((*line.reacted, emoji))) if own else line.reacted
            return line._replace(reactions=_counted(line, emoji, 1), reacted=reacted)
        case ReactionCounts(_, _, counts):
            return line._replace(reactions=counts[:MAX_REACTIONS])


def _counted(line: Line, emoji: str, by: int) -> tuple[tuple[str, int], ...]:
    counts = dict(line.reactions)
    counts[emoji] = counts.get(emoji, 0) + by
    return tuple((each, count) for each, count in counts.items() if count > 0)[:MAX_REACTIONS]


def _unread_no_more(room: Room, line: Line) -> list[Change]:
    """Count as unread no more what was taken back."""
    if line.own or not room.unread or line.id <= (room.seen_id or 0):
        return []
    room.unread -= 1
    room.mentions = max(0, room.mentions - line.mention)
    return [UnreadChanged(room.key)]
