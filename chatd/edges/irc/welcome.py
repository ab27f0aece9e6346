"""What a client is told when it comes in: who and where it is, what there is here, and how many are."""

from __future__ import annotations

from collections.abc import Mapping

from chatd import __version__
from chatd.chat.member_details import MAX_AWAY_CHARACTERS
from chatd.edges.irc import chathistory
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.mode_changes import MAX_CHANGES
from chatd.edges.irc.mode_telling import MAX_TEXT_BYTES
from chatd.edges.irc.onlooking import BOT, MAX_MONITORED
from chatd.edges.irc.rooms import MAX_TOPIC
from chatd.edges.irc.rows import Row
from chatd.edges.irc.server import MAX_REALNAME
from chatd.edges.irc.user import IrcUser
from chatd.protocol import commands
from chatd.protocol.names import MAX_NICK_LENGTH, MAX_ROOM_LENGTH

NETWORK = "chatd"
USER_MODES = f"{BOT}io"
ROOM_MODES = "Ibilmnoqrstv"
TOKENS_PER_LINE = 12
MOTD = (
    "Messages in rooms are stored; people who join later can read them.",
    f"Everybody meets in {commands.LOBBY}: /join {commands.LOBBY}",
)


def isupport(user: IrcUser) -> Mapping[str, str]:
    """Return the tokens of RPL_ISUPPORT; an empty value stands for none."""
    limits = user.hub.limits
    rooms = limits.rooms_per_connection
    return {
        "AWAYLEN": str(MAX_AWAY_CHARACTERS),
        "BOT": BOT,
        "CASEMAPPING": "ascii",
        **chathistory.ISUPPORT,
        "CHANLIMIT": f"#:{rooms or ''}",
        "CHANMODES": "Ibq,,l,imnrst",
        "CHANNELLEN": str(MAX_ROOM_LENGTH + 1),
        "CHANTYPES": "#",
        "ELIST": "MNTU",
        "HOSTLEN": "24",
        "INVEX": "I",
        "KICKLEN": str(MAX_TEXT_BYTES),
        "MODES": str(MAX_CHANGES),
        "MONITOR": str(MAX_MONITORED),
        "NAMELEN": str(MAX_REALNAME),
        "NETWORK": NETWORK,
        "NICKLEN": str(MAX_NICK_LENGTH),
        "PREFIX": "(ov)@+",
        "TARGMAX": "JOIN:,KICK:,LIST:,NAMES:,NOTICE:4,PART:,PRIVMSG:4,TAGMSG:4,WHOIS:1",
        "TOPICLEN": str(MAX_TOPIC),
        "USERLEN": "19",
        "UTF8ONLY": "",
        "WHOX": "",
    }


def tell(user: IrcUser) -> None:
    """Welcome a client."""
    server = user.server
    user.reply(n.RPL_WELCOME, f"Welcome to {NETWORK}, {user.person.source}")
    user.reply(n.RPL_YOURHOST, f"Your host is {server.name}, running chatd {__version__}")
    user.reply(n.RPL_CREATED, f"This server was started {server.date(server.created)}")
    user.reply(n.RPL_MYINFO, server.name, f"chatd-{__version__}", USER_MODES, ROOM_MODES)
    tell_isupport(user)
    tell_lusers(user)
    tell_motd(user)


def tell_isupport(user: IrcUser) -> None:
    """Tell a client what this server supports."""
    tokens = [f"{key}={value}" if value else key for key, value in isupport(user).items()]
    for first in range(0, len(tokens), TOKENS_PER_LINE):
        user.reply(n.RPL_ISUPPORT, *tokens[first : first + TOKENS_PER_LINE], "are supported by this server")


def tell_lusers(user: IrcUser) -> None:
    """Tell a client how many people, rooms and connections there are."""
    hub = user.hub
    people = hub.nick_count
    most = max(user.server.most_users, people)
    unknown = max(len(hub.clients) - people, 0)
    rooms, others = hub.occupied_count, hub.nodes.count - 1
    there = f"There {'is' if people == 1 else 'are'} {_counted(people, 'user')} and 0 invisible"
    user.reply(n.RPL_LUSERCLIENT, f"{there} on {_counted(hub.nodes.count, 'server')}")
    waiting = "connection that has no nick yet" if unknown == 1 else "connections that have no nick yet"
    user.reply(n.RPL_LUSERUNKNOWN, str(unknown), waiting)
    user.reply(n.RPL_LUSERCHANNELS, str(rooms), "room with people in it" if rooms == 1 else "rooms with people in them")
    user.reply(n.RPL_LUSERME, f"I have {_counted(people, 'client')} and {_counted(others, 'server')}")
    user.reply(n.RPL_LOCALUSERS, str(people), str(most), f"Current local users {people}, max {most}")
    user.reply(n.RPL_GLOBALUSERS, str(people), str(most), f"Current global users {people}, max {most}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def tell_motd(user: IrcUser) -> None:
    """Tell a client the message of the day."""
    user.reply(n.RPL_MOTDSTART, f"- {user.server.name} message of the day -")
    for line in MOTD:
        user.reply(n.RPL_MOTD, f"- {line}")
    user.reply(n.RPL_ENDOFMOTD, "End of /MOTD")


def _lusers(user: IrcUser, _message: Message) -> None:
    tell_lusers(user)


def _motd(user: IrcUser, _message: Message) -> None:
    tell_motd(user)


ROWS: tuple[Row, ...] = (Row("LUSERS", _lusers), Row("MOTD", _motd))
