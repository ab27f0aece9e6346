"""What the server sends: one class for each kind of line, how it is written and how a client reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from chatd.protocol import duration, member_details, references
from chatd.protocol.commands import Ping
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.member_details import MemberDetails
from chatd.protocol.references import ReactionCounts, ReferringEvent
from chatd.protocol.text import clean

_NO_VALUES: Mapping[str, str] = MappingProxyType({})
_PAIR = re.compile(r"([a-z0-9-]{1,32})=(.*)")
_RETRY = re.compile(r"retry=([0-9]{1,5}(?:\.[0-9]{1,3})?) (?=.)")
_TIMED = frozenset({"MUTE", "BAN"})
MODERATION_VERBS = (
    "KICK",
    "MUTE",
    "UNMUTE",
    "BAN",
    "UNBAN",
    "OP",
    "DEOP",
    "VOICE",
    "UNVOICE",
    "INVITE",
    "UNINVITE",
    "SET",
)
"""The verbs of `Moderated`."""
NO_TOPIC = "-"
"""The text of a topic that means that there is none."""
LIST_LINE_CHARACTERS = 2000
"""About how many characters of names a line of a list holds: at most 8 KB, whatever the script."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text for people: the greeting, help, a hint."""

    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody joined a room."""

    nick: str
    room: str


@dataclass(frozen=True, slots=True)
class Parted:
    """Somebody left a room."""

    nick: str
    room: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Renamed:
    """Somebody changed their nick."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TopicSet:
    """Somebody set a room's topic, or removed it: then the text is `NO_TOPIC`."""

    nick: str
    room: str
    text: str

    @property
    def topic(self) -> str:
        """The topic from here on; empty if it was removed."""
        return "" if self.text == NO_TOPIC else self.text


@dataclass(slots=True)
class Said:
    """A message in a room. Not frozen: one is made for every message, and freezing doubles its cost."""

    nick: str
    room: str
    text: str
    reply: int = 0
    """The id of the message that it answers, 0 for none; a tag of the line."""
    notice: bool = False
    """Whether programs must not answer it by themselves; a tag of the line."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """A moderation action: somebody removed, muted or invited somebody, and so on, or changed a setting.

    ``room`` is `SERVER` for the whole server; ``subject`` is a nick, an address, a network or ``key=value``.
    ``seconds`` is how long it holds; None means until it is undone. ``reach`` is whom a MUTE or BAN of a nick also
    applies to, see `chatd.model.room_policy.Identity`: it is stored, and in no line.
    """

    verb: str
    nick: str
    room: str
    subject: str
    seconds: int | None = None
    text: str | None = None
    reach: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A private message. ``notice`` is as in `Said`."""

    nick: str
    text: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """An earlier message, for a connection without tags. ``time`` is as on the wire.

    ``id`` is 0 unless it was asked for.
    """

    time: str
    nick: str
    room: str
    text: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class ToldOthers:
    """A private message that the reader sent to ``nick`` over another connection.

    ``by`` is the nick that the reader had, which is in no line. ``notice`` is as in `Said`.
    """

    nick: str
    text: str
    notice: bool = False
    by: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """An earlier private message, for a connection without tags. ``time`` is as on the wire."""

    time: str
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Present:
    """Some of the members of a room."""

    room: str
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A room that has members, their number, and its topic if it has one."""

    room: str
    members: int
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which id the reader has read a room over another connection."""

    room: str
    id: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a command's answer: an ``OK`` line.

    ``words`` are the words after the verb, and ``values`` its ``key=value`` words: for ``HELLO`` ``epoch``,
    ``max-line`` (bytes), ``ping`` (seconds) and ``register`` (``yes`` or ``no``); for ``JOIN`` ``last`` and ``seen``
    (ids), ``resume``, ``recovered`` (``yes`` or ``no``) and ``since`` (``unknown``). There may be others.
    """

    verb: str
    words: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=lambda: _NO_VALUES)


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a PING."""

    token: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was not carried out: an ``ERR`` line. ``verb`` is `chatd.protocol.errors.ANY_VERB` if none was read."""

    code: Code
    verb: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last line before the server closes: ``BYE``."""

    code: DisconnectReason
    text: str
    retry: float | None = None
    """After how many seconds to reconnect, to two decimals; None unless the server restarts."""


DurableEvent = Said | TopicSet | Moderated | ReferringEvent
"""Events that get an id and are stored; all others are passing."""
Event = (
    Note
    | Joined
    | Parted
    | Renamed
    | TopicSet
    | Said
    | Moderated
    | ReferringEvent
    | ReactionCounts
    | Told
    | Replayed
    | ToldBefore
    | ToldOthers
    | Present
    | MemberDetails
    | Listed
    | Seen
    | Done
    | Pong
    | Refused
    | Ended
    | Ping
)


def _done(event: Done) -> str:
    values = (f"{key}={value}" for key, value in event.values.items())
    return " ".join(("OK", event.verb, *event.words, *values))


def _ruled(event: Moderated) -> str:
    held = "" if event.seconds is None else f" for={duration.written(event.seconds)}"
    text = f" {event.text}" if event.text else ""
    return f"{event.verb} {event.nick} {event.room} {event.subject}{held}{text}"


_RENDER: Mapping[type, Callable[..., str]] = {
    # Formatting a name, which is a subclass of str, costs four times what joining does.
    Said: lambda e: " ".join(("MSG", e.nick, e.room, e.text)),
    Joined: lambda e: f"JOIN {e.nick} {e.room}",
    Parted: lambda e: f"PART {e.nick} {e.room}" + (f" {e.text}" if e.text else ""),
    Renamed: lambda e: f"NICK {e.old} {e.new}",
    TopicSet: lambda e: f"TOPIC {e.nick} {e.room} {e.text}",
    Moderated: _ruled,
    **references.RENDER,
    Told: lambda e: f"TELL {e.nick} {e.text}",
    Replayed: lambda e: f"OLD {e.time} {f'{e.id} ' if e.id else ''}MSG {e.nick} {e.room} {e.text}",
    ToldOthers: lambda e: f"TOLD {e.nick} {e.text}",
    ToldBefore: lambda e: f"OLD {e.time} TELL {e.nick} {e.text}",
    Note: lambda e: f"NOTE {e.text}",
    Present: lambda e: " ".join(("WHO", e.room, *e.nicks)),
    MemberDetails: member_details.render,
    Listed: lambda e: f"ROOM {e.room} {e.members}" + (f" {e.topic}" if e.topic else ""),
    Seen: lambda e: f"SEEN {e.room} {e.id}",
    Done: _done,
    Pong: lambda e: f"PONG {e.token}" if e.token else "PONG",
    Ping: lambda e: f"PING {e.token}" if e.token else "PING",
    Refused: lambda e: f"ERR {e.code} {e.verb} {e.text}",
    Ended: lambda e: f"BYE {e.code} {'' if e.retry is None else f'retry={e.retry:.2f} '}{e.text}",
}


def render(event: Event) -> str:
    """Return the line for ``event``, without tags and terminator and without control characters except TAB."""
    # What a client said was cleaned when it was read; this is the one door out, for that and for all else.
    return clean(_RENDER[type(event)](event))


def present(room: str, nicks: Sequence[str]) -> Iterator[Present]:
    """Yield as many lines as it takes to list ``nicks``."""
    line: list[str] = []
    length = 0
    for nick in nicks:
        if length + len(nick) > LIST_LINE_CHARACTERS:
            yield Present(room, tuple(line))
            line, length = [], 0
        line.append(nick)
        length += len(nick) + 1
    if line:
        yield Present(room, tuple(line))


def read(verb: str, rest: str | None) -> Event:
    """Return the event of a server's line, given its verb and what follows the verb.

    Raise `ChatError` for a verb that this version does not know, which a client ignores, and for a malformed line.
    Nothing that is returned contains a character that `clean` replaces.
    """
    if (shape := _SHAPES.get(verb)) is None:
        raise ChatError(Code.UNKNOWN_VERB, "no such line")
    try:
        return shape(clean(rest) if rest else None)
    except (ValueError, TypeError) as error:
        raise ChatError(Code.BAD_SYNTAX, f"not a {verb} line") from error


def _shape(make: Callable[..., Event], words: int, *, text: bool | None) -> Callable[[str | None], Event]:
    """Return a reader of ``words`` words and a text that must (True), may (None) or may not (False) follow."""

    def read_parts(rest: str | None) -> Event:
        parts = [] if rest is None else rest.split(" ", words) if text is not False else rest.split(" ")
        if not all(parts) or (text is True and len(parts) != words + 1) or len(parts) < words:
            raise ValueError
        return make(*parts)

    return read_parts


def _read_old(rest: str | None) -> Replayed | ToldBefore:
    time, *more = (rest or "").split(" ", 1)
    id_, _, line = more[0].partition(" ") if more and more[0][:1].isdigit() else ("0", "", "".join(more))
    if not (time and id_.isascii() and id_.isdigit()):
        raise ValueError(rest)
    verb, nick, text = line.split(" ", 2)
    if verb == "TELL" and nick and text and id_ == "0":
        return ToldBefore(time, nick, text)
    room, text = text.split(" ", 1)
    if verb != "MSG" or not (nick and room and text):
        raise ValueError(rest)
    return Replayed(time, nick, room, text, int(id_))


def _ended(code: str, text: str) -> Ended:
    reason = DisconnectReason(code)
    retry = _RETRY.match(text) if reason is DisconnectReason.RESTART else None
    return Ended(reason, text) if retry is None else Ended(reason, text[retry.end() :], float(retry[1]))


def _read_done(rest: str | None) -> Done:
    verb, *words = (rest or "").split(" ")
    pairs = [_PAIR.fullmatch(word) for word in words]
    if not verb or not all(words):
        raise ValueError
    return Done(
        verb,
        tuple(word for word, pair in zip(words, pairs, strict=True) if pair is None),
        {pair[1]: pair[2] for pair in pairs if pair},
    )


def _read_ruled(verb: str) -> Callable[[str | None], Moderated]:
    """Return a reader of what follows a verb of moderation."""

    def read_parts(rest: str | None) -> Moderated:
        nick, room, subject, *more = (rest or "").split(" ", 3)
        if not (nick and room and subject):
            raise ValueError
        seconds, text = None, more[0] if more else None
        if text is not None and verb in _TIMED and text.startswith("for="):
            held, _, after = text.partition(" ")
            seconds, text = duration.seconds(held.removeprefix("for=")), after or None
        return Moderated(verb, nick, room, subject, seconds, text)

    return read_parts


_SHAPES: Mapping[str, Callable[[str | None], Event]] = {
    "MSG": _shape(Said, 2, text=True),
    "JOIN": _shape(Joined, 2, text=False),
    "PART": _shape(Parted, 2, text=None),
    "NICK": _shape(Renamed, 2, text=False),
    "TOPIC": _shape(TopicSet, 2, text=True),
    "TELL": _shape(Told, 1, text=True),
    "TOLD": _shape(ToldOthers, 1, text=True),
    "OLD": _read_old,
    "NOTE": _shape(Note, 0, text=True),
    "WHO": _shape(lambda room, *nicks: Present(room, nicks), 1, text=False),
    "IS": member_details.read,
    "ROOM": _shape(lambda room, members, topic=None: Listed(room, int(members), topic), 2, text=None),
    "SEEN": _shape(lambda room, id_: Seen(room, int(id_)), 2, text=False),
    "OK": _read_done,
    "PONG": _shape(Pong, 0, text=False),
    "PING": _shape(Ping, 0, text=False),
    "ERR": _shape(lambda code, verb, text: Refused(Code(code), verb, text), 2, text=True),
    **{verb: _read_ruled(verb) for verb in MODERATION_VERBS},
    **references.SHAPES,
    "BYE": _shape(_ended, 1, text=True),
}
