"""What holds on the whole server: who hears of it, and whose connections it ends."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from chatd.chat.hub import Hub, ServerPolicy
from chatd.model.entry import Entry, Reader
from chatd.model.room_policy import ModerationAction, RoomPolicy
from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Moderated
from chatd.protocol.names import Nick


class ServerModeration(ServerPolicy):
    """Applies what is said about ``#*``."""

    def __init__(self) -> None:
        self.policy = RoomPolicy()

    @override
    def deliver(self, hub: Hub, entries: Sequence[Entry]) -> list[tuple[Reader, bytes]]:
        replies: list[tuple[Reader, bytes]] = []
        for entry in entries:
            author, event = entry.author, entry.event
            reply = b"" if author is None else author.took_effect(entry, None)
            if isinstance(event, Moderated) and not entry.duplicate and entry.refused is None:
                action = ModerationAction(entry.id, entry.time, event)
                self.policy.apply(action)
                tags = {"id": str(entry.id), "time": wire.timestamp(entry.time)}
                for client in [each for each in hub.clients if each.is_operator]:
                    if client is not author or client.tagged:
                        client.send_event(event, tags=tags)
                _disconnect(hub, action)
            if author is not None and reply:
                replies.append((author, reply))
        return replies


def _disconnect(hub: Hub, action: ModerationAction) -> None:
    """End the connections of those who may not be here any more."""
    event = action.event
    why = event.text or "a server operator removed you from the server"
    if event.verb == "KICK":
        nick = Nick(event.subject)
        client = hub.client(nick)
        if client is not None and hub.nodes.remote(nick) is None:
            for each in (client, *hub.persons.beside(client)):
                each.disconnect(DisconnectReason.KICKED, why)
    elif event.verb == "BAN":
        only = RoomPolicy([action])
        for client in [each for each in hub.clients if not each.is_operator]:
            if only.against("BAN", client.identity, action.time) is not None:
                client.disconnect(DisconnectReason.BANNED, why)
