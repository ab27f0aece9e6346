"""What a client says: one value for each verb, how it is read from a line and written to one.

Every ``read`` function gets what follows the verb. Words stand before ``key=value`` words, and those before
the text; an optional room is there exactly when the next word begins with ``#``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatd.protocol import moderation_commands as moderation_commands
from chatd.protocol.arguments import Arguments
from chatd.protocol.text import clean

LOBBY = "#lobby"
"""The room that a JOIN without one goes to."""

MAX_HISTORY = 1000
"""The most messages that one HISTORY gives."""
DEFAULT_HISTORY = 50
MAX_SEARCH_WORDS = 32


@dataclass(frozen=True, slots=True)
class Hello:
    """A program says which version of the protocol it speaks; tags are on from here."""

    version: str


@dataclass(frozen=True, slots=True)
class Join:
    """Come in under a nick, or, without one, enter one more room."""

    nick: str | None
    room: str
    since: int | None = None
    epoch: str | None = None
    resume: str | None = None


@dataclass(slots=True)
class Msg:
    """Say something in the current room. Not frozen: one is made for every message, and freezing doubles its cost."""

    text: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something in a room, or to one person."""

    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """From here every line is said, but for those that begin with a slash."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """From here to the end every line is said."""

    room: str | None = None


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
class Who:
    """Ask who is in a room."""

    room: str | None = None


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
    """Ask for what was said before: the oldest ``count`` messages after ``since`` if that is given, else the newest."""

    room: str | None = None
    count: int = DEFAULT_HISTORY
    since: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Ask for the newest messages that hold all of some words."""

    room: str | None
    words: str


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


Talking = Hello | Join | Msg | Tell | Talk | Pipe | Nick | Part | Who | Rooms | Topic | History | Search
Command = Talking | Ping | Help | Quit | moderation_commands.Order


def read_hello(words: Arguments) -> Hello:
    """Read what follows HELLO; and so on for the others."""
    version = words.word("the version")
    words.end()
    return Hello(clean(version))


def read_join(words: Arguments) -> Join:
    """See `read_hello`."""
    room: str | None = words.maybe_room()
    nick = None
    if room is None:
        nick = words.nick_of(words.word("your name"))
        room = words.maybe_room() or LOBBY
    values = words.values("since", "epoch", "resume")
    return Join(nick, room, words.id_of("since", values), values.get("epoch"), values.get("resume"))


def read_msg(words: Arguments) -> Msg:
    """See `read_hello`."""
    return Msg(words.text())


def read_tell(words: Arguments) -> Tell:
    """See `read_hello`."""
    to = words.word("a room or a name")
    to = words.room_of(to) if to.startswith("#") else words.nick_of(to)
    return Tell(to, words.text())


def read_talk(words: Arguments) -> Talk:
    """See `read_hello`."""
    words.end()
    return Talk()


def read_pipe(words: Arguments) -> Pipe:
    """See `read_hello`."""
    room = words.maybe_room()
    words.end()
    return Pipe(room)


def read_nick(words: Arguments) -> Nick:
    """See `read_hello`."""
    nick = words.nick_of(words.word("the new name"))
    words.end()
    return Nick(nick)


def read_part(words: Arguments) -> Part:
    """See `read_hello`."""
    return Part(words.maybe_room(), words.maybe_text())


def read_who(words: Arguments) -> Who:
    """See `read_hello`."""
    room = words.maybe_room()
    words.end()
    return Who(room)


def read_rooms(words: Arguments) -> Rooms:
    """See `read_hello`."""
    words.end()
    return Rooms()


def read_topic(words: Arguments) -> Topic:
    """See `read_hello`."""
    return Topic(words.maybe_room(), words.maybe_text())


def read_history(words: Arguments) -> History:
    """See `read_hello`."""
    room = words.maybe_room()
    count = words.maybe_number("the count", 1, MAX_HISTORY)
    values = words.values("since", "before")
    since, before = words.id_of("since", values), words.id_of("before", values)
    return History(room, DEFAULT_HISTORY if count is None else count, since, before)


def read_search(words: Arguments) -> Search:
    """See `read_hello`."""
    room = words.maybe_room()
    text = words.text()
    if len(re.findall(r"[^\W_]+|_+", text)) > MAX_SEARCH_WORDS:
        words.refuse(f"there are more than {MAX_SEARCH_WORDS} words")
    return Search(room, text)


def read_ping(words: Arguments) -> Ping:
    """See `read_hello`."""
    token = words.maybe_word()
    words.end()
    return Ping(None if token is None else clean(token))


def read_help(words: Arguments) -> Help:
    """See `read_hello`."""
    verb = words.maybe_word()
    words.end()
    return Help(None if verb is None else clean(verb).upper())


def read_quit(words: Arguments) -> Quit:
    """See `read_hello`."""
    return Quit(words.maybe_text())


def render(command: Command) -> str:
    """Return the line for ``command``, without tags and terminator, holding no control character but TAB."""
    match command:
        case Join(nick, room, since, epoch, resume):
            values = {"since": since, "epoch": epoch, "resume": resume}
            parts: list[str | None] = [
                nick,
                room,
                *(f"{key}={value}" for key, value in values.items() if value is not None),
            ]
        case History(where, count, since, before):
            values = {"since": since, "before": before}
            parts = [where, str(count), *(f"{key}={value}" for key, value in values.items() if value is not None)]
        case Hello(word) | Nick(word) | Ping(word) | Help(word) | Pipe(word) | Who(word):
            parts = [word]
        case Msg(text) | Quit(text):
            parts = [text]
        case Tell(where, text) | Part(where, text) | Topic(where, text) | Search(where, text):
            parts = [where, text]
        case Talk() | Rooms():
            parts = []
        case _:
            parts = moderation_commands.parts(command)
    return clean(" ".join([type(command).__name__.upper(), *filter(None, parts)]))
