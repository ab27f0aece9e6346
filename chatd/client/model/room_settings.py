"""The settings of a room as a person chooses them, and who would be put out of one that is made private."""

from __future__ import annotations

from typing import NamedTuple

from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.protocol import names
from chatd.protocol.arguments import Arguments
from chatd.protocol.errors import ChatError
from chatd.protocol.moderation_commands import Set
from chatd.protocol.verbs import VERBS

WHILE_CONNECTED = "for as long as they are connected"
"""The text of the invitation of a guest: whether it is the one who goes by that name now is not told."""


class Setting(NamedTuple):
    """One setting: its key in the protocol, what it is called, and what it can be set to, with the words for each.

    One that is ``open`` can be set to other values too.
    """

    key: str
    label: str
    choices: tuple[tuple[str, str], ...]
    open: bool = False


_WHO = (("members", "Everybody"), ("operators", "Operators only"))
SETTINGS = (
    Setting("private", "Who can join", (("no", "Everybody"), ("yes", "Invited people only"))),
    Setting("listed", "In the list of rooms", (("yes", "Yes"), ("no", "No: only people who know its name find it"))),
    Setting("topic", "Who can set the topic", _WHO),
    Setting("speak", "Who can speak", (_WHO[0], ("operators", "Operators and people with a voice"))),
    Setting(
        "outsiders", "Messages from outside", (("no", "No"), ("yes", "Yes: from everybody who can join and speak"))
    ),
    Setting(
        "slow",
        "Slow mode: time between messages",
        (("off", "Off"), ("10s", "10s"), ("1m", "1m"), ("5m", "5m")),
        open=True,
    ),
    Setting(
        "keep", "Keep messages for", (("all", "As long as the server does"), ("7d", "7d"), ("30d", "30d")), open=True
    ),
    Setting("limit", "Member limit", (("off", "No limit"), ("30", "30"), ("100", "100")), open=True),
)
"""In the order in which they are shown."""


def shown(setting: Setting, value: str) -> str:
    """Return the words for a value."""
    return dict(setting.choices).get(value, value)


def chosen(setting: Setting, text: str) -> str:
    """Return the value for what was chosen or written."""
    text = text.strip()
    return next((value for value, words in setting.choices if words == text), text)


def read(room: str, key: str, value: str) -> Set:
    """Return the command that sets something. Raise `ValueError` with a sentence if it cannot be set to that."""
    if not value or " " in value:
        raise ValueError(f"{key} cannot be set to {value!r}")
    try:
        command = VERBS["SET"].read(Arguments("SET", f"{room} {key}={value}"))
    except ChatError as error:
        raise ValueError(error.text[:1].upper() + error.text[1:]) from error
    if not isinstance(command, Set):
        raise TypeError(command)
    return command


def _is_invited(room: Room, nick: str, now: int) -> bool:
    """Return whether somebody is invited for certain, and not by an invitation that ended when they left."""
    found = room.rulings.find("INVITE", nick, now)
    return found is not None and found.event.text != WHILE_CONNECTED


def put_out(transcript: Transcript, room: Room) -> int:
    """Return how many are known to be put out of a room that becomes private: who is no operator and not invited."""
    now = transcript.now()
    leaving = [nick for nick in room.members if not (room.members.facts(nick).operator or _is_invited(room, nick, now))]
    known = len(leaving) + max(0, room.count - len(room.members))
    return known - (names.key(transcript.nick) in map(names.key, leaving))
