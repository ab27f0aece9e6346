"""What of the chat goes to the audit log: refusals, and acts of operators, each at the node where it was asked for."""

from __future__ import annotations

from chatd.chat.participant import Participant
from chatd.chat.visitor import Visitor
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Moderated
from chatd.protocol.references import Retracted
from chatd.runtime.audit import Act, AuditEvent

REFUSALS = frozenset({Code.BANNED, Code.MUTED, Code.NOT_ALLOWED})
"""The codes of those who may not do something; the others are about how or when it is done."""
NOTED = frozenset({Moderated, Retracted})
"""The events that are acts of moderation, or may be."""
_OF_ACCOUNTS = frozenset({"LOGIN", "REGISTER"})
"""The verbs whose refusals the accounts note."""


def note_refusal(visitor: Visitor, error: ChatError, verb: str | None = None, nick: str | None = None) -> None:
    """Note that somebody may not do what they asked for by a verb, if that is why it was refused."""
    if error.code not in REFUSALS or verb in _OF_ACCOUNTS:
        return
    address = None if visitor.address is None else str(visitor.address)
    code, reason = error.code.value, error.text
    visitor.hub.audit.note(
        Act(AuditEvent.REFUSED, verb, nick or None, visitor.account, None, address, code=code, reason=reason)
    )


def note_done(participant: Participant, entry: Entry) -> None:
    """Note an act of an operator that is in the journal now, or that a message was taken back."""
    event = entry.event
    address = None if participant.address is None else str(participant.address)
    match event:
        case Moderated(verb, nick, room, subject, seconds, text):
            act, about, lasting, reason = verb, subject, seconds, text
        case Retracted(nick, room, id_):
            act, about, lasting, reason = "RETRACT", str(id_), None, None
        case _:
            return
    operator = participant.is_operator or None
    participant.hub.audit.note(
        Act(
            AuditEvent.MODERATED,
            act,
            nick,
            participant.account,
            operator,
            address,
            room=room,
            subject=about,
            seconds=lasting,
            reason=reason,
        )
    )
