"""Reading a room: ``/ROOM/json``, ``/ROOM/sse`` and ``/ROOM/raw``, what was said and what is said from now on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred

from chatd.chat import permissions, reading, replay
from chatd.chat.reading import Reading, Wanted
from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import Route
from chatd.edges.web.stream_forms import Form, json_form, raw_form, sse_form
from chatd.edges.web.streams import Stream
from chatd.protocol import commands, wire
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.moments import Moment, is_moment
from chatd.protocol.text import clean

MAX_ID_DIGITS = 19
SHOWN = 10
"""How many messages whoever asks for a room's own address is shown, if it is no browser."""
YES = ("yes", "true", "1")
NO = ("no", "false", "0")


async def _read(make_form: Callable[[str], Form], call: Call) -> None:
    form = make_form(call.hub.journal.epoch)
    words = call.query("search")
    wanted = wanted_of(call)
    _check_may_read(call)
    if words is not None:
        await _search(call, form, words, wanted)
        return
    headers = {} if wanted.live else {"Cache-Control": "private, no-cache"}
    if not wanted.live and not isinstance(wanted.since, Moment) and not isinstance(wanted.before, Moment):
        headers["ETag"] = _tag(call)
        sent = (call.header("If-None-Match") or "").split(",")
        if headers["ETag"] in [each.strip() for each in sent]:
            call.begin(304, form.kind, headers)
            call.finish()
            return
    await _stream(call, form, wanted, headers)


async def show_newest(call: Call, head: bytes) -> None:
    """Answer with a text for people and the newest messages of a room after it."""
    _check_may_read(call)
    wanted = Wanted(count=SHOWN, live=False)
    form = raw_form("")._replace(aside=lambda value: head if value["event"] == "open" else b"")
    await _stream(call, form, wanted, {"Vary": "Accept, Accept-Encoding"})


async def _stream(call: Call, form: Form, wanted: Wanted, headers: Mapping[str, str]) -> None:
    if call.method == "HEAD":
        call.begin(200, form.kind, headers)
        call.finish()
        return
    stream = Stream(call, form, live=wanted.live, headers=headers)
    try:
        stream.reading = Reading(call.visitor, call.room, wanted, stream, form.render)
        await stream.reading.run()
    finally:
        stream.close()


def wanted_of(call: Call) -> Wanted:
    """Return what a request wants to read. Raise `HTTPError` if that makes no sense."""
    poll = _flag(call, "poll")
    since, epoch = _since(call)
    before = _point(call, "before")
    count = _count(call)
    live = not poll and before is None
    if live and count is not None and since is not None:
        raise HTTPError(400, "bad-syntax", "count cannot be combined with since unless poll=yes")
    if not live and since is None and count is None:
        count = commands.DEFAULT_HISTORY
    return Wanted(since, epoch, count, before, live)


def _since(call: Call) -> tuple[int | Moment | None, str | None]:
    """Return after what to begin, and the epoch that it is of: what a browser has seen last goes before the address."""
    seen = call.header("Last-Event-ID")
    if seen:
        epoch, _, id_ = seen.rpartition(":")
        return (int(id_), epoch) if _is_id(id_) else (MAX_ID, "")
    epoch_given = call.query("epoch") or None
    match call.query("since"):
        case None | "latest":
            return None, None
        case "all":
            return 0, None
        case _:
            return _point(call, "since"), epoch_given


def _point(call: Call, name: str) -> int | Moment | None:
    text = call.query(name)
    if text is None:
        return None
    if _is_id(text):
        return int(text)
    if is_moment(text):
        return Moment(text)
    others = "latest, all, " if name == "since" else ""
    what = f"{others}the id of a message, how long ago as in 2h, or a date as in 2026-11-01"
    raise HTTPError(400, "bad-syntax", f"{name} must be {what}")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_ID_DIGITS and int(text) <= MAX_ID


def _count(call: Call) -> int | None:
    text = call.query("count")
    if text is None:
        return None
    if not _is_id(text) or not 1 <= int(text) <= commands.MAX_HISTORY:
        raise HTTPError(400, "bad-syntax", f"count must be a number from 1 to {commands.MAX_HISTORY}")
    return int(text)


def _flag(call: Call, name: str) -> bool:
    text = (call.query(name) or NO[0]).lower()
    if text not in (*YES, *NO):
        raise HTTPError(400, "bad-syntax", f"{name} must be yes or no")
    return text in YES


def _check_may_read(call: Call) -> None:
    """Raise `ChatError` if whoever asks may not read the room: as if it were to JOIN."""
    visitor, room = call.visitor, call.room
    why_not = permissions.reading_refusal(visitor, room.key)
    if why_not is None:
        why_not = permissions.look_refusal(visitor, room)
    if why_not is not None:
        raise why_not


def _tag(call: Call) -> str:
    """Return an ETag of all that may be read of a room: another as soon as something happens there, or is deleted."""
    state = call.hub.journal.room_state(call.room.key)
    last, watermark = (0, 0) if state is None else (state.last_id, state.watermark)
    floor = permissions.readable_after(call.visitor, call.room.key)
    parts = (call.hub.journal.epoch, last, watermark, floor, call.request.uri)
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"'


async def _search(call: Call, form: Form, words: str, wanted: Wanted) -> None:
    """Answer with the newest messages that hold words."""
    visitor, room = call.visitor, call.room
    command = wire.parse_command(f"SEARCH {room} {clean(words)}".encode()).command
    assert isinstance(command, commands.Search)
    since, before = command.since or wanted.since, command.before or wanted.before
    command = replace(command, since=since, before=before)
    count = min(_count(call) or replay.MAX_FOUND, replay.MAX_FOUND)
    await _turn(call)  # a flood of these is one at a time, and others in between
    _check_may_read(call)
    found = await reading.find(visitor, room, command, count)
    _check_may_read(call)
    data = b"".join(form.render(each) for each in found)
    call.send(200, form.kind, data, {"Cache-Control": "private, no-cache"})


def _turn(call: Call) -> Deferred[None]:
    turn: Deferred[None] = Deferred()
    call.gateway.turns.schedule(lambda: turn.callback(None))
    return turn


def _rows(name: str, make_form: Callable[[str], Form]) -> Route:
    return Route("GET", f"/ROOM/{name}", partial(_read, make_form))


ROWS: Sequence[Route] = (_rows("json", json_form), _rows("sse", sse_form), _rows("raw", raw_form))
