"""Every verb that a client can say: how it is written, what it does, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatd.protocol import commands
from chatd.protocol import moderation_commands as orders
from chatd.protocol.arguments import Words
from chatd.protocol.commands import Command


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the protocol: the value it stands for, how it is written, what it does, how it is read."""

    command: type[Command]
    usage: str
    summary: str
    read: Callable[[Words], Command]


def _verbs(*verbs: Verb) -> Mapping[str, Verb]:
    return {verb.command.__name__.upper(): verb for verb in verbs}


VERBS = _verbs(
    Verb(
        commands.Join,
        "JOIN <nick> [#room]",
        "come in under a name; once in, JOIN #room enters one more",
        commands.read_join,
    ),
    Verb(commands.Msg, "MSG <text>", "say it in the room you joined last", commands.read_msg),
    Verb(
        commands.Tell,
        "TELL <#room or nick> <text>",
        "say it in a room that you are in, or to one person",
        commands.read_tell,
    ),
    Verb(commands.Talk, "TALK", "from here what you type is said, and /verb is a command", commands.read_talk),
    Verb(commands.Pipe, "PIPE [#room]", "from here to the end of the input every line is said", commands.read_pipe),
    Verb(commands.Nick, "NICK <nick>", "go by another name", commands.read_nick),
    Verb(commands.Part, "PART [#room] [text]", "leave a room", commands.read_part),
    Verb(commands.Who, "WHO [#room]", "who is in a room that you are in", commands.read_who),
    Verb(commands.Rooms, "ROOMS", "which rooms there are", commands.read_rooms),
    Verb(
        commands.Topic,
        "TOPIC [#room] [text]",
        "set the topic of a room or, without a text, ask for it",
        commands.read_topic,
    ),
    Verb(
        commands.History,
        "HISTORY [#room] [<count>] [since=<id>] [before=<id>]",
        "what was said before: the newest messages, or the oldest after an id",
        commands.read_history,
    ),
    Verb(
        commands.Search, "SEARCH [#room] <words>", "the newest messages with all of these words", commands.read_search
    ),
    Verb(commands.Ping, "PING [token]", "answered by PONG", commands.read_ping),
    Verb(commands.Help, "HELP [verb]", "this list, or one line of it", commands.read_help),
    Verb(commands.Hello, "HELLO 1", "for programs, before JOIN: tags on", commands.read_hello),
    Verb(orders.Login, "LOGIN <nick> <password>", "prove who you are, before JOIN", orders.read_login),
    Verb(orders.Register, "REGISTER <password> [code]", "make your name your own", orders.read_register),
    Verb(orders.Kick, "KICK <nick> [#room] [text]", "put somebody out of a room", orders.read_kick),
    Verb(
        orders.Mute,
        "MUTE <nick or address> [#room] [for=<duration>] [text]",
        "let somebody read and not speak; #* is the whole server",
        orders.read_mute,
    ),
    Verb(orders.Unmute, "UNMUTE <nick or address> [#room]", "let somebody speak again", orders.read_unmute),
    Verb(orders.Ban, "BAN <nick or address> [#room] [for=<duration>] [text]", "keep somebody out", orders.read_ban),
    Verb(orders.Unban, "UNBAN <nick or address> [#room]", "let somebody in again", orders.read_unban),
    Verb(orders.Op, "OP <nick> [#room]", "let somebody look after a room", orders.read_op),
    Verb(orders.Deop, "DEOP <nick> [#room]", "let somebody look after it no longer", orders.read_deop),
    Verb(orders.Invite, "INVITE <nick> [#room]", "let somebody into a private room", orders.read_invite),
    Verb(
        orders.Set,
        "SET [#room] <key>=<value>",
        "registered=yes makes a room yours; private=yes|no, topic=operators|members",
        orders.read_set,
    ),
    Verb(commands.Quit, "QUIT [text]", "leave; BYE quit says that all you said was taken", commands.read_quit),
)
"""Every verb that a client can say, in the order in which HELP lists them."""
