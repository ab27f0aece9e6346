"""MARKREAD (IRCv3 draft/read-marker): up to when somebody has read, on the SEEN of the line protocol.

SEEN notes an id for an account and a room; MARKREAD a time for whomever and whatever. So a time is kept as it was told
as long as its connection is there, and what comes before it is noted for the account: that outlives the connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.chat import excerpts, read_markers
from chatd.chat.command_rows import Work
from chatd.chat.excerpts import ANYTHING, Excerpt, Mark, Source
from chatd.edges.irc import stamps
from chatd.edges.irc.message import Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.user import IrcUser
from chatd.protocol import commands, names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Seen
from chatd.protocol.names import BadNameError, Nick
from chatd.runtime.sockets import origin

NAME = "draft/read-marker"


def _markread(user: IrcUser, message: Message) -> Work | None:
    if not message.params:
        user.fail("MARKREAD", "NEED_MORE_PARAMS", "MARKREAD needs a room or a nick")
        return None
    target = message.param(0)
    try:
        key = (names.room(target) if target.startswith("#") else Nick.of(names.nick(target))).key
    except BadNameError as error:
        user.fail("MARKREAD", "INVALID_PARAMS", target, str(error))
        return None
    if len(message.params) == 1:
        return _answer(user, target, key)
    stamp = message.param(1)
    time = stamps.milliseconds_of(stamp.removeprefix(stamps.KEY))
    if time is None or time < 0 or not stamp.startswith(stamps.KEY):
        why = "write a time as timestamp=2026-11-28T19:04:00.000Z"
        user.fail("MARKREAD", "INVALID_PARAMS", target, stamp, why)
        return None
    return _note(user, target, key, min(time, user.hub.now))


async def _answer(user: IrcUser, target: str, key: str) -> None:
    await learn(user, key)
    tell(user, target, key)


def tell(user: IrcUser, target: str, key: str) -> None:
    """Tell a client up to when something was read, as far as that is known here."""
    user.answer(_marker(user, target, user.read_times.get(key)))


def _marker(user: IrcUser, target: str, time: int | None) -> Message:
    shown = "*" if time is None else f"{stamps.KEY}{stamps.stamp_of(time)}"
    return Message("MARKREAD", (target, shown), user.server.name)


async def _note(user: IrcUser, target: str, key: str, time: int) -> None:
    await learn(user, key)
    if user.read_times.raise_to(key, time):
        for other in _others(user):
            if other.read_times.raise_to(key, time) and other.has(NAME):
                other.send(_marker(other, target, time))
        await _store(user, key, time)
    tell(user, target, key)


def _others(user: IrcUser) -> Iterator[IrcUser]:
    """Yield the other IRC clients of the same account that are connected to this node."""
    session = user.session
    for each in user.hub.persons.connections(session.account):
        if not isinstance(each, IrcSession) or each is session or each.account_made != session.account_made:
            continue
        if isinstance(each.user, IrcUser):
            yield each.user


# What is kept for accounts.


async def learn(user: IrcUser, key: str) -> None:
    """Learn up to when a client has read something, by its key, over other connections and earlier."""
    for other in _others(user):
        if (time := other.read_times.get(key)) is not None:
            user.read_times.raise_to(key, time)
    where = _where(user, key)
    if where and (id_ := read_markers.noted(user.session, where)):
        await _learn_of(user, key, where, id_)


async def _learn_of(user: IrcUser, key: str, where: str, id_: int) -> bool:
    """Note that a client has read up to an id; return whether that is later than was known."""
    try:
        found = await excerpts.find(user.session, Excerpt(Source(where, id_), 1, newest=True, kinds=ANYTHING))
    except ChatError:
        return False  # which is told as not known, and asked again the next time
    return bool(found) and user.read_times.raise_to(key, found[0].time)


def _where(user: IrcUser, key: str) -> str:
    """Return the key under which a journal has what was said there; empty if nothing is noted of it for the client."""
    if user.session.account is None or key.startswith("#"):
        return key if user.session.account is not None else ""
    try:
        return excerpts.private_source(user.session, Nick.of(key)).key
    except ChatError:
        return ""


async def _store(user: IrcUser, key: str, time: int) -> None:
    """Note for a client's account the last that was said before a time, or at it."""
    where, room = _where(user, key), user.hub.room(key)
    if not where or (room is None and key.startswith("#")):
        return
    last_id = user.hub.conversations.last_id(where) if room is None else room.last_id
    excerpt = Excerpt(Source(where, last_id), 1, newest=True, before=Mark(time=time + 1), kinds=ANYTHING)
    try:
        found = await excerpts.find(user.session, excerpt)
    except ChatError:
        return
    if not found:
        return
    if room is None:
        read_markers.note(user.session, where, found[0].id)
    elif room in user.session.rooms:
        await user.ask(commands.Seen(found[0].id, room.name))


def heard(user: IrcUser, event: Seen) -> None:
    """Tell a client that its owner has read further over a connection that is none of IRC, or to another node."""
    if user.has(NAME):
        told = Deferred.fromCoroutine(_hear(user, event))
        told.addErrback(lambda failure: _failed(user, failure))


async def _hear(user: IrcUser, event: Seen) -> None:
    key = names.key(event.room)
    if await _learn_of(user, key, key, event.id) and not user.session.ended:
        user.send(_marker(user, event.room, user.read_times.get(key)))


def _failed(user: IrcUser, failure: Failure) -> None:
    whose = origin(user.session.address)
    user.hub.log_limiter.failure("a read marker could not be sent to IRC clients", whose, failure)


ROWS: tuple[Row, ...] = (Row("MARKREAD", _markread),)
