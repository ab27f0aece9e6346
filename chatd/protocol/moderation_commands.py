"""What a client sends to log in, and what operators of a room or of the server send.

Like `chatd.protocol.commands`: one class for each verb, and how it is written to a line. ``seconds`` is how long an
action holds, a whole number from 1 to `chatd.protocol.duration.MAX_SECONDS`; None means until it is undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatd.protocol import duration

SERVER = "#*"
"""Stands in place of a room for the whole server."""
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
"""The settings of SET and their words. The first word is the default, except for ``registered``."""
LENGTHS = {"slow": (1, 60 * 60), "keep": (60, duration.MAX_SECONDS)}
"""Settings that also take a duration: the least and the most, in seconds."""
COUNTS = {"limit": (1, 100_000)}
"""Settings that also take a whole number: the least and the most."""
WHO = ("keep", "remove")
"""What happens to people in a room that becomes private: they are invited, as far as possible, or removed."""
MAX_PASSWORD_BYTES = 300


def whole_number(key: str, text: str) -> int | None:
    """Return the number that a text means for one of `COUNTS`; None if it is not a number within its bounds."""
    least, most = COUNTS[key]
    digits = text.lstrip("0") if text.isascii() and text.isdigit() else ""
    # Not longer than the most, so that no endless number is read.
    number = int(digits) if 0 < len(digits) <= len(str(most)) else 0
    return number if least <= number <= most else None


@dataclass(frozen=True, slots=True)
class Login:
    """Log in to the account of a nick."""

    nick: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Register:
    """Make an account for the nick in use."""

    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Kick:
    """Remove somebody from a room or from the server."""

    nick: str
    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """Let somebody read but not speak. ``who`` is a nick, an address or a network."""

    who: str
    room: str | None = None
    seconds: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Ban:
    """Remove somebody and keep them from joining. ``who`` is a nick, an address or a network."""

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
    """Lift a ban."""

    who: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """Make the owner of a nick a room operator."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Deop:
    """Remove somebody as a room operator."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """Let somebody speak in a room where only operators may."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Unvoice:
    """Remove somebody's voice."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """Let the owner of a nick into a private room; a guest, for as long as they are connected."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Uninvite:
    """Withdraw an invitation."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Change a setting of a room. ``who`` is one of `WHO`, for ``private=yes`` only."""

    key: str
    value: str
    room: str | None = None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """List the moderation and settings of a room or, with `SERVER`, of the server."""

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
