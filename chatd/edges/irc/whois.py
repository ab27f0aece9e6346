"""WHOIS and WHOWAS."""

from __future__ import annotations

from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.onlooking import away_reply
from chatd.edges.irc.people import facts_of, found_by_nick, shared_rooms
from chatd.edges.irc.ranks import prefix
from chatd.edges.irc.rows import Row
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member

_ROOMS_AT_A_TIME = 10


async def _whois(user: IrcUser, message: Message) -> None:
    nick = message.param(1) or message.param(0)
    if not nick:
        user.reply(n.ERR_NONICKNAMEGIVEN, "the nick is missing; write WHOIS alice")
        return
    nick = nick.partition(",")[0]
    member = found_by_nick(user, nick)
    if member is None:
        user.reply(n.ERR_NOSUCHNICK, nick, f"nobody here uses the nick {nick}")
    else:
        await _tell(user, member)
    user.reply(n.RPL_ENDOFWHOIS, nick if member is None else str(member.nick), "End of /WHOIS")


async def _tell(user: IrcUser, member: Member) -> None:
    server = user.server
    facts = (await facts_of(user, [member]))[member]
    person = server.person(member)
    nick = person.nick
    user.reply(n.RPL_WHOISUSER, nick, person.user, person.host, "*", person.realname)
    rooms = [prefix(user.hub, room, member, multiple=True) + str(room.name) for room in shared_rooms(user, member)]
    for first in range(0, len(rooms), _ROOMS_AT_A_TIME):
        user.reply(n.RPL_WHOISCHANNELS, nick, " ".join(rooms[first : first + _ROOMS_AT_A_TIME]))
    user.reply(n.RPL_WHOISSERVER, nick, server.name, "chatd")
    if facts.away is not None:
        user.answer(away_reply(user, member, facts.away))
    if member.judged_as[1]:
        user.reply(n.RPL_WHOISOPERATOR, nick, "is a server operator")
    if facts.bot:
        user.reply(n.RPL_WHOISBOT, nick, "is a bot")
    if person.account is not None:
        user.reply(n.RPL_WHOISACCOUNT, nick, person.account, "is logged in as")
    if facts.idle is not None and isinstance(member, IrcSession) and isinstance(member.user, IrcUser):
        signed_on = str(member.user.signed_on // 1000)
        user.reply(n.RPL_WHOISIDLE, nick, str(facts.idle), signed_on, "seconds idle, signon time")


def _whowas(user: IrcUser, message: Message) -> None:
    nick = message.param(0)
    if not nick:
        user.reply(n.ERR_NONICKNAMEGIVEN, "the nick is missing; write WHOWAS alice")
        return
    gone = user.server.departures.of(nick)
    count = message.param(1)
    if count.isdecimal() and int(count[:9]):
        gone = gone[: int(count[:9])]
    for each in gone:
        person = each.person
        user.reply(n.RPL_WHOWASUSER, person.nick, person.user, person.host, "*", person.realname)
        user.reply(n.RPL_WHOISSERVER, person.nick, user.server.name, f"left {user.server.date(each.time)}")
    if not gone:
        user.reply(n.ERR_WASNOSUCHNICK, nick, "nobody with that nick left recently")
    user.reply(n.RPL_ENDOFWHOWAS, nick, "End of /WHOWAS")


ROWS: tuple[Row, ...] = (Row("WHOIS", _whois, only_asks=True), Row("WHOWAS", _whowas, only_asks=True))
