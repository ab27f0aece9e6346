"""What a client says: one value for each verb, and how it is written to a line.

A nick, a room (with its ``#``) and a text are strings as they are written; a ``room`` of None is the current one, and a
``text`` of None is left out. Nothing is checked before the server reads it.

How values are read from lines stands in `chatd.protocol.chat_verbs` and `chatd.protocol.moderation_verbs`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatd.protocol import moderation_commands, reference_commands
from chatd.protocol.moments import Moment
from chatd.protocol.reference_commands import Edit, React, Retract, Unreact
from chatd.protocol.text import clean

LOBBY = "#lobby"
"""The room that a JOIN without one goes to."""

MAX_HISTORY = 1000
"""The most messages that one HISTORY gives."""
DEFAULT_HISTORY = 50
MAX_SEARCH_WORDS = 32


@dataclass(frozen=True, slots=True)
class Hello:
    """A program says which version of the protocol it speaks, ``1`` today, before JOIN; tags are on from here.

    People say hello too, with anything after it or nothing. ``bot`` says that a program answers by itself: those who
    ask who is there are told so.
    """

    version: str | None
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Join under a nick, or, without one, enter one more room.

    ``since`` is the id of the last message that was seen there, 0 for the beginning, and ``epoch`` the one that it is
    from, as ``OK HELLO`` said: all after it comes first. ``resume`` is the secret of the last ``OK JOIN``; with it the
    nick is taken over from a connection that has not noticed its end. With ``any_nick`` it is the first free one of
    ``nick``, ``nick-2``, ``nick-3`` and so on. ``last`` is how many of the newest messages come first, at most
    `MAX_HISTORY`, and does not go with ``since``.
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
    """Say something in the current room. Not frozen: one is made for every message, and freezing doubles its cost.

    ``reply`` is the id of the message that it answers, and ``notice`` says that no program is to answer it by itself;
    they are tags of the line.
    """

    text: str
    reply: int | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something in a room, or to one person. ``reply`` and ``notice`` are as for `Msg`."""

    to: str
    text: str
    reply: int | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Say something in a room under a nick, without coming in: before JOIN."""

    nick: str
    room: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """From here every line is said, but for those that begin with a slash."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """From here to the end every line is said, as what a program prints: see `chatd.protocol.log_decoder`."""

    room: str | None = None
    charset: str = "utf-8"
    long: str = "split"


@dataclass(frozen=True, slots=True)
class Nick:
    """Go by another name."""

    nick: str


@dataclass(frozen=True, slots=True)
class Part:
    """Leave a room."""

    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Be told nothing any more that somebody says; without a nick, ask who that is."""

    nick: str | None = None


@dataclass(frozen=True, slots=True)
class Unignore:
    """Take that back."""

    nick: str


@dataclass(frozen=True, slots=True)
class Who:
    """Ask who is in a room and, with ``details``, what is known of each."""

    room: str | None = None
    details: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Say why one is away or, without a text, that one is back."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """Ask which rooms there are."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Set a room's topic or, without a text, ask for it."""

    room: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Ask for what was said before: the oldest ``count`` messages after ``since`` if that is given, else the newest.

    ``count`` is 1 to `MAX_HISTORY`. ``since`` and ``before`` are ids, and the messages with them are not told, or
    moments: from the one on, and until the other. With ``ids`` one who reads no tags is told the id of each message.
    ``person`` is a nick: what is asked for is what was told in private, by and to the owner of that.
    """

    room: str | None = None
    count: int = DEFAULT_HISTORY
    since: int | Moment | None = None
    before: int | Moment | None = None
    ids: bool = False
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Ask for the newest messages that hold all of some words, at most `MAX_SEARCH_WORDS`, or that somebody has sent.

    Without an ``author`` there are words, and with one they may be empty; the rest is as in `History`. What among the
    words looks like one of these is read as such: see `chatd.protocol.search_terms`.
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
    """Note up to which message one has read a room: an id. Whoever has an account finds it on all connections."""

    id: int
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """Show a clock before each line, or none any more; with neither, ask for the time. ``zone`` is as in `zones`."""

    on: bool | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a PONG; what the server sends to a silent program is the same line."""

    token: str | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """Ask what there is to say."""

    verb: str | None = None


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave for good, once all that was said before is stored."""

    text: str | None = None


Talking = Hello | Join | Msg | Tell | Post | Talk | Pipe | Nick | Part | Who | Rooms | Topic | History | Search
Asking = Away | Ignore | Unignore | Seen | Time | Ping | Help | Quit
Command = Talking | Asking | reference_commands.ReferenceCommand | moderation_commands.ModerationCommand


def render(command: Command) -> str:
    """Return the line for ``command``, without tags and terminator, holding no control character but TAB."""
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
