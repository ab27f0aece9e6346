"""The question before a room is made private: what becomes of those who are in it and not invited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chatd.client.model.room_settings import put_out
from chatd.client.model.transcript import Transcript
from chatd.client.view.question import Question
from chatd.protocol.commands import Command
from chatd.protocol.moderation_commands import Set


def ask_privacy(question: Question, transcript: Transcript, command: Set, send: Callable[[Command], None]) -> bool:
    """Ask, if a setting would put people out and does not say what is to become of them; return whether it is asked.

    ``send`` is called with the setting that was decided on.
    """
    room = transcript.find_room(command.room)
    if (command.key, command.value, command.who) != ("private", "yes", None) or room is None or room.private:
        return False
    if room.rulings.setting("private") == "yes" or not (count := put_out(transcript, room)):
        return False
    who = "1 person" if count == 1 else f"{count} people"
    question.ask(
        f"This removes {who} from {room.name}.\nOnly operators and invited people can stay.",
        [
            ("Make it private and invite them", lambda: send(replace(command, who="keep"))),
            ("Make it private", lambda: send(replace(command, who="remove"))),
            ("Cancel", lambda: None),
        ],
        first=2,
    )
    return True
