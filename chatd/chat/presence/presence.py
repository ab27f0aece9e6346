"""Who is where on all nodes: what entries of the journal make of it, in their order, and so the same on each node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from twisted.logger import Logger
from typing_extensions import override

from chatd.chat.client import Client, NickHolder
from chatd.chat.hub import Hub
from chatd.chat.nodes import Nodes
from chatd.chat.presence import facts, snapshot
from chatd.chat.presence.announcer import Announcer
from chatd.chat.presence.changes import MembershipChanges
from chatd.chat.presence.directory import Directory
from chatd.chat.presence.remote import RemoteMember
from chatd.chat.private_lines import PrivateLine
from chatd.model.cluster import Cluster, MemberInfo, Source, incarnation_of
from chatd.model.conversation import is_conversation
from chatd.model.entry import Entry, Member, Place, RoomEvent, unavailable
from chatd.model.member_facts import MemberFacts
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import DurableEvent
from chatd.protocol.names import Nick

_log = Logger()


class Presence(Nodes):
    """The one owner, on this node, of who goes by which nick in the cluster.

    Which nick is whose is decided by `MembershipChanges`, at an entry's place in the order; who may enter which room
    is decided by the room, by the same member info and the same moderation actions on every node.
    """

    def __init__(self, hub: Hub, cluster: Cluster) -> None:
        self.hub = hub
        self.cluster = cluster
        self.announcer = Announcer(hub, cluster)
        self._changes = MembershipChanges(hub, self.announcer)
        cluster.answer(self.answer)
        cluster.share(self.state, self.restore)

    @property
    def directory(self) -> Directory:
        """Who goes by which nick."""
        return self._changes.directory

    # What the chat asks of the other nodes.

    @property
    @override
    def shared(self) -> bool:
        return True

    @property
    @override
    def count(self) -> int:
        return len({*self.directory.incarnations, self.cluster.incarnation})

    @override
    def start(self) -> None:
        self.announcer.begin()

    @override
    def prepare_stop(self) -> None:
        self.cluster.hurry()

    @property
    @override
    def awaited(self) -> int:
        own = self.announcer.incarnation
        there = [each.member for each in self.directory.all() if self.directory.keeper(each) == own]
        return sum(not isinstance(member, RemoteMember) and member.ended for member in there)

    @override
    def enroll(self, client: Client) -> str:
        return self.announcer.enroll(client)

    @override
    def remote(self, nick: Nick) -> RemoteMember | None:
        owner = self.directory.owner(nick)
        return owner.member if owner is not None and isinstance(owner.member, RemoteMember) else None

    @override
    def check_free(self, nick: Nick, account: str | None) -> None:
        # Those who are connected here, or were, are in nobody's way: the hub knows what they are about to do.
        own = [occupant.member_id for occupant in self.directory.rivals(nick) if occupant.member.here]
        if (why := self.directory.refusal(nick, *own, account=account)) is not None:
            raise why

    @override
    def place_for(self, client: Client, room: Place) -> Member | None:
        return self._changes.place(client.member_id, room)

    @property
    @override
    def leads(self) -> bool:
        return self.announcer.incarnation == min(self.directory.incarnations, default="")

    @property
    @override
    def own_source(self) -> Source:
        return Source(self.announcer.incarnation, None)

    @override
    def predecessors(self, member_id: str, here: Sequence[Member]) -> Sequence[Member]:
        return [stale.member for stale in self.directory.stale_connections(member_id)]

    @override
    def author_of(self, entry: Entry) -> Member | ChatError | None:
        source = entry.source
        if source is None:
            return None
        if source.info is None:
            return None if source.incarnation in self.directory.incarnations else _gone()
        occupant = self.directory.get(source.info.member_id)
        if occupant is None or occupant.successor is not None:
            return _gone()
        event = entry.event
        if is_conversation(entry.room) and occupant.info.account is not None:
            return occupant.member  # it is by the account, whatever it goes by
        nick = event.nick if isinstance(event, DurableEvent) else occupant.info.nick
        if nick != occupant.info.nick and names.key(nick) != names.key(occupant.info.nick):
            return ChatError(Code.UNAVAILABLE, "your nick changed before this took effect; send it again")
        return occupant.member

    @override
    def rooms_of(self, member: Member) -> Collection[Place]:
        occupant = self.directory.get(member.member_id)
        found = () if occupant is None else map(self.hub.room, occupant.places)
        return [room for room in found if room is not None]

    @override
    def source(self, client: Client, event: RoomEvent) -> Source:
        return self.announcer.source(client, event)

    @override
    def source_of_post(self, poster: MemberInfo) -> Source:
        return Source(self.announcer.incarnation, None, poster)

    @override
    def nick_refusal(self, nick: Nick, account: str | None) -> ChatError | None:
        return self.directory.refusal(nick, account=account)

    @override
    def announce(self, client: Client) -> None:
        self.announcer.announce(client)

    @override
    def announce_soon(self, client: Client) -> None:
        self.announcer.announce_soon(client)

    @override
    def withdraw(self, client: Client, room: Place) -> None:
        self.announcer.withdraw(client, room.key, room.name)

    @override
    def leave(self, client: Client, parting_text: str | None) -> None:
        self.announcer.leave(client, parting_text)

    @override
    def release_stale(self, client: Client) -> None:
        known = [occupant.info for occupant in self.directory.stale_connections(client.member_id)]
        self.announcer.release_stale(client, known)

    @override
    def join_refused(self, client: Client) -> None:
        if client.info is None and not client.ended:
            client.forget_nick()
            # The refused JOIN may yet come, and is to be of nobody then.
            self.announcer.forget(client.member_id)
            client.member_id = self.announcer.enroll(client)

    @override
    async def ask_facts(self, members: Sequence[Member]) -> Mapping[str, MemberFacts]:
        return await facts.ask(self.cluster, members)

    @override
    async def tell_remote(self, remote: NickHolder, author: Client, line: PrivateLine) -> tuple[str, MemberFacts]:
        question = {"tell": remote.member_id, "account": author.account} | line.as_question()
        try:
            answer = await self.cluster.ask(incarnation_of(remote.member_id), question)
        except ChatError:
            raise
        except Exception:
            raise unavailable() from None
        nick = answer.get("nick") if isinstance(answer, dict) else None
        if isinstance(answer, dict) and isinstance(answer.get("refused"), list):
            code, why = answer["refused"]
            raise ChatError(Code(code), why)
        if not isinstance(nick, str):
            raise ChatError(Code.NO_SUCH_NICK, f"nobody here uses the nick {remote.nick}")
        return nick, facts.read(answer.get("facts"))

    @override
    def show_invitation(self, room: Place, by: str, nick: str) -> None:
        there = {incarnation_of(member.member_id) for member in room.everybody if not member.here}
        for incarnation in there:
            question = {"invited": nick, "from": by, "room": room.key}
            self.cluster.ask(incarnation, question).addErrback(lambda _: None)  # it stands still, or is an older one

    @override
    async def ask_party(self, remote: NickHolder, author: Client) -> str | None:
        question = {"party": remote.member_id, "from": author.nick, "account": author.account}
        try:
            answer = await self.cluster.ask(incarnation_of(remote.member_id), question)
        except Exception:  # it stands still, or does not know the question: what is stored is told later
            return None
        if isinstance(answer, dict) and isinstance(answer.get("refused"), list):
            code, why = answer["refused"]
            raise ChatError(Code(code), why)
        party = answer.get("party") if isinstance(answer, dict) else None
        return party if isinstance(party, str) else None

    @override
    def steps(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        return self._changes.steps(entries)

    # What other nodes ask.

    def answer(self, question: Any) -> Any:
        """Answer what another node asks: facts, or to tell something to somebody who is connected here.

        That has a ``time``, in milliseconds since 1970, if it was told a connection that this one has taken over.
        """
        if "facts" in question:
            return facts.answer(question["facts"], self.announcer.client)
        if "invited" in question:
            room = self.hub.room(question["room"])
            if room is not None:
                self.hub.onlookers.others_invited(room, question["from"], question["invited"])
            return {}
        if "party" in question:
            client = self.announcer.client(question["party"])
            ignored = () if client is None else client.ignored
            if client is None or {names.key(question["from"]), question.get("account")}.isdisjoint(ignored):
                return {"party": None if client is None else client.party}
            return {"refused": [Code.NOT_ALLOWED, f"{client.nick} accepts no private messages from you"]}
        member_id, nick, text, time = question["tell"], question["from"], question["text"], question.get("time")
        notice = question.get("notice") is True
        client = self.announcer.client(member_id)
        if client is None or client.ended:
            return {"nick": None}
        told_at, room, ref = self.hub.now if time is None else time, question.get("room", ""), question.get("ref") or ""
        line = PrivateLine(nick, text, told_at, notice, room=room, ref=ref)
        try:
            client.tell(line, question.get("account"), again=time is not None)
        except ChatError as error:  # a node that does not know "refused" takes it for nobody there
            return {"nick": None, "refused": [error.code, error.text]}
        return {"nick": client.nick, "facts": client.facts}

    def state(self) -> Any:
        """Return who is where, as of all that was handed over."""
        return snapshot.take(self.hub, self.directory)

    def restore(self, state: Any) -> None:
        """Take over what another node says of who is where, None for nobody; see `Cluster.share`."""
        hub, announcer = self.hub, self.announcer
        state = state or {"runs": [self.cluster.incarnation], "people": [], "rooms": []}
        before = self.directory
        missed_the_end = announcer.incarnation not in ("", self.cluster.incarnation)
        if not missed_the_end:
            announcer.begin()
        hub.read_journal()
        self._changes.directory = snapshot.read(state, before, announcer, self._changes.remote)
        snapshot.fill_rooms(state, hub, self.directory, announcer)
        if hub.onlookers:
            self._tell_what_is_new(before)
        while hub.bare_rooms.forget_some():
            pass
        if missed_the_end:
            announcer.begin_again()
            return
        for client in hub.clients:
            occupant = self.directory.get(client.member_id)
            if occupant is None or any(client not in room.everybody for room in client.rooms):
                announcer.announce(client)

    def _tell_what_is_new(self, before: Directory) -> None:
        """Tell those who are told of people what is new, after who is where was learned anew."""
        self.hub.onlookers.look_again()
        for occupant in self.directory.all():
            known = before.get(occupant.member_id)
            if known is not None and isinstance(occupant.member, RemoteMember):
                self.hub.onlookers.learned(occupant.member, known.info, occupant.info)


def _gone() -> ChatError:
    return ChatError(Code.UNAVAILABLE, "this node was considered dead before this took effect; send it again")
