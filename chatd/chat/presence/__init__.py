"""Who is where on all nodes: what entries of the journal make of it, in their order, and so the same on each node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from chatd.chat.presence.announcer import Announcer
from chatd.chat.presence.directory import Directory, Occupant
from chatd.chat.presence.partings import info_of, partings
from chatd.chat.presence.remote import RemoteMember
from chatd.model.cluster import Cluster, MemberInfo, NodeDown, NodeUp, ended_by, incarnation_of
from chatd.model.entry import INTERNAL, Entry, unavailable
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Joined, Parted, Renamed, Told
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.wire import timestamp

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.session import Session
    from chatd.model.entry import Member, Place

_log = Logger()


class Presence:
    """The one owner, on this node, of who goes by which nick in the cluster.

    `runs` takes what the journal hands over and says what of it the rooms are to carry out. Which nick is whose
    is decided there, at the entry's place in the order; who may enter which room is decided by the room, by the same
    card and the same rulings on every node.
    """

    def __init__(self, hub: Hub, cluster: Cluster) -> None:
        self.hub = hub
        self.cluster = cluster
        self.directory = Directory()
        self.announcer = Announcer(self)
        cluster.answer(self.answer)
        cluster.share(self.state, self.restore)

    def stand_in(self, nick: str) -> RemoteMember | None:
        """Return who goes by a nick, in any spelling, and is connected to another node."""
        owner = self.directory.owner(nick)
        return owner.member if owner is not None and isinstance(owner.member, RemoteMember) else None

    def check_free(self, nick: str) -> None:
        """Raise `ChatError` if a nick is, or looks like, that of one who is connected to another node.

        Those who are connected here, or were, are in nobody's way: the hub knows better what they are about to do.
        """
        own = [occupant.info.member_id for occupant in self.directory.rivals(nick) if occupant.member.here]
        if (why := self.directory.refusal(nick, *own)) is not None:
            raise why

    def place(self, member_id: str, room: Place) -> Member | None:
        """Return whose place in a room a person takes, if there is one; from here on that one has none."""
        for stale in self.directory.stale_connections(member_id):
            if stale.member in room.everybody:
                stale.member.rooms.pop(room, None)
                return stale.member
        return None

    def rooms_of(self, member_id: str) -> list[Place]:
        """Return the rooms that a person may be in."""
        occupant = self.directory.get(member_id)
        found = () if occupant is None else map(self.hub.room, occupant.places)
        return [room for room in found if room is not None]

    def runs(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Yield what the rooms are to carry out, part by part; what comes next is decided when that is done."""
        run: list[Entry] = []
        for entry in entries:
            kind = type(entry.event)
            alone = kind in (Renamed, NodeDown) or (kind is Joined and self._stands_alone(entry))
            if alone or (entry.durable and entry.room == SERVER):
                yield run
                yield self._carried_out(entry)
                run = []
            elif entry.durable:
                run.append(entry)
            else:
                run += self._carried_out(entry)
        yield run

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
                    self.directory.runs[started] = None
                    return []
                case NodeDown():
                    ended = ended_by(entry.event, entry.source, self.directory.runs)
                    return [each for run in ended for each in self._gone(run, entry)]
            return [entry]
        except Exception:
            _log.failure("what became of somebody could not be noted")
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
        """Return an entry with whom it is about; if that one is here and does not wait for it, as one unasked for."""
        if entry.author is None and occupant.member.here:
            entry.verb = INTERNAL
        entry.author = occupant.member
        return entry

    def _admit(self, info: MemberInfo, entry: Entry) -> ChatError | None:
        """Let somebody in who is not known yet, and note the card of one who is; return why not if that cannot be."""
        occupant = self.directory.get(info.member_id)
        if occupant is not None:
            if occupant.successor is not None:
                return ChatError(Code.NAME_TAKEN, f"{info.nick} came in over another connection")
            self._note(occupant, info._replace(nick=occupant.info.nick, takes=None))
            return None
        if incarnation_of(info.member_id) not in self.directory.runs:
            return unavailable()
        old = self._taken(info)
        if (why := self.directory.refusal(info.nick, *(() if old is None else (old.info.member_id,)))) is not None:
            return why
        member = self.announcer.session(info.member_id)
        info = info._replace(takes=None, nick=info.nick if old is None else old.info.nick)
        if old is not None:
            self.directory.inherit(old, info.member_id)
            self._replaced(old.member)
            if member is not None:
                member.takeover.respell(info.nick)
        if member is None and self.announcer.said(entry):
            # The journal had given up on it, and told the session, which has ended or is somebody else by now.
            self.announcer.dismiss(info)
        occupant = Occupant(info, member or RemoteMember(self, info))
        self.directory.add(occupant)
        self._note(occupant, info)
        return None

    def _note(self, occupant: Occupant, info: MemberInfo) -> None:
        occupant.info = occupant.member.info = info

    def _taken(self, info: MemberInfo) -> Occupant | None:
        """Return the one whose nick and places a card is to take, if it goes by that nick still."""
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
        return bool(self.directory.stale_connections(info.member_id)) or occupant.info[2:5] != info[2:5]

    def _replaced(self, old: Session | RemoteMember) -> None:
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
            left = [
                each
                for stale in self.directory.stale_connections(info.member_id)
                for each in self._forget(stale, entry)
            ]
            return left + self._forget(occupant, entry)
        session = self.announcer.session(info.member_id)
        if session is None:
            return []
        self.announcer.forget(info.member_id)
        return partings(session, {room.key: room.name for room in session.rooms}, entry)

    def _forget(self, occupant: Occupant, entry: Entry) -> list[Entry]:
        self.directory.remove(occupant)
        self.announcer.forget(occupant.info.member_id)
        rooms = {room.key: room.name for room in occupant.member.rooms}
        return partings(occupant.member, occupant.places | rooms, entry)

    def _rename(self, entry: Entry, event: Renamed) -> list[Entry]:
        info = info_of(entry)
        if info is None:
            return []
        if entry.refused is None:
            entry.refused = self._renaming(info, event, entry)
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

    def _renaming(self, info: MemberInfo, event: Renamed, entry: Entry) -> ChatError | None:
        """Return why somebody is not to have another nick; who has the same may be new here, and in no room."""
        occupant = self.directory.get(info.member_id)
        if event.old == event.new:
            return self._admit(info, entry)
        if occupant is None:
            return unavailable()
        if occupant.successor is not None:
            return ChatError(Code.NAME_TAKEN, f"{info.nick} came in over another connection")
        return self.directory.refusal(event.new, info.member_id)

    def _gone(self, ended: str, entry: Entry) -> list[Entry]:
        """Let everybody of a run leave; of ours, who are here stay and are announced again."""
        self.directory.runs.pop(ended, None)
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
        session = None if info is None else self.announcer.session(info.member_id)
        if info is None or entry.refused is None or entry.verb != INTERNAL:
            return []
        if entry.refused.code == Code.UNAVAILABLE:
            self.announcer.say_again(entry)
        elif session is not None and not session.ended:
            session.end(DisconnectReason.REPLACED, "somebody took your name while this node was cut off")
        return []

    # What other nodes ask.

    def answer(self, question: Any) -> Any:
        """Answer what another node asks: to tell something to somebody who is connected here."""
        member_id, nick, text = question["tell"], question["from"], question["text"]
        session = self.announcer.session(member_id)
        if session is None or session.ended:
            return {"nick": None}
        session.tell(Told(nick, text), tags={"time": timestamp(int(self.hub.clock.seconds() * 1000))})
        return {"nick": session.nick}

    def state(self) -> Any:
        """Return who is where, as of all that was handed over."""
        there = [room for room in self.hub.rooms() if room.everybody]
        rooms = [[room.key, room.name, [member.member_id for member in room.everybody]] for room in there]
        directory = [[*occupant.info, occupant.successor] for occupant in self.directory.all()]
        return {"runs": sorted(self.directory.runs), "people": directory, "rooms": rooms}

    def restore(self, state: Any) -> None:
        """Take over what another node says of who is where, None for nobody; see `Cluster.share`."""
        from chatd.chat.presence.snapshot import restore

        restore(self, state or {"runs": [self.cluster.incarnation], "people": [], "rooms": []})
