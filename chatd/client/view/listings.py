"""What the server lists when it is asked: its rooms, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from chatd.client.model.lines import Line
from chatd.client.view.sheet import Listing
from chatd.protocol.events import Listed

Safe = Callable[[str], str]


def fill_rooms(sheet: Listing, rooms: Sequence[Listed], safe: Safe) -> None:
    """Show the rooms on the server."""
    sheet.fill((each.room, safe(f"{each.members}  {each.topic or ''}".strip())) for each in rooms)
    sheet.open(sheet.tree)


def fill_found(sheet: Listing, lines: Sequence[Line], safe: Safe) -> bool:
    """Show what the server found in a room; return whether that is anything."""
    if lines:
        sheet.fill((f"{_when(line.time)}  {line.nick}", safe(line.text)) for line in lines)
        sheet.open(sheet.tree)
    return bool(lines)


def _when(time: int) -> str:
    return f"{datetime.fromtimestamp(time / 1000, UTC).astimezone():%Y-%m-%d %H:%M}"
