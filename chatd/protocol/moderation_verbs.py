"""How the verbs are written with which people prove who they are, and moderate, one row each."""

from __future__ import annotations

import ipaddress

from chatd.protocol import duration, names
from chatd.protocol import moderation_commands as commands
from chatd.protocol.arguments import Arguments
from chatd.protocol.text import clean, excerpt
from chatd.protocol.verb_row import Verb


def _subject(words: Arguments, word: str) -> str:
    return _network(word) or words.nick_of(word)


def subject_of(word: str) -> str:
    """Return whom a word means: an address or a network in its usual form, else a nick.

    Raise `chatd.protocol.names.BadNameError` if it is none of these.
    """
    return _network(word) or names.nick(word)


def _network(word: str) -> str | None:
    try:
        if "%" in word:
            raise ValueError(word)
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None
    if network.version == 6 and network.prefixlen >= 96 and (mapped := network.network_address.ipv4_mapped):
        network = ipaddress.ip_network((mapped, network.prefixlen - 96))
    return str(network.network_address if network.num_addresses == 1 else network)


def _password(words: Arguments) -> str:
    word = _secret(words, words.word("the password"))
    if len(word.encode()) > commands.MAX_PASSWORD_BYTES:
        words.refuse(f"the password is too long; it can have at most {commands.MAX_PASSWORD_BYTES} bytes")
    return word


def _secret(words: Arguments, word: str) -> str:
    # Where a program writes the line, they become other characters: the same password would not be the same.
    if clean(word) != word:
        words.refuse("passwords and codes cannot have control characters")
    return word


def _read_login(words: Arguments) -> commands.Login:
    nick = words.nick_of(words.word("your nick"))
    password = _password(words)
    words.end()
    return commands.Login(nick, password)


def _read_register(words: Arguments) -> commands.Register:
    password = _password(words)
    code = words.maybe_word()
    if code is not None:
        _secret(words, code)
    words.end()
    return commands.Register(password, code)


def _read_kick(words: Arguments) -> commands.Kick:
    nick = words.nick_of(words.word("the nick"))
    return commands.Kick(nick, _place(words), words.maybe_text())


def _read_mute(words: Arguments) -> commands.Mute:
    return commands.Mute(*_sentence(words))


def _read_ban(words: Arguments) -> commands.Ban:
    return commands.Ban(*_sentence(words))


def _read_unmute(words: Arguments) -> commands.Unmute:
    who, room = _subject(words, words.word("the nick or address")), _place(words)
    words.end()
    return commands.Unmute(who, room)


def _read_unban(words: Arguments) -> commands.Unban:
    who, room = _subject(words, words.word("the nick or address")), _place(words)
    words.end()
    return commands.Unban(who, room)


def _read_op(words: Arguments) -> commands.Op:
    return commands.Op(*_nick_and_place(words))


def _read_deop(words: Arguments) -> commands.Deop:
    return commands.Deop(*_nick_and_place(words))


def _read_voice(words: Arguments) -> commands.Voice:
    return commands.Voice(*_nick_and_place(words))


def _read_unvoice(words: Arguments) -> commands.Unvoice:
    return commands.Unvoice(*_nick_and_place(words))


def _read_invite(words: Arguments) -> commands.Invite:
    return commands.Invite(*_nick_and_place(words))


def _read_uninvite(words: Arguments) -> commands.Uninvite:
    return commands.Uninvite(*_nick_and_place(words))


def _read_set(words: Arguments) -> commands.Set:
    room = _place(words)
    word = words.word("the setting")
    who = words.values("who").get("who")
    key, _, value = word.partition("=")
    if key not in commands.SETTINGS:
        words.refuse(f"unknown setting: {excerpt(word)}; the settings are {', '.join(commands.SETTINGS)}")
    value = _value(words, key, value)
    if who is not None and (key, value) != ("private", "yes"):
        words.refuse("who= is for private=yes only")
    if who is not None and who not in commands.WHO:
        words.refuse(f"who= takes {' or '.join(commands.WHO)}")
    return commands.Set(key, value, room, who)


def _value(words: Arguments, key: str, value: str) -> str:
    """Return what a setting is set to, a number or a length of time in its shortest form."""
    values = " or ".join(commands.SETTINGS[key])
    if value in commands.SETTINGS[key]:
        return value
    if key in commands.COUNTS:
        return _count(words, key, value)
    if key not in commands.LENGTHS:
        words.refuse(f"{key}= takes {values}")
    least, most = commands.LENGTHS[key]
    try:
        seconds = duration.seconds(value)
    except ValueError as error:
        words.refuse(f"{key}= takes {values} or a duration: {error}")
    if not least <= seconds <= most:
        words.refuse(f"{key}= takes {values} or a duration from {duration.written(least)} to {duration.written(most)}")
    return duration.written(seconds)


def _count(words: Arguments, key: str, value: str) -> str:
    least, most = commands.COUNTS[key]
    if (number := commands.whole_number(key, value)) is None:
        values = " or ".join(commands.SETTINGS[key])
        words.refuse(f"{key}= takes {values} or a whole number from {least} to {most}")
    return str(number)


def _read_rules(words: Arguments) -> commands.Rules:
    room = _place(words)
    words.end()
    return commands.Rules(room)


def _place(words: Arguments) -> str | None:
    """Take the next word if it is a room or stands for the whole server."""
    return commands.SERVER if words.takes(commands.SERVER) else words.maybe_room()


def _nick_and_place(words: Arguments) -> tuple[str, str | None]:
    nick, room = words.nick_of(words.word("the nick")), _place(words)
    words.end()
    return nick, room


def _sentence(words: Arguments) -> tuple[str, str | None, int | None, str | None]:
    who, room = _subject(words, words.word("the nick or address")), _place(words)
    seconds = None
    if (length := words.maybe_value("for")) is not None:
        try:
            seconds = duration.seconds(length)
        except ValueError as error:
            words.refuse(str(error))
    return who, room, seconds, words.maybe_text()


ROWS = (
    Verb(
        commands.Login,
        "LOGIN <nick> <password>",
        "log in to your account, before JOIN",
        _read_login,
    ),
    Verb(
        commands.Register,
        "REGISTER <password> [code]",
        "make an account for your nick",
        _read_register,
    ),
    Verb(
        commands.Kick,
        "KICK <nick> [#room] [text]",
        "remove somebody from a room",
        _read_kick,
    ),
    Verb(
        commands.Mute,
        "MUTE <nick or address> [#room] [for=<duration>] [text]",
        "let somebody read but not speak; #* stands for the whole server",
        _read_mute,
    ),
    Verb(
        commands.Unmute,
        "UNMUTE <nick or address> [#room]",
        "let somebody speak again",
        _read_unmute,
    ),
    Verb(
        commands.Ban,
        "BAN <nick or address> [#room] [for=<duration>] [text]",
        "remove somebody and keep them out; #* stands for the whole server",
        _read_ban,
    ),
    Verb(
        commands.Unban,
        "UNBAN <nick or address> [#room]",
        "lift a ban",
        _read_unban,
    ),
    Verb(commands.Op, "OP <nick> [#room]", "make somebody a room operator", _read_op),
    Verb(
        commands.Deop,
        "DEOP <nick> [#room]",
        "remove somebody as a room operator",
        _read_deop,
    ),
    Verb(
        commands.Voice,
        "VOICE <nick> [#room]",
        "let somebody speak in a room where only operators may",
        _read_voice,
    ),
    Verb(
        commands.Unvoice,
        "UNVOICE <nick> [#room]",
        "remove somebody's voice",
        _read_unvoice,
    ),
    Verb(
        commands.Invite,
        "INVITE <nick> [#room]",
        "let somebody into a private room, or tell them about an open one",
        _read_invite,
    ),
    Verb(
        commands.Uninvite,
        "UNINVITE <nick> [#room]",
        "withdraw an invitation; if the room is private, also remove the person",
        _read_uninvite,
    ),
    Verb(
        commands.Set,
        "SET [#room] <key>=<value> [who=keep|remove]",
        "registered=yes makes the room yours;"
        " also private=, listed=, topic=, speak=, outsiders=, slow=10s, keep=30d, limit=30",
        _read_set,
    ),
    Verb(
        commands.Rules,
        "RULES [#room]",
        "list a room's bans, mutes, operators, invitations and settings",
        _read_rules,
    ),
)
