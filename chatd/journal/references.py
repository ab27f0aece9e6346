"""Whether something that refers to a message counts, given what the journal knows of that one at its place.

The rules are here once, for all journals. What an author may do in the room at all is judged before, see
`chatd.journal.Judge`: an entry without `Entry.rights` was brought in by the server's operator and is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chatd.model.authorship import is_own
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Said
from chatd.protocol.references import REFERRING, Edited, Reacted, ReferringEvent, Retracted, Unreacted

MAX_EMOJI = 20
"""How many different ones may be given to a message."""
MAX_REACTIONS = 1000
"""How many reactions a message may have."""


class Target(NamedTuple):
    """The message that is referred to."""

    author: str
    """Whose it is, see `chatd.model.authorship`."""
    reactions: Mapping[tuple[str, str], int] = {}
    """The ids of its reactions by emoji and author; only looked up for a reaction."""


def refers(entry: Entry) -> bool:
    """Return whether an entry refers to a message."""
    kind = type(entry.event)
    return kind in REFERRING or (kind is Said and entry.event.reply != 0)  # type: ignore[union-attr]  # a Said


def target_id(event: Said | ReferringEvent) -> int:
    """Return the id of the message that an event refers to."""
    return event.reply if isinstance(event, Said) else event.id


def refusal(entry: Entry, target: Target | None, *, retracted: bool, known: bool = True) -> ChatError | None:
    """Return why an entry that refers to a message does not count; None if it does.

    ``target`` is None if the message is not there, and ``retracted`` says whether it was taken back. Without ``known``
    the journal may have read the order after a message was deleted from it: what is missing says nothing then.
    """
    event, rights = entry.event, entry.rights
    assert isinstance(event, Said | ReferringEvent)
    if retracted or (target is None and known):
        return no_such_message(event)
    if rights is not None and target_id(event) <= rights.readable_after:
        return no_such_message(event)
    if target is None:
        return None
    match event:
        case Retracted():
            if rights is not None and not rights.moderates and not is_own(target.author, entry.by):
                return ChatError(Code.NOT_ALLOWED, "the message is not yours; ask a room operator to RETRACT it")
        case Edited():
            if rights is not None and not is_own(target.author, entry.by):
                return ChatError(Code.NOT_ALLOWED, "only its author may edit a message")
            if rights is not None and event.id <= rights.public_after:
                why = (
                    "the room was private then, and everybody would read the message now; RETRACT it and send it again"
                )
                return ChatError(Code.NOT_ALLOWED, why)
        case Unreacted():
            if not own_reactions(entry, event, target):
                return ChatError(Code.NO_SUCH_MESSAGE, f"you have not reacted with {event.emoji} to that message")
        case Reacted():
            return _reaction_refusal(entry, event, target)
    return None


def own_reactions(entry: Entry, event: Reacted, target: Target) -> list[int]:
    """Return the ids of the reactions with an event's emoji that the author of the entry has given."""
    return [
        id_
        for (emoji, author), id_ in target.reactions.items()
        if emoji == event.emoji and (is_own(author, entry.by) or author == entry.by)
    ]


def no_such_message(event: Said | ReferringEvent) -> ChatError:
    """Return why something is refused whose message is not there, or is not to be read: no word tells which."""
    what = "the message you reply to" if isinstance(event, Said) else f"the message {event.id}"
    return ChatError(Code.NO_SUCH_MESSAGE, f"{what} is not in {event.room}; it may have been deleted")


def taken_back() -> ChatError:
    """Return why something is refused that was said under the same label before, and taken back since."""
    return ChatError(Code.NOT_ALLOWED, "the message under this label was deleted; use a new label to send it again")


def _reaction_refusal(entry: Entry, event: Reacted, target: Target) -> ChatError | None:
    if own_reactions(entry, event, target):
        return ChatError(
            Code.NOT_ALLOWED, f"you have already reacted with {event.emoji} to that message; UNREACT removes it"
        )
    different = {emoji for emoji, _ in target.reactions} | {event.emoji}
    if len(different) > MAX_EMOJI:
        return ChatError(
            Code.FULL, f"that message has {MAX_EMOJI} different reactions, which is the maximum; use one of them"
        )
    if len(target.reactions) >= MAX_REACTIONS:
        return ChatError(Code.FULL, f"that message has {MAX_REACTIONS} reactions, which is the maximum")
    return None
