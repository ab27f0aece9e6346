"""What holds on the whole server: who hears of it, and whom it puts off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatd.chat.presence.remote import Elsewhere
from chatd.chat.room import Member
from chatd.journal import Entry
from chatd.model.rulings import Rules, Ruling
from chatd.protocol import wire
from chatd.protocol.errors import Farewell
from chatd.protocol.events import Ruled

if TYPE_CHECKING:
    from chatd.chat.hub import Hub


def rule_server(hub: Hub, entries: Sequence[Entry]) -> list[tuple[Member, bytes]]:
    """Carry out rulings about the server; those who look after it hear of them. Return the replies."""
    replies: list[tuple[Member, bytes]] = []
    for entry in entries:
        origin, event = entry.origin, entry.event
        reply = b"" if origin is None else origin.took_effect(entry, None)
        if isinstance(event, Ruled) and not entry.old and entry.refused is None:
            ruling = Ruling(entry.id, entry.time, event)
            hub.server_rules.apply(ruling)
            tags = {"id": str(entry.id), "time": wire.timestamp(entry.time)}
            for session in [each for each in hub.sessions if each.is_operator]:
                if session is not origin or session.tagged:
                    session.tell(event, tags=tags)
            _put_off(hub, ruling)
        if origin is not None and reply:
            replies.append((origin, reply))
    return replies


def _put_off(hub: Hub, ruling: Ruling) -> None:
    """End the connections of those who may not be here any more."""
    event = ruling.event
    why = event.text or "those who look after the server have put you off it"
    if event.verb == "KICK":
        session = hub.holder(event.subject)
        if session is not None and not isinstance(session, Elsewhere):
            session.end(Farewell.KICKED, why)
    elif event.verb == "BAN":
        only = Rules([ruling])
        for session in [each for each in hub.sessions if not each.is_operator]:
            if only.against("BAN", session.person, ruling.time) is not None:
                session.end(Farewell.BANNED, why)
