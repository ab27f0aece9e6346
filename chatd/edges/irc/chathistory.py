"""CHATHISTORY (IRCv3 draft/chathistory): what was said before, and the last of it for whoever enters a room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from chatd.chat import excerpts
from chatd.chat.command_rows import Work
from chatd.chat.excerpts import Excerpt, Mark, Source
from chatd.edges.irc import past, stamps
from chatd.edges.irc.message import Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.model.conversation import GUESTS, account_of, other_party
from chatd.model.entry import Place
from chatd.protocol import names
from chatd.protocol.commands import MAX_HISTORY
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.names import BadNameError, Nick

NAME = "draft/chathistory"
EVENTS = "draft/event-playback"
ISUPPORT = {"CHATHISTORY": str(MAX_HISTORY), "MSGREFTYPES": "msgid,timestamp"}
MAX_TARGETS_LOOKED_AT = 200
"""Of how many conversations, the newest, TARGETS knows."""


class BadParameterError(Exception):
    """A parameter is not as it has to be: its code, then the context, of which the last is a sentence."""


def _carry_out(user: IrcUser, message: Message) -> Work | None:
    subcommand = message.param(0).upper()
    asked = _SUBCOMMANDS.get(subcommand)
    if asked is None:
        known = ", ".join(_SUBCOMMANDS)
        user.fail(
            "CHATHISTORY", "INVALID_PARAMS", message.param(0) or "*", f"the subcommands of CHATHISTORY are {known}"
        )
        return None
    params, carry_out = asked
    if len(message.params) != params:
        user.fail(
            "CHATHISTORY", "INVALID_PARAMS", subcommand, f"CHATHISTORY {subcommand} takes {params - 1} parameters"
        )
        return None
    return _guarded(user, message, subcommand, carry_out)


Carry = Callable[[IrcUser, Message], Work]


async def _guarded(user: IrcUser, message: Message, subcommand: str, carry_out: Carry) -> None:
    try:
        await carry_out(user, message)
    except BadParameterError as error:
        code, *context = error.args
        user.fail("CHATHISTORY", code, subcommand, *context)
    except ChatError as error:
        code = "MESSAGE_ERROR" if error.code is Code.UNAVAILABLE else "INVALID_TARGET"
        user.fail("CHATHISTORY", code, subcommand, message.param(1), error.text)


# What is asked for.


def _source(user: IrcUser, target: str) -> Source:
    """Return where to read. Raise `BadParameterError` if a client is not in that room, or may not read there."""
    if not target.startswith("#"):
        return source_of_person(user, target)
    room = user.hub.room(names.key(target))
    if room is None or room not in user.session.rooms:
        raise BadParameterError("INVALID_TARGET", target, "you are not in that room; only its members can read it")
    if (source := excerpts.room_source(user.session, room)) is None:
        raise BadParameterError("INVALID_TARGET", target, "the room is private")
    return source


def source_of_person(user: IrcUser, target: str) -> Source:
    """Return what a client and somebody have told each other. Raise `ChatError` if none of that is kept for it."""
    try:
        nick = Nick.of(names.nick(target))
    except BadNameError:
        raise BadParameterError("INVALID_TARGET", target, "that is not a valid nick") from None
    return excerpts.private_source(user.session, nick)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:9]) == 0:
        raise BadParameterError("INVALID_PARAMS", text, f"the limit must be a number from 1 to {MAX_HISTORY}")
    return min(int(text[:9]), MAX_HISTORY)


def _mark(user: IrcUser, message: Message, index: int) -> Mark:
    target, text = message.param(1), message.param(index)
    kind, _, value = text.partition("=")
    if kind == "timestamp":
        return Mark(time=_time(text))
    if kind != "msgid":
        why = "refer to a message by msgid= or timestamp="
        raise BadParameterError("INVALID_MSGREFTYPE", target, text, why)
    id_ = user.server.id_of(value)
    if id_ is None:
        raise BadParameterError("MESSAGE_ERROR", target, text, "no stored message has that msgid")
    return Mark(id_)


def _time(text: str) -> int:
    time = stamps.milliseconds_of(text.removeprefix(stamps.KEY))
    if time is None or not text.startswith(stamps.KEY):
        raise BadParameterError("INVALID_PARAMS", text, "write a time as timestamp=2026-11-28T19:04:00.000Z")
    return time


# Messages.


async def _latest(user: IrcUser, message: Message) -> None:
    excerpt = _asked(user, message)
    after = None if message.param(2) == "*" else _mark(user, message, 2)
    await _tell(user, message, replace(excerpt, after=after, newest=True))


async def _before(user: IrcUser, message: Message) -> None:
    excerpt = _asked(user, message)
    await _tell(user, message, replace(excerpt, before=_mark(user, message, 2), newest=True))


async def _after(user: IrcUser, message: Message) -> None:
    excerpt = _asked(user, message)
    await _tell(user, message, replace(excerpt, after=_mark(user, message, 2)))


async def _around(user: IrcUser, message: Message) -> None:
    excerpt = _asked(user, message)
    await _tell(user, message, *await excerpts.around(user.session, _mark(user, message, 2), excerpt))


async def _between(user: IrcUser, message: Message) -> None:
    excerpt = _asked(user, message)
    first, last = _mark(user, message, 2), _mark(user, message, 3)
    await _tell(user, message, await excerpts.between(user.session, first, last, excerpt))


def _asked(user: IrcUser, message: Message) -> Excerpt:
    """Return the oldest entries of what is asked about, as many as are wanted."""
    source, limit = _source(user, message.param(1)), _limit(message.params[-1])
    return Excerpt(source, limit, kinds=past.kinds(user, events=user.has(EVENTS)))


async def _tell(user: IrcUser, message: Message, *parts: Excerpt) -> None:
    """Tell a client what it asked for, in one batch."""
    with Batch(user, "chathistory", message.param(1)) as batch:
        for part in parts:
            await past.tell(user, part, batch)


class Batch:
    """A batch of an answer to a client that knows batches; its name is empty for one that does not."""

    def __init__(self, user: IrcUser, kind: str, *params: str) -> None:
        self._user = user
        self._params = (kind, *params)
        self._name = f"h{next(user.numbers)}" if user.has("batch") else ""

    def __enter__(self) -> str:
        if self._name:
            self._user.answer(Message("BATCH", (f"+{self._name}", *self._params), self._user.server.name))
        return self._name

    def __exit__(self, *_: object) -> None:
        if self._name and not self._user.session.ended:
            self._user.answer(Message("BATCH", (f"-{self._name}",), self._user.server.name))


# Who has said something.


async def _targets(user: IrcUser, message: Message) -> None:
    first, last, limit = _time(message.param(1)), _time(message.param(2)), _limit(message.param(3))
    found = await _last_said(user, min(first, last), max(first, last))
    found.sort(reverse=first > last)
    chosen = sorted(found[:limit])
    with Batch(user, "draft/chathistory-targets") as batch:
        lines = (
            Message("CHATHISTORY", ("TARGETS", name, stamps.stamp_of(at)), user.server.name) for at, name in chosen
        )
        await user.send_all(past.in_batch(lines, batch))


async def _last_said(user: IrcUser, since: int, before: int) -> list[tuple[int, str]]:
    """Return where something was said last between two times, both exclusive, and when."""
    found = []
    sources = sorted(_sources(user), key=lambda each: each[1].last_id, reverse=True)[:MAX_TARGETS_LOOKED_AT]
    for name, source in sources:
        for kept in await excerpts.find(user.session, Excerpt(source, 1, newest=True)):
            if since < kept.time < before:
                found.append((kept.time, name))
    return found


def _sources(user: IrcUser) -> Iterator[tuple[str, Source]]:
    """Yield all that a client may read, each with its name."""
    hub, party = user.hub, user.session.party or GUESTS
    for room in user.session.rooms:
        if (source := excerpts.room_source(user.session, room)) is not None:
            yield str(room.name), source
    for key in () if party == GUESTS else hub.conversations.of(party):
        if account := account_of(other_party(key, party)):
            yield hub.name_of(account), Source(key, hub.conversations.last_id(key))


_SUBCOMMANDS: dict[str, tuple[int, Carry]] = {
    "LATEST": (4, _latest),
    "BEFORE": (4, _before),
    "AFTER": (4, _after),
    "AROUND": (4, _around),
    "BETWEEN": (5, _between),
    "TARGETS": (4, _targets),
}
"""Of each how many parameters there are with its name, and what carries it out."""


# Who has just come in.


async def tell_newcomer(user: IrcUser, room: Place, joined: Done) -> None:
    """Tell a client that cannot ask the last lines of a room that it has entered, up to its own JOIN."""
    count = user.server.history
    last = joined.values.get("last", "")
    if not count or user.has(NAME) or not last.isdecimal():
        return
    source, state = excerpts.room_source(user.session, room, int(last)), user.hub.journal.room_state(room.key)
    if source is None or state is None or state.said_id <= source.readable:
        return
    excerpt = Excerpt(source, count, newest=True)
    with suppress(ChatError), Batch(user, "chathistory", room.name) as batch:  # it is in the room all the same
        await past.tell(user, excerpt, batch, stamped=not user.has("server-time"))


ROWS: tuple[Row, ...] = (Row("CHATHISTORY", _carry_out, only_asks=True),)
