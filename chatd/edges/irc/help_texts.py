"""What HELP says of each command, how it is written and what it does, and what is said of those there are none of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

HELP: Mapping[str, tuple[str, str]] = {
    "ADMIN": ("ADMIN", "Says who runs this server."),
    "AUTHENTICATE": ("AUTHENTICATE <mechanism>", "Logs in to an account (SASL), before NICK and USER or after them."),
    "AWAY": ("AWAY [<text>]", "Says why you are away to those who write to you; without a text, that you are back."),
    "BATCH": ("BATCH +<name> draft/multiline <target>", "Begins a message of several lines; BATCH -<name> says it."),
    "CAP": ("CAP LS|LIST|REQ|END", "Negotiates capabilities (IRCv3)."),
    "CONNECT": ("CONNECT", "Has nothing to do here: nodes find one another."),
    "DIE": ("DIE", "Has nothing to do here: the server is stopped on its machine."),
    "CHATHISTORY": ("CHATHISTORY <subcommand> <target> ...", "Gives what was said before (draft/chathistory)."),
    "HELP": ("HELP [<command>]", "Lists the commands, or says what one does."),
    "INFO": ("INFO", "Says what this server is."),
    "INVITE": (
        "INVITE [<nick> <#room>]",
        "Invites somebody into a room; a private one can be entered only so. Alone, lists the rooms that wait for you.",
    ),
    "ISON": ("ISON <nick> ...", "Says which of these people are here."),
    "JOIN": ("JOIN <#room>[,<#room>]", "Enters rooms, and makes those that are not there."),
    "KICK": ("KICK <#room> <nick> [<reason>]", "Puts somebody out of a room, as one of its operators."),
    "KILL": ("KILL <nick> [<reason>]", "Puts somebody off the server, as a server operator."),
    "LINKS": ("LINKS", "Lists other servers: there are none."),
    "LIST": ("LIST [<mask or condition>,...]", "Lists rooms with people in them: LIST *dev*, LIST >10, LIST T<60."),
    "LUSERS": ("LUSERS", "Says how many people and rooms there are."),
    "MARKREAD": ("MARKREAD <target> [timestamp=<time>]", "Says or asks up to where you have read (draft/read-marker)."),
    "MODE": (
        "MODE <#room> [<modes> [<who> ...]]",
        "Asks for the modes of a room, or sets them.",
    ),
    "MONITOR": ("MONITOR +|-|C|L|S [<nick>,...]", "Tells you when people come and go."),
    "MOTD": ("MOTD", "Shows the message of the day."),
    "NAMES": ("NAMES <#room>", "Lists who is in a room that you are in."),
    "NICK": ("NICK <name>", "Gives you another name."),
    "NICKSERV": ("NICKSERV IDENTIFY [<account>] <password>", "Logs in to an account, for bots that know no other way."),
    "NOTICE": ("NOTICE <nick or #room> <text>", "Says something that programs do not answer."),
    "NS": ("NS IDENTIFY [<account>] <password>", "Is short for NICKSERV."),
    "OPER": ("OPER <account> <password>", "Logs in to the account of a server operator."),
    "PART": ("PART <#room>[,<#room>] [<text>]", "Leaves rooms."),
    "PASS": ("PASS <account>:<password>", "Logs in before NICK and USER, for clients without SASL."),
    "PING": ("PING <word>", "Is answered by PONG with the same word."),
    "PRIVMSG": (
        "PRIVMSG <nick or #room>[,...] <text>",
        "Says something, in a room or to somebody alone.",
    ),
    "QUIT": ("QUIT [<text>]", "Leaves this server."),
    "REDACT": ("REDACT <#room> <msgid> [<reason>]", "Takes a message back (draft/message-redaction)."),
    "REGISTER": ("REGISTER * * <password>", "Makes the name that you use your own (draft/account-registration)."),
    "REHASH": ("REHASH", "Has nothing to do here: the server is run on its machine."),
    "RESTART": ("RESTART", "Has nothing to do here: the server is run on its machine."),
    "SERVLIST": ("SERVLIST", "Lists no services: there are none."),
    "SETNAME": ("SETNAME <real name>", "Changes your real name."),
    "SQUERY": ("SQUERY <service> <text>", "Has nothing to do here: there are no services."),
    "SQUIT": ("SQUIT", "Has nothing to do here: nodes find one another."),
    "STATS": ("STATS [<letter>]", "Says where the numbers are."),
    "SUMMON": ("SUMMON", "Has nothing to do here: nobody is summoned."),
    "TAGMSG": ("TAGMSG <nick or #room>[,...]", "Passes on what its tags say: a reaction, that you are typing."),
    "TIME": ("TIME", "Says what time it is here."),
    "TOPIC": ("TOPIC <#room> [<text>]", "Asks what a room is about, or says it."),
    "TRACE": ("TRACE", "Traces nothing: WHOIS says who somebody is."),
    "USERHOST": ("USERHOST <nick> ...", "Says whether these people are here or away."),
    "USERS": ("USERS", "Has nothing to do here: WHO lists people."),
    "VERIFY": ("VERIFY <account> <code>", "Has nothing to do here: accounts need not be verified."),
    "VERSION": ("VERSION", "Says which version of chatd this is, and what it supports."),
    "WHO": ("WHO <#room or mask>", "Lists people with their names and whether they are away."),
    "WHOIS": ("WHOIS <nick>", "Says who somebody is, and which of your rooms they are in."),
    "WHOWAS": ("WHOWAS <nick>", "Says who of that name has left lately."),
}
ABSENT: Mapping[str, str] = {
    "KNOCK": "rooms take no knocks; ask one of its operators to INVITE you",
    "SERVICE": "there are no services",
    "WALLOPS": "nothing is said to everybody at once; say it in a room",
    **dict.fromkeys(("CHANSERV", "CS"), "there is no ChanServ; MODE #room +r makes a room your own"),
}
"""Commands that programs send and that there are none of, and what to do instead."""
OVERVIEW = textwrap.wrap(" ".join(HELP), 70)
