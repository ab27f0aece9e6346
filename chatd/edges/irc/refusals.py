"""Which numeric says that something was not done: for each code of the line protocol, by what was to be done."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.chat import auditing
from chatd.edges.irc import numerics as n
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Refused

_ANYWHERE: Mapping[Code, str] = {
    Code.BAD_NICK: n.ERR_ERRONEUSNICKNAME,
    Code.NAME_TAKEN: n.ERR_NICKNAMEINUSE,
    Code.BAD_ROOM: n.ERR_NOSUCHCHANNEL,
    Code.NOT_IN_ROOM: n.ERR_NOTONCHANNEL,
    Code.NO_SUCH_NICK: n.ERR_NOSUCHNICK,
    Code.NOT_ALLOWED: n.ERR_CHANOPRIVSNEEDED,
    Code.MUTED: n.ERR_CANNOTSENDTOCHAN,
    Code.BANNED: n.ERR_BANNEDFROMCHAN,
}
_OF: Mapping[tuple[str, Code], str] = {
    ("JOIN", Code.NOT_ALLOWED): n.ERR_INVITEONLYCHAN,
    ("JOIN", Code.FULL): n.ERR_TOOMANYCHANNELS,
    ("KILL", Code.NOT_ALLOWED): n.ERR_NOPRIVILEGES,
    ("NICK", Code.NOT_ALLOWED): n.ERR_NICKNAMEINUSE,
    ("NICK", Code.MUTED): n.ERR_NICKNAMEINUSE,
    **{
        (command, code): n.ERR_CANNOTSENDTOCHAN
        for command in ("PRIVMSG", "NOTICE", "TAGMSG")
        for code in (Code.NOT_ALLOWED, Code.BANNED, Code.NOT_IN_ROOM, Code.SLOW_DOWN)
    },
}
_ABOUT_NOTHING = frozenset({n.ERR_NONICKNAMEGIVEN})


def refuse_moderation(user: IrcUser, command: str, room: Place) -> None:
    """Answer that somebody does not run a room, and note it."""
    why = f"only operators of {room.name} may do that"
    auditing.note_refusal(user.session, ChatError(Code.NOT_ALLOWED, why), command, user.session.nick)
    user.reply(n.ERR_CHANOPRIVSNEEDED, room.name, why)


def refuse(user: IrcUser, command: str, refused: Refused | ChatError, target: str) -> None:
    """Answer a command with why it was not done to a target: a room, a nick, or what the client took for one."""
    code = refused.code
    numeric = _OF.get((command, code)) or _ANYWHERE.get(code)
    if numeric is None:
        user.fail(command, code.value.upper().replace("-", "_"), *filter(None, (target,)), refused.text)
        return
    user.reply(numeric, target or command, refused.text)
