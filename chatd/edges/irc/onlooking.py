"""What a client is told of others without asking, and what it is told of them in answers to several commands.

That is ``away-notify``, ``account-notify``, ``setname`` and ``extended-monitor`` of IRCv3, and the numerics of MONITOR,
of those who are away and of bots.
"""

from __future__ import annotations

from typing_extensions import override

from chatd.chat.onlookers import Onlooker
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import MAX_BODY_BYTES, Message
from chatd.edges.irc.telling import part_of, shown
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member
from chatd.protocol.names import Nick

MAX_MONITORED = 100
"""How many nicks a client may monitor."""
BOT = "B"
"""The user mode of bots, and their flag in WHO."""


class Watching(Onlooker):
    """Tells one client of others."""

    def __init__(self, user: IrcUser) -> None:
        self._user = user

    @override
    def came(self, nick: Nick) -> None:
        user = self._user
        user.send(online(user, nick))

    @override
    def went(self, nick: Nick) -> None:
        user = self._user
        user.send(offline(user, nick))

    @override
    def away_changed(self, member: Member, text: str | None) -> None:
        user = self._user
        if member.person is user.session.person:  # said over another connection
            numeric, why = away_state(text)
            user.send(Message(numeric, (user.nick, why), user.server.name))
        elif self._wants("away-notify", member):
            user.send(message_of(user, member, "AWAY", *(() if text is None else (text,))))

    @override
    def account_changed(self, member: Member) -> None:
        user = self._user
        if self._wants("account-notify", member):
            account = "*" if member.account is None else user.hub.name_of(member.account)
            user.send(message_of(user, member, "ACCOUNT", account))

    def realname_changed(self, member: Member, realname: str) -> None:
        """Be told another real name of somebody."""
        if self._wants("setname", member):
            self._user.send(message_of(self._user, member, "SETNAME", realname))

    def _wants(self, capability: str, member: Member) -> bool:
        """Return whether the client wants to be told so of somebody: also of one whom it only monitors?"""
        user = self._user
        if not user.has(capability):
            return False
        return user.has("extended-monitor") or member is user.session or shares_room(user, member)


def begin(user: IrcUser) -> None:
    """Tell a client, from here on, what it wants to know of others."""
    user.hub.onlookers.add(user.session, Watching(user))


def shares_room(user: IrcUser, member: Member) -> bool:
    """Return whether a client is in a room with somebody, over whatever connection of theirs."""
    rooms = user.session.rooms
    return any(room in rooms for each in (member, *user.hub.persons.beside(member)) for room in each.rooms)


def online(user: IrcUser, nick: str) -> Message:
    """Return what says that somebody is there whom a client monitors."""
    return Message(n.RPL_MONONLINE, (user.nick, user.server.person_called(nick).source), user.server.name)


def offline(user: IrcUser, nick: str) -> Message:
    """Return what says that nobody is there by a nick that a client monitors."""
    return Message(n.RPL_MONOFFLINE, (user.nick, nick), user.server.name)


def message_of(user: IrcUser, member: Member, command: str, *params: str) -> Message:
    """Return a message that comes from somebody; of its last parameter as much as there is room for."""
    person = user.server.person_called(str(member.nick))
    if params:
        *others, last = params
        head = " ".join((f":{person.source}", command, *others, ":"))
        params = (*others, part_of(last, MAX_BODY_BYTES - len(head.encode())))
    return Message(command, params, person.source, shown(user.server, {}, person))


def away_state(text: str | None) -> tuple[str, str]:
    """Return the numeric that tells clients whether they are away themselves, and its text."""
    if text is None:
        return n.RPL_UNAWAY, "You are no longer marked as being away"
    return n.RPL_NOWAWAY, "You have been marked as being away"


def tell_away(user: IrcUser, member: Member) -> None:
    """Answer a client that has to do with somebody who is away why they are; nothing if they are not."""
    if member.away is not None:
        user.answer(away_reply(user, member, member.away))


def away_reply(user: IrcUser, member: Member, text: str) -> Message:
    """Return RPL_AWAY of somebody."""
    nick = str(member.nick)
    text = part_of(text, room_for(user, n.RPL_AWAY) - len(f"{nick} ".encode()))
    return Message(n.RPL_AWAY, (user.nick, nick, text), user.server.name)


def room_for(user: IrcUser, numeric: str) -> int:
    """Return how many bytes of parameters there is room for in a numeric whose last one is a text."""
    return MAX_BODY_BYTES - len(f":{user.server.name} {numeric} {user.nick} :".encode())


def tell_bot(user: IrcUser, member: Member) -> None:
    """Answer a client that asks about somebody that they are a bot; nothing if they are not."""
    if member.bot:
        user.reply(n.RPL_WHOISBOT, str(member.nick), "is a bot")


def who_flags(member: Member) -> str:
    """Return what WHO says of somebody, besides what they are in a room: here or gone, server operator, bot."""
    away = "H" if member.away is None else "G"
    return away + ("*" if member.judged_as[1] else "") + (BOT if member.bot else "")
