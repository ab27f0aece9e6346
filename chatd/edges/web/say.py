"""Saying something by a request: ``POST /ROOM``, and ``PATCH`` and ``DELETE`` of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from chatd.chat import posting
from chatd.chat.any_name import candidates
from chatd.chat.posting import Posted
from chatd.edges.web import shapes
from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import Route
from chatd.edges.web.shapes import ntfy
from chatd.protocol import commands, names, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import BadNameError, Nick, RoomName
from chatd.protocol.reference_commands import Edit

GUEST = "guest"
"""The nick of who names none and is not logged in; where it is taken it gets a number."""
MAX_LINES = 100
"""How many messages one request may be with ``lines=yes``."""
BODY_BYTES = 256 * 1024
_FORMS = ("slack", "github")


async def _say(call: Call) -> None:
    room = call.room
    key = _key(call)
    if (shape := call.query("from")) is not None:
        await _say_shaped(call, room, shape, key)
        return
    texts = _texts(call)
    if call.query("lines") != "yes":
        await _say_one(call, room, texts[0], key)
        return
    answers = []
    status = 200
    for number, text in enumerate(texts, 1):
        if number > 1:
            await call.next_line()
        posted, nick = await _post(call, room, text, key and f"{key}-{number}")
        answers.append({**_answer(posted), "nick": nick})
        status = max(status, _status(posted))
    call.json(status, {"messages": answers})


async def _say_one(call: Call, room: RoomName, text: str, key: str | None) -> None:
    posted, nick = await _post(call, room, text, key)
    where = {"Location": f"/{quote(room.removeprefix('#'), safe='')}/{posted.id}"}
    call.json(_status(posted), {**_answer(posted), "nick": nick}, where)


async def _publish(call: Call) -> None:
    """Say what ntfy's clients send as JSON, which names the room itself."""
    try:
        topic, text = ntfy.published(_decoded(call))
    except ValueError as error:
        raise HTTPError(400, Code.BAD_SYNTAX.value, str(error)) from None
    call.values = {"ROOM": topic}
    await _say_one(call, call.room, _single(call, text), _key(call))


async def _say_shaped(call: Call, room: RoomName, shape: str, key: str | None) -> None:
    """Say what another program sends in its own form."""
    if shape not in shapes.SHAPES:
        known = ", ".join(sorted(shapes.SHAPES))
        raise HTTPError(400, Code.BAD_SYNTAX.value, f"from= must be one of {known}")
    header = shapes.EVENT_HEADERS.get(shape)
    event = "" if header is None else call.header(header) or ""
    try:
        text = shapes.line_of(shape, _body_of(call, shape), event)
    except ValueError as error:
        raise HTTPError(400, Code.BAD_SYNTAX.value, str(error)) from None
    posted, nick = await _post(call, room, text, key, shape)
    if shape == "slack":  # whose clients look for these two letters
        call.send(200, "text/plain; charset=utf-8", b"ok")
    else:
        call.json(_status(posted), {**_answer(posted), "nick": nick})


def _body_of(call: Call, shape: str) -> str:
    """Return the JSON of a body; Slack's clients may send it as the field ``payload`` of a form, and GitHub too."""
    text = _decoded(call)
    if (call.header("Content-Type") or "").startswith("application/x-www-form-urlencoded") and shape in _FORMS:
        try:
            return parse_qs(text, max_num_fields=8).get("payload", [text])[0]
        except ValueError:
            return text
    return text


async def _edit(call: Call) -> None:
    room, nick = call.room, _given_nick(call) or Nick(GUEST)
    text = _single(call, _decoded(call))
    command: Any = _parsed("EDIT", f"{call.message} {room} {text}", None).command
    assert isinstance(command, Edit)
    await posting.edit(call.visitor, nick, room, call.message, command.text)
    call.json(200, {"id": call.message, "room": room, "nick": nick, "text": command.text})


async def _retract(call: Call) -> None:
    room, nick = call.room, _given_nick(call) or Nick(GUEST)
    await posting.retract(call.visitor, nick, room, call.message)
    call.json(200, {"id": call.message, "room": room, "nick": nick})


async def _post(call: Call, room: RoomName, text: str, key: str | None, guest: str = GUEST) -> tuple[Posted, Nick]:
    """Say one message under the nick that is asked for, or as a guest under the first that is free.

    Under a key it is the guest's very nick.
    """
    given = _given_nick(call)
    if given is None and key is not None:
        given = Nick(guest)  # under another nick, the same key would say it again
    refused = ChatError(Code.NAME_TAKEN, "all nicks for guests are taken; choose one with ?nick=")
    for nick in [given] if given is not None else candidates(Nick(guest)):
        if given is None and call.hub.accounts.is_registered(nick.key):
            continue
        request = _parsed("POST", f"{nick} {room} {text}", key)
        command: Any = request.command
        assert isinstance(command, commands.Post)
        try:
            return await posting.post(call.visitor, nick, room, command.text, request.label), nick
        except ChatError as error:
            if given is not None or error.code is not Code.NAME_TAKEN:
                raise
    raise refused


def _given_nick(call: Call) -> Nick | None:
    """Return under which nick somebody speaks, None if that is left open. Raise `HTTPError` if it is no nick."""
    text = call.query("nick")
    if text is None and (header := call.header("Nick")) is not None:
        text = unquote(header)
    account = call.visitor.account
    if text is None:
        return None if account is None else Nick(call.hub.accounts.name(account))
    try:
        return names.nick(text)
    except BadNameError as error:
        raise HTTPError(400, Code.BAD_NICK.value, str(error)) from None


def _key(call: Call) -> str | None:
    """Return the label of what is said: the same again under it is said once. It may stand in quotes."""
    key = call.header("Idempotency-Key")
    return key[1:-1] if key is not None and len(key) > 2 and key[0] == key[-1] == '"' else key


def _texts(call: Call) -> list[str]:
    """Return what is to be said, message by message."""
    text = _decoded(call)
    if call.query("lines") != "yes":
        try:
            if words := call.names & ntfy.WORDS:
                text = ntfy.line(text, lambda name: (call.header(name) or call.query(name)) if name in words else None)
        except ValueError as error:
            raise HTTPError(400, Code.BAD_SYNTAX.value, str(error)) from None
        return [_single(call, text)]
    lines = [line for line in (each.rstrip("\r") for each in text.split("\n")) if line.strip()]
    if not lines:
        raise HTTPError(400, Code.BAD_SYNTAX.value, "the body is empty; send the text of the message")
    if len(lines) > MAX_LINES:
        raise HTTPError(
            413, Code.TOO_LONG.value, f"a request has at most {MAX_LINES} lines; send the rest in another request"
        )
    return lines


def _decoded(call: Call) -> str:
    if (call.header("Content-Type") or "").lower().startswith("multipart/"):
        raise HTTPError(415, Code.BAD_SYNTAX.value, "the body is a form; send the text itself, as curl -d does")
    try:
        return call.body().decode()
    except UnicodeDecodeError:
        raise HTTPError(400, Code.NOT_UTF8.value, "the body is not UTF-8") from None


def _single(call: Call, text: str) -> str:
    """Return a text without the end of its line. Raise `HTTPError` if it is empty or has several lines."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise HTTPError(400, Code.BAD_SYNTAX.value, "the body is empty; send the text of the message")
    if "\n" in text:
        why = "a message is one line; with ?lines=yes each line becomes a message"
        if call.method == "PATCH":
            why = "a message is one line"
        raise HTTPError(422, Code.BAD_SYNTAX.value, why)
    return text


def _parsed(verb: str, arguments: str, key: str | None) -> wire.Request:
    """Return what the line edge would read, so that nothing is said here that could not be said there."""
    if key is not None and not wire.is_label(key):
        why = "an Idempotency-Key has at most 64 characters of a-z A-Z 0-9 . _ : + -"
        raise HTTPError(400, Code.BAD_TAGS.value, why)
    tags = "" if key is None else f"@label={key} "
    # Half a character, which JSON can write, is no UTF-8.
    return wire.parse_command(f"{tags}{verb} {arguments}".encode("utf-8", "replace"))


def _status(posted: Posted) -> int:
    return 200 if posted.repeated else 201


def _answer(posted: Posted) -> dict[str, Any]:
    return {"id": posted.id, "time": wire.timestamp(posted.time), "room": posted.room}


ROWS: Sequence[Route] = (
    Route("POST", "/ROOM", _say, body_bytes=BODY_BYTES),
    Route("PUT", "/ROOM", _say, body_bytes=BODY_BYTES),
    Route("POST", "/", _publish, body_bytes=BODY_BYTES),
    Route("PUT", "/", _publish, body_bytes=BODY_BYTES),
    Route("PATCH", "/ROOM/ID", _edit, body_bytes=BODY_BYTES),
    Route("DELETE", "/ROOM/ID", _retract),
)
