"""What a client says to prove who it is, and what operators of a room or of the server say.

Like `chatd.protocol.commands`: one value for each verb, and how it is written to a line. ``seconds`` is how long
something holds, a whole number from 1 to `chatd.protocol.duration.MAX_SECONDS`; None is for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatd.protocol import duration

SERVER = "#*"
"""Stands where a room would, for the whole server."""
SETTINGS = {
    "registered": ("yes",),
    "private": ("no", "yes"),
    "listed": ("yes", "no"),
    "topic": ("members", "operators"),
    "speak": ("members", "operators"),
    "outsiders": ("no", "yes"),
    "slow": ("off",),
    "keep": ("all",),
    "limit": ("off",),
}
"""What SET can set, and to what; the first is how it is without it, but for ``registered``."""
LENGTHS = {"slow": (1, 60 * 60), "keep": (60, duration.MAX_SECONDS)}
"""Which of these can be set to a length of time besides: the least and the most, in seconds."""
COUNTS = {"limit": (1, 100_000)}
"""Which of these can be set to a whole number besides: the least and the most."""
WHO = ("keep", "remove")
"""What becomes of those who are in a room that is made private: they are invited, as far as that goes, or put out."""
MAX_PASSWORD_BYTES = 300


def whole_number(key: str, text: str) -> int | None:
    """Return the number, of those that something can be set to, that a text says; None if it says none of them."""
    least, most = COUNTS[key]
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    # Not longer than the most, so that no endless number is read.
    number = int(digits) if 0 < len(digits) <= len(str(most)) else 0
    return number if least <= number <= most else None


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
    """Make the owner of a nick a room operator."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Deop:
    """Make somebody a room operator no longer."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """Let somebody speak where operators alone do."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Unvoice:
    """Let somebody speak there no longer."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """Let somebody into a private room: the owner of a nick or, as long as they are connected, a guest."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Uninvite:
    """Take an invitation back."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Change a setting of a room. ``who`` is one of `WHO`, for ``private=yes`` alone."""

    key: str
    value: str
    room: str | None = None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Ask what holds in a room or, with `SERVER`, on the server."""

    room: str | None = None


ModerationCommand = (
    Login
    | Register
    | Kick
    | Mute
    | Ban
    | Unmute
    | Unban
    | Op
    | Deop
    | Voice
    | Unvoice
    | Invite
    | Uninvite
    | Set
    | Rules
)


def parts(command: ModerationCommand) -> list[str | None]:
    """Return what follows the verb when a command is written as a line."""
    match command:
        case Login(nick, password):
            return [nick, password]
        case Register(password, code):
            return [password, code]
        case Kick(nick, room, text):
            return [nick, room, text]
        case Mute(who, room, seconds, text) | Ban(who, room, seconds, text):
            return [who, room, None if seconds is None else f"for={duration.written(seconds)}", text]
        case Unmute(who, room) | Unban(who, room) | Invite(who, room) | Uninvite(who, room):
            return [who, room]
        case Op(who, room) | Deop(who, room) | Voice(who, room) | Unvoice(who, room):
            return [who, room]
        case Rules(room):
            return [room]
        case Set(key, value, room, who):
            return [room, f"{key}={value}", None if who is None else f"who={who}"]
