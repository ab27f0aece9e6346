"""Every verb that a client can say: how it is written, what it does, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatd.protocol import commands
from chatd.protocol import moderation_commands as moderation_commands
from chatd.protocol.arguments import Arguments
from chatd.protocol.commands import Command


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the protocol: the value it stands for, how it is written, what it does, how it is read."""

    command: type[Command]
    usage: str
    summary: str
    read: Callable[[Arguments], Command]


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
    Verb(
        moderation_commands.Login,
        "LOGIN <nick> <password>",
        "prove who you are, before JOIN",
        moderation_commands.read_login,
    ),
    Verb(
        moderation_commands.Register,
        "REGISTER <password> [code]",
        "make your name your own",
        moderation_commands.read_register,
    ),
    Verb(
        moderation_commands.Kick,
        "KICK <nick> [#room] [text]",
        "put somebody out of a room",
        moderation_commands.read_kick,
    ),
    Verb(
        moderation_commands.Mute,
        "MUTE <nick or address> [#room] [for=<duration>] [text]",
        "let somebody read and not speak; #* is the whole server",
        moderation_commands.read_mute,
    ),
    Verb(
        moderation_commands.Unmute,
        "UNMUTE <nick or address> [#room]",
        "let somebody speak again",
        moderation_commands.read_unmute,
    ),
    Verb(
        moderation_commands.Ban,
        "BAN <nick or address> [#room] [for=<duration>] [text]",
        "keep somebody out",
        moderation_commands.read_ban,
    ),
    Verb(
        moderation_commands.Unban,
        "UNBAN <nick or address> [#room]",
        "let somebody in again",
        moderation_commands.read_unban,
    ),
    Verb(moderation_commands.Op, "OP <nick> [#room]", "let somebody look after a room", moderation_commands.read_op),
    Verb(
        moderation_commands.Deop,
        "DEOP <nick> [#room]",
        "let somebody look after it no longer",
        moderation_commands.read_deop,
    ),
    Verb(
        moderation_commands.Invite,
        "INVITE <nick> [#room]",
        "let somebody into a private room",
        moderation_commands.read_invite,
    ),
    Verb(
        moderation_commands.Set,
        "SET [#room] <key>=<value>",
        "registered=yes makes a room yours; private=yes|no, topic=operators|members",
        moderation_commands.read_set,
    ),
    Verb(commands.Quit, "QUIT [text]", "leave; BYE quit says that all you said was taken", commands.read_quit),
)
"""Every verb that a client can say, in the order in which HELP lists them."""
