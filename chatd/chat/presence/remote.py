"""Somebody who is connected to another node, as this one knows them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from chatd.chat import moderation
from chatd.model.cluster import MemberInfo, incarnation_of, is_proven
from chatd.model.entry import Entry, unavailable
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Joined, Parted

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.presence import Presence
    from chatd.chat.session import Session
    from chatd.model.entry import Member, Place


class Proof:
    """What is known of a resume secret that another node made."""

    __slots__ = ("_proof",)

    def __init__(self, proof: str) -> None:
        self._proof = proof

    def is_proven_by(self, secret: str) -> bool:
        """Return whether whoever knows ``secret`` is the person whom it was made for."""
        return is_proven(self._proof, secret)


class RemoteMember:
    """A stand-in: it has the places in the rooms, and lines that it is sent go nowhere."""

    here = False
    tagged = False
    renaming = ""
    __slots__ = ("_presence", "info", "rooms")

    def __init__(self, presence: Presence, info: MemberInfo) -> None:
        self._presence = presence
        self.info = info
        self.rooms: dict[Place, None] = {}

    @property
    def nick(self) -> str:
        """What it goes by."""
        return self.info.nick

    @property
    def member_id(self) -> str:
        """What all nodes know it by."""
        return self.info.member_id

    @property
    def account(self) -> str | None:
        """The key of the account that it has logged in to."""
        return self.info.account

    @property
    def takeover(self) -> Proof:
        """What proves that somebody is the same person."""
        return Proof(self.info.proof)

    @property
    def judged_as(self) -> tuple[Identity, bool]:
        """See `chatd.chat.room.Member.judged_as`."""
        return judged_as(self._presence.hub, self.info)

    def send(self, data: bytes) -> None:
        """Do nothing: the other node sends what there is."""

    def takes_over(self, room: Place) -> Member | None:
        """See `chatd.chat.room.Member.takes_over`."""
        return self._presence.place(self.member_id, room)

    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        """See `chatd.chat.room.Member.refusal`."""
        return refusal(self._presence.hub, self.info, room.key, entry.time)

    def removed_from(self, room: Place) -> None:
        """See `chatd.chat.room.Member.removed_from`."""
        self.rooms.pop(room, None)

    def fail(self) -> None:
        """Do nothing: a fault here is not one of the other node."""

    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        """See `chatd.chat.room.Member.took_effect`; nobody here asked for it."""
        if entry.refused is None and room is not None:
            if isinstance(entry.event, Joined):
                self.rooms[room] = None
            elif isinstance(entry.event, Parted):
                self.rooms.pop(room, None)
        return b""


@lru_cache(maxsize=4096)
def _address(text: str) -> IPAddress | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def judged_as(hub: Hub, info: MemberInfo) -> tuple[Identity, bool]:
    """Return whom rulings are about, and whether that one looks after the server, as all nodes know it."""
    address = None if info.address is None else _address(info.address)
    member_id = Identity(names.key(info.nick), info.account, address)
    return member_id, info.operator or hub.server_policy.is_operator(info.account)


def refusal(hub: Hub, info: MemberInfo, room: str, now: int) -> ChatError | None:
    """Return why somebody may not enter a room, given its key, at a time; all nodes say the same."""
    member_id, is_operator = judged_as(hub, info)
    return moderation.refusal_of(hub, room, member_id, is_operator=is_operator, now=now)


async def tell(session: Session, other: RemoteMember, text: str, label: str | None) -> None:
    """Say something to one who is connected to another node, and answer when that one has it."""
    presence = session.hub.presence
    assert presence is not None
    question = {"tell": other.member_id, "from": session.nick, "text": text}
    try:
        answer = await presence.cluster.ask(incarnation_of(other.member_id), question)
    except ChatError:
        raise
    except Exception:
        raise unavailable() from None
    nick = answer.get("nick") if isinstance(answer, dict) else None
    if not isinstance(nick, str):
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here goes by {other.nick}")
    if session.tagged:
        session.tell(Done("TELL", (nick,)), label)
