"""A connected client, as the hub and the cluster see it: no commands, and no way back to the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from chatd.chat.private_lines import PrivateLine
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Member, Place, RoomEvent, StoredEvent
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Event
from chatd.protocol.names import Nick
from chatd.protocol.wire import NO_TAGS, Tags


class ResumeProof(Protocol):
    """What proves that another connection belongs to the same person."""

    def is_proven_by(self, secret: str) -> bool:
        """Return whether ``secret`` is a resume token of this person."""


class Resumption(ResumeProof, Protocol):
    """The resume tokens of a connection, and the connections that it took over."""

    secret: str
    """The resume token that it was given, empty before."""
    proof: str
    """The token by which it took another connection over, empty if it did not."""
    takes: str | None
    """The member id whose nick and places it takes."""
    stale_connections: Sequence[Client]
    """Those of this node that it took over, and that may have places in rooms still."""
    untold: Sequence[PrivateLine]
    """What those may not have got that was for them alone; it is told when a JOIN of this one takes effect."""

    @property
    def digests(self) -> str:
        """Those of the tokens by which another connection can take this one over; empty if there are none."""

    def place_here(self, room: Place) -> Member | None:
        """Return a stale connection of this node whose place in a room is free to be taken."""

    def respell(self, nick: str) -> None:
        """Go by the nick as the one that was taken over has spelled it last."""


class NickHolder(Member, Protocol):
    """Whoever goes by a nick, on this node or on another."""

    @property
    def takeover(self) -> ResumeProof:
        """What proves that somebody is the same person."""

    @property
    def voice(self) -> str:
        """The key by which what a session has said is its own, see `chatd.model.authorship`."""


class CatchUp(Protocol):
    """What is replayed to a client of a room that it is about to enter."""

    asked_since: bool
    """Whether it was asked for all since an id, so that the answer is to say whether it is all."""
    passed: list[StoredEvent]
    """What was delivered in the room meanwhile."""
    recovered: bool
    """Whether everything that was missed is replayed."""
    known: bool
    """Whether what was seen last is in the history that there is."""

    def rest(self, upto: int) -> Iterator[bytes]:
        """Yield what was delivered meanwhile, up to the id ``upto``, and watch no longer."""

    def has_told(self, topic_id: int) -> bool:
        """Return whether the client has heard of a topic."""

    def close(self) -> None:
        """Watch no longer."""


class Resumable(Protocol):
    """Somebody who waits until an entry has taken effect."""

    @property
    def address(self) -> IPAddress | None:
        """Where that one connects from, None for a local socket."""

    def resume_commands(self) -> None:
        """Go on with what had to wait."""

    def disconnect_on_fault(self) -> None:
        """End the connection, because of a fault of ours."""


class Client(Member, Protocol):
    """A session, without its commands."""

    nick: Nick
    member_id: str
    info: MemberInfo | None
    """As what all nodes know it, once they do; None on a single node."""
    person: object
    account_made: int
    """When its account was made, see `chatd.accounts.Accounts.made`."""
    ignored: Mapping[str, str]
    away: str | None
    """Why it is away, if it is."""
    realname: str
    """What its owner is called besides the nick, empty if that was not said."""
    bot: bool
    """Whether it is a program that answers by itself."""
    party: str | None
    """What it is in conversations, see `chatd.model.conversation`; None without an account."""
    heard: float
    """When the peer last gave a sign of life, by the clock, in seconds."""
    joining: tuple[str, str] | None
    """The key and the name of the room whose JOIN is on its way."""
    absent: bool
    """Whether it is nobody's connection, but a place that is kept from before a restart."""
    resumes: bool
    """Whether its peer is told its resume token."""
    voice: str
    """The key by which what the session has said is its own; it goes over to whoever takes the connection over."""

    @property
    def ended(self) -> bool:
        """Whether nothing comes from it any more."""

    @property
    def takeover(self) -> Resumption:
        """Its resume tokens."""

    @property
    def address(self) -> IPAddress | None:
        """Where it connects from, None for a local socket."""

    @property
    def identity(self) -> Identity:
        """Whom moderation actions are about."""

    @property
    def is_operator(self) -> bool:
        """Whether it is a server operator's."""

    def send_event(self, event: Event, label: str | None = None, tags: Tags = NO_TAGS) -> None:
        """Send a line to this client alone."""

    def follow_rename(self, old: str, new: str) -> None:
        """Ignore somebody under a new nick too who was ignored under an old one, given its key."""

    def tell(self, line: PrivateLine, account: str | None = None, *, again: bool = False) -> None:
        """Send a private line of somebody, who has that account, given its key, if any.

        With ``again`` it was sent to a connection that this one took over. Raise `ChatError` if the client takes no
        more of that, or ignores them.
        """

    def tell_kept(self, kept: StoredEvent, *, again: bool) -> bool:
        """Send a private line that is stored; return False if the client does not take it now.

        With ``again`` it was stored before the client was there, or could take it.
        """

    def tell_own(self, kept: StoredEvent, to: str) -> bool:
        """The same with what its owner told somebody, given the nick, over another connection."""

    def take_untold(self) -> Sequence[PrivateLine]:
        """Return the private lines that the peer may not have got, once."""

    def submit(
        self, room: str, event: RoomEvent, label: str | None = None, verb: str = "MSG", *, seen: bool = False
    ) -> None:
        """Hand an event to the journal, in this client's name; ``seen`` is as in `Entry`."""

    def disconnect(
        self,
        reason: DisconnectReason,
        text: str,
        *,
        parting: bool = True,
        parting_text: str | None = None,
        retry: float | None = None,
    ) -> None:
        """Send the last line and close; with ``parting`` the rooms are told.

        ``retry`` is in how many seconds a program is to connect again, if it is to.
        """

    def part_all(self, parting_text: str | None = None) -> None:
        """Leave every room, and the one whose JOIN is still on its way."""

    def resume_commands(self) -> None:
        """Go on with a command that had to wait."""

    def forget_nick(self) -> None:
        """Be what it was before its first JOIN."""
