"""The places that people have in rooms, kept across a restart of the server until they are back.

What is written down at the end are values of JSON. From them whoever had a place is made again, as a session without a
connection: WHO lists it, private lines wait in it, and whoever proves to be the same person takes it over as ever.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from twisted.logger import Logger
from typing_extensions import override

from chatd.chat import authentication, permissions
from chatd.chat.client import Client
from chatd.chat.hub import Hub
from chatd.chat.participant import Participant
from chatd.chat.peer import Peer
from chatd.chat.room import Room
from chatd.chat.session import Session
from chatd.chat.takeover import RESUME_SECONDS
from chatd.journal import JournalError
from chatd.model.room_policy import IPAddress
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.names import Nick, RoomName

_log = Logger()


class Kept(NamedTuple):
    """What is written down of one connection."""

    nick: str
    account: str | None
    party: str | None
    """What the account is in conversations, which one made anew under its name is not."""
    address: str | None
    person: int
    """The same number for all connections of one person."""
    digests: str
    """Of the resume tokens that it was given: the tokens themselves are not written down."""
    voice: str
    connection: str
    """By which its ranks are known, and what moderators have ruled of it."""
    bot: bool
    away: str | None
    realname: str
    idle: int
    """For how many seconds it has said nothing."""
    ignored: dict[str, str]
    rooms: list[str]
    """Their keys, the current one at the end."""


class KeptRoom(NamedTuple):
    """What is written down of a room that some of them are in."""

    name: str
    members: list[int]
    """In the order in which they came, by their place among all who are written down."""
    ranks: Any


_TEXT, _MAYBE, _NUMBER = (str,), (str, type(None)), (int,)
_TYPES: tuple[tuple[type, ...], ...] = (
    _TEXT, _MAYBE, _MAYBE, _MAYBE, _NUMBER, _TEXT, _TEXT, _TEXT, (bool,), _MAYBE, _TEXT, _NUMBER, (dict,), (list,),
)  # fmt: skip
"""What the fields of `Kept` are."""


class AbsentPeer(Peer):
    """Nobody: what is sent there goes nowhere."""

    __slots__ = ("address",)
    address: IPAddress | None
    blocked = False
    unreachable = True
    private = False

    def __init__(self, address: IPAddress | None) -> None:
        self.address = address

    @override
    def charge(self, lines: int) -> None:
        pass

    @override
    def in_turn(self, go_on: Any) -> None:
        pass

    @override
    def send(self, data: bytes) -> None:
        pass

    @override
    def close(self, reason: DisconnectReason, data: bytes) -> None:
        pass

    @override
    def resume_input(self) -> None:
        pass


def may_come_back(client: Client) -> bool:
    """Return whether somebody can prove, over another connection, that a place in rooms is theirs."""
    if not client.nick or client.ended:
        return False
    return client.takeover.digests != "" or client.account == client.nick.key


def written(hub: Hub) -> dict[str, Any]:
    """Return what is to be kept of all who may come back, in lists, dicts, texts and numbers."""
    clients = [client for client in hub.clients if may_come_back(client) and isinstance(client, Participant)]
    persons: dict[object, int] = {}
    people = [_kept(client, persons.setdefault(client.person, len(persons))) for client in clients]
    numbers: dict[object, int] = {}
    for number, client in enumerate(clients):
        numbers |= dict.fromkeys((client, *client.takeover.stale_connections), number)
    rooms = []
    for room in hub.rooms():
        members = list(dict.fromkeys(numbers[member] for member in room.everybody if member in numbers))
        if members:
            rooms.append(KeptRoom(room.name, members, room.shared_ranks))
    return {"people": people, "rooms": rooms}


def _kept(client: Participant, person: int) -> Kept:
    left = [place for stale in client.takeover.stale_connections for place in stale.rooms]
    return Kept(
        nick=str(client.nick),
        account=client.account,
        party=client.party,
        address=None if client.address is None else str(client.address),
        person=person,
        digests=client.takeover.digests,
        voice=client.voice,
        connection=client.identity.connection,
        bot=client.bot,
        away=client.away,
        realname=client.realname,
        idle=client.facts.idle or 0,
        ignored=dict(client.ignored),
        rooms=list(dict.fromkeys(place.key for place in [*left, *client.rooms])),
    )


def read(state: Any) -> tuple[list[Kept], list[KeptRoom]]:
    """Return what `written` returned and JSON has made lists of. Raise `ValueError` if it is something else."""
    try:
        people = [Kept(*fields) for fields in state["people"]]
        rooms = [KeptRoom(*fields) for fields in state["rooms"]]
    except (KeyError, TypeError):
        raise ValueError("it has unexpected fields") from None
    for each in people:
        texts = [*each.rooms, *each.ignored, *each.ignored.values()] if _is_typed(each) else [None]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("an entry for a person is malformed")
    for room in rooms:
        named = isinstance(room.name, str) and isinstance(room.members, list)
        if not named or not all(number in range(len(people)) for number in room.members):
            raise ValueError("an entry for a room is malformed")
    return people, rooms


def _is_typed(kept: Kept) -> bool:
    return all(isinstance(value, types) for value, types in zip(kept, _TYPES, strict=True))


def restore(hub: Hub, people: Sequence[Kept], rooms: Sequence[KeptRoom]) -> int:
    """Let those be there who were, for 30 seconds, if nothing speaks against it now; return how many that is."""
    persons: dict[int, object] = {}
    there = [_restored(hub, each, persons.setdefault(each.person, object())) for each in people]
    for each in rooms:
        _restore_room(hub, each, [client for number in each.members if (client := there[number]) is not None])
    kept = [client for client in there if client is not None and not client.ended]
    places = {room.key: room for room in hub.rooms()}
    for client, each_kept in zip(there, people, strict=True):
        for key in each_kept.rooms if client is not None else ():
            if client is not None and (place := places.get(key)) is not None and client in place.everybody:
                client.enter(place)
    hub.timers.add(partial(_end, kept), hub.timers.now + RESUME_SECONDS)
    return len(kept)


def _restored(hub: Hub, kept: Kept, person: object) -> Session | None:
    """Return a session that is what somebody was; None if that cannot be any more."""
    try:
        address = None if kept.address is None else ipaddress.ip_address(kept.address)
    except ValueError:
        return None
    session = Session(hub, AbsentPeer(address))
    try:
        if kept.account is not None:
            session.become_owner(kept.account)
        nick = Nick.of(kept.nick)
        authentication.check_owner(session, nick)
        holder = hub.client(nick)
        if session.party != kept.party or session.ended:
            raise ValueError("the account belongs to somebody else")
        if holder is None or holder.person is not person:
            hub.claim(nick, session)
    except (ChatError, ValueError):
        session.connection_lost(parting=False)
        return None
    session.nick, session.person = nick, person
    session.resume_as(kept.connection, kept.voice, kept.digests, kept.idle)
    session.tagged, session.bot, session.away, session.realname = True, kept.bot, kept.away, kept.realname
    session.ignored = dict(kept.ignored)
    if kept.ignored:
        hub.ignoring[session] = None
    if permissions.server_ban(session) is not None:
        session.connection_lost(parting=False)
        return None
    return session


def _restore_room(hub: Hub, kept: KeptRoom, members: Sequence[Session]) -> None:
    try:
        room: Room = hub.make_room(RoomName.of(kept.name))
    except (ChatError, JournalError):  # such as one that cannot be read, which keeps nobody out of the others
        return
    for member in members:
        room.keep(member)
    try:
        room.restore(kept.ranks, hub.journal.room_state(room.key))
    except (TypeError, ValueError):
        room.restore(None, hub.journal.room_state(room.key))
    for member in members:
        if permissions.refusal(member, room.key) is not None:
            room.let_go(member)
    hub.drop_if_empty(room)


def _end(kept: Sequence[Session], _now: float) -> None:
    """Let those leave who have not come back."""
    gone = [session for session in kept if not session.ended]
    for session in gone:
        session.connection_lost()
    if gone:
        _log.info("members who did not come back after the restart: {count}", count=len(gone))
