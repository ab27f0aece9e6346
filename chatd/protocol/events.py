"""What the server says: one value for each kind of line, how it is written and how a client reads it."""

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
"""The text of a topic that says that there is none."""
LIST_LINE_CHARACTERS = 2000
"""About how many characters of names a line of a list holds: at most 8 KB, whatever the script."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something for people: the greeting, help, a notice."""

    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came into a room."""

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
    """Somebody goes by another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TopicSet:
    """Somebody set a room's topic, or took it away: then the text is `NO_TOPIC`."""

    nick: str
    room: str
    text: str

    @property
    def topic(self) -> str:
        """What the room is about from here on; empty if nobody says."""
        return "" if self.text == NO_TOPIC else self.text


@dataclass(slots=True)
class Said:
    """Somebody said something in a room. Not frozen: one is made for every message, and freezing doubles its cost."""

    nick: str
    room: str
    text: str
    reply: int = 0
    """The id of the message that it answers, 0 for none; it is told as a tag."""
    notice: bool = False
    """Whether no program is to answer it by itself; it is told as a tag."""


@dataclass(frozen=True, slots=True)
class Moderated:
    """Somebody who may has put somebody out, muted or invited them, and so on, or set something.

    ``room`` is `SERVER` for what holds everywhere; ``subject`` is a name, an address, a network or ``key=value``.
    ``seconds`` is how long it holds, for ever if it is None. ``reach`` is whom a MUTE or BAN of a nick holds for
    besides, see `chatd.model.room_policy.Identity`: it is stored, and stands in no line.
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
    """Somebody said something to one person alone. ``notice`` is as for `Said`."""

    nick: str
    text: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """Something that was said before, for a person, who must not take it for new. ``time`` is as on the wire.

    ``id`` is there if it was asked for, else 0.
    """

    time: str
    nick: str
    room: str
    text: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class ToldOthers:
    """Something that one said oneself to one person alone, over another connection. ``nick`` is that person's.

    ``by`` is the nick that one had, which stands in no line. ``notice`` is as for `Said`.
    """

    nick: str
    text: str
    notice: bool = False
    by: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """Something that was said to one person before. ``time`` is as on the wire."""

    time: str
    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class Present:
    """Some of those who are in a room."""

    room: str
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A room with people in it, how many they are, and its topic if it has one."""

    room: str
    members: int
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which id the one who reads this line has read a room, over another connection."""

    room: str
    id: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end of what a command asked for: an ``OK`` line.

    ``words`` are those after the verb, and ``values`` its ``key=value`` words: for ``HELLO`` ``epoch`` and, in bytes
    and seconds, ``max-line`` and ``ping``; for ``JOIN`` ``last`` and ``seen`` (ids), ``resume``, ``recovered`` (``yes``
    or ``no``) and ``since`` (``unknown``). There may be others.
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
    """Something was not done: an ``ERR`` line. ``verb`` is `chatd.protocol.errors.ANY_VERB` where none was read."""

    code: Code
    verb: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The last line before the server closes: ``BYE``."""

    code: DisconnectReason
    text: str
    retry: float | None = None
    """In how many seconds to connect again, in hundredths; what a server says that restarts, and no other."""


DurableEvent = Said | TopicSet | Moderated | ReferringEvent
"""What gets an id and is kept; all else passes."""
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
    """Return the line for ``event``, without tags and terminator, holding no control character but TAB."""
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
    """Return the event that a line of a server stands for, given its verb and what follows the verb.

    Raises `ChatError` for a verb that this version does not know, which a client ignores, and for a line that
    is not as the protocol has it. Nothing that is returned holds a character that `clean` replaces.
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
