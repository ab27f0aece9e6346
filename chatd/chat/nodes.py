"""What the chat asks of the other nodes, and what there is to say when there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from chatd.chat.client import Client, NickHolder
from chatd.chat.private_lines import PrivateLine
from chatd.model.cluster import MemberInfo, Source
from chatd.model.entry import Entry, Member, Place, RoomEvent, unavailable
from chatd.model.member_facts import MemberFacts
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Renamed
from chatd.protocol.names import Nick


class Nodes(Protocol):
    """Who is where on all nodes, and what this node says to the others of its own clients."""

    @property
    def shared(self) -> bool:
        """Whether rooms may have members on other nodes."""

    @property
    def count(self) -> int:
        """How many nodes there are, this one included, as far as is known."""

    def start(self) -> None:
        """Begin, now that the journal is open."""

    def prepare_stop(self) -> None:
        """Give up, within a few seconds, what cannot be stored and delivered: this node is about to stop."""

    @property
    def awaited(self) -> int:
        """How many who were sent away from this node have yet to take their places over at another."""

    def enroll(self, client: Client) -> str:
        """Note a new client; return its member id."""

    def remote(self, nick: Nick) -> NickHolder | None:
        """Return who goes by a nick, in any spelling, and is connected to another node."""

    def check_free(self, nick: Nick, account: str | None) -> None:
        """Raise `ChatError` if a nick is, or looks like, that of one who is connected to another node.

        ``account`` is that of whoever wants it, see `NickRegistry.refusal`.
        """

    def steps(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Yield a batch of the journal in parts, each to be delivered before the next is asked for.

        What concerns more than one room is a part of its own.
        """

    def author_of(self, entry: Entry) -> Member | ChatError | None:
        """Return who has done something, as known at its place in the order; None if it is of nobody in particular.

        Return why it does not count, if whoever did it is gone, or is somebody else by now.
        """

    def rooms_of(self, member: Member) -> Collection[Place]:
        """Return the rooms that a member may be in."""

    def source(self, client: Client, event: RoomEvent) -> Source | None:
        """Return what goes along with something that a client does, for the other nodes."""

    @property
    def leads(self) -> bool:
        """Whether it is this node that says what all nodes know, and one of them is to say."""

    @property
    def own_source(self) -> Source | None:
        """What goes along with something that this node says by itself, for the other nodes."""

    def source_of_post(self, poster: MemberInfo) -> Source:
        """Return what goes along with something that somebody says without coming in."""

    def nick_refusal(self, nick: Nick, account: str | None) -> ChatError | None:
        """Return why a nick is not to be had by what all nodes know; `check_free` leaves out those who are here."""

    def place_for(self, client: Client, room: Place) -> Member | None:
        """Return whose place in a room a client may take unseen, if there is one."""

    def predecessors(self, member_id: str, here: Sequence[Member]) -> Sequence[Member]:
        """Return those whose places in rooms a member may take; ``here`` are those of this node that it took over."""

    def announce(self, client: Client) -> None:
        """Tell the other nodes all that they should know of a client and do not."""

    def announce_soon(self, client: Client) -> None:
        """The same within a second, however often: of what it says of itself."""

    def withdraw(self, client: Client, room: Place) -> None:
        """Let a client leave a room that it is in only by what the other nodes know."""

    def leave(self, client: Client, parting_text: str | None) -> None:
        """Let a client leave every room for good."""

    def release_stale(self, client: Client) -> None:
        """Let those leave whose places a client may take and did not."""

    def join_refused(self, client: Client) -> None:
        """Note that a JOIN of a client was refused by the journal or by a room."""

    async def ask_facts(self, members: Sequence[Member]) -> Mapping[str, MemberFacts]:
        """Return, by member id, what is known of those who are connected to other nodes, as far as these answer."""

    async def tell_remote(self, remote: NickHolder, author: Client, line: PrivateLine) -> tuple[str, MemberFacts]:
        """Tell a line to one who is connected to another node; return the nick that heard it, and what is known.

        Raise `ChatError` if that node does not answer, or nobody is there any more.
        """

    def show_invitation(self, room: Place, by: str, nick: str) -> None:
        """Let the other nodes tell those in a room, as far as they want that, that somebody was invited into it."""

    async def ask_party(self, remote: NickHolder, author: Client) -> str | None:
        """Return what one who is connected to another node is in conversations; None if that node does not say.

        Raise `ChatError` if they ignore the author.
        """


class SingleNode(Nodes):
    """There is no other node: everything is known here, and nobody else needs to be told."""

    @property
    @override
    def shared(self) -> bool:
        return False

    @property
    @override
    def count(self) -> int:
        return 1

    @override
    def start(self) -> None:
        pass

    @override
    def prepare_stop(self) -> None:
        pass

    @property
    @override
    def awaited(self) -> int:
        return 0

    @override
    def enroll(self, client: Client) -> str:
        return ""

    @override
    def remote(self, nick: Nick) -> NickHolder | None:
        return None

    @override
    def check_free(self, nick: Nick, account: str | None) -> None:
        pass

    @override
    def steps(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        step: list[Entry] = []
        for entry in entries:
            if type(entry.event) is Renamed:
                yield step
                step = []
                yield [entry]
            else:
                step.append(entry)
        yield step

    @override
    def author_of(self, entry: Entry) -> Member | ChatError | None:
        return entry.author

    @override
    def rooms_of(self, member: Member) -> Collection[Place]:
        return member.rooms

    @override
    def source(self, client: Client, event: RoomEvent) -> Source | None:
        return None

    @override
    def source_of_post(self, poster: MemberInfo) -> Source:
        return Source("", None, poster)

    @override
    def nick_refusal(self, nick: Nick, account: str | None) -> ChatError | None:
        return None

    @override
    def place_for(self, client: Client, room: Place) -> Member | None:
        return client.takeover.place_here(room)

    @property
    @override
    def leads(self) -> bool:
        return True

    @property
    @override
    def own_source(self) -> None:
        return None

    @override
    def predecessors(self, member_id: str, here: Sequence[Member]) -> Sequence[Member]:
        return here

    @override
    def announce(self, client: Client) -> None:
        pass

    @override
    def announce_soon(self, client: Client) -> None:
        pass

    @override
    def withdraw(self, client: Client, room: Place) -> None:
        pass

    @override
    def leave(self, client: Client, parting_text: str | None) -> None:
        client.part_all(parting_text)

    @override
    def release_stale(self, client: Client) -> None:
        # They stay until they have left: a JOIN of this one that is still on its way may yet take their place.
        stale_connections = [stale for stale in client.takeover.stale_connections if stale.rooms or stale.joining]
        client.takeover.stale_connections = stale_connections
        for stale in stale_connections:
            stale.part_all()

    @override
    def join_refused(self, client: Client) -> None:
        pass

    @override
    async def ask_facts(self, members: Sequence[Member]) -> Mapping[str, MemberFacts]:
        return {}

    @override
    async def tell_remote(self, remote: NickHolder, author: Client, line: PrivateLine) -> tuple[str, MemberFacts]:
        raise unavailable()

    @override
    def show_invitation(self, room: Place, by: str, nick: str) -> None:
        pass

    @override
    async def ask_party(self, remote: NickHolder, author: Client) -> str | None:
        return None
