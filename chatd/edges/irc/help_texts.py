"""What HELP says of each command, how it is written and what it does, and what is said of those there are none of."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

HELP: Mapping[str, tuple[str, str]] = {
    "ADMIN": ("ADMIN", "Shows who runs this server."),
    "AUTHENTICATE": ("AUTHENTICATE <mechanism>", "Logs in to an account (SASL), before NICK and USER or later."),
    "AWAY": (
        "AWAY [<text>]",
        "Marks you as away and shows the text to people who message you; without a text, marks you as back.",
    ),
    "BATCH": (
        "BATCH +<name> draft/multiline <nick or #room>",
        "Begins a message of several lines; BATCH -<name> ends and sends it.",
    ),
    "CAP": ("CAP LS|LIST|REQ|END", "Negotiates capabilities (IRCv3)."),
    "CHATHISTORY": (
        "CHATHISTORY LATEST|BEFORE|AFTER|AROUND <target> *|msgid=<id>|timestamp=<time> <count>",
        "Returns earlier messages (draft/chathistory). BETWEEN takes two points in time; "
        "TARGETS lists the rooms and people with messages between them.",
    ),
    "CONNECT": ("CONNECT", "Not supported: nodes find each other."),
    "DIE": ("DIE", "Not supported: the server is stopped on its own machine."),
    "HELP": ("HELP [<command>]", "Lists the commands, or explains one."),
    "INFO": ("INFO", "Describes this server."),
    "INVITE": (
        "INVITE [<nick> <#room>]",
        "Invites somebody to a room; a private room can be joined only by invitation. "
        "Without parameters, lists your invitations.",
    ),
    "ISON": ("ISON <nick> ...", "Shows which of these people are connected."),
    "JOIN": ("JOIN <#room>[,<#room>]", "Joins rooms, and creates those that do not exist. JOIN 0 leaves all rooms."),
    "KICK": ("KICK <#room> <nick>[,<nick>] [<reason>]", "Removes people from a room, as one of its operators."),
    "KILL": ("KILL <nick> [<reason>]", "Disconnects somebody, as a server operator."),
    "LINKS": ("LINKS", "Lists linked servers; there are none."),
    "LIST": ("LIST [<mask or condition>,...]", "Lists rooms with people in them: LIST *dev*, LIST >10, LIST T<60."),
    "LUSERS": ("LUSERS", "Counts people and rooms."),
    "MARKREAD": (
        "MARKREAD <nick or #room> [timestamp=<time>]",
        "Sets or shows how far you have read (draft/read-marker).",
    ),
    "MODE": (
        "MODE <#room> [<modes> [<nick or mask> ...]]",
        "Shows the modes of a room, or changes them, as one of its operators.\n"
        "+b <nick or *!*@192.0.2.0/24> bans, +q mutes; +I <nick> invites. Alone, each shows its list.\n"
        "+o <nick> makes an operator; +v <nick> gives a voice.\n"
        "+i by invitation only; +l <count> limits the members; +m only operators and voices speak\n"
        "+n no messages from outside; +r registered to your account; +s hidden from LIST\n"
        "+t only operators set the topic\n"
        "MODE <your nick> +B marks you as a bot; +i hides you from WHO.",
    ),
    "MONITOR": (
        "MONITOR +|-|C|L|S [<nick>,...]",
        "Tells you when people come and go: + and - add and remove nicks, C clears the list, "
        "L shows it, S shows who is connected.",
    ),
    "MOTD": ("MOTD", "Shows the message of the day."),
    "NAMES": ("NAMES <#room>", "Lists the members of a room that you are in."),
    "NICK": ("NICK <nick>", "Changes your nick."),
    "NICKSERV": (
        "NICKSERV IDENTIFY [<account>] <password>",
        "Logs in to an account, for bots that support no other way.",
    ),
    "NOTICE": ("NOTICE <nick or #room>[,...] <text>", "Sends a message that programs must not answer."),
    "NS": ("NS IDENTIFY [<account>] <password>", "Short for NICKSERV."),
    "OPER": ("OPER <account> <password>", "Logs in to the account of a server operator."),
    "PART": ("PART <#room>[,<#room>] [<text>]", "Leaves rooms."),
    "PASS": ("PASS <account>:<password>", "Logs in before NICK and USER, for clients without SASL."),
    "PING": ("PING <word>", "Tests the connection; the answer is PONG with the same word."),
    "PONG": ("PONG <word>", "Answers the server's PING; clients do so by themselves."),
    "PRIVMSG": ("PRIVMSG <nick or #room>[,...] <text>", "Sends a message to a room or to one person."),
    "QUIT": ("QUIT [<text>]", "Disconnects from the server."),
    "REDACT": ("REDACT <#room> <msgid> [<reason>]", "Deletes a message (draft/message-redaction)."),
    "REGISTER": (
        "REGISTER * * <password>",
        "Makes an account of your nick (draft/account-registration). "
        "An invitation code, where one is needed, replaces the second *.",
    ),
    "REHASH": ("REHASH", "Not supported: the server is administered on its own machine."),
    "RESTART": ("RESTART", "Not supported: the server is administered on its own machine."),
    "SERVLIST": ("SERVLIST", "Lists services; there are none."),
    "SETNAME": ("SETNAME <real name>", "Changes your real name."),
    "SQUERY": ("SQUERY <service> <text>", "Not supported: there are no services."),
    "SQUIT": ("SQUIT", "Not supported: nodes find each other."),
    "STATS": ("STATS [<letter>]", "Shows where the server's statistics are."),
    "SUMMON": ("SUMMON", "Not supported: nobody can be summoned."),
    "TAGMSG": ("TAGMSG <nick or #room>[,...]", "Sends tags without a text: a reaction, or that you are typing."),
    "TIME": ("TIME", "Shows the server's time."),
    "TOPIC": ("TOPIC <#room> [<text>]", "Shows or sets a room's topic."),
    "TRACE": ("TRACE", "Not supported: use WHOIS."),
    "USER": (
        "USER <user name> 0 * <real name>",
        "Registers the connection, together with NICK; clients do so by themselves.",
    ),
    "USERHOST": ("USERHOST <nick> ...", "Shows whether up to five people are connected, away or server operators."),
    "USERS": ("USERS", "Not supported: use WHO."),
    "VERIFY": ("VERIFY <account> <code>", "Not supported: accounts need no verification."),
    "VERSION": ("VERSION", "Shows the version of chatd and what it supports."),
    "WHO": ("WHO <#room or mask> [%<fields>]", "Lists people with their real names and whether they are away."),
    "WHOIS": ("WHOIS <nick>", "Shows who somebody is and which rooms you share."),
    "WHOWAS": ("WHOWAS <nick>", "Shows who used this nick recently."),
}
ABSENT: Mapping[str, str] = {
    "KNOCK": "KNOCK is not supported; ask a room operator to INVITE you",
    "SERVICE": "there are no services",
    "WALLOPS": "you cannot message everybody at once; send it to a room",
    **dict.fromkeys(("CHANSERV", "CS"), "there is no ChanServ; MODE #room +r makes a room your own"),
}
"""Commands that programs send and that there are none of, and what to do instead."""
OVERVIEW = textwrap.wrap(" ".join(HELP), 70)
