"""INVITE: to let people into rooms that are private, and to tell them of those that are open."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.chat import inviting
from chatd.chat.command_rows import Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.modes import member_called
from chatd.edges.irc.onlooking import away_reply
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.ranks import ranks
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rooms import own_room
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.protocol.errors import Code
from chatd.protocol.events import Refused
from chatd.protocol.moderation_commands import Invite
from chatd.protocol.names import Nick

NOTIFY = "invite-notify"


def _invite(user: IrcUser, message: Message) -> Work | None:
    if not message.params:
        return _list(user)
    if len(message.params) == 1:
        user.reply(
            n.ERR_NEEDMOREPARAMS,
            "INVITE",
            "name a nick and a room, as in INVITE bob #den; INVITE alone lists your invitations",
        )
        return None
    room = own_room(user, message.param(1), missing=n.ERR_NOSUCHCHANNEL)
    if room is None:
        return None
    is_open = inviting.is_open(user.session, room.name)
    may_let_in = "o" in ranks(user.hub, room, user.session)
    if not (is_open or may_let_in):
        user.reply(n.ERR_CHANOPRIVSNEEDED, room.name, f"{room.name} is private; only its operators can invite others")
        return None
    nick = nick_of(message.param(0))
    if nick is not None and (member := member_called(room, nick)) is not None:
        user.reply(n.ERR_USERONCHANNEL, str(member.nick), room.name, "is already in that room")
    elif nick is None:
        user.reply(n.ERR_NOSUCHNICK, message.param(0), "that is not a valid nick")
    elif is_open and not (may_let_in and room.policy.count("limit")):
        return _tell(user, room, nick)
    else:
        return _let_in(user, room, nick)
    return None


async def _tell(user: IrcUser, room: Place, nick: Nick) -> None:
    """Tell somebody of an open room: no ruling comes of it, whoever does it, but where there is a limit to pass."""
    command = Invite(nick, str(room.name))
    result = await user.ask_by(command, lambda label: inviting.tell(user.session, room.name, nick, label))
    if result.refused is None:
        _say_that_it_was_done(user, room, nick)
    elif result.refused.code is Code.NOT_ALLOWED:
        user.fail("INVITE", "NOT_ALLOWED", nick, room.name, result.refused.text)
    else:
        _refuse(user, room, nick, result.refused)


async def _let_in(user: IrcUser, room: Place, nick: Nick) -> None:
    result = await user.ask(Invite(nick, str(room.name)))
    if result.refused is None:
        _say_that_it_was_done(user, room, nick)
    else:
        _refuse(user, room, nick, result.refused)


def _refuse(user: IrcUser, room: Place, nick: Nick, refused: Refused) -> None:
    refuse(user, "INVITE", refused, nick if refused.code is Code.NO_SUCH_NICK else room.name)


def _say_that_it_was_done(user: IrcUser, room: Place, nick: Nick) -> None:
    holder = user.hub.holder(nick)
    user.reply(n.RPL_INVITING, str(nick if holder is None else holder.nick), room.name)
    if holder is not None and holder.away is not None:
        user.answer(away_reply(user, holder, holder.away))


async def _list(user: IrcUser) -> None:
    await user.send_all(_invitations(user))
    user.reply(n.RPL_ENDOFINVITELIST, "End of /INVITE list")


def _invitations(user: IrcUser) -> Iterator[Message]:
    for room in inviting.invitations(user.session):
        yield Message(n.RPL_INVITELIST, (user.nick, room), user.server.name)


ROWS: tuple[Row, ...] = (Row("INVITE", _invite),)
