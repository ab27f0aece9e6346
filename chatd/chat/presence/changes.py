"""What each kind of entry makes of who is where, at its place in the order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.logger import Logger

from chatd.chat.client import Client
from chatd.chat.hub import Hub
from chatd.chat.presence.announcer import Announcer
from chatd.chat.presence.directory import Directory, Occupant
from chatd.chat.presence.partings import info_of, partings
from chatd.chat.presence.remote import RemoteMember
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, ended_by, incarnation_of
from chatd.model.entry import INTERNAL, Entry, Member, Place, unavailable
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Joined, Parted, Renamed
from chatd.protocol.moderation_commands import SERVER

_log = Logger()


class MembershipChanges:
    """Changes a `Directory` as entries want it, and says what of them the rooms are to carry out."""

    def __init__(self, hub: Hub, announcer: Announcer) -> None:
        self.directory = Directory(hub.onlookers.touch)
        self._hub = hub
        self._announcer = announcer

    def place(self, member_id: str, room: Place) -> Member | None:
        """Return whose place in a room a member may take, if there is one."""
        stale = (stale.member for stale in self.directory.stale_connections(member_id))
        return next((member for member in stale if member in room.everybody), None)

    def remote(self, info: MemberInfo) -> RemoteMember:
        """Return a stand-in for one who is connected to another node."""
        return RemoteMember(self._hub, info, self.place)

    def steps(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Yield what the rooms are to carry out, part by part; what comes next is decided when that is done."""
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
            _log.failure("a change of a member could not be recorded")
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
                return ChatError(Code.NAME_TAKEN, f"{info.nick} joined over another connection")
            self._note(occupant, info._replace(nick=occupant.info.nick, takes=None))
            return None
        if incarnation_of(info.member_id) not in self.directory.incarnations:
            return unavailable()
        old = self._taken(info)
        but = () if old is None else (old.member_id,)
        if (why := self.directory.refusal(info.nick, *but, account=info.account)) is not None:
            return why
        client = self._announcer.client(info.member_id)
        info = info._replace(takes=None, nick=info.nick if old is None else old.info.nick)
        if old is not None:
            self.directory.inherit(old, info.member_id)
            if client is None and not isinstance(old.member, RemoteMember):
                self._announcer.hand_on(old.member, info.member_id)
            if old.info.away is not None and (client is None or isinstance(old.member, RemoteMember)):
                self._hub.onlookers.away_changed(old.member, None)  # AWAY ends with the connection
            self._replaced(old.member)
            if client is not None:
                client.takeover.respell(info.nick)
        if client is None and self._announcer.said(entry):
            # The journal had given up on it, and told the client, which has ended or is somebody else by now.
            self._announcer.dismiss(info)
        occupant = Occupant(info, client or self.remote(info))
        self.directory.add(occupant)
        self._note(occupant, info)
        return None

    def _note(self, occupant: Occupant, info: MemberInfo) -> None:
        member, before = occupant.member, occupant.member.info
        occupant.info = member.info = info
        if isinstance(member, RemoteMember) and before is not None:
            self._hub.onlookers.learned(member, before, info)

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
                    self._announcer.forget(stale.member_id)
            old.disconnect(DisconnectReason.REPLACED, "you joined over another connection", parting=False)

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
        client = self._announcer.client(info.member_id)
        if client is None:
            return []
        self._announcer.forget(info.member_id)
        return partings(client, {room.key: room.name for room in client.rooms}, entry)

    def _forget(self, occupant: Occupant, entry: Entry) -> list[Entry]:
        self.directory.remove(occupant)
        self._announcer.forget(occupant.member_id)
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
            return [] if entry.author is None else [entry]
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
            return ChatError(Code.NAME_TAKEN, f"{info.nick} joined over another connection")
        return self.directory.refusal(event.new, info.member_id, account=occupant.info.account)

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
            # It may be on its way out of some in which it is by what the others know alone.
            for key in {*occupant.places, *(place.key for place in member.rooms)}:
                if (room := self._hub.room(key)) is not None:
                    room.vacate(member)
        if ended == self._announcer.incarnation:
            self._announcer.begin_again()
        return left

    def _refused(self, entry: Entry) -> list[Entry]:
        """Return what is to be said of an entry that was refused; what our node said by itself, it may say again."""
        if entry.author is not None:
            return [entry]
        info = info_of(entry)
        client = None if info is None else self._announcer.client(info.member_id)
        if info is None or entry.refused is None or entry.verb != INTERNAL:
            return []
        if entry.refused.code == Code.UNAVAILABLE:
            self._announcer.retry_later(entry)
        elif client is not None and not client.ended:
            client.disconnect(DisconnectReason.REPLACED, "somebody took your nick while this node was cut off")
        return []
