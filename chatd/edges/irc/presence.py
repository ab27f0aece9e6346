"""AWAY, SETNAME, ISON and USERHOST: whether people are there, and under which real name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatd.chat import quotas
from chatd.chat.member_details import MAX_AWAY_CHARACTERS
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.onlooking import away_state, message_of, room_for
from chatd.edges.irc.rows import Row
from chatd.edges.irc.server import MAX_REALNAME
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member
from chatd.protocol import commands, names
from chatd.protocol.errors import ChatError
from chatd.protocol.names import BadNameError, Nick
from chatd.protocol.text import clean, plain

MAX_USERHOST = 5
"""How many nicks USERHOST takes."""


async def _away(user: IrcUser, message: Message) -> None:
    text = plain(message.param(0))[:MAX_AWAY_CHARACTERS].strip() or None
    result = await user.ask(commands.Away(text))
    if result.refused is not None:
        user.fail("AWAY", result.refused.code.value.upper().replace("-", "_"), result.refused.text)
        return
    user.reply(*away_state(text))


# SETNAME.


def _setname(user: IrcUser, message: Message) -> None:
    realname = clean(message.param(0))
    if not realname.strip() or len(realname) > MAX_REALNAME:
        why = f"the real name must have 1 to {MAX_REALNAME} characters"
        if user.has("setname"):
            user.fail("SETNAME", "INVALID_REALNAME", why)
        return
    try:
        quotas.check_shown_text(user.session)
    except ChatError as error:
        if user.has("setname"):
            user.fail("SETNAME", "CANNOT_CHANGE_REALNAME", error.text)
        return
    user.session.realname = realname
    if user.has("setname"):
        user.answer(message_of(user, user.session, "SETNAME", realname))
    user.hub.nodes.announce_soon(user.session)
    user.hub.onlookers.realname_changed(user.session)


# ISON and USERHOST.


def nick_of(text: str) -> Nick | None:
    """Return a text as a nick, None if that is not a valid nick."""
    try:
        return names.nick(text)
    except BadNameError:
        return None


def _present(user: IrcUser, texts: Iterable[str]) -> Iterator[Member]:
    """Yield those who go by nicks."""
    for text in texts:
        nick = nick_of(text)
        holder = None if nick is None else user.hub.going_by(nick)
        if holder is not None:
            yield holder


def _ison(user: IrcUser, message: Message) -> None:
    texts = (text for param in message.params for text in param.split())
    there = dict.fromkeys(str(member.nick) for member in _present(user, texts))
    user.reply(n.RPL_ISON, _fitting(there, room_for(user, n.RPL_ISON)))


def _userhost(user: IrcUser, message: Message) -> None:
    found = []
    for member in _present(user, message.params[:MAX_USERHOST]):
        person = user.server.person(member)
        operator = "*" if member.judged_as[1] else ""
        found.append(f"{person.nick}{operator}={'+' if member.away is None else '-'}{person.user}@{person.host}")
    user.reply(n.RPL_USERHOST, _fitting(found, room_for(user, n.RPL_USERHOST)))


def _fitting(words: Iterable[str], size: int) -> str:
    """Return as many words, with spaces between them, as there is room for in bytes."""
    text = ""
    for word in words:
        longer = f"{text} {word}" if text else word
        if len(longer.encode()) > size:
            break
        text = longer
    return text


ROWS: tuple[Row, ...] = (
    Row("AWAY", _away),
    Row("ISON", _ison, least=1),
    Row("SETNAME", _setname, least=1),
    Row("USERHOST", _userhost, least=1),
)
