"""RETRACT, EDIT, REACT, UNREACT, and what a reply answers: what refers to a message that was said before.

Here the message is looked for, so that whoever may not refer to it is told so at once. Whether it counts is decided at
its place in the order: what the author may, by `chatd.chat.verdicts`; what the message is by then, by the journal.
"""

from __future__ import annotations

from dataclasses import replace

from chatd.chat import permissions, quotas
from chatd.chat.command_rows import Row, Work, in_room
from chatd.chat.participant import Participant
from chatd.chat.visitor import Visitor
from chatd.journal import JournalError, Query
from chatd.journal.references import Target, no_such_message, refusal
from chatd.model.authorship import Rights, is_own
from chatd.model.entry import Entry, Place, StoredEvent
from chatd.protocol import reference_commands as commands
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Said
from chatd.protocol.references import Edited, Original, Reacted, ReferringEvent, Retracted, Unreacted

LOOKED_BACK = 1000
"""How many of the newest messages are looked through for the last one of somebody."""


async def _retract(participant: Participant, room: Place, command: commands.Retract, label: str | None) -> None:
    id_, kept = await _found(participant, room, command.id, own=True)
    _submit(participant, room, Retracted(participant.nick, room.name, id_), kept, label)


def _edit(participant: Participant, room: Place, command: commands.Edit, label: str | None) -> Work:
    permissions.check_voice(participant, room.key)
    quotas.check_pace(participant, participant.nick, room.name)
    return _edit_found(participant, room, command, label)


async def _edit_found(participant: Participant, room: Place, command: commands.Edit, label: str | None) -> None:
    id_, kept = await _found(participant, room, command.id, own=True)
    event = Edited(participant.nick, room.name, id_, command.text)
    if kept is not None and isinstance(kept.event, Said):
        event = replace(event, original=original_of(kept, kept.event))
    _submit(participant, room, event, kept, label)


def original_of(kept: StoredEvent, said: Said) -> Original:
    """Return what of a message stays the same when its text is changed."""
    return Original(said.nick, kept.time, kept.author, said.reply, said.notice)


def _react(
    participant: Participant, room: Place, command: commands.React | commands.Unreact, label: str | None
) -> Work:
    permissions.check_voice(participant, room.key)
    return _react_to_found(participant, room, command, label)


async def _react_to_found(
    participant: Participant, room: Place, command: commands.React | commands.Unreact, label: str | None
) -> None:
    id_, kept = await _found(participant, room, command.id, own=False)
    make = Reacted if isinstance(command, commands.React) else Unreacted
    _submit(participant, room, make(participant.nick, room.name, id_, command.emoji), kept, label)


async def check_reply(participant: Participant, room: Place, id_: int, label: str | None) -> bool:
    """Return whether a message that is answered is there. Raise `ChatError` if it is not, or may not be read.

    What was said under the same label before, when it was there, is still that: so it is let through to the journal.
    """
    if await is_there(participant, room, id_):
        return True
    if label is None or not participant.tagged or _rights(participant, room) is None:
        raise no_such_message(Said(participant.nick, room.name, "", id_))
    return False


async def is_there(participant: Participant, room: Place, id_: int) -> bool:
    """Return whether there is a message that a participant may read. Raise `ChatError` if none can be read now."""
    rights = _rights(participant, room)
    return rights is not None and id_ > rights.readable_after and await read_one(participant, room.key, id_) is not None


def _submit(
    participant: Participant, room: Place, event: ReferringEvent, kept: StoredEvent | None, label: str | None
) -> None:
    """Hand an event to the journal. Raise `ChatError` if it would not count as things stand."""
    rights = _rights(participant, room)
    if rights is None:
        raise no_such_message(event)
    if kept is None:
        # Under a label it may be what was done before, which the journal knows.
        if label is None or not participant.tagged:
            raise no_such_message(event)
    elif not isinstance(event, Reacted):
        entry = Entry(room.key, event, by=participant.keys, rights=rights)
        if (why := refusal(entry, Target(kept.author), retracted=False)) is not None:
            raise why
    elif event.id <= rights.readable_after:
        raise no_such_message(event)
    verb = {Retracted: "RETRACT", Edited: "EDIT", Reacted: "REACT", Unreacted: "UNREACT"}[type(event)]
    participant.submit(room.key, event, label, verb, seen=kept is not None)


def _rights(participant: Participant, room: Place) -> Rights | None:
    return permissions.rights_of(participant.hub, room.key, participant.identity, is_operator=participant.is_operator)


async def _found(
    participant: Participant, room: Place, id_: int | None, *, own: bool
) -> tuple[int, StoredEvent | None]:
    """Return a message's id, and the message if it is there. Without an id it is the last of one's own, or of another.

    Raise `ChatError` if there is none such, or nothing can be read now.
    """
    if id_ is not None:
        return id_, await read_one(participant, room.key, id_)
    kept = await _last(participant, room, own=own)
    if kept is None:
        whose = "you sent" if own else "somebody else sent"
        raise ChatError(Code.NO_SUCH_MESSAGE, f"there is no recent message that {whose} in {room.name}; give an id")
    return kept.id, kept


async def read_one(visitor: Visitor, room: str, id_: int) -> StoredEvent | None:
    """Return a message of a room, given its key; None if it is not there. Raise `ChatError` if none can be read now."""
    for kept in await _read(visitor, Query(room, id_ - 1, id_ + 1, 1, said_only=True)):
        return kept
    return None


async def reaction_of(participant: Participant, room: str, id_: int) -> Reacted | None:
    """Return a reaction that a participant has given in a room, given its key and its own id; None if it is none.

    Raise `ChatError` if none can be read now.
    """
    for kept in await _read(participant, Query(room, id_ - 1, id_ + 1, 1)):
        if type(kept.event) is Reacted and is_own(kept.author, participant.keys):
            return kept.event
    return None


async def _last(participant: Participant, room: Place, *, own: bool) -> StoredEvent | None:
    rights = _rights(participant, room)
    if rights is None:
        return None
    query = Query(room.key, rights.readable_after, room.last_id + 1, LOOKED_BACK, newest=True, said_only=True)
    for kept in reversed(await _read(participant, query)):
        if is_own(kept.author, participant.keys) == own:
            return kept
    return None


async def _read(visitor: Visitor, query: Query) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    more = True
    while more:
        try:
            page = await visitor.hub.journal.read(query)
        except JournalError:
            raise ChatError(Code.UNAVAILABLE, "the history cannot be read now; try again later") from None
        found += page.kept
        more = page.more
        if more:
            query = replace(query, after=page.kept[-1].id, count=query.count - len(page.kept), newest=False)
    return found


ROWS: tuple[Row, ...] = (
    in_room(commands.Retract, _retract),
    in_room(commands.Edit, _edit),
    in_room(commands.React, _react),
    in_room(commands.Unreact, _react),
)
