"""What is asked of the server when older messages are to be read than those that are there."""

from __future__ import annotations

from dataclasses import replace

from chatd.client.model.transcript import Transcript
from chatd.protocol.commands import History


def ask_older(transcript: Transcript, room: str, label: str, count: int = 100) -> History | None:
    """Return the HISTORY that asks for ``count`` messages before those known, noted as sent under ``label``.

    None if there are none, if as many lines as a room keeps are there, or if the room is not one to ask in.
    """
    place = transcript.find_room(room)
    if place is None or not place.may_have_older or place.timeline.full:
        return None
    # Of a conversation nothing is kept for guests: it is asked for where something is known to be.
    if not (place.last_id if place.private else place.joined):
        return None
    if any(isinstance(each, History) and key == place.key for each, key in transcript.asked.values()):
        return None
    before = place.oldest_id or None
    command = History(None if place.private else place.name, count, None, before)
    if place.private:
        command = replace(command, person=place.name)
    transcript.note_question(label, command, room)
    return command
