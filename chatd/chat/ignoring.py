"""IGNORE and UNIGNORE: whose lines one does not want, for as long as one is here."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.chat.command_rows import Row, for_named
from chatd.chat.participant import MAX_IGNORED, Participant
from chatd.protocol import commands
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.names import Nick


def _ignore(participant: Participant, command: commands.Ignore, label: str | None) -> None:
    if command.nick is None:
        participant.send_event(Done("IGNORE", tuple(participant.ignored.values())), label)
        return
    nick = Nick.of(command.nick)
    if nick.key in (participant.nick.key, participant.account):
        raise ChatError(Code.NOT_ALLOWED, "you cannot ignore yourself")
    if nick.key not in participant.ignored and len(participant.ignored) >= MAX_IGNORED:
        raise ChatError(Code.FULL, f"you ignore {MAX_IGNORED} nicks, which is the maximum; UNIGNORE one first")
    set_ignored(participant, {**participant.ignored, nick.key: nick})
    participant.send_event(Done("IGNORE", (nick,)), label)


def _unignore(participant: Participant, command: commands.Unignore, label: str | None) -> None:
    nick = Nick.of(command.nick)
    if nick.key not in participant.ignored:
        raise ChatError(Code.NO_SUCH_NICK, f"you do not ignore {nick}; IGNORE lists whom you ignore")
    set_ignored(participant, {key: each for key, each in participant.ignored.items() if key != nick.key})
    participant.send_event(Done("UNIGNORE", (nick,)), label)


def set_ignored(participant: Participant, ignored: Mapping[str, str]) -> None:
    """Let a participant ignore those, by the keys of their nicks or accounts, and nobody else."""
    participant.ignored = ignored
    hub = participant.hub
    if ignored:
        hub.ignoring[participant] = None
    else:
        hub.ignoring.pop(participant, None)
    for room in participant.rooms:
        room.note_ignoring(participant)


ROWS: tuple[Row, ...] = (for_named(commands.Ignore, _ignore), for_named(commands.Unignore, _unignore))
