"""What is stored from the transcript in the settings at the end, and back at the start."""

from __future__ import annotations

from chatd.client.model.changes import Change
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.protocol import names


def store_conversations(settings: Settings, transcript: Transcript, server: str) -> None:
    """Put what waits for the server into the settings."""
    waiting = transcript.dump_waiting()
    if waiting:
        settings.waiting[server] = waiting
    else:
        settings.waiting.pop(server, None)


def restore_conversations(settings: Settings, transcript: Transcript, server: str) -> list[Change]:
    """Let what waited when the client last ran wait on, and turn notifications off where they were off."""
    found = transcript.load_waiting(settings.waiting.pop(server, []))
    for name in settings.muted:
        if (room := transcript.find_room(name)) is not None:
            room.muted = True
    return found


def toggle_mute(settings: Settings, room: Room) -> None:
    """Give no notices of a room any more, or give them again; it is the same at the next start."""
    room.muted = not room.muted
    others = [name for name in settings.muted if names.key(name) != room.key]
    settings.muted = [*others, room.name] if room.muted else others
