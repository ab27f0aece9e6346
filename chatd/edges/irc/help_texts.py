"""What HELP says of each command, how it is written and what it does, and what is said of those there are none of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

HELP: Mapping[str, tuple[str, str]] = {
    "ADMIN": ("ADMIN", "Says who runs this server."),
    "AUTHENTICATE": ("AUTHENTICATE <mechanism>", "Logs in to an account (SASL), before NICK and USER or later."),
    "AWAY": (
        "AWAY [<text>]",
        "Marks you as away and tells the text to those who write to you; without a text, marks you as back.",
    ),
    "BATCH": (
        "BATCH +<name> draft/multiline <nick or #room>",
        "Begins a message of several lines; BATCH -<name> sends it.",
    ),
    "CAP": ("CAP LS|LIST|REQ|END", "Negotiates capabilities (IRCv3)."),
    "CHATHISTORY": (
        "CHATHISTORY LATEST|BEFORE|AFTER|AROUND <target> *|msgid=<id>|timestamp=<time> <count>",
        "Returns earlier messages (draft/chathistory). BETWEEN takes two points in time; "
        "TARGETS lists the rooms and people with messages between two.",
    ),
    "CONNECT": ("CONNECT", "Does nothing here: nodes find one another."),
    "DIE": ("DIE", "Does nothing here: the server is stopped on its machine."),
    "HELP": ("HELP [<command>]", "Lists the commands, or explains one."),
    "INFO": ("INFO", "Says what this server is."),
    "INVITE": (
        "INVITE [<nick> <#room>]",
        "Invites somebody to a room, which is the only way into a private one. "
        "Alone, lists the rooms that you are invited to.",
    ),
    "ISON": ("ISON <nick> ...", "Says which of these people are here."),
    "JOIN": ("JOIN <#room>[,<#room>]", "Enters rooms; one that does not exist is made. JOIN 0 leaves them all."),
    "KICK": ("KICK <#room> <nick>[,<nick>] [<reason>]", "Removes people from a room, as one of its operators."),
    "KILL": ("KILL <nick> [<reason>]", "Disconnects somebody, as a server operator."),
    "LINKS": ("LINKS", "Lists other servers: there are none."),
    "LIST": ("LIST [<mask or condition>,...]", "Lists rooms with people in them: LIST *dev*, LIST >10, LIST T<60."),
    "LUSERS": ("LUSERS", "Counts people and rooms."),
    "MARKREAD": (
        "MARKREAD <nick or #room> [timestamp=<time>]",
        "Sets, or asks for, the point up to which you have read (draft/read-marker).",
    ),
    "MODE": (
        "MODE <#room> [<modes> [<nick or mask> ...]]",
        "Shows the modes of a room, or changes them, as one of its operators.\n"
        "+b <nick or *!*@192.0.2.0/24> bans, +q mutes; +I <nick> invites. Alone, each shows its list.\n"
        "+o <nick> makes an operator, +v <nick> gives a voice.\n"
        "+i by invitation only, +l <count> no more people than that, +m only operators and voices speak\n"
        "+n no messages from outside, +r registered to your account, +s not in LIST\n"
        "+t only operators set the topic\n"
        "MODE <your nick> +B marks you as a bot, +i hides you from WHO.",
    ),
    "MONITOR": (
        "MONITOR +|-|C|L|S [<nick>,...]",
        "Tells you when people come and go: + and - add and remove nicks, C clears the list, "
        "L shows it, S says who of it is here.",
    ),
    "MOTD": ("MOTD", "Shows the message of the day."),
    "NAMES": ("NAMES <#room>", "Lists the people in a room that you are in."),
    "NICK": ("NICK <nick>", "Changes your nick."),
    "NICKSERV": ("NICKSERV IDENTIFY [<account>] <password>", "Logs in to an account, for bots that know no other way."),
    "NOTICE": ("NOTICE <nick or #room>[,...] <text>", "Sends a message that programs must not answer."),
    "NS": ("NS IDENTIFY [<account>] <password>", "Short for NICKSERV."),
    "OPER": ("OPER <account> <password>", "Logs in to the account of a server operator."),
    "PART": ("PART <#room>[,<#room>] [<text>]", "Leaves rooms."),
    "PASS": ("PASS <account>:<password>", "Logs in before NICK and USER, for clients without SASL."),
    "PING": ("PING <word>", "Is answered by PONG with the same word."),
    "PONG": ("PONG <word>", "Answers the server's PING; clients do so by themselves."),
    "PRIVMSG": ("PRIVMSG <nick or #room>[,...] <text>", "Sends a message to a room or to one person."),
    "QUIT": ("QUIT [<text>]", "Leaves this server."),
    "REDACT": ("REDACT <#room> <msgid> [<reason>]", "Deletes a message (draft/message-redaction)."),
    "REGISTER": (
        "REGISTER * * <password>",
        "Makes an account of your nick (draft/account-registration). "
        "An invitation code, where one is needed, replaces the second *.",
    ),
    "REHASH": ("REHASH", "Does nothing here: the server is run on its machine."),
    "RESTART": ("RESTART", "Does nothing here: the server is run on its machine."),
    "SERVLIST": ("SERVLIST", "Lists nothing: there are no services."),
    "SETNAME": ("SETNAME <real name>", "Changes your real name."),
    "SQUERY": ("SQUERY <service> <text>", "Does nothing here: there are no services."),
    "SQUIT": ("SQUIT", "Does nothing here: nodes find one another."),
    "STATS": ("STATS [<letter>]", "Says where the server's statistics are."),
    "SUMMON": ("SUMMON", "Does nothing here: nobody can be summoned."),
    "TAGMSG": ("TAGMSG <nick or #room>[,...]", "Sends tags without a text: a reaction, or that you are typing."),
    "TIME": ("TIME", "Tells the server's time."),
    "TOPIC": ("TOPIC <#room> [<text>]", "Shows a room's topic, or sets it."),
    "TRACE": ("TRACE", "Does nothing here: WHOIS says who somebody is."),
    "USER": (
        "USER <user name> 0 * <real name>",
        "Registers the connection, together with NICK; clients do so by themselves.",
    ),
    "USERHOST": ("USERHOST <nick> ...", "Says of up to five people whether they are here, away, or server operators."),
    "USERS": ("USERS", "Does nothing here: WHO lists people."),
    "VERIFY": ("VERIFY <account> <code>", "Does nothing here: accounts need no verification."),
    "VERSION": ("VERSION", "Says which version of chatd this is, and what it supports."),
    "WHO": ("WHO <#room or mask> [%<fields>]", "Lists people with their names and whether they are away."),
    "WHOIS": ("WHOIS <nick>", "Says who somebody is, and which rooms you share."),
    "WHOWAS": ("WHOWAS <nick>", "Says who used this nick lately."),
}
ABSENT: Mapping[str, str] = {
    "KNOCK": "rooms take no knocks; ask one of its operators to INVITE you",
    "SERVICE": "there are no services",
    "WALLOPS": "nothing is said to everybody at once; say it in a room",
    **dict.fromkeys(("CHANSERV", "CS"), "there is no ChanServ; MODE #room +r makes a room your own"),
}
"""Commands that programs send and that there are none of, and what to do instead."""
OVERVIEW = textwrap.wrap(" ".join(HELP), 70)
