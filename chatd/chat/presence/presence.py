"""Who is where on all nodes: what entries of the journal make of it, in their order, and so the same on each node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from twisted.logger import Logger
from typing_extensions import override

from chatd.chat.client import Client, NickHolder
from chatd.chat.hub import Hub
from chatd.chat.nodes import Nodes
from chatd.chat.presence import snapshot
from chatd.chat.presence.announcer import Announcer
from chatd.chat.presence.directory import Directory, Occupant
from chatd.chat.presence.partings import info_of, partings
from chatd.chat.presence.remote import RemoteMember
from chatd.model.cluster import Cluster, MemberInfo, NodeDown, NodeUp, Source, ended_by, incarnation_of
from chatd.model.entry import INTERNAL, Entry, Member, Place, RoomEvent, unavailable
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Joined, Parted, Renamed, Told
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick
from chatd.protocol.wire import timestamp

_log = Logger()


class Presence(Nodes):
    """The one owner, on this node, of who goes by which nick in the cluster.

    `steps` takes what the journal hands over and says what of it the rooms are to carry out. Which nick is whose
    is decided there, at the entry's place in the order; who may enter which room is decided by the room, by the same
    member info and the same moderation actions on every node.
    """

    def __init__(self, hub: Hub, cluster: Cluster) -> None:
        self.hub = hub
        self.cluster = cluster
        self.directory = Directory()
        self.announcer = Announcer(hub, cluster)
        cluster.answer(self.answer)
        cluster.share(self.state, self.restore)

    # What the chat asks of the other nodes.

    @property
    @override
    def shared(self) -> bool:
        return True

    @override
    def start(self) -> None:
        self.announcer.begin()

    @override
    def prepare_stop(self) -> None:
        self.cluster.hurry()

    @override
    def enroll(self, client: Client) -> str:
        return self.announcer.enroll(client)

    @override
    def remote(self, nick: Nick) -> RemoteMember | None:
        owner = self.directory.owner(nick)
        return owner.member if owner is not None and isinstance(owner.member, RemoteMember) else None

    @override
    def check_free(self, nick: Nick) -> None:
        # Those who are connected here, or were, are in nobody's way: the hub knows what they are about to do.
        own = [occupant.member_id for occupant in self.directory.rivals(nick) if occupant.member.here]
        if (why := self.directory.refusal(nick, *own)) is not None:
            raise why

    @override
    def place_for(self, client: Client, room: Place) -> Member | None:
        return self._place(client.member_id, room)

    def _place(self, member_id: str, room: Place) -> Member | None:
        """Return whose place in a room a member takes, if there is one; from here on that one has none."""
        for stale in self.directory.stale_connections(member_id):
            if stale.member in room.everybody:
                stale.member.rooms.pop(room, None)
                return stale.member
        return None

    @override
    def rooms_of(self, member: Member) -> Collection[Place]:
        occupant = self.directory.get(member.member_id)
        found = () if occupant is None else map(self.hub.room, occupant.places)
        return [room for room in found if room is not None]

    @override
    def source(self, client: Client, event: RoomEvent) -> Source:
        return self.announcer.source(client, event)

    @override
    def announce(self, client: Client) -> None:
        self.announcer.announce(client)

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
    async def tell(self, remote: NickHolder, author: str, text: str) -> str:
        question = {"tell": remote.member_id, "from": author, "text": text}
        try:
            answer = await self.cluster.ask(incarnation_of(remote.member_id), question)
        except ChatError:
            raise
        except Exception:
            raise unavailable() from None
        nick = answer.get("nick") if isinstance(answer, dict) else None
        if not isinstance(nick, str):
            raise ChatError(Code.NO_SUCH_NICK, f"nobody here goes by {remote.nick}")
        return nick

    @override
    def steps(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        step: list[Entry] = []
        for entry in entries:
            kind = type(entry.event)
            alone = kind in (Renamed, NodeDown) or (kind is Joined and self._stands_alone(entry))
            if alone or (entry.durable and entry.room == SERVER):
                yield step
                yield self._carried_out(entry)
                step = []
            elif entry.durable:
                step.append(entry)
            else:
                step += self._carried_out(entry)
        yield step

    def _carried_out(self, entry: Entry) -> list[Entry]:
        """Change who is where as an entry wants it; return what the rooms are to do."""
        try:
            match entry.event:
                case Joined():
                    return self._join(entry)
                case Parted():
                    return self._leave(entry) if entry.room == SERVER else self._part(entry)
                case Renamed():
                    return self._rename(entry, entry.event)
                case NodeUp(started):
                    self.directory.incarnations[started] = None
                    return []
                case NodeDown():
                    ended = ended_by(entry.event, entry.source, self.directory.incarnations)
                    return [each for incarnation in ended for each in self._end_incarnation(incarnation, entry)]
            return [entry]
        except Exception:
            _log.failure("what became of a member could not be noted")
            return []

    # What each kind of entry does.

    def _join(self, entry: Entry) -> list[Entry]:
        info = info_of(entry)
        if info is None:
            return []
        if entry.refused is None:
            entry.refused = self._admit(info, entry)
        if entry.refused is not None:
            return self._refused(entry)
        occupant = self.directory.get(info.member_id)
        assert occupant is not None and isinstance(entry.event, Joined)
        occupant.places[entry.room] = entry.event.room
        return [self._bound(entry, occupant)]

    def _bound(self, entry: Entry, occupant: Occupant) -> Entry:
        """Return an entry with its author; if that one is here and does not wait for it, as an internal one."""
        if entry.author is None and occupant.member.here:
            entry.verb = INTERNAL
        entry.author = occupant.member
        return entry

    def _admit(self, info: MemberInfo, entry: Entry) -> ChatError | None:
        """Let somebody in who is not known yet, and note the info of one who is; return why not if that cannot be."""
        occupant = self.directory.get(info.member_id)
        if occupant is not None:
            if occupant.successor is not None:
                return ChatError(Code.NAME_TAKEN, f"{info.nick} came in over another connection")
            self._note(occupant, info._replace(nick=occupant.info.nick, takes=None))
            return None
        if incarnation_of(info.member_id) not in self.directory.incarnations:
            return unavailable()
        old = self._taken(info)
        if (why := self.directory.refusal(info.nick, *(() if old is None else (old.member_id,)))) is not None:
            return why
        client = self.announcer.client(info.member_id)
        info = info._replace(takes=None, nick=info.nick if old is None else old.info.nick)
        if old is not None:
            self.directory.inherit(old, info.member_id)
            self._replaced(old.member)
            if client is not None:
                client.takeover.respell(info.nick)
        if client is None and self.announcer.said(entry):
            # The journal had given up on it, and told the client, which has ended or is somebody else by now.
            self.announcer.dismiss(info)
        occupant = Occupant(info, client or RemoteMember(self.hub, info, self._place))
        self.directory.add(occupant)
        self._note(occupant, info)
        return None

    def _note(self, occupant: Occupant, info: MemberInfo) -> None:
        occupant.info = occupant.member.info = info

    def _taken(self, info: MemberInfo) -> Occupant | None:
        """Return the one whose nick and places a member is to take, if it goes by that nick still."""
        old = self.directory.get(info.takes)
        if old is not None and old.successor is not None:
            old = self.directory.get(old.successor)
        return old if old is not None and names.key(old.info.nick) == names.key(info.nick) else None

    def _stands_alone(self, entry: Entry) -> bool:
        """Return whether what was before must be done first: of a takeover, and of what changes who is judged."""
        info = info_of(entry)
        if info is None:
            return False
        occupant = self.directory.get(info.member_id)
        if occupant is None:
            return info.takes is not None
        return bool(self.directory.stale_connections(info.member_id)) or not occupant.info.is_judged_like(info)

    def _replaced(self, old: Client | RemoteMember) -> None:
        if not isinstance(old, RemoteMember):
            for stale in old.takeover.stale_connections:
                if self.directory.get(stale.member_id) is None:
                    self.announcer.forget(stale.member_id)
            old.end(DisconnectReason.REPLACED, "you came in over another connection", parting=False)

    def _part(self, entry: Entry) -> list[Entry]:
        info = info_of(entry)
        occupant = None if info is None else self.directory.get(info.member_id)
        if occupant is None:
            entry.refused = entry.refused or unavailable()
        if occupant is None or entry.refused is not None:
            return self._refused(entry)
        occupant.places.pop(entry.room, None)
        return [self._bound(entry, occupant)]

    def _leave(self, entry: Entry) -> list[Entry]:
        """Let somebody leave for good: every room, and those that had their places for the taking as well."""
        info = info_of(entry)
        if info is None:
            return []
        occupant = self.directory.get(info.member_id)
        if entry.refused is not None and occupant is not None:
            return self._refused(entry)
        if occupant is not None:
            stale_connections = self.directory.stale_connections(info.member_id)
            left = [each for stale in stale_connections for each in self._forget(stale, entry)]
            return left + self._forget(occupant, entry)
        client = self.announcer.client(info.member_id)
        if client is None:
            return []
        self.announcer.forget(info.member_id)
        return partings(client, {room.key: room.name for room in client.rooms}, entry)

    def _forget(self, occupant: Occupant, entry: Entry) -> list[Entry]:
        self.directory.remove(occupant)
        self.announcer.forget(occupant.member_id)
        rooms: dict[str, str] = {room.key: room.name for room in occupant.member.rooms}
        return partings(occupant.member, occupant.places | rooms, entry)

    def _rename(self, entry: Entry, event: Renamed) -> list[Entry]:
        info = info_of(entry)
        if info is None:
            return []
        if entry.refused is None:
            entry.refused = self._rename_refusal(info, event, entry)
        if entry.refused is not None:
            return self._refused(entry)
        occupant = self.directory.get(info.member_id)
        assert occupant is not None
        if event.old == event.new:
            return []
        entry.event = Renamed(occupant.info.nick, event.new)
        self.directory.rename(occupant, event.new)
        self._note(occupant, occupant.info)
        return [self._bound(entry, occupant)]

    def _rename_refusal(self, info: MemberInfo, event: Renamed, entry: Entry) -> ChatError | None:
        """Return why somebody is not to have another nick; who has the same may be new here, and in no room."""
        occupant = self.directory.get(info.member_id)
        if event.old == event.new:
            return self._admit(info, entry)
        if occupant is None:
            return unavailable()
        if occupant.successor is not None:
            return ChatError(Code.NAME_TAKEN, f"{info.nick} came in over another connection")
        return self.directory.refusal(event.new, info.member_id)

    def _end_incarnation(self, ended: str, entry: Entry) -> list[Entry]:
        """Let everybody of an incarnation leave; of ours, who are here stay and are announced again."""
        self.directory.incarnations.pop(ended, None)
        left: list[Entry] = []
        for occupant in [occupant for occupant in self.directory.all() if self.directory.keeper(occupant) == ended]:
            member = occupant.member
            if isinstance(member, RemoteMember) or member.ended:
                left += self._forget(occupant, entry)
                continue
            self.directory.remove(occupant)
            for place in member.rooms:
                if (room := self.hub.room(place.key)) is not None:
                    room.everybody.pop(member, None)
        if ended == self.announcer.incarnation:
            self.announcer.begin_again()
        return left

    def _refused(self, entry: Entry) -> list[Entry]:
        """Return what is to be said of an entry that was refused; what our node said by itself, it may say again."""
        if entry.author is not None:
            return [entry]
        info = info_of(entry)
        client = None if info is None else self.announcer.client(info.member_id)
        if info is None or entry.refused is None or entry.verb != INTERNAL:
            return []
        if entry.refused.code == Code.UNAVAILABLE:
            self.announcer.retry_later(entry)
        elif client is not None and not client.ended:
            client.end(DisconnectReason.REPLACED, "somebody took your name while this node was cut off")
        return []

    # What other nodes ask.

    def answer(self, question: Any) -> Any:
        """Answer what another node asks: to tell something to somebody who is connected here."""
        member_id, nick, text = question["tell"], question["from"], question["text"]
        client = self.announcer.client(member_id)
        if client is None or client.ended:
            return {"nick": None}
        client.tell(Told(nick, text), tags={"time": timestamp(int(self.hub.clock.seconds() * 1000))})
        return {"nick": client.nick}

    def state(self) -> Any:
        """Return who is where, as of all that was handed over."""
        return snapshot.take(self.hub, self.directory)

    def restore(self, state: Any) -> None:
        """Take over what another node says of who is where, None for nobody; see `Cluster.share`."""
        hub, announcer = self.hub, self.announcer
        state = state or {"runs": [self.cluster.incarnation], "people": [], "rooms": []}
        missed_the_end = announcer.incarnation not in ("", self.cluster.incarnation)
        if not missed_the_end:
            announcer.begin()
        hub.read_server_policy()
        self.directory = snapshot.read(
            state, self.directory, announcer, lambda info: RemoteMember(hub, info, self._place)
        )
        snapshot.fill_rooms(state, hub, self.directory, announcer)
        if missed_the_end:
            announcer.begin_again()
            return
        for client in hub.clients:
            occupant = self.directory.get(client.member_id)
            if occupant is None or any(client not in room.everybody for room in client.rooms):
                announcer.announce(client)
