"""What a client says: one value for each verb, how it is read from a line and written to one.

Every ``read`` function gets what follows the verb. Words stand before ``key=value`` words, and those before
the text; an optional room is there exactly when the next word begins with ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatd.text import clean
from chatd.words import Words

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


Command = (
    Hello | Join | Msg | Tell | Talk | Pipe | Nick | Part | Who | Rooms | Topic | History | Search | Ping | Help | Quit
)


def _read_hello(words: Words) -> Hello:
    version = words.word("the version")
    words.end()
    return Hello(clean(version))


def _read_join(words: Words) -> Join:
    room = words.maybe_room()
    nick = None
    if room is None:
        nick = words.nick_of(words.word("your name"))
        room = words.maybe_room() or LOBBY
    values = words.values("since", "epoch", "resume")
    return Join(nick, room, words.id_of("since", values), values.get("epoch"), values.get("resume"))


def _read_msg(words: Words) -> Msg:
    return Msg(words.text())


def _read_tell(words: Words) -> Tell:
    to = words.word("a room or a name")
    to = words.room_of(to) if to.startswith("#") else words.nick_of(to)
    return Tell(to, words.text())


def _read_talk(words: Words) -> Talk:
    words.end()
    return Talk()


def _read_pipe(words: Words) -> Pipe:
    room = words.maybe_room()
    words.end()
    return Pipe(room)


def _read_nick(words: Words) -> Nick:
    nick = words.nick_of(words.word("the new name"))
    words.end()
    return Nick(nick)


def _read_part(words: Words) -> Part:
    return Part(words.maybe_room(), words.maybe_text())


def _read_who(words: Words) -> Who:
    room = words.maybe_room()
    words.end()
    return Who(room)


def _read_rooms(words: Words) -> Rooms:
    words.end()
    return Rooms()


def _read_topic(words: Words) -> Topic:
    return Topic(words.maybe_room(), words.maybe_text())


def _read_history(words: Words) -> History:
    room = words.maybe_room()
    count = words.maybe_number("the count", 1, MAX_HISTORY)
    values = words.values("since", "before")
    since, before = words.id_of("since", values), words.id_of("before", values)
    return History(room, DEFAULT_HISTORY if count is None else count, since, before)


def _read_search(words: Words) -> Search:
    room = words.maybe_room()
    text = words.text()
    if len(re.findall(r"[^\W_]+|_+", text)) > MAX_SEARCH_WORDS:
        words.refuse(f"there are more than {MAX_SEARCH_WORDS} words")
    return Search(room, text)


def _read_ping(words: Words) -> Ping:
    token = words.maybe_word()
    words.end()
    return Ping(None if token is None else clean(token))


def _read_help(words: Words) -> Help:
    verb = words.maybe_word()
    words.end()
    return Help(None if verb is None else clean(verb).upper())


def _read_quit(words: Words) -> Quit:
    return Quit(words.maybe_text())


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
    Verb(Join, "JOIN <nick> [#room]", "come in under a name; once in, JOIN #room enters one more", _read_join),
    Verb(Msg, "MSG <text>", "say it in the room you joined last", _read_msg),
    Verb(Tell, "TELL <#room or nick> <text>", "say it in a room that you are in, or to one person", _read_tell),
    Verb(Talk, "TALK", "from here what you type is said, and /verb is a command", _read_talk),
    Verb(Pipe, "PIPE [#room]", "from here to the end of the input every line is said", _read_pipe),
    Verb(Nick, "NICK <nick>", "go by another name", _read_nick),
    Verb(Part, "PART [#room] [text]", "leave a room", _read_part),
    Verb(Who, "WHO [#room]", "who is in a room that you are in", _read_who),
    Verb(Rooms, "ROOMS", "which rooms there are", _read_rooms),
    Verb(Topic, "TOPIC [#room] [text]", "set the topic of a room or, without a text, ask for it", _read_topic),
    Verb(
        History,
        "HISTORY [#room] [<count>] [since=<id>] [before=<id>]",
        "what was said before: the newest messages, or the oldest after an id",
        _read_history,
    ),
    Verb(Search, "SEARCH [#room] <words>", "the newest messages with all of these words", _read_search),
    Verb(Ping, "PING [token]", "answered by PONG", _read_ping),
    Verb(Help, "HELP [verb]", "this list, or one line of it", _read_help),
    Verb(Hello, "HELLO 1", "for programs, before JOIN: tags on", _read_hello),
    Verb(Quit, "QUIT [text]", "leave; BYE quit says that all you said was taken", _read_quit),
)
"""Every verb that a client can say, in the order in which HELP lists them."""


def render(command: Command) -> str:
    """Return the line for ``command``, without tags and terminator, holding no control character but TAB."""
    match command:
        case Join(nick, room, since, epoch, resume):
            values = {"since": since, "epoch": epoch, "resume": resume}
            parts = [nick, room, *(f"{key}={value}" for key, value in values.items() if value is not None)]
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
    return clean(" ".join([type(command).__name__.upper(), *filter(None, parts)]))
