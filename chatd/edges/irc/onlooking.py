"""What a client is told of others without asking, and what it is told of them in answers to several commands.

That is INVITE, ``invite-notify``, ``away-notify``, ``account-notify``, ``setname`` and ``extended-monitor`` of IRCv3,
and the numerics of MONITOR, of those who are away and of bots.
"""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from chatd.chat.onlookers import Onlooker
from chatd.chat.private_lines import PrivateLine
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import MAX_BODY_BYTES, Message
from chatd.edges.irc.telling import part_of, shown
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member
from chatd.protocol import wire
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
        _tell(user, (n.RPL_MONONLINE, nick, user.hub.going_by(nick)), lambda: online(user, nick, everybody=True))

    @override
    def went(self, nick: Nick) -> None:
        user = self._user
        _tell(user, (n.RPL_MONOFFLINE, nick), lambda: offline(user, nick, everybody=True))

    @override
    def away_changed(self, member: Member, text: str | None) -> None:
        user = self._user
        if member.person is user.session.person:  # said over another connection
            numeric, why = away_state(text)
            user.send(Message(numeric, (user.nick, why), user.server.name))
        else:
            self._tell_of("away-notify", member, "AWAY", *(() if text is None else (text,)))

    @override
    def account_changed(self, member: Member) -> None:
        user = self._user
        account = "*" if member.account is None else user.hub.name_of(member.account)
        if member is user.session and user.answering is not None:
            if user.has("account-notify"):  # its client waits for 900 and 903 before it reads anything else
                user.answering.add_last(message_of(user, member, "ACCOUNT", account))
        else:
            self._tell_of("account-notify", member, "ACCOUNT", account)

    @override
    def realname_changed(self, member: Member) -> None:
        self._tell_of("setname", member, "SETNAME", member.realname or member.nick)

    @override
    def invited(self, line: PrivateLine) -> None:
        self._tell_invitation(self._user.nick, line.room, line.nick, line.time)

    @override
    def other_invited(self, room: str, by: str, nick: str) -> None:
        if self._user.has("invite-notify"):
            self._tell_invitation(nick, room, by, self._user.hub.now)

    def _tell_invitation(self, nick: str, room: str, by: str, time: int) -> None:
        person = self._user.server.person_called(by)
        tags = shown(self._user.server, {"time": wire.timestamp(time)}, person)
        self._user.send(Message("INVITE", (nick, room), person.source, tags))

    def _tell_of(self, capability: str, member: Member, command: str, *params: str) -> None:
        """Tell the client something of somebody, if it wants that; also of one whom it only monitors?"""
        user = self._user
        if not user.has(capability):
            return
        if user.has("extended-monitor") or member is user.session or shares_room(user, member):
            about = (command, params, member, member.nick, member.account, member.bot)
            _tell(user, about, lambda: message_of(user, member, command, *params))


def begin(user: IrcUser) -> None:
    """Tell a client, from here on, what it wants to know of others."""
    user.hub.onlookers.add(user.session, Watching(user))


def _tell(user: IrcUser, about: tuple[object, ...], make: Callable[[], Message]) -> None:
    """Tell a client what many are told alike: made once for those who have the same capabilities.

    ``about`` is what it depends on; for a second it is the same message, with its time.
    """
    key = (*about, user.hub.now // 1000)
    if user.server.notice[0] != key:
        user.server.notice = (key, {})
    known, capabilities = user.server.notice[1], frozenset(user.capabilities)
    data = known.get(capabilities)
    if data is None:
        data = known[capabilities] = user.encode(make())
    user.write(data)


def shares_room(user: IrcUser, member: Member) -> bool:
    """Return whether a client is in a room with somebody, over whatever connection of theirs."""
    rooms = user.session.rooms
    return any(room in rooms for each in (member, *user.hub.persons.beside(member)) for room in each.rooms)


def online(user: IrcUser, nick: str, *, everybody: bool = False) -> Message:
    """Return what says that somebody is there whom a client monitors, or ``everybody`` who does."""
    source = user.server.person_called(nick).source
    return Message(n.RPL_MONONLINE, ("*" if everybody else user.nick, source), user.server.name)


def offline(user: IrcUser, nick: str, *, everybody: bool = False) -> Message:
    """Return what says that nobody is there by a nick that a client monitors, or ``everybody`` who does."""
    return Message(n.RPL_MONOFFLINE, ("*" if everybody else user.nick, nick), user.server.name)


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


def away_reply(user: IrcUser, member: Member, text: str) -> Message:
    """Return RPL_AWAY of somebody."""
    nick = str(member.nick)
    text = part_of(text, room_for(user, n.RPL_AWAY) - len(f"{nick} ".encode()))
    return Message(n.RPL_AWAY, (user.nick, nick, text), user.server.name)


def room_for(user: IrcUser, numeric: str) -> int:
    """Return how many bytes of parameters there is room for in a numeric whose last one is a text."""
    return MAX_BODY_BYTES - len(f":{user.server.name} {numeric} {user.nick} :".encode())
