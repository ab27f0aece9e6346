"""RULES: what holds in a room, or on the server, as those who took part in it were told."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.chat import permissions
from chatd.chat.command_rows import Row, Work, for_named, room_of
from chatd.chat.participant import Participant
from chatd.model.room_policy import ModerationAction, RoomPolicy
from chatd.protocol import moderation_commands as commands
from chatd.protocol import plain, wire
from chatd.protocol.events import Done, Note
from chatd.protocol.moderation_commands import SERVER, SETTINGS


def _rules(participant: Participant, command: commands.Rules, label: str | None) -> Work:
    hub = participant.hub
    if command.room == SERVER:
        policy = hub.server_policy
        why = permissions.rank_refusal(hub, SERVER, participant.identity, is_operator=participant.is_operator)
        if why is not None:
            raise why
        return participant.send_all(_told(participant, SERVER, _holding(participant, policy), policy, label))
    room = room_of(participant, command.room)
    # What was ruled while the room was private stays with those who may read what was said then.
    readable = permissions.readable_after(participant, room.key)
    holding = [*_holding(participant, room.policy), *hub.ranks(room.key).actions()]
    holding.sort(key=lambda each: each.id)
    held = [] if readable is None else [each for each in holding if each.id > readable]
    return participant.send_all(_told(participant, room.name, held, room.policy, label))


def _holding(participant: Participant, policy: RoomPolicy) -> list[ModerationAction]:
    now = permissions.milliseconds(participant.hub)
    return sorted((each for each in policy if each.holds(now)), key=lambda each: each.id)


def _told(
    participant: Participant, room: str, held: list[ModerationAction], policy: RoomPolicy, label: str | None
) -> Iterator[bytes]:
    """Yield the lines of an answer. No line has more than the one by which it was ruled: no reach, no address."""
    for each in held:
        time = wire.timestamp(each.time)
        if participant.tagged:
            yield participant.line(each.event, tags={"id": str(each.id), "time": time, "old": ""})
        else:
            day, minute = time[:10], time[11:16]
            yield participant.line(Note(f"{plain.sentence(each.event)} [{day} {minute} UTC]"))
    if not participant.tagged and room != SERVER:
        settings = " ".join(f"{key}={policy.setting(key)}" for key in SETTINGS)
        yield participant.line(Note(f"The settings of {room} are {settings}; HELP SET explains how to change them."))
    yield participant.line(Done("RULES", (room, str(len(held)))), label)


ROWS: tuple[Row, ...] = (for_named(commands.Rules, _rules, is_question=True),)
