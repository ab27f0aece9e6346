"""What holds on the whole server: who hears of it, and whom it puts off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatd.chat.presence.remote import RemoteMember
from chatd.model.entry import Entry, Member
from chatd.model.room_policy import ModerationAction, RoomPolicy
from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Moderated

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


def rule_server(hub: Hub, entries: Sequence[Entry]) -> list[tuple[Member, bytes]]:
    """Carry out rulings about the server; those who look after it hear of them. Return the replies."""
    replies: list[tuple[Member, bytes]] = []
    for entry in entries:
        author, event = entry.author, entry.event
        reply = b"" if author is None else author.took_effect(entry, None)
        if isinstance(event, Moderated) and not entry.duplicate and entry.refused is None:
            action = ModerationAction(entry.id, entry.time, event)
            hub.server_policy.apply(action)
            tags = {"id": str(entry.id), "time": wire.timestamp(entry.time)}
            for session in [each for each in hub.sessions if each.is_operator]:
                if session is not author or session.tagged:
                    session.tell(event, tags=tags)
            _put_off(hub, action)
        if author is not None and reply:
            replies.append((author, reply))
    return replies


def _put_off(hub: Hub, action: ModerationAction) -> None:
    """End the connections of those who may not be here any more."""
    event = action.event
    why = event.text or "those who look after the server have put you off it"
    if event.verb == "KICK":
        session = hub.holder(event.subject)
        if session is not None and not isinstance(session, RemoteMember):
            session.end(DisconnectReason.KICKED, why)
    elif event.verb == "BAN":
        only = RoomPolicy([action])
        for session in [each for each in hub.sessions if not each.is_operator]:
            if only.against("BAN", session.identity, action.time) is not None:
                session.end(DisconnectReason.BANNED, why)
