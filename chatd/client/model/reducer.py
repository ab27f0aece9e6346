"""What each line of a server does to the transcript: the one way in for all that is heard."""

from __future__ import annotations

from chatd.client.model.changes import Change
from chatd.client.model.incoming import apply_incoming
from chatd.client.model.moderation import apply_moderation
from chatd.client.model.private_lines import apply_own, apply_private
from chatd.client.model.references import apply_reference
from chatd.client.model.replies import apply_done, apply_refused
from chatd.client.model.seen import apply_seen
from chatd.client.model.standing import apply_details
from chatd.client.model.transcript import Transcript
from chatd.protocol.events import Done, Event, Moderated, Refused, Seen, Told, ToldOthers
from chatd.protocol.member_details import MemberDetails
from chatd.protocol.references import Edited, Reacted, ReactionCounts, Retracted
from chatd.protocol.wire import Tags


def apply_event(transcript: Transcript, tags: Tags, event: Event) -> list[Change]:
    """Take in what `wire.parse_event` returned for a line of a tagged connection; return what is to be redrawn.

    Never raises; what makes no sense is passed over.
    """
    match event:
        case Done():
            return apply_done(transcript, tags, event)
        case Refused():
            return apply_refused(transcript, tags, event)
        case Moderated():
            return apply_moderation(transcript, tags, event)
        case Retracted() | Edited() | Reacted() | ReactionCounts():
            return apply_reference(transcript, tags, event)
        case MemberDetails():
            return apply_details(transcript, event)
        case Seen():
            return apply_seen(transcript, event)
        case Told():
            return apply_private(transcript, tags, event)
        case ToldOthers():
            return apply_own(transcript, tags, event)
        case _:
            return apply_incoming(transcript, tags, event)
