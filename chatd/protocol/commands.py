"""What a client sends: one class for each verb, and how a command is written to a line.

Nicks, rooms (with their ``#``) and texts are strings as written on the line. A ``room`` of None means the current room,
and a ``text`` of None is left out. Nothing is validated here; the server does that when it reads the line.

`chatd.protocol.chat_verbs` and `chatd.protocol.moderation_verbs` read commands from lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatd.protocol import moderation_commands, reference_commands
from chatd.protocol.moments import Moment
from chatd.protocol.reference_commands import Edit, React, Retract, Unreact
from chatd.protocol.text import clean

LOBBY = "#lobby"
"""The room that a JOIN without a room goes to."""

MAX_HISTORY = 1000
"""The most messages that one HISTORY returns."""
DEFAULT_HISTORY = 50
MAX_SEARCH_WORDS = 32


@dataclass(frozen=True, slots=True)
class Hello:
    """Declare the version of the protocol, ``1`` today, before JOIN, and turn tags on.

    People send hello too, with any text or none. ``bot`` marks a program that answers by itself; WHO shows it.
    """

    version: str | None
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Join a room under a nick or, without a nick, join another room.

    ``since`` is the id of the last message seen in the room (0 for the beginning) and ``epoch`` the epoch of that id,
    as in ``OK HELLO``: the server first replays everything after it. ``resume`` is the secret of the last ``OK JOIN``;
    with it the nick is taken over from a connection that has not noticed its end. With ``any_nick`` the server takes
    the first free nick of ``nick``, ``nick-2``, ``nick-3`` and so on. ``last`` asks for that many of the newest
    messages first, at most `MAX_HISTORY`; it cannot be combined with ``since``.
    """

    nick: str | None
    room: str
    since: int | None = None
    epoch: str | None = None
    resume: str | None = None
    any_nick: bool = False
    last: int | None = None


@dataclass(slots=True)
class Msg:
    """Send a message to the current room. Not frozen: one is made for every message, and freezing doubles its cost.

    ``reply`` is the id of the message that it answers, and ``notice`` asks programs not to answer it by themselves.
    Both are tags of the line.
    """

    text: str
    reply: int | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to a room or to one person. ``reply`` and ``notice`` are as in `Msg`."""

    to: str
    text: str
    reply: int | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Send a message to a room under a nick without joining; before JOIN."""

    nick: str
    room: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """Send every line from here on as a message, except those that begin with a slash."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """Send every line up to the end of the input as a message, decoded by `chatd.protocol.log_decoder`."""

    room: str | None = None
    charset: str = "utf-8"
    long: str = "split"


@dataclass(frozen=True, slots=True)
class Nick:
    """Change the nick."""

    nick: str


@dataclass(frozen=True, slots=True)
class Part:
    """Leave a room."""

    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Hide somebody's messages; without a nick, list whom the sender ignores."""

    nick: str | None = None


@dataclass(frozen=True, slots=True)
class Unignore:
    """Stop ignoring somebody."""

    nick: str


@dataclass(frozen=True, slots=True)
class Who:
    """List the members of a room and, with ``details``, what is known of each."""

    room: str | None = None
    details: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Mark oneself as away or, without a text, as back."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Set a room's topic or, without a text, ask for it."""

    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Ask for earlier messages: the first ``count`` messages after ``since`` if that is given, else the newest.

    ``count`` is 1 to `MAX_HISTORY`. ``since`` and ``before`` are exclusive ids or moments (from ``since`` on, until
    ``before``). With ``ids`` a connection without tags is told the id of each message. ``person`` is a nick and asks
    for the private messages to and from its owner.
    """

    room: str | None = None
    count: int = DEFAULT_HISTORY
    since: int | Moment | None = None
    before: int | Moment | None = None
    ids: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Ask for the newest messages that contain all words (at most `MAX_SEARCH_WORDS`) or that somebody sent.

    The words may be empty only with an ``author``; the rest is as in `History`. `chatd.protocol.search_terms` says how
    words that look like these keys are read.
    """

    room: str | None
    words: str
    author: str | None = None
    since: int | Moment | None = None
    before: int | Moment | None = None
    ids: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Record the id up to which one has read a room. An account has it on all its connections."""

    id: int
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """Show the time before each line, or stop; with neither, ask for the time. ``zone`` is as in `zones`."""

    on: bool | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a PONG. The server sends the same line to a silent program."""

    token: str | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """List the verbs, or explain one."""

    verb: str | None = None


@dataclass(frozen=True, slots=True)
class Quit:
    """Disconnect once everything sent before is stored."""

    text: str | None = None


Talking = Hello | Join | Msg | Tell | Post | Talk | Pipe | Nick | Part | Who | Rooms | Topic | History | Search
Asking = Away | Ignore | Unignore | Seen | Time | Ping | Help | Quit
Command = Talking | Asking | reference_commands.ReferenceCommand | moderation_commands.ModerationCommand


def render(command: Command) -> str:
    """Return the line for ``command``, without tags and terminator and without control characters except TAB."""
    match command:
        case History(person=str(person)) | Search(person=str(person)):
            # Of a nick by itself one that is a number would be a count.
            verb, rest = render(replace(command, person=None)).split(" ", 1)
            return f"{verb} with={clean(person)} {rest}"
        case Join(nick, room, since, epoch, resume, any_nick, last):
            values = {
                "since": since,
                "epoch": epoch,
                "resume": resume,
                "any": "yes" if any_nick else None,
                "last": last,
            }
            parts: list[str | None] = [
                nick,
                room,
                *(f"{key}={value}" for key, value in values.items() if value is not None),
            ]
        case History(where, count, since, before):
            parts = [where, str(count), *_between(since, before), "ids=yes" if command.ids else None]
        case Search(where, words, author, since, before):
            among = [author and f"from:{author}", *_between(since, before), "ids=yes" if command.ids else None]
            parts = [where, words, *among]
        case Seen(id_, where):
            parts = [str(id_), where]
        case Nick(word) | Ping(word) | Help(word) | Ignore(word) | Unignore(word):
            parts = [word]
        case Hello(version, bot):
            parts = [version, "bot=yes" if bot else None]
        case Who(where, details):
            parts = [where, "details=yes" if details else None]
        case Pipe(room, charset, long):
            parts = [
                room,
                f"charset={charset}" if charset != "utf-8" else None,
                None if long == "split" else f"long={long}",
            ]
        case Post(nick, room, text):
            parts = [nick, room, text]
        case Msg(text) | Quit(text) | Away(text):
            parts = [text]
        case Tell(where, text) | Part(where, text) | Topic(where, text):
            parts = [where, text]
        case Time(on, zone):
            parts = [None if on is None else "on" if on else "off", zone]
        case Talk() | Rooms():
            parts = []
        case Retract() | Edit() | React() | Unreact():
            parts = reference_commands.parts(command)
        case _:
            parts = moderation_commands.parts(command)
    return clean(" ".join([type(command).__name__.upper(), *filter(None, parts)]))


def _between(since: int | Moment | None, before: int | Moment | None) -> list[str]:
    values = {"since": since, "before": before}
    written = {key: value.text if isinstance(value, Moment) else value for key, value in values.items()}
    return [f"{key}={value}" for key, value in written.items() if value is not None]
