"""An entry as a message of the stream, and back: its subject, and its payload, which other programs may read too.

The payload is a JSON object: ``from`` is the incarnation of the node that sent it, ``n`` the number of the batch and
``i`` the position in it; ``kind`` is the verb: MSG, TELL (what MSG is in a room, in a conversation of two), TOPIC, a
verb of moderation, JOIN, PART, NICK, BEGIN (a node is up), GONE (a node is down) or HERE (by which a node finds out
whether anything can be stored). ``nick``, ``room`` and ``text`` are as in the line that clients are sent, ``label`` is
the label it was sent with, ``card`` the member who did it, ``reach`` whom a MUTE or BAN of a nick holds for besides.
``time`` is when it was said, in milliseconds since 1970, of what was brought in from elsewhere. ``poster`` is in the
place of ``card`` who said it without coming in. ``by`` is whose it is, ``reply`` the place of the message that it
answers, ``notice`` whether no program is to answer it by itself. JOIN says with ``again`` that the member was in the
room all the time. What refers to a message says with ``seen`` whether that was there when it was sent; EDIT says with
``first`` what of it stays the same, for the message itself is deleted from the stream then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from chatd.journal.rows import from_row, to_row
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source
from chatd.model.conversation import is_conversation
from chatd.model.entry import Entry, RoomEvent
from chatd.model.room_policy import REGISTERED, PolicyKey, effects, is_reach
from chatd.protocol import names
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError
from chatd.protocol.events import DurableEvent, Joined, Moderated, Parted, Renamed, Said, TopicSet
from chatd.protocol.references import Edited, Original

HOLDS = "holds"
"""What stands for the incarnation in what is kept beside the stream; the number of the batch is the place then."""
TOPIC = PolicyKey("TOPIC", "")
"""What a topic is about, beside the moderation actions."""
PASSING_SECONDS = 600
"""How long the stream keeps what is only passing: for as long a node can have been away and still follow."""
PASSING_KEPT = 100_000
"""How many passing messages of one incarnation are kept at least, if the stream keeps but so many of each subject."""
_MEMBER_ID = "person"
"""The key that a member's id has in the payload."""
MAX_BATCH_NUMBER = 2**48
MAX_TIME = 2**48
MAX_BATCH_POSITION = 1024
"""More than a batch holds."""
STREAM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a stream may be called: it is the first word of subjects, and part of the name of a bucket."""


class MessageId(NamedTuple):
    """What no other message of the stream has: its ``Nats-Msg-Id``."""

    incarnation: str
    batch: int
    """The number of its batch; each incarnation counts its own."""
    position: int
    """Its position in the batch, from 0."""

    @property
    def order(self) -> int:
        """A number that ascends from each message of an incarnation to the next."""
        return self.batch * MAX_BATCH_POSITION + self.position

    def __str__(self) -> str:
        return f"{self.incarnation}.{self.batch}.{self.position}"


@dataclass(frozen=True, slots=True)
class WriteProbe:
    """A message without content, by which a node finds out whether anything can be stored. No follower ever sees it."""


class Message(NamedTuple):
    """A message to be published."""

    subject: str
    payload: bytes
    id: MessageId
    passing: bool
    lasts: bool = False
    """Whether the stream keeps it however old it is."""


class ReceivedMessage(NamedTuple):
    """A message that was read from the stream."""

    place: int
    """Its sequence number in the stream."""
    time: int
    """In milliseconds since 1970, by the clock of the server."""
    payload: bytes


class Subjects:
    """The subjects of a stream. ``per_subject`` is how many messages of each it keeps, None for all."""

    def __init__(self, stream: str, per_subject: int | None = None) -> None:
        self.stream = stream
        self.per_subject = per_subject

    @property
    def all(self) -> list[str]:
        """The subjects that the stream stores."""
        return [f"{self.stream}.room.*", f"{self.stream}.rule.>", f"{self.stream}.passing.>"]

    @property
    def presence(self) -> str:
        """The subject on which a node asks who is where; not part of the stream."""
        return f"{self.stream}.presence"

    def node(self, incarnation: str) -> str:
        """Return the subject on which one node is asked; not part of the stream."""
        return f"{self.stream}.node.{incarnation}"

    def room(self, key: str) -> str:
        """Return the subject of a room's messages, given its key."""
        return f"{self.stream}.room.{_word(key)}"

    def rule(self, key: str, event: Moderated | TopicSet) -> str:
        """Return the subject of a moderation action or topic in a room, which counts however old it is.

        What is about something else has another one: so none of them displaces another by its number.
        """
        return f"{self.stream}.rule.{self.held(key, held_keys(event)[0])}"

    def rules(self, key: str) -> str:
        """Return the subjects of all moderation actions and topics in a room."""
        return f"{self.stream}.rule.{_word(key)}.>"

    @staticmethod
    def held(room: str, key: PolicyKey) -> str:
        """Return the words that say what something is about, given the room's key."""
        return f"{_word(room)}.{_word(key.kind)}.{_word(key.subject) or '-'}"

    @property
    def all_holding(self) -> str:
        """The subjects of what holds in the rooms, which are another stream's."""
        return f"{self.stream}.holds.>"

    def holding_prefix(self, room: str) -> str:
        """Return how the subjects begin of what holds in one room."""
        return f"{self.stream}.holds.{_word(room)}."

    def holding(self, room: str, key: PolicyKey) -> str:
        """Return the subject on which is kept what holds in a room about one thing."""
        return f"{self.stream}.holds.{self.held(room, key)}"

    @property
    def all_seen(self) -> str:
        """The subjects of read markers, which are another stream's."""
        return f"{self.stream}.seen.>"

    def seen(self, account: str, room: str) -> str:
        """Return the subject of the read marker of an account in a room, given their keys."""
        return f"{self.stream}.seen.{_word(account)}.{_word(room)}"

    def all_seen_by(self, account: str) -> str:
        """Return the subjects of the read markers of one account."""
        return f"{self.stream}.seen.{_word(account)}.*"

    @property
    def all_erased(self) -> str:
        """The subjects that say who is erased."""
        return f"{self.stream}.erased.*"

    def erased(self, nick: str) -> str:
        """Return the subject that says that somebody is erased."""
        return f"{self.stream}.erased.{_word(nick)}"

    def passing(self, message_id: MessageId) -> str:
        """Return the subject of a passing message: several take turns if the stream keeps few of each."""
        if self.per_subject is None:
            return f"{self.stream}.passing.{message_id.incarnation}"
        slots = -(-PASSING_KEPT // self.per_subject)
        return f"{self.stream}.passing.{message_id.incarnation}.{message_id.order % slots}"

    def message(self, entry: Entry, message_id: MessageId, time: int | None = None) -> Message:
        """Return an entry as it is published with the id ``message_id``; ``time`` is given if it was said before."""
        event = entry.event
        fields: dict[str, Any] = {
            "from": message_id.incarnation,
            "n": message_id.batch,
            "i": message_id.position,
        } | _event_fields(event)
        if entry.label is not None:
            fields["label"] = entry.label
        if time is not None:
            fields["time"] = time
        if entry.by:
            fields["by"] = entry.by
        if entry.seen:
            fields["seen"] = True
        if entry.again:
            fields["again"] = True
        if entry.source is not None and entry.source.info is not None:
            fields["card"] = _info(entry.source.info)
        elif entry.source is not None and entry.source.poster is not None:
            # Not as "card": older nodes judge by that, and would find that nobody of that id is in the room.
            fields["poster"] = _info(entry.source.poster)
        if isinstance(event, Moderated | TopicSet):
            return Message(self.rule(entry.room, event), to_json(fields), message_id, passing=False, lasts=True)
        if is_conversation(entry.room):
            fields["kind"] = "TELL"  # which nodes of a version before leave alone: as a MSG they would refuse it
        subject = self.room(entry.room) if entry.durable else self.passing(message_id)
        return Message(subject, to_json(fields), message_id, not entry.durable)

    def write_probe(self, message_id: MessageId) -> Message:
        """Return a `WriteProbe` as it is published."""
        fields = {"from": message_id.incarnation, "n": message_id.batch, "i": message_id.position, "kind": "HERE"}
        return Message(self.passing(message_id), to_json(fields), message_id, passing=True)


class DecodedMessage(NamedTuple):
    """What a message of the stream says."""

    id: MessageId
    event: RoomEvent | WriteProbe
    label: str | None
    info: MemberInfo | None
    time: int | None = None
    """When it was said, in milliseconds since 1970, if that is not when the stream took it."""
    poster: MemberInfo | None = None
    by: str = ""
    seen: bool = False
    again: bool = False

    def entry(self) -> Entry:
        """Return it as an entry that another node has appended."""
        assert not isinstance(self.event, WriteProbe)
        room = "" if isinstance(self.event, Renamed | NodeUp | NodeDown) else names.key(self.event.room)
        # What is kept beside the stream has counted once, whoever said it.
        source = None if self.id.incarnation == HOLDS else Source(self.id.incarnation, self.info, self.poster)
        return Entry(room, self.event, None, self.label, source=source, by=self.by, seen=self.seen, again=self.again)


def decode(payload: bytes) -> DecodedMessage:
    """Return what a message says. Raise `ValueError` if no node can have sent it."""
    try:
        fields = json.loads(payload.decode())
        message_id = MessageId(
            _text(fields["from"]), _number(fields["n"], MAX_BATCH_NUMBER), _number(fields["i"], MAX_BATCH_POSITION)
        )
        info, poster = fields.get("card"), fields.get("poster")
        label = fields.get("label")
        time = fields.get("time")
        return DecodedMessage(
            message_id,
            _event(fields),
            None if label is None else _text(label),
            None if info is None else _read_info(info),
            None if time is None else _number(time, MAX_TIME),
            None if poster is None else _read_info(poster),
            _text(fields.get("by", "")),
            fields.get("seen") is True,
            fields.get("again") is True,
        )
    except (KeyError, TypeError, AttributeError, RecursionError, ChatError) as error:
        raise ValueError(f"no message of a node: {error}") from error


@lru_cache(1024)
def _word(key: str) -> str:
    """Return a key as one word of a subject."""
    return quote(key, safe="").replace(".", "%2E")


def _event_fields(event: RoomEvent) -> dict[str, Any]:
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
    more: dict[str, Any] = {}
    if isinstance(event, Moderated) and event.reach is not None:
        more["reach"] = event.reach
    elif isinstance(event, Said):
        if event.reply:
            more["reply"] = event.reply
        if event.notice:
            more["notice"] = True
    elif isinstance(event, Edited) and event.original is not None:
        more["first"] = event.original._asdict()
    return {"kind": kind, "nick": nick, "room": event.room, "text": text} | more


def _event(fields: Mapping[str, Any]) -> RoomEvent | WriteProbe:
    kind = fields["kind"]
    match kind:
        case "HERE":
            return WriteProbe()
        case "BEGIN":
            return NodeUp(_text(fields["text"]))
        case "GONE":
            return NodeDown(_text(fields["text"]))
        case "NICK":
            return Renamed(_text(fields["nick"]), _text(fields["text"]))
        case "JOIN":
            return Joined(_text(fields["nick"]), _room(fields))
        case "TELL" if is_conversation(_room(fields)):
            notice = fields.get("notice") is True
            return Said(_text(fields["nick"]), _room(fields), _text(fields["text"]), notice=notice)
        case "PART":
            why = fields.get("text")
            return Parted(_text(fields["nick"]), _room(fields), None if why is None else _text(why))
    event: DurableEvent = from_row(_room(fields), _text(kind), _text(fields["nick"]), _text(fields["text"]))
    if isinstance(event, Said):
        event.reply = _number(fields.get("reply", 0), MAX_ID)
        event.notice = fields.get("notice") is True
    if isinstance(event, Edited) and "first" in fields:
        return replace(event, original=_read_original(fields["first"]))
    reach = fields.get("reach")
    if reach is None or not isinstance(event, Moderated):
        return event
    if not is_reach(_text(reach)):
        raise ValueError("a reach that no node gives")
    return replace(event, reach=reach)


def _read_original(fields: Mapping[str, Any]) -> Original:
    time, reply = _number(fields["time"], MAX_TIME), _number(fields["reply"], MAX_ID)
    return Original(_text(fields["nick"]), time, _text(fields["author"]), reply, fields.get("notice") is True)


def _info(info: MemberInfo) -> dict[str, Any]:
    """Return a member's fields by their names in the stream, without those that have their defaults."""
    defaults = MemberInfo._field_defaults
    fields = {key: value for key, value in info._asdict().items() if key not in defaults or value != defaults[key]}
    return {_MEMBER_ID: fields.pop("member_id")} | fields


def _read_info(fields: Mapping[str, Any]) -> MemberInfo:
    rest = {key: value for key, value in fields.items() if key != _MEMBER_ID}
    info = MemberInfo(fields[_MEMBER_ID], **rest)
    # Every message has one: with all() and generators it took 0.7 microseconds more.
    for text in (info.member_id, info.nick, info.proof):
        if not isinstance(text, str):
            raise TypeError("a member without an id or a nick")
    for maybe in (info.account, info.address, info.takes):
        if maybe is not None and not isinstance(maybe, str):
            raise TypeError("fields that no member has")
    if type(info.operator) is not bool:
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


def held_keys(event: Moderated | TopicSet) -> list[PolicyKey]:
    """Return what an event is about; of all that is about the same, the last one holds."""
    if isinstance(event, TopicSet):
        return [TOPIC]
    keys = [key for key, _ in effects(event)]
    if keys[0] == REGISTERED:
        # Of these the first one counts, so that a later one is about something else.
        keys[0] = PolicyKey(f"{REGISTERED.kind}.{REGISTERED.subject}", names.key(event.nick))
    return keys


def held_payload(event: Moderated | TopicSet, place: int, time: int) -> bytes:
    """Return the payload that keeps an event beside the stream, in which it stood at ``place``."""
    return to_json({"from": HOLDS, "n": place, "i": 0, "time": time} | _event_fields(event))


def to_json(fields: Mapping[str, Any]) -> bytes:
    """Return the payload that says ``fields``."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
