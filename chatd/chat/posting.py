"""POST: something is said in a room by one who does not come in, under all the rules of those who do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.chat import authentication, permissions, quotas
from chatd.chat.client import Resumable
from chatd.chat.command_rows import Row, Work, for_anybody
from chatd.chat.hub import Hub
from chatd.chat.participant import NO_NICK, NOBODY, Participant
from chatd.chat.visitor import Visitor
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Entry, Member, Place
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol import commands, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Said
from chatd.protocol.names import Nick, RoomName


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
    hub = visitor.hub
    authentication.check_owner(visitor, nick)
    poster = _info(visitor, nick)
    identity, is_operator = permissions.judged_as(hub, poster)
    now = permissions.milliseconds(hub)
    why_not = hub.nick_refusal(nick, visitor.account)
    why_not = why_not or permissions.speech_refusal(hub, room.key, identity, is_operator=is_operator, now=now)
    if (why_not := why_not or permissions.look_refusal(visitor, room)) is not None:
        raise why_not
    quotas.check_post(visitor, nick.key, room.key)
    name = _name(hub, room)
    quotas.check_pace(visitor, nick, room)
    author = _Poster(hub, poster)
    entry = Entry(room.key, Said(nick, name, text), author, label, "POST", source=hub.nodes.source_of_post(poster))
    hub.journal.append(entry)
    await author.done
    if entry.refused is not None:
        raise entry.refused
    return Posted(name, entry.id, entry.time, entry.duplicate)


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
            self.done.errback(RuntimeError("what was posted could not be delivered"))


def _post(participant: Participant, command: commands.Post, label: str | None) -> Work:
    if participant.nick:
        why = f"you are in as {participant.nick}; JOIN <#room> and TELL <#room> <text> say it there"
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
