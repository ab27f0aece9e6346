"""The hub: which rooms there are, who goes by which nick, and the way of every batch from the journal to the rooms."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.accounts import Accounts, NoAccounts
from chatd.chat.cross_room import Merge
from chatd.chat.limits import Limits as Limits
from chatd.chat.presence import Presence
from chatd.chat.presence.directory import looks_of
from chatd.chat.room import Room
from chatd.chat.server_policy import rule_server
from chatd.journal import Journal
from chatd.model.cluster import NodeDown, NodeUp
from chatd.model.entry import Entry, Member, Reader, StoredEvent
from chatd.model.room_policy import NO_POLICY, RoomPolicy
from chatd.protocol import names, wire
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import DurableEvent, Renamed
from chatd.protocol.moderation_commands import SERVER
from chatd.runtime.timers import TimerWheel

if TYPE_CHECKING:
    from chatd.chat.presence.remote import RemoteMember
    from chatd.chat.replay import Replay
    from chatd.chat.session import Session

_log = Logger()


class Hub:
    """Sole owner of the rooms by name and of the sessions by nick.

    ``clock`` is a reactor or a stand-in; ``make_secret`` returns a new unguessable word.
    """

    def __init__(
        self,
        journal: Journal,
        clock: IReactorTime,
        limits: Limits | None = None,
        make_secret: Callable[[], str] = secrets.token_urlsafe,
        accounts: Accounts | None = None,
    ) -> None:
        self.accounts = accounts or NoAccounts()
        self.server_policy = RoomPolicy()
        """What holds in every room."""
        self.journal = journal
        self.clock = clock
        self.limits = limits or Limits()
        self.make_secret = make_secret
        self.timers = TimerWheel(clock)
        self.sessions: dict[Session, None] = {}
        self.unblocked: list[Session] = []
        """Sessions that could not go on until an entry of theirs took effect, and now can."""
        self.stalled: dict[Session, None] = {}
        """Sessions that are not heard until the journal is not full any more."""
        self.last_id = 0
        """The highest id that was delivered, in any room."""
        self._watches: dict[str, dict[Replay, None]] = {}
        self._rooms: dict[str, Room] = {}
        self._by_nick: dict[str, Session] = {}
        self._by_look: dict[str, Session] = {}
        cluster = journal.cluster
        self.presence = None if cluster is None else Presence(self, cluster)
        """Who is connected to other nodes, if there may be any."""
        journal.follow(self.deliver)

    @property
    def room_count(self) -> int:
        """How many rooms have people in them."""
        return len(self._rooms)

    @property
    def nick_count(self) -> int:
        """How many nicks are taken."""
        return len(self._by_nick)

    def rooms(self) -> list[Room]:
        """Return the rooms that have people in them, in the order of their names."""
        return [self._rooms[key] for key in sorted(self._rooms)]

    def room(self, name: str) -> Room | None:
        """Return the room that a name, in any spelling, stands for."""
        return self._rooms.get(names.key(name))

    def session(self, nick: str) -> Session | None:
        """Return who goes by a nick, in any spelling, and is connected to this node."""
        return self._by_nick.get(names.key(nick))

    def holder(self, nick: str) -> Session | RemoteMember | None:
        """Return who goes by a nick, in any spelling."""
        other = None if self.presence is None else self.presence.stand_in(nick)
        return self.session(nick) if other is None else other

    def members(self, key: str) -> Collection[Member]:
        """Return who is in a room, given its key."""
        room = self._rooms.get(key)
        return () if room is None else room.everybody

    def policy(self, key: str) -> RoomPolicy:
        """Return what holds in a room, given its key."""
        room = self._rooms.get(key)
        if room is not None:
            return room.policy
        room_state = self.journal.room_state(key)
        return NO_POLICY if room_state is None else room_state.policy

    def is_operator(self, account: str | None) -> bool:
        """Return whether an account looks after the server."""
        return account is not None and (self.accounts.is_operator(account) or self.server_policy.is_operator(account))

    def start(self) -> None:
        """Begin to tell the time, now that the journal is open."""
        self.read_server_policy()
        if self.presence is not None:
            self.presence.announcer.begin()
        self.timers.start()

    def read_server_policy(self) -> None:
        """Learn from the journal what holds in every room."""
        room_state = self.journal.room_state(SERVER)
        self.server_policy = RoomPolicy() if room_state is None else room_state.policy

    def enroll(self, session: Session) -> str:
        """Note a new session; return what it is known by, nothing if there is one node."""
        self.sessions[session] = None
        return "" if self.presence is None else self.presence.announcer.enroll(session)

    def claim(self, nick: str, session: Session) -> None:
        """Make ``nick`` the session's, beside any that it has.

        Raise `ChatError` if somebody else goes by it or by one that it could be mistaken for.
        """
        key = names.key(nick)
        holder = self._by_nick.get(key)
        if holder is not None and holder is not session:
            raise ChatError(Code.NAME_TAKEN, f"{holder.nick} is here already; take another name")
        for look in looks_of(nick):
            twin = self._by_look.get(look)
            if twin is not None and twin is not session:
                raise ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {twin.nick}; take another name")
        if self.presence is not None:
            self.presence.check_free(nick)
        self._give(nick, session)

    def release(self, nick: str, session: Session) -> None:
        """Let others have ``nick``, which was the session's; what the session's own present nick needs stays."""
        if self._by_nick.get(names.key(nick)) is session:
            del self._by_nick[names.key(nick)]
        for look in looks_of(nick):
            if self._by_look.get(look) is session:
                del self._by_look[look]
        if session.nick and not session.ended:
            self._give(session.nick, session)

    def replace(self, old: Session | RemoteMember, new: Session) -> None:
        """Give the nick of a connection that has not noticed its death to the session that proved to be its heir.

        Raise `ChatError` if another heir was faster, of one who is connected to another node.
        """
        holder = self.session(old.nick)
        if holder is not None and not old.here:
            raise ChatError(Code.NAME_TAKEN, f"{holder.nick} is here already; take another name")
        self._give(old.nick, new)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Carry one batch of the journal to the rooms.

        What concerns more than one room stands alone, so that it comes after what was before it everywhere.
        """
        self.last_id = max(self.last_id, *(entry.id for entry in entries if not entry.duplicate), 0)
        rooms: set[str] = set()
        for run in _runs(entries) if self.presence is None else self.presence.runs(entries):
            if run and type(run[0].event) is Renamed:
                self._rename(run[0], run[0].event)
            else:
                rooms.update([entry.room for entry in run])
                self._deliver_run(run)
        # Not before: a room made anew in the middle of a batch would not know what the batch has said in it.
        for key in rooms:
            if (room := self._rooms.get(key)) is not None and not room.members:
                self.drop_if_empty(room)
        if self.stalled and not self.journal.over_hard_limit:
            self.unblocked += self.stalled
            self.stalled.clear()
        unblocked, self.unblocked = self.unblocked, []
        for session in unblocked:
            try:
                session.proceed()
            except Exception:
                _log.failure("a command that had waited could not be carried out")
                session.fail()

    def make_room(self, key: str, name: str) -> Room:
        """Return a room, given its key, and make it, with that name, if it is not there."""
        room = self._rooms.get(key)
        if room is None:
            shared = self.presence is not None
            room = self._rooms[key] = Room(key, name, self.journal.room_state(key), shared=shared)
        return room

    def drop_if_empty(self, room: Room) -> None:
        """Forget a room in which nobody is."""
        if not room.everybody and not room.members:
            self._rooms.pop(room.key, None)

    def watch(self, room: str, replay: Replay) -> None:
        """Let ``replay`` note, from here on, what durable things are delivered in a room."""
        self._watches.setdefault(room, {})[replay] = None

    def unwatch(self, room: str, replay: Replay) -> None:
        """Let it note nothing more; it is no mistake if it did not."""
        watches = self._watches.get(room, {})
        watches.pop(replay, None)
        if not watches:
            self._watches.pop(room, None)

    async def shut_down(self) -> None:
        """Take leave of everybody, once all that was said is delivered; nobody is told that the others left."""
        if self.presence is not None:
            self.presence.cluster.hurry()
        await self.journal.flush()
        for session in list(self.sessions):
            session.end(DisconnectReason.SHUTDOWN, "the server is stopping", parting=False)

    def _give(self, nick: str, session: Session) -> None:
        self._by_nick[names.key(nick)] = session
        self._by_look |= dict.fromkeys(looks_of(nick), session)

    def _deliver_run(self, run: Sequence[Entry]) -> None:
        by_room: dict[str, list[Entry]] = {}
        for entry in run:
            by_room.setdefault(entry.room, []).append(entry)
        merge = Merge(run) if len(by_room) > 1 and Merge.needed(run) else None
        replies: list[tuple[Reader, bytes]] = []
        for key, entries in by_room.items():
            try:
                if key == SERVER:
                    replies += rule_server(self, entries)
                    continue
                replies += self._room_of(key, entries).deliver(entries, merge)
            except Exception:
                _log.failure("what happened in a room could not be delivered")
                for entry in entries:
                    if entry.author is not None:
                        entry.author.fail()
        if merge is not None:
            merge.send()
        for member, data in replies:
            member.send(data)

    def _room_of(self, key: str, entries: Sequence[Entry]) -> Room:
        """Return the room that entries concern, made if it is not there, and note them for those who watch it."""
        room = self._rooms.get(key)
        if room is None:
            event = entries[0].event
            room = self.make_room(key, "" if isinstance(event, Renamed | NodeUp | NodeDown) else event.room)
        for watch in self._watches.get(key, ()):
            watch.passed += [
                StoredEvent(e.id, e.time, e.event) for e in entries if e.stored and isinstance(e.event, DurableEvent)
            ]
        return room

    def _rename(self, entry: Entry, event: Renamed) -> None:
        author = entry.author
        if author is None:
            return
        body, tags = wire.render(event), {"time": wire.timestamp(entry.time)}
        lines = (wire.encode(body), wire.encode(body, tags))
        places = author.rooms if self.presence is None else self.presence.rooms_of(author.member_id)
        rooms = [room for place in places if (room := self._rooms.get(place.key)) is not None]
        others = dict.fromkeys(m for room in rooms if author in room.everybody for m in room.members)
        reply = author.took_effect(entry, None)
        for member in others if entry.refused is None else ():
            if member is not author:
                member.send(lines[member.tagged])
        author.send(reply)


def _runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield a batch part by part: what concerns more than one room is one of its own."""
    run: list[Entry] = []
    for entry in entries:
        if type(entry.event) is Renamed:
            yield run
            run = []
            yield [entry]
        else:
            run.append(entry)
    yield run
