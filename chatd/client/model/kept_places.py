"""One room or private conversation as it is kept, and back: the draft, what was read, and what no server keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatd.client.model.lines import MAX_TIME, Delivery, Kind, Line
from chatd.client.model.room import Room
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.text import clean
from chatd.protocol.wire import MAX_LINE_BYTES

MAX_KEPT_LINES = 300
"""How many lines of a private conversation are kept."""
MAX_DRAFT = 200_000
"""How many characters a draft has that is kept."""
MAX_TEXT = 4 * MAX_LINE_BYTES


def dump_place(room: Room, position: int, epoch: str | None) -> dict[str, Any] | None:
    """Return what is to be kept of a room but its lines, as values for JSON; None if that is nothing.

    ``position`` is its place among the rooms, ``epoch`` the server's.
    """
    data: dict[str, Any] = {"name": room.name}
    if room.draft.strip():
        data["draft"] = room.draft[:MAX_DRAFT]
    seen = room.seen_id
    if seen is None and room.private and room.oldest_id:
        seen = room.oldest_id - 1  # nobody has looked at it yet
    if seen is not None:
        data["seen"] = seen
        data["epoch"] = epoch if room.private else room.resume_epoch
    if room.private:
        data["position"] = position
        # Of what an account is told, the server is asked again.
        data["stored"] = bool(room.last_id or room.is_stored)
    return data if len(data) > 1 else None


def dump_lines(room: Room, *, has_account: bool) -> dict[str, Any]:
    """Return what is to be kept of a room's lines: those that the server will not tell again.

    Nothing of a room but what FAILED there. Of a private conversation all of a guest's; with an account, the server
    keeps those that have an id.
    """
    if not room.private:
        return {"lines": [_dump(line) for line in room.failed]} if room.failed else {}
    kept: list[Line] = []
    unread, left = 0, room.unread
    for line in reversed(room.lines):
        if len(kept) == MAX_KEPT_LINES:
            break
        if line.kind is not Kind.SAID or line.state is Delivery.WAITING:
            continue
        is_unread = left > 0 and not line.own
        left -= is_unread
        if not (has_account and line.id):
            kept.append(line)
            unread += is_unread
    kept.reverse()
    return {"lines": [_dump(line) for line in kept], "unread": unread} if kept else {}


def position_of(data: Mapping[str, Any]) -> int:
    """Return where a private conversation stood among the rooms."""
    position = data.get("position")
    return position if type(position) is int else 0


def name_of(data: Mapping[str, Any]) -> str | None:
    """Return the name of the room that something was kept of; None if it has none."""
    match data.get("name"):
        case str(name):
            try:
                return names.room(name) if name.startswith("#") else names.nick(name)
            except names.BadNameError:
                pass
    return None


def load_place(room: Room, data: Mapping[str, Any], history: str) -> None:
    """Let a room that was just opened be as it was kept; ids count if they are of this ``history`` of the server."""
    match data:
        case {"draft": str(draft)}:
            room.draft = draft[:MAX_DRAFT]
    match data:
        case {"seen": int(seen), "epoch": str(epoch)} if 0 <= seen <= MAX_ID and history_of(epoch) == history:
            room.seen_id = seen
            if not room.private:
                room.resume_id, room.resume_epoch = seen, epoch
                room.is_stored = seen > 0
    room.is_stored = room.is_stored or data.get("stored") is True
    lines = [line for each in _list(data.get("lines")) if (line := _load(each)) is not None]
    first = len(room.lines)
    for line in lines:
        _put(room, line)
    if not room.private:
        room.failed = lines
    unread = data.get("unread")
    others = [index for index in range(first, len(room.lines)) if not room.lines[index].own]
    for index in others[len(others) - min(unread, len(others)) :] if type(unread) is int and unread > 0 else ():
        room.count_unread(index)


def history_of(epoch: str | None) -> str:
    """Return which history an epoch is of; empty for none."""
    return (epoch or "").partition(".")[0]


def _put(room: Room, line: Line) -> None:
    line = line._replace(serial=room.timeline.serial())
    if line.id and room.private:
        room.timeline.put(line, old=False)
    else:
        room.timeline.add(line)
    if not line.own:
        room.spoke(line.nick, line.time)


def _list(value: object) -> Iterable[object]:
    return value[-MAX_KEPT_LINES:] if isinstance(value, list) else ()


def _dump(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {"time": line.time, "nick": line.nick, "text": line.text}
    flags = {"id": line.id, "own": line.own, "mention": line.mention, "edited": line.edited}
    data |= {key: value for key, value in flags.items() if value}
    return data | {"failed": line.reason} if line.state is Delivery.FAILED else data


def _load(data: object) -> Line | None:
    match data:
        case {"time": int(time), "nick": str(nick), "text": str(text), **more} if 0 <= time <= MAX_TIME:
            pass
        case _:
            return None
    id_ = more.get("id")
    line = Line(0, Kind.SAID, time, clean(nick[:100]), clean(text[:MAX_TEXT]))
    line = line._replace(
        id=id_ if type(id_) is int and 0 < id_ <= MAX_ID else 0,
        own=more.get("own") is True,
        mention=more.get("mention") is True,
        edited=more.get("edited") is True,
    )
    failed = more.get("failed")
    return line._replace(state=Delivery.FAILED, reason=clean(failed)) if isinstance(failed, str) else line
