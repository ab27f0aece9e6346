"""What a client says to prove who it is, and what those say who look after a room or the server.

Like `chatd.protocol.commands`: one value for each verb, and how it is read from a line.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from chatd.protocol import duration
from chatd.protocol.arguments import Arguments
from chatd.protocol.text import excerpt

SERVER = "#*"
"""Stands where a room would, for the whole server."""
SETTINGS = {"registered": ("yes",), "private": ("no", "yes"), "topic": ("members", "operators")}
"""What SET can set, and to what; of two, the first is how it is without it."""
MAX_PASSWORD_BYTES = 256


@dataclass(frozen=True, slots=True)
class Login:
    """Prove to be the owner of a nick."""

    nick: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Register:
    """Make the nick that one goes by one's own."""

    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Kick:
    """Put somebody out of a room, or off the server."""

    nick: str
    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """Let somebody read and not speak. ``who`` is a name, an address or a network."""

    who: str
    room: str | None = None
    seconds: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Ban:
    """Keep somebody out. ``who`` is a name, an address or a network."""

    who: str
    room: str | None = None
    seconds: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Unmute:
    """Let somebody speak again."""

    who: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Unban:
    """Let somebody in again."""

    who: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """Let the owner of a nick look after a room."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Deop:
    """Let somebody look after a room no longer."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """Let the owner of a nick into a private room."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Change a setting of a room."""

    key: str
    value: str
    room: str | None = None


Order = Login | Register | Kick | Mute | Ban | Unmute | Unban | Op | Deop | Invite | Set


def subject(words: Arguments, word: str) -> str:
    """Return whom a word means: an address or a network in its usual form, else a nick."""
    try:
        if "%" in word:
            raise ValueError(word)
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return words.nick_of(word)
    if network.version == 6 and network.prefixlen >= 96 and (mapped := network.network_address.ipv4_mapped):
        network = ipaddress.ip_network((mapped, network.prefixlen - 96))
    return str(network.network_address if network.num_addresses == 1 else network)


def _password(words: Arguments) -> str:
    word = words.word("the password")
    if len(word.encode()) > MAX_PASSWORD_BYTES:
        words.refuse(f"a password has at most {MAX_PASSWORD_BYTES} bytes")
    return word


def read_login(words: Arguments) -> Login:
    """Read what follows LOGIN; and so on for the others."""
    nick = words.nick_of(words.word("your name"))
    password = _password(words)
    words.end()
    return Login(nick, password)


def read_register(words: Arguments) -> Register:
    """See `read_login`."""
    password = _password(words)
    code = words.maybe_word()
    words.end()
    return Register(password, code)


def read_kick(words: Arguments) -> Kick:
    """See `read_login`."""
    nick = words.nick_of(words.word("a name"))
    return Kick(nick, _place(words), words.maybe_text())


def read_mute(words: Arguments) -> Mute:
    """See `read_login`."""
    return Mute(*_sentence(words))


def read_ban(words: Arguments) -> Ban:
    """See `read_login`."""
    return Ban(*_sentence(words))


def read_unmute(words: Arguments) -> Unmute:
    """See `read_login`."""
    who, room = subject(words, words.word("a name or an address")), _place(words)
    words.end()
    return Unmute(who, room)


def read_unban(words: Arguments) -> Unban:
    """See `read_login`."""
    who, room = subject(words, words.word("a name or an address")), _place(words)
    words.end()
    return Unban(who, room)


def read_op(words: Arguments) -> Op:
    """See `read_login`."""
    return Op(*_nick_and_place(words))


def read_deop(words: Arguments) -> Deop:
    """See `read_login`."""
    return Deop(*_nick_and_place(words))


def read_invite(words: Arguments) -> Invite:
    """See `read_login`."""
    return Invite(*_nick_and_place(words))


def read_set(words: Arguments) -> Set:
    """See `read_login`."""
    room = _place(words)
    word = words.word("a setting")
    words.end()
    key, _, value = word.partition("=")
    if key not in SETTINGS:
        words.refuse(f"{excerpt(word)} is no setting; there are {', '.join(SETTINGS)}")
    if value not in SETTINGS[key]:
        words.refuse(f"{key} is {' or '.join(SETTINGS[key])}")
    return Set(key, value, room)


def _place(words: Arguments) -> str | None:
    """Take the next word if it is a room or stands for the whole server."""
    return SERVER if words.takes(SERVER) else words.maybe_room()


def _nick_and_place(words: Arguments) -> tuple[str, str | None]:
    nick, room = words.nick_of(words.word("a name")), _place(words)
    words.end()
    return nick, room


def _sentence(words: Arguments) -> tuple[str, str | None, int | None, str | None]:
    who, room = subject(words, words.word("a name or an address")), _place(words)
    seconds = None
    if (length := words.maybe_value("for")) is not None:
        try:
            seconds = duration.seconds(length)
        except ValueError as error:
            words.refuse(str(error))
    return who, room, seconds, words.maybe_text()


def parts(order: Order) -> list[str | None]:
    """Return what follows the verb when an order is written as a line."""
    match order:
        case Login(nick, password):
            return [nick, password]
        case Register(password, code):
            return [password, code]
        case Kick(nick, room, text):
            return [nick, room, text]
        case Mute(who, room, seconds, text) | Ban(who, room, seconds, text):
            return [who, room, None if seconds is None else f"for={duration.written(seconds)}", text]
        case Unmute(who, room) | Unban(who, room) | Op(who, room) | Deop(who, room) | Invite(who, room):
            return [who, room]
        case Set(key, value, room):
            return [room, f"{key}={value}"]
