"""KILL, and the commands by which servers of IRC are run and linked, which have nothing to do here."""

from __future__ import annotations

from collections.abc import Callable

from chatd import __version__
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol import names
from chatd.protocol.moderation_commands import SERVER, Kick
from chatd.protocol.text import plain

NOT_OVER_IRC = "this server is administered on its own machine, not over IRC"


async def _kill(user: IrcUser, message: Message) -> None:
    if not user.session.is_operator:
        user.reply(n.ERR_NOPRIVILEGES, "only server operators may do that")
        return
    target = message.param(0)
    nick = nick_of(target)
    if names.key(target) == names.key(user.server.name):
        user.reply(n.ERR_CANTKILLSERVER, "that is this server")
    elif nick is None or user.hub.going_by(nick) is None:
        user.reply(n.ERR_NOSUCHNICK, target, "nobody here uses that nick")
    else:
        result = await user.ask(Kick(nick, SERVER, plain(message.param(1)) or None))
        if result.refused is not None:
            refuse(user, "KILL", result.refused, nick)


def _not_over_irc(user: IrcUser, _message: Message) -> None:
    user.reply(n.ERR_NOPRIVILEGES, NOT_OVER_IRC)


def _answers(numeric: str, *params: str) -> Callable[[IrcUser, Message], None]:
    """Return what answers a command always alike."""

    def answer(user: IrcUser, _message: Message) -> None:
        user.reply(numeric, *params)

    return answer


def _squery(user: IrcUser, message: Message) -> None:
    user.reply(n.ERR_NOSUCHSERVICE, message.param(0), "there are no services")


def _trace(user: IrcUser, _message: Message) -> None:
    user.reply(n.RPL_TRACEEND, user.server.name, f"chatd-{__version__}", "End of /TRACE; use WHOIS")


ROWS: tuple[Row, ...] = (
    Row("KILL", _kill, least=1),
    *(Row(command, _not_over_irc) for command in ("CONNECT", "DIE", "REHASH", "RESTART", "SQUIT")),
    Row("SERVLIST", _answers(n.RPL_SERVLISTEND, "*", "*", "End of /SERVLIST: there are no services")),
    Row("SQUERY", _squery, least=1),
    Row("SUMMON", _answers(n.ERR_SUMMONDISABLED, "nobody can be summoned")),
    Row("TRACE", _trace),
    Row("USERS", _answers(n.ERR_USERSDISABLED, "USERS is not supported; WHO lists who is connected")),
)
