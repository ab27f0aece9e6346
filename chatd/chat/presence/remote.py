"""Somebody who is connected to another node, as this one knows them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from chatd.chat import moderation
from chatd.journal import Entry, unavailable
from chatd.model.cluster import Card, is_proven, run_of
from chatd.model.rulings import IPAddress, Person
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Joined, Parted

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.presence import Presence
    from chatd.chat.room import Member, Room
    from chatd.chat.session import Session


class Proof:
    """What is known of a resume secret that another node made."""

    __slots__ = ("_proof",)

    def __init__(self, proof: str) -> None:
        self._proof = proof

    def is_proven_by(self, secret: str) -> bool:
        """Return whether whoever knows ``secret`` is the person whom it was made for."""
        return is_proven(self._proof, secret)


class Elsewhere:
    """A stand-in: it has the places in the rooms, and lines that it is sent go nowhere."""

    here = False
    tagged = False
    renaming = ""
    __slots__ = ("_presence", "card", "rooms")

    def __init__(self, presence: Presence, card: Card) -> None:
        self._presence = presence
        self.card = card
        self.rooms: dict[Room, None] = {}

    @property
    def nick(self) -> str:
        """What it goes by."""
        return self.card.nick

    @property
    def pid(self) -> str:
        """What all nodes know it by."""
        return self.card.person

    @property
    def account(self) -> str | None:
        """The key of the account that it has logged in to."""
        return self.card.account

    @property
    def takeover(self) -> Proof:
        """What proves that somebody is the same person."""
        return Proof(self.card.proof)

    @property
    def judged(self) -> tuple[Person, bool]:
        """See `chatd.chat.room.Member.judged`."""
        return judged(self._presence.hub, self.card)

    def send(self, data: bytes) -> None:
        """Do nothing: the other node sends what there is."""

    def takes_over(self, room: Room) -> Member | None:
        """See `chatd.chat.room.Member.takes_over`."""
        return self._presence.place(self.pid, room)

    def refusal(self, room: Room, entry: Entry) -> ChatError | None:
        """See `chatd.chat.room.Member.refusal`."""
        return refusal(self._presence.hub, self.card, room.key, entry.time)

    def put_out(self, room: Room) -> None:
        """See `chatd.chat.room.Member.put_out`."""
        self.rooms.pop(room, None)

    def fail(self) -> None:
        """Do nothing: a fault here is not one of the other node."""

    def took_effect(self, entry: Entry, room: Room | None) -> bytes:
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


def judged(hub: Hub, card: Card) -> tuple[Person, bool]:
    """Return whom rulings are about, and whether that one looks after the server, as all nodes know it."""
    address = None if card.address is None else _address(card.address)
    person = Person(names.key(card.nick), card.account, address)
    return person, card.operator or hub.server_rules.is_operator(card.account)


def refusal(hub: Hub, card: Card, room: str, now: int) -> ChatError | None:
    """Return why somebody may not enter a room, given its key, at a time; all nodes say the same."""
    person, is_operator = judged(hub, card)
    return moderation.refusal_of(hub, room, person, is_operator=is_operator, now=now)


async def tell(session: Session, other: Elsewhere, text: str, label: str | None) -> None:
    """Say something to one who is connected to another node, and answer when that one has it."""
    presence = session.hub.presence
    assert presence is not None
    question = {"tell": other.pid, "from": session.nick, "text": text}
    try:
        answer = await presence.cluster.ask(run_of(other.pid), question)
    except ChatError:
        raise
    except Exception:
        raise unavailable() from None
    nick = answer.get("nick") if isinstance(answer, dict) else None
    if not isinstance(nick, str):
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here goes by {other.nick}")
    if session.tagged:
        session.tell(Done("TELL", (nick,)), label)
