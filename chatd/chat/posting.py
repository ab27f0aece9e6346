"""POST: something is said in a room by one who does not come in, under all the rules of those who do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.chat import authentication, permissions, quotas
from chatd.chat.client import Resumable
from chatd.chat.command_rows import Row, Work, for_anybody
from chatd.chat.hub import Hub
from chatd.chat.participant import NO_NICK, NOBODY, Participant
from chatd.chat.referring import original_of, read_one
from chatd.chat.visitor import Visitor
from chatd.journal.references import Target, no_such_message, refusal
from chatd.model.authorship import account_key, main_key, session_key
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Entry, Member, Place, StoredEvent
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol import commands, names, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Said
from chatd.protocol.names import Nick, RoomName
from chatd.protocol.references import Edited, Retracted


class Posted(NamedTuple):
    """What became of something that was said: it is stored."""

    room: str
    """The name of the room, as it was first written."""
    id: int
    time: int
    """In milliseconds since 1970."""
    repeated: bool
    """Whether it was said before under the same label; ``id`` and ``time`` are the first's."""


async def post(visitor: Visitor, nick: Nick, room: RoomName, text: str, label: str | None = None) -> Posted:
    """Say something in a room under a nick, without coming in; return once it is stored and delivered.

    ``text`` is not empty, holds no control character, see `chatd.protocol.text.clean`, and has a length that whoever
    calls this has bounded. The same again under the same ``label``, by that nick in that room, is said once. Raise
    `ChatError` if it is not said: who may not JOIN that room under that nick, or not speak there, may not do this.
    """
    poster = _checked(visitor, nick, room)
    quotas.check_post(visitor, nick.key, room.key)
    name = _name(visitor.hub, room)
    quotas.check_pace(visitor, nick, room)
    entry = await _append(visitor, poster, Said(nick, name, text), label, "POST")
    return Posted(name, entry.id, entry.time, entry.duplicate)


async def edit(visitor: Visitor, nick: Nick, room: RoomName, id_: int, text: str) -> None:
    """Change the text of a message of one's own, under a nick, without coming in; return once that is stored.

    It is one's own if it was posted from the same account or, without one, over the same connection. Raise `ChatError`
    if it is not changed.
    """
    poster = _checked(visitor, nick, room)
    quotas.check_pace(visitor, nick, room)
    kept = await read_one(visitor, room.key, id_)
    event = Edited(nick, _name(visitor.hub, room), id_, text)
    if kept is not None and isinstance(kept.event, Said):
        event = replace(event, original=original_of(kept, kept.event))
    await _refer(visitor, poster, event, kept, "EDIT")


async def retract(visitor: Visitor, nick: Nick, room: RoomName, id_: int) -> None:
    """Take a message back, one's own or as an operator anybody's, as `edit` changes one."""
    poster = _checked(visitor, nick, room, permissions.refusal_of)
    kept = await read_one(visitor, room.key, id_)
    await _refer(visitor, poster, Retracted(nick, _name(visitor.hub, room), id_), kept, "RETRACT")


def _checked(
    visitor: Visitor,
    nick: Nick,
    room: RoomName,
    rules: Callable[..., ChatError | None] = permissions.speech_refusal,
) -> MemberInfo:
    """Return by what all nodes are to judge somebody. Raise `ChatError` if they may not do that in a room."""
    hub = visitor.hub
    authentication.check_owner(visitor, nick)
    poster = _info(visitor, nick)
    identity, is_operator = permissions.judged_as(hub, poster)
    why_not = hub.nick_refusal(nick, visitor.account)
    why_not = why_not or rules(hub, room.key, identity, is_operator=is_operator, now=permissions.milliseconds(hub))
    if (why_not := why_not or permissions.look_refusal(visitor, room)) is not None:
        raise why_not
    return poster


async def _refer(
    visitor: Visitor, poster: MemberInfo, event: Edited | Retracted, kept: StoredEvent | None, verb: str
) -> None:
    room = names.key(event.room)
    rights = permissions.rights_of(visitor.hub, room, visitor.identity, is_operator=visitor.is_operator)
    if kept is None or rights is None:
        raise no_such_message(event)
    attempt = Entry(room, event, by=_keys(visitor), rights=rights)
    if (why := refusal(attempt, Target(kept.author), retracted=False)) is not None:
        raise why
    await _append(visitor, poster, event, None, verb)


async def _append(
    visitor: Visitor, poster: MemberInfo, event: Said | Edited | Retracted, label: str | None, verb: str
) -> Entry:
    """Hand an event to the journal; return it once it is stored and delivered. Raise `ChatError` if it is refused."""
    hub = visitor.hub
    author = _Poster(hub, poster)
    source = hub.nodes.source_of_post(poster)
    entry = Entry(names.key(event.room), event, author, label, verb, source=source)
    keys = _keys(visitor)
    entry.by, entry.seen = (main_key(keys), False) if isinstance(event, Said) else (keys, True)
    hub.journal.append(entry)
    await author.done
    if entry.refused is not None:
        raise entry.refused
    return entry


def _keys(visitor: Visitor) -> str:
    """Return by which what somebody posted is known to be theirs, see `chatd.model.authorship`."""
    own = session_key(visitor.identity.connection)
    return own if visitor.account is None else f"{account_key(visitor.account)} {own}"


def _info(visitor: Visitor, nick: Nick) -> MemberInfo:
    """Return what all nodes are to judge somebody by."""
    address = None if visitor.address is None else str(visitor.address)
    return MemberInfo(visitor.identity.connection, nick, visitor.account, address, visitor.is_operator)


def _name(hub: Hub, room: RoomName) -> str:
    """Return a room's name as it was first written."""
    there, kept = hub.room(room.key), hub.journal.room_state(room.key)
    return there.name if there is not None else room if kept is None else kept.name


class _Poster(Member, Resumable):
    """The author of an entry who is in no room and goes by no nick; nothing is sent to it."""

    here = True
    tagged = False
    in_several_rooms = False
    renaming = NO_NICK
    ignored: Mapping[str, str] = NOBODY
    facts = None
    away = None
    realname = ""
    bot = False

    def __init__(self, hub: Hub, info: MemberInfo) -> None:
        self.done: Deferred[None] = Deferred()
        """Fires when the entry has been delivered, or was refused."""
        self.rooms: dict[Place, None] = {}
        self._hub = hub
        self._info = info

    @property
    @override
    def person(self) -> object:
        return self

    @property
    @override
    def nick(self) -> Nick:
        return Nick(self._info.nick)

    @property
    @override
    def member_id(self) -> str:
        return self._info.member_id

    @property
    @override
    def account(self) -> str | None:
        return self._info.account

    @property
    @override
    def judged_as(self) -> tuple[Identity, bool]:
        return permissions.judged_as(self._hub, self._info)

    @property
    @override
    def address(self) -> IPAddress | None:
        return self.judged_as[0].address

    @override
    def send(self, data: bytes) -> None:
        pass

    @override
    def takes_over(self, room: Place) -> Member | None:
        return None

    @override
    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        return None

    @override
    def removed_from(self, room: Place) -> None:
        pass

    @override
    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        self._hub.unblocked.append(self)  # whoever waits goes on when all rooms have had this batch
        return b""

    @override
    def resume_commands(self) -> None:
        if not self.done.called:
            self.done.callback(None)

    @override
    def disconnect_on_fault(self) -> None:
        if not self.done.called:
            self.done.errback(RuntimeError("a posted message could not be delivered"))


def _post(participant: Participant, command: commands.Post, label: str | None) -> Work:
    if participant.nick:
        why = f"you have already joined as {participant.nick}; write JOIN <#room> and TELL <#room> <text>"
        raise ChatError(Code.ALREADY_IN, why)
    return _post_and_answer(participant, command, label)


async def _post_and_answer(participant: Participant, command: commands.Post, label: str | None) -> None:
    nick, room = Nick.of(command.nick), RoomName.of(command.room)
    posted = await post(participant, nick, room, command.text, label if participant.tagged else None)
    values = {"id": str(posted.id), "time": wire.timestamp(posted.time)}
    tags = {"old": ""} if posted.repeated else wire.NO_TAGS
    participant.send_event(Done("POST", (posted.room,), values), label, tags)
    await participant.next_turn()  # the journal knows the room only when it has handed over the whole batch


ROWS: tuple[Row, ...] = (for_anybody(commands.Post, _post),)
