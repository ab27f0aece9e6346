"""MONITOR: a client is told when those come and go whose nicks it names (IRCv3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatd.chat.command_rows import Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.onlooking import MAX_MONITORED, offline, online, room_for
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.rooms import targets
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol.names import Nick

_FULL = "Monitor list is full"


def _monitor(user: IrcUser, message: Message) -> Work | None:
    onlookers, session = user.hub.onlookers, user.session
    what = message.param(0).upper()
    if what in {"+", "-"} and not targets(message.param(1)):
        user.reply(n.ERR_NEEDMOREPARAMS, "MONITOR", f"MONITOR {what} needs nicks: MONITOR {what} alice,bob")
        return None
    match what:
        case "+":
            return user.send_all(_added(user, targets(message.param(1))))
        case "-":
            for nick in filter(None, map(nick_of, targets(message.param(1)))):
                onlookers.unwatch(session, nick)
        case "C":
            for nick in list(onlookers.watched(session)):
                onlookers.unwatch(session, nick)
        case "L":
            for text in _chained(onlookers.watched(session), room_for(user, n.RPL_MONLIST)):
                user.reply(n.RPL_MONLIST, text)
            user.reply(n.RPL_ENDOFMONLIST, "End of MONITOR list")
        case "S":
            return user.send_all(_states(user, list(onlookers.watched(session))))
        case _:
            user.reply(n.ERR_UNKNOWNERROR, "MONITOR", "MONITOR takes +, -, C, L or S")
    return None


def _added(user: IrcUser, texts: Iterable[str]) -> Iterator[Message]:
    """Monitor nicks; yield of each, as it is when that is sent, whether somebody goes by it."""
    onlookers, session = user.hub.onlookers, user.session
    full: list[str] = []
    known = {nick.key for nick in onlookers.watched(session)}
    for text in texts:
        nick = nick_of(text)
        if nick is None:  # nobody can go by it, and there is nothing to be told of it later
            yield offline(user, text)
        elif nick.key in known or len(known) < MAX_MONITORED:
            known.add(nick.key)
            onlookers.watch(session, nick)
            yield _state(user, nick)
        else:
            full.append(text)
    size = room_for(user, n.ERR_MONLISTFULL) - len(f"{MAX_MONITORED}  :{_FULL}".encode())
    for chained in _chained(full, size):
        yield Message(n.ERR_MONLISTFULL, (user.nick, str(MAX_MONITORED), chained, _FULL), user.server.name)


def _states(user: IrcUser, nicks: Iterable[Nick]) -> Iterator[Message]:
    return (_state(user, nick) for nick in nicks)


def _state(user: IrcUser, nick: Nick) -> Message:
    """Return what says whether somebody goes by a nick."""
    holder = user.hub.going_by(nick)
    return offline(user, nick) if holder is None else online(user, holder.nick)


def _chained(words: Iterable[str], size: int) -> Iterator[str]:
    """Yield words with commas between them, in parts of so many bytes at most."""
    text = ""
    for word in words:
        longer = f"{text},{word}" if text else word
        if text and len(longer.encode()) > size:
            yield text
            longer = word
        text = longer
    if text:
        yield text


ROWS: tuple[Row, ...] = (Row("MONITOR", _monitor, least=1),)
