"""VERSION, TIME, ADMIN, INFO, LINKS, STATS and HELP: what the server says of itself."""

from __future__ import annotations

import textwrap

from chatd import __version__
from chatd.edges.irc import numerics as n
from chatd.edges.irc import welcome
from chatd.edges.irc.help_texts import ABSENT, HELP, OVERVIEW
from chatd.edges.irc.message import Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol.errors import NO_REGISTRATION


def _version(user: IrcUser, _message: Message) -> None:
    user.reply(n.RPL_VERSION, f"chatd-{__version__}", user.server.name, "messages in rooms are stored")
    welcome.tell_isupport(user)


def _time(user: IrcUser, _message: Message) -> None:
    user.reply(n.RPL_TIME, user.server.name, user.server.date(user.hub.now))


def _admin(user: IrcUser, _message: Message) -> None:
    user.reply(n.RPL_ADMINME, user.server.name, "Administrative info")
    user.reply(n.RPL_ADMINLOC1, "Server operators have an account here and are marked in WHOIS")


def _info(user: IrcUser, _message: Message) -> None:
    lines = (
        f"chatd {__version__}: one chat for IRC clients, browsers, a window, telnet and scripts",
        f"This server was started {user.server.date(user.server.created)}",
    )
    for line in lines:
        user.reply(n.RPL_INFO, line)
    user.reply(n.RPL_ENDOFINFO, "End of /INFO")


def _links(user: IrcUser, _message: Message) -> None:
    user.reply(n.RPL_ENDOFLINKS, "*", "no other servers are linked to this one")


def _stats(user: IrcUser, message: Message) -> None:
    user.reply(n.RPL_ENDOFSTATS, message.param(0)[:1] or "*", "statistics are at /-/metrics on the web port")


def _help(user: IrcUser, message: Message) -> None:
    subject = message.param(0).upper()
    if not subject:
        _tell_help(user, "*", "Commands; HELP <command> explains one", OVERVIEW)
    elif (found := HELP.get(subject)) is not None:
        usage, text = found
        if subject == "REGISTER" and not user.hub.accounts.takes_newcomers:
            text = f"Not on this server: {NO_REGISTRATION}."
        _tell_help(user, subject, usage, [part for line in text.split("\n") for part in textwrap.wrap(line, 70)])
    else:
        why = ABSENT.get(subject, "no help for that; HELP lists the commands")
        user.reply(n.ERR_HELPNOTFOUND, message.param(0), why)


def _tell_help(user: IrcUser, subject: str, first: str, lines: list[str]) -> None:
    user.reply(n.RPL_HELPSTART, subject, first)
    for line in lines:
        user.reply(n.RPL_HELPTXT, subject, line)
    user.reply(n.RPL_ENDOFHELP, subject, "End of /HELP")


ROWS: tuple[Row, ...] = (
    Row("VERSION", _version, only_asks=True),
    Row("TIME", _time, only_asks=True),
    Row("ADMIN", _admin, only_asks=True),
    Row("INFO", _info, only_asks=True),
    Row("LINKS", _links, only_asks=True),
    Row("STATS", _stats, only_asks=True),
    Row("HELP", _help, only_asks=True),
    Row("HELPOP", _help, only_asks=True),
)
