"""What a client says: one value for each verb, how it is read from a line and written to one.

Every ``read`` function gets what follows the verb. Words stand before ``key=value`` words, and those before
the text; an optional room is there exactly when the next word begins with ``#``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Never

from chatd import names
from chatd.errors import ChatError, Code
from chatd.text import clean, excerpt

LOBBY = "#lobby"
"""The room that a JOIN without one goes to."""

MAX_ID = 2**63 - 1
_VALUE = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


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


Command = Hello | Join | Msg | Tell | Talk | Pipe | Nick | Part | Who | Rooms | Topic | Ping | Help | Quit


class Words:
    """What follows a verb, taken word by word; every refusal is a `ChatError` that shows how the line is written."""

    def __init__(self, usage: str, rest: str | None) -> None:
        self._usage = usage
        self._rest = rest

    def refuse(self, why: str, code: Code = Code.BAD_SYNTAX) -> Never:
        """Raise the error for this line."""
        raise ChatError(code, f"{why}; write {self._usage}" if code is Code.BAD_SYNTAX else why)

    def word(self, what: str) -> str:
        """Take the next word."""
        word = self.maybe_word()
        return self.refuse(f"{what} is missing") if word is None else word

    def maybe_word(self) -> str | None:
        """Take the next word if there is one."""
        if self._rest is None:
            return None
        word, space, rest = self._rest.partition(" ")
        if not word:
            self.refuse("there is a space too many")
        self._rest = rest if space else None
        return word

    def maybe_room(self) -> str | None:
        """Take the next word if it is a room."""
        if self._rest is None or not self._rest.startswith("#"):
            return None
        return self.room_of(self.word("a room"))

    def room_of(self, word: str) -> str:
        """Return the room that a word names."""
        try:
            return names.room(word)
        except names.BadNameError as error:
            return self.refuse(str(error), Code.BAD_ROOM)

    def nick_of(self, word: str) -> str:
        """Return the nick that a word names."""
        try:
            return names.nick(word)
        except names.BadNameError as error:
            return self.refuse(str(error), Code.BAD_NICK)

    def values(self, *keys: str) -> dict[str, str]:
        """Take all that is left as ``key=value`` words, each of ``keys`` at most once."""
        found: dict[str, str] = {}
        while (word := self.maybe_word()) is not None:
            key, equals, value = word.partition("=")
            if not equals or key not in keys or key in found or not _VALUE.fullmatch(value):
                self.refuse(f"{excerpt(word)} does not belong there")
            found[key] = value
        return found

    def text(self) -> str:
        """Take all that is left as text."""
        text = self.maybe_text()
        return self.refuse("the text is missing") if text is None else text

    def maybe_text(self) -> str | None:
        """Take all that is left as text, if there is any."""
        rest, self._rest = self._rest, None
        if rest == "":
            self.refuse("the text is empty")
        return None if rest is None else clean(rest)

    def end(self) -> None:
        """Refuse whatever is left."""
        if self._rest is not None:
            self.refuse(f"{excerpt(self._rest)} does not belong there")


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
    since = values.get("since")
    if since is not None and not (since.isascii() and since.isdigit() and int(since) <= MAX_ID):
        words.refuse("since is the id of a message")
    return Join(nick, room, None if since is None else int(since), values.get("epoch"), values.get("resume"))


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
        case Hello(word) | Nick(word) | Ping(word) | Help(word) | Pipe(word) | Who(word):
            parts = [word]
        case Msg(text) | Quit(text):
            parts = [text]
        case Tell(where, text) | Part(where, text) | Topic(where, text):
            parts = [where, text]
        case Talk() | Rooms():
            parts = []
    return clean(" ".join([type(command).__name__.upper(), *filter(None, parts)]))
