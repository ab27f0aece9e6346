"""An entry as a message of the stream, and back: its subject, and its payload, which other programs may read too.

The payload is a JSON object: ``from`` is the run of the node that sent it, ``n`` the number of the batch and ``i`` the
place in it; ``kind`` is the verb (MSG, TOPIC, a ruling, JOIN, PART, NICK, BEGIN, GONE or HERE, by which a node finds
out whether anything can be stored). ``nick``, ``room`` and ``text`` are as in the line that people see, ``label`` is
what it was said under, ``info`` who did it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from chatd.journal.rows import from_row, to_row
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source
from chatd.model.entry import Entry, RoomEvent
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import DurableEvent, Joined, Moderated, Parted, Renamed, TopicSet

PASSING_SECONDS = 600
"""How long the stream keeps what is only passing: for as long a node can have been away and still follow."""
PASSING_KEPT = 100_000
"""How many passing messages of one run are kept at least, if the stream keeps but so many of each subject."""
_MEMBER_ID = "person"
"""The name that the stream has for a member's id."""
MAX_N = 2**48
MAX_AT = 1024
"""More than a batch holds."""
STREAM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a stream may be called: it is the first word of subjects, and part of the name of a bucket."""


class Mark(NamedTuple):
    """What no other message of the stream has."""

    incarnation: str
    n: int
    """The number of its batch; each run counts its own."""
    at: int
    """Its place in the batch."""

    @property
    def order(self) -> int:
        """A number that ascends from each message of a run to the next."""
        return self.n * MAX_AT + self.at

    def __str__(self) -> str:
        return f"{self.incarnation}.{self.n}.{self.at}"


@dataclass(frozen=True, slots=True)
class Probe:
    """A message that says nothing: that it was stored is all there is to know. No follower ever sees it."""


class Message(NamedTuple):
    """What is published."""

    subject: str
    payload: bytes
    mark: Mark
    passing: bool
    lasts: bool = False


class Received(NamedTuple):
    """What comes back from the stream."""

    place: int
    """Its sequence number in the stream."""
    time: int
    """In milliseconds since 1970, by the clock of the server."""
    payload: bytes


class Subjects:
    """Where in a stream things stand. ``per_subject`` is how many messages of one it keeps, None for all."""

    def __init__(self, stream: str, per_subject: int | None = None) -> None:
        self.stream = stream
        self.per_subject = per_subject

    @property
    def all(self) -> list[str]:
        """What the stream takes."""
        return [f"{self.stream}.room.*", f"{self.stream}.rule.*", f"{self.stream}.passing.>"]

    @property
    def presence(self) -> str:
        """Where a node asks who is where; not part of the stream."""
        return f"{self.stream}.presence"

    def node(self, incarnation: str) -> str:
        """Return where one node is asked; not part of the stream."""
        return f"{self.stream}.node.{incarnation}"

    def room(self, key: str) -> str:
        """Return where the durable things of a room stand, given its key."""
        return f"{self.stream}.room.{_word(key)}"

    def rule(self, key: str) -> str:
        """Return where stands what counts however old it is: rulings and topics."""
        return f"{self.stream}.rule.{_word(key)}"

    def passing(self, mark: Mark) -> str:
        """Return where something passing stands: if few of each subject are kept, it takes turns in several."""
        if self.per_subject is None:
            return f"{self.stream}.passing.{mark.incarnation}"
        slots = -(-PASSING_KEPT // self.per_subject)
        return f"{self.stream}.passing.{mark.incarnation}.{mark.order % slots}"

    def message(self, entry: Entry, mark: Mark) -> Message:
        """Return an entry as it is published under ``mark``."""
        event = entry.event
        fields: dict[str, Any] = {"from": mark.incarnation, "n": mark.n, "i": mark.at} | _told(event)
        if entry.label is not None:
            fields["label"] = entry.label
        if entry.source is not None and entry.source.info is not None:
            fields["card"] = _info(entry.source.info)
        lasts = isinstance(event, Moderated | TopicSet)
        subject = self.rule(entry.room) if lasts else self.room(entry.room) if entry.durable else self.passing(mark)
        return Message(subject, _json(fields), mark, not entry.durable, lasts)

    def probe(self, mark: Mark) -> Message:
        """Return a `Probe` as it is published."""
        fields = {"from": mark.incarnation, "n": mark.n, "i": mark.at, "kind": "HERE"}
        return Message(self.passing(mark), _json(fields), mark, passing=True)


class Arrival(NamedTuple):
    """What a message of the stream says."""

    mark: Mark
    event: RoomEvent | Probe
    label: str | None
    info: MemberInfo | None

    def entry(self) -> Entry:
        """Return it as an entry that came from elsewhere."""
        assert not isinstance(self.event, Probe)
        room = "" if isinstance(self.event, Renamed | NodeUp | NodeDown) else names.key(self.event.room)
        return Entry(room, self.event, None, self.label, source=Source(self.mark.incarnation, self.info))


def read(payload: bytes) -> Arrival:
    """Return what a message says. Raise `ValueError` if it is none that a node has sent."""
    try:
        fields = json.loads(payload)
        mark = Mark(_text(fields["from"]), _number(fields["n"], MAX_N), _number(fields["i"], MAX_AT))
        info = fields.get("card")
        label = fields.get("label")
        return Arrival(
            mark,
            _event(fields),
            None if label is None else _text(label),
            None if info is None else _read_info(info),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, ChatError) as error:
        raise ValueError(f"no message of a node: {error}") from error


@lru_cache(1024)
def _word(key: str) -> str:
    """Return a key as one word of a subject."""
    return quote(key, safe="").replace(".", "%2E")


def _told(event: RoomEvent) -> dict[str, Any]:
    match event:
        case Joined():
            return {"kind": "JOIN", "nick": event.nick, "room": event.room}
        case Parted():
            why = {} if event.text is None else {"text": event.text}
            return {"kind": "PART", "nick": event.nick, "room": event.room} | why
        case Renamed():
            return {"kind": "NICK", "nick": event.old, "text": event.new}
        case NodeUp():
            return {"kind": "BEGIN", "text": event.incarnation}
        case NodeDown():
            return {"kind": "GONE", "text": event.incarnation}
    kind, nick, text = to_row(event)
    return {"kind": kind, "nick": nick, "room": event.room, "text": text}


def _event(fields: Mapping[str, Any]) -> RoomEvent | Probe:
    kind = fields["kind"]
    match kind:
        case "HERE":
            return Probe()
        case "BEGIN":
            return NodeUp(_text(fields["text"]))
        case "GONE":
            return NodeDown(_text(fields["text"]))
        case "NICK":
            return Renamed(_text(fields["nick"]), _text(fields["text"]))
        case "JOIN":
            return Joined(_text(fields["nick"]), _room(fields))
        case "PART":
            why = fields.get("text")
            return Parted(_text(fields["nick"]), _room(fields), None if why is None else _text(why))
    event: DurableEvent = from_row(_room(fields), _text(kind), _text(fields["nick"]), _text(fields["text"]))
    return event


def _info(info: MemberInfo) -> dict[str, Any]:
    """Return a member's fields by their names in the stream, without those that have their defaults."""
    defaults = MemberInfo._field_defaults
    fields = {key: value for key, value in info._asdict().items() if key not in defaults or value != defaults[key]}
    return {_MEMBER_ID: fields.pop("member_id")} | fields


def _read_info(fields: Mapping[str, Any]) -> MemberInfo:
    rest = {key: value for key, value in fields.items() if key != _MEMBER_ID}
    info = MemberInfo(fields[_MEMBER_ID], **rest)
    texts = (info.account, info.address, info.takes)
    if not all(isinstance(each, str) for each in (info.member_id, info.nick, info.proof)):
        raise TypeError("a member without an id or a nick")
    if not all(each is None or isinstance(each, str) for each in texts) or type(info.operator) is not bool:
        raise TypeError("fields that no member has")
    return info


def _room(fields: Mapping[str, Any]) -> str:
    room = _text(fields["room"])
    if not room:
        raise ValueError("no room")
    return room


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text should be")
    return value


def _number(value: Any, limit: int) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise TypeError(f"no number below {limit}")
    return value


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
