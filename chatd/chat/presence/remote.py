"""Somebody who is connected to another node, as this one knows them."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from chatd.chat import full_rooms, permissions
from chatd.chat.client import NickHolder, ResumeProof
from chatd.chat.hub import Hub
from chatd.chat.participant import NO_NICK, NOBODY
from chatd.model.cluster import MemberInfo, is_proven
from chatd.model.entry import Entry, Member, Place
from chatd.model.room_policy import Identity
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Joined, Parted
from chatd.protocol.names import Nick


class RemoteProof(ResumeProof):
    """What is known of a resume token that another node made."""

    __slots__ = ("_proof",)

    def __init__(self, proof: str) -> None:
        self._proof = proof

    @override
    def is_proven_by(self, secret: str) -> bool:
        return is_proven(self._proof, secret)


class RemoteMember(NickHolder):
    """A stand-in: it has the places in the rooms, and lines that it is sent go nowhere.

    ``place`` returns whose place in a room a member id takes, if there is one.
    """

    here = False
    tagged = False
    renaming = NO_NICK
    ignored = NOBODY
    facts = None
    __slots__ = ("_hub", "_place", "info", "rooms")

    def __init__(self, hub: Hub, info: MemberInfo, place: Callable[[str, Place], Member | None]) -> None:
        self._hub = hub
        self._place = place
        self.info = info
        self.rooms: dict[Place, None] = {}

    @property
    @override
    def nick(self) -> Nick:
        return Nick(self.info.nick)

    @property
    @override
    def in_several_rooms(self) -> bool:
        return len(self.rooms) > 1

    @property
    @override
    def member_id(self) -> str:
        return self.info.member_id

    @property
    @override
    def person(self) -> RemoteMember:
        return self

    @property
    @override
    def account(self) -> str | None:
        return self.info.account

    @property
    @override
    def away(self) -> str | None:
        return self.info.away

    @property
    @override
    def realname(self) -> str:
        return self.info.realname

    @property
    @override
    def bot(self) -> bool:
        return self.info.bot

    @property
    @override
    def takeover(self) -> RemoteProof:
        return RemoteProof(self.info.proof)

    @property
    @override
    def voice(self) -> str:
        return self.info.voice

    @property
    @override
    def judged_as(self) -> tuple[Identity, bool]:
        return permissions.judged_as(self._hub, self.info)

    @override
    def send(self, data: bytes) -> None:
        pass  # its own node sends what there is

    @override
    def takes_over(self, room: Place) -> Member | None:
        return self._place(self.member_id, room)

    @override
    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        before = self._hub.nodes.predecessors(self.member_id, ())
        why = permissions.entering_refusal(self._hub, room.key, self.judged_as, before, entry.time)
        return why or full_rooms.refusal(self._hub, room, self, entry)

    @override
    def removed_from(self, room: Place) -> None:
        self.rooms.pop(room, None)

    @override
    def disconnect_on_fault(self) -> None:
        pass  # a fault here is not one of the other node

    @override
    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        if entry.refused is None and room is not None:
            if isinstance(entry.event, Joined):
                self.rooms[room] = None
            elif isinstance(entry.event, Parted):
                self.rooms.pop(room, None)
        return b""
