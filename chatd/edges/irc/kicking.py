"""KICK: to put people out of a room."""

from __future__ import annotations

from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.modes import member_called
from chatd.edges.irc.presence import nick_of
from chatd.edges.irc.ranks import ranks
from chatd.edges.irc.refusals import refuse, refuse_moderation
from chatd.edges.irc.rooms import own_room
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.protocol.moderation_commands import Kick
from chatd.protocol.text import plain


async def _kick(user: IrcUser, message: Message) -> None:
    rooms, nicks = message.param(0).split(","), message.param(1).split(",")
    if len(rooms) == 1:
        rooms *= len(nicks)
    if len(rooms) != len(nicks):
        user.reply(n.ERR_NEEDMOREPARAMS, "KICK", "name one room, or as many rooms as nicks, as in KICK #den bob,carol")
        return
    text = plain(message.param(2)) or None
    for room_text, nick_text in dict.fromkeys(zip(rooms, nicks, strict=True)):
        room = own_room(user, room_text, missing=n.ERR_NOSUCHCHANNEL)
        if room is not None:
            await _put_out(user, room, nick_text, text)


async def _put_out(user: IrcUser, room: Place, nick_text: str, text: str | None) -> None:
    if "o" not in ranks(user.hub, room, user.session):
        refuse_moderation(user, "KICK", room)
        return
    nick = nick_of(nick_text)
    if nick is None or user.hub.going_by(nick) is None:
        user.reply(n.ERR_NOSUCHNICK, nick_text, "nobody here uses that nick")
    elif member_called(room, nick) is None:
        user.reply(n.ERR_USERNOTINCHANNEL, nick, room.name, "is not in that room")
    else:
        result = await user.ask(Kick(nick, str(room.name), text))
        if result.refused is not None:
            refuse(user, "KICK", result.refused, room.name)


ROWS: tuple[Row, ...] = (Row("KICK", _kick, least=2),)
