"""CAP, NICK, USER, PING, PONG and QUIT: how a client comes in, under which name, and leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from chatd.chat import joining
from chatd.chat.command_rows import Work
from chatd.edges.irc import logging_in, onlooking, welcome
from chatd.edges.irc import numerics as n
from chatd.edges.irc.capabilities import IMPLIED_BY_302, Capability
from chatd.edges.irc.message import MAX_BODY_BYTES, Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.server import MAX_REALNAME
from chatd.edges.irc.user import IrcUser
from chatd.protocol import commands, names
from chatd.protocol.events import Done
from chatd.protocol.names import BadNameError
from chatd.protocol.text import clean

MAX_IDENT = 18
_NOT_IN_IDENT = re.compile(r"[^A-Za-z0-9_.-]")


class Negotiation:
    """CAP, over the capabilities that there are."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self._all = {each.name: each for each in capabilities}

    def carry_out(self, user: IrcUser, message: Message) -> Work | None:
        """Answer CAP."""
        match message.param(0).upper():
            case "LS":
                version = message.param(1)
                if version.isdecimal() and len(version) < 6:
                    user.capability_version = max(user.capability_version, int(version))
                if user.capability_version >= 302:
                    user.set_capabilities(user.capabilities | {IMPLIED_BY_302})
                user.negotiates = not user.registered
                self._list(user, "LS", self._offered(user))
            case "LIST":
                own = [name for name in self._all if name in user.capabilities]
                self._list(user, "LIST", own)
            case "REQ":
                user.negotiates = not user.registered
                self._request(user, message.param(1))
            case "END":
                if user.negotiates:
                    user.negotiates = False
                    return try_to_register(user)
            case other:
                user.reply(n.ERR_INVALIDCAPCMD, other and message.param(0), "CAP takes LS, LIST, REQ or END")
        return None

    def _offered(self, user: IrcUser) -> list[str]:
        found = []
        for each in self._all.values():
            value = each.value(user.session)
            if value is not None:
                found.append(f"{each.name}={value}" if value and user.capability_version >= 302 else each.name)
        return found

    def _list(self, user: IrcUser, verb: str, words: list[str]) -> None:
        room = MAX_BODY_BYTES - len(f":{user.server.name} CAP {user.nick} {verb} * :")
        lines = [""]
        for word in words:
            if len(lines[-1]) + len(word) + 1 > room and user.capability_version >= 302:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        for number, line in enumerate(lines, 1):
            more = ("*",) if number < len(lines) else ()
            user.answer(Message("CAP", (user.nick, verb, *more, line), user.server.name))

    def _request(self, user: IrcUser, wanted: str) -> None:
        words = wanted.split()
        changed = set(user.capabilities)
        known = True
        for word in words:
            name = word.removeprefix("-")
            capability = self._all.get(name)
            known = known and capability is not None and capability.value(user.session) is not None
            known = known and not (word.startswith("-") and name == IMPLIED_BY_302 and user.capability_version >= 302)
            (changed.discard if word.startswith("-") else changed.add)(name)
        needed = {self._all[name].only_with for name in changed if name in self._all} - {""}
        known = known and needed <= changed
        user.answer(Message("CAP", (user.nick, "ACK" if known else "NAK", wanted), user.server.name))
        if known:
            user.set_capabilities(changed)


def _nick(user: IrcUser, message: Message) -> Work | None:
    wanted = message.param(0)
    if not wanted:
        user.reply(n.ERR_NONICKNAMEGIVEN, "the nick is missing; write NICK alice")
        return None
    try:
        nick = names.nick(wanted)
    except BadNameError as error:
        user.reply(n.ERR_ERRONEUSNICKNAME, wanted, str(error))
        return None
    if user.registered:
        return _rename(user, nick)
    user.wanted_nick = nick
    return try_to_register(user)


async def _rename(user: IrcUser, nick: str) -> None:
    old, source = user.nick, user.person.source
    if nick == old:
        return
    result = await user.ask(commands.Nick(nick))
    if result.refused is not None:
        logging_in.refuse_nick(user, result.refused, nick)
    elif isinstance(result.outcome, Done):
        user.answer(Message("NICK", (str(user.session.nick),), source))


def _user(user: IrcUser, message: Message) -> Work | None:
    if user.registered or user.ident:
        user.reply(n.ERR_ALREADYREGISTERED, "you are already registered; SETNAME changes your real name")
        return None
    ident = _NOT_IN_IDENT.sub("", message.param(0))[:MAX_IDENT]
    realname = message.param(3)
    if not realname:
        user.reply(n.ERR_NEEDMOREPARAMS, "USER", "the real name is missing; write USER alice 0 * :Alice")
        return None
    if not ident:
        user.reply(n.ERR_INVALIDUSERNAME, "the user name must have letters or digits; write USER alice 0 * :Alice")
        return None
    user.ident, user.session.realname = f"~{ident}", clean(realname)[:MAX_REALNAME]
    return try_to_register(user)


def try_to_register(user: IrcUser) -> Work | None:
    """Come in, if all that it takes is there."""
    if user.registered or user.negotiates or not (user.wanted_nick and user.ident):
        return None
    return _register(user)


async def _register(user: IrcUser) -> None:
    wanted, user.wanted_nick = user.wanted_nick, ""
    if not await logging_in.before_registration(user, wanted):
        return
    nick = names.nick(wanted)
    result = await user.ask_by(commands.Nick(nick), partial(joining.take_name, user.session, nick))
    refused = result.refused
    if user.session.ended:
        return
    if refused is not None:
        logging_in.refuse_nick(user, refused, wanted)
        return
    user.registered = True
    user.session.issue_resume_token()
    user.server.note_users()
    onlooking.begin(user)
    welcome.tell(user)


async def _ping(user: IrcUser, message: Message) -> None:
    if not message.params:
        user.reply(n.ERR_NOORIGIN, "PING needs a word, which PONG repeats")
        return
    if user.registered and not user.hub.nodes.shared:
        # Whoever has its PONG has been told all that was said before; with nodes, that could take as long as an outage.
        nick = user.session.nick
        await user.ask_by(commands.Nick(nick), partial(joining.wait_for_others, user.session))
    user.answer(Message("PONG", (user.server.name, message.params[0]), user.server.name))


def _pong(_user: IrcUser, _message: Message) -> None:
    """Take a sign of life, as any other line is one."""


def _quit(user: IrcUser, message: Message) -> Work | None:
    return _leave(user, message.param(0))


async def _leave(user: IrcUser, text: str) -> None:
    await user.ask(commands.Quit(clean(text) or None))


ROWS: tuple[Row, ...] = (
    Row("NICK", _nick, registered=False),
    Row("USER", _user, least=4, registered=False),
    Row("PING", _ping, registered=False),
    Row("PONG", _pong, registered=False),
    Row("QUIT", _quit, registered=False),
)
