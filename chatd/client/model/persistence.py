"""What the settings hold of conversations: the rooms to join at the next start, and which give no notices."""

from __future__ import annotations

from chatd.client.model.changes import Change
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.protocol import names


def restore_conversations(settings: Settings, transcript: Transcript, server: str) -> list[Change]:
    """Let a transcript be as it was when the client last ran, and keep it as it changes from here on.

    Messages that an older client has kept in the settings wait on.
    """
    found = settings.conversations.restore(transcript, server)
    found += transcript.load_waiting(settings.waiting.pop(server, []))
    for name in settings.muted:
        if (room := transcript.find_room(name)) is not None:
            room.muted = True
    return found


def toggle_mute(settings: Settings, room: Room) -> None:
    """Give no notices of a room any more, or give them again; it is the same at the next start."""
    room.muted = not room.muted
    others = [name for name in settings.muted if names.key(name) != room.key]
    settings.muted = [*others, room.name] if room.muted else others
