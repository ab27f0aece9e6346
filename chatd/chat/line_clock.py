"""TIME: a clock before each line, for those who want one; nobody else pays for it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chatd.chat.command_rows import Row, for_anybody
from chatd.chat.participant import Participant
from chatd.protocol import commands, zones
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Note


def _time(participant: Participant, command: commands.Time, label: str | None) -> None:
    if participant.tagged:
        why = "TIME is for connections without tags; with tags, the tag time has the time of each line"
        raise ChatError(Code.NOT_ALLOWED, why)
    clock = participant.hub.line_clock
    if command.on is not None:
        zone = None if command.zone is None else zones.minutes(command.zone)
        participant.show_clock(partial(clock.stamp, zone) if command.on else None)
        participant.zone = zone
    now = clock.now(participant.zone)
    offset = now.utcoffset() or timedelta()
    zone_shown = zones.written(int(offset.total_seconds()) // 60)
    participant.send_event(Note(f"It is {now:%H:%M} on {now:%Y-%m-%d}, time zone {zone_shown}."))
    participant.send_event(Done("TIME", ("off" if participant.stamp is None else "on", zone_shown)), label)


ROWS: tuple[Row, ...] = (for_anybody(commands.Time, _time, is_question=True),)
