"""The hub: which rooms there are, who goes by which nick, and the way of every batch from the journal to the rooms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from chatd.accounts import Accounts
from chatd.chat.bare_rooms import BareRooms
from chatd.chat.client import CatchUp, Client, NickHolder, Resumable
from chatd.chat.conversations import Conversations
from chatd.chat.cross_room import Merge
from chatd.chat.followers import Followers
from chatd.chat.invited import Invited
from chatd.chat.limits import Limits
from chatd.chat.line_stamp import LineClock
from chatd.chat.nicks import NickRegistry
from chatd.chat.nodes import Nodes, SingleNode
from chatd.chat.onlookers import Onlookers
from chatd.chat.persons import Persons
from chatd.chat.posters import Posters
from chatd.chat.ranks import NO_RANKS, Ranks
from chatd.chat.room import Room
from chatd.chat.room_looks import LEARNED_AT_ONCE, RoomLooks
from chatd.chat.shares import Shares
from chatd.chat.slow_rooms import SlowRooms
from chatd.chat.tallies import Tallies
from chatd.journal import Journal, JournalError
from chatd.journal.ages import AgeClock
from chatd.model.cluster import NodeDown, NodeUp
from chatd.model.conversation import is_conversation
from chatd.model.entry import Entry, Member, Reader, StoredEvent
from chatd.model.room_policy import ANEW, NO_POLICY, REGISTERED, RoomPolicy
from chatd.protocol import events, names, plain, wire
from chatd.protocol.commands import LOBBY
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import DurableEvent, Moderated, Renamed
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick, RoomName
from chatd.protocol.references import ReferringEvent
from chatd.runtime.audit import Auditor, NoAuditor
from chatd.runtime.clocks import WallClock
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.sockets import origin
from chatd.runtime.timers import TimerWheel


class ServerPolicy(Protocol):
    """What holds on the whole server."""

    policy: RoomPolicy

    def deliver(self, hub: Hub, entries: Sequence[Entry]) -> list[tuple[Reader, bytes]]:
        """Carry out moderation actions about the server; return the replies."""


class Teller(Protocol):
    """Somebody who is told what was said in a room before."""

    def note(self, id_: int, event: DurableEvent) -> None:
        """Note what was delivered in the room under an id, and refers to a message."""


class Hub:
    """Sole owner of the rooms by name and of the clients by nick. `chatd.chat.assembly` puts one together.

    ``clock`` is a reactor or a stand-in, for how long things take, and ``wall`` tells the time of day; ``make_secret``
    returns a new unguessable word.
    """

    def __init__(
        self,
        journal: Journal,
        clock: IReactorTime,
        limits: Limits,
        make_secret: Callable[[], str],
        accounts: Accounts,
        server: ServerPolicy,
        wall: WallClock,
    ) -> None:
        self.accounts = accounts
        self.nodes: Nodes = SingleNode()
        self.journal = journal
        self.clock = clock
        self._wall = wall
        self.line_clock = LineClock(wall)
        self._ages = AgeClock(clock, wall)
        self.limits = limits
        """Those that hold now: whoever asks later may be given others."""
        self.make_secret = make_secret
        self.shares = Shares(limits, clock)
        self.slow_rooms = SlowRooms()
        self.tallies = Tallies()
        self.timers = TimerWheel(clock)
        self.log_limiter = LogLimiter(self.timers)
        """The way into the log for what peers cause."""
        self.audit: Auditor = NoAuditor()
        self.followers = Followers(self.log_limiter)
        self.clients: dict[Client, None] = {}
        self.persons = Persons()
        self.connection_numbers = count(1)
        self.barred: dict[Client, None] = {}
        """Those that are banned, and have not proved yet that they are server operators."""
        self.unblocked: list[Resumable] = []
        """Those that could not go on until an entry of theirs took effect, and now can."""
        self.stalled: dict[Client, None] = {}
        """Those that are not heard until the journal is below its hard limit again."""
        self.ignoring: dict[Client, None] = {}
        """Those that ignore somebody."""
        self.posters = Posters()
        self.arriving: set[str] = set()
        """The keys of rooms that are not there yet, and into which the first JOIN is on its way."""
        self.last_id = 0
        """The highest id that was delivered, in any room."""
        self._server = server
        self._watches: dict[str, dict[CatchUp, None]] = {}
        self._tellers: dict[str, dict[Teller, None]] = {}
        self._rooms: dict[str, Room] = {}
        self._looks = RoomLooks()
        self._looks.note(RoomName(LOBBY))
        """Of the rooms that have people in them or are registered, and of the default room."""
        self.conversations = Conversations(journal, clock, self.timers, self.name_of, self.log_limiter)
        self.bare_rooms = BareRooms(journal, self.timers, self._rooms, self.conversations.forget, self._lapses)
        self.onlookers = Onlookers(clock, self._spelled, self.persons, self.log_limiter)
        self._nicks: NickRegistry[Client] = NickRegistry(lambda client: client.nick, self.onlookers.touch)
        self._invited = Invited(self.persons, self.client)

    @property
    def now(self) -> int:
        """The time of day, in milliseconds since 1970, as it is shown."""
        return int(self._wall() * 1000)

    @property
    def age_now(self) -> int:
        """The time up to which ages are counted, in milliseconds since 1970: a clock that jumps ends no BAN."""
        return self._ages()

    @property
    def server_policy(self) -> RoomPolicy:
        """What holds in every room."""
        return self._server.policy

    @property
    def room_count(self) -> int:
        """How many rooms there are: with people in them, or with something in the journal.

        Those that people are in are looked at one by one; see `room_count_at_most` for what costs nothing.
        """
        known = self.journal.known_rooms
        new = sum(not room.last_id for room in self._rooms.values())  # the journal does not know them
        return new + len(known) - (SERVER in known) - len(self.conversations)

    @property
    def room_count_at_most(self) -> int:
        """What `room_count` is at most."""
        return len(self._rooms) + len(self.journal.known_rooms)

    @property
    def occupied_count(self) -> int:
        """How many rooms have people in them, on whatever node."""
        return len(self._rooms)

    @property
    def nick_count(self) -> int:
        """How many nicks are taken on this node."""
        return len(self._nicks)

    def rooms(self) -> list[Room]:
        """Return the rooms that have people in them, in the order of their names."""
        return [self._rooms[key] for key in sorted(self._rooms)]

    def room(self, key: str) -> Room | None:
        """Return a room, given its key; None if nobody is in it."""
        return self._rooms.get(key)

    def client(self, nick: Nick) -> Client | None:
        """Return who goes by a nick, in any spelling, and is connected to this node."""
        return self._nicks.holder(nick)

    def holder(self, nick: Nick) -> NickHolder | None:
        """Return who goes by a nick, in any spelling."""
        return self.nodes.remote(nick) or self.client(nick)

    def going_by(self, nick: Nick) -> NickHolder | None:
        """Return who goes by a nick, in any spelling, and is known to; not who has only claimed it so far."""
        if (remote := self.nodes.remote(nick)) is not None:
            return remote
        client = self.client(nick)
        known = client is not None and (client.info is not None or not self.nodes.shared)
        return client if known and client is not None and client.nick.key == nick.key else None

    def members(self, key: str) -> Collection[Member]:
        """Return who is in a room, given its key: one member for each person."""
        room = self._rooms.get(key)
        return () if room is None else room.people

    def policy(self, key: str) -> RoomPolicy:
        """Return what holds in a room, given its key."""
        room = self._rooms.get(key)
        if room is not None:
            return room.policy
        room_state = self.journal.room_state(key)
        if room_state is None:
            return NO_POLICY
        policy = room_state.policy
        # Nobody is in it, so that what was ruled there has lapsed.
        return policy.since(room_state.last_id) if len(policy) and self.has_founders(key, policy) else policy

    def has_founders(self, key: str, policy: RoomPolicy) -> bool:
        """Return whether a room, given its key and what holds in it, is run by who came first, as it is nobody's."""
        return self._may_be_founded(key) and policy.setting("registered") != "yes"

    def ranks(self, key: str) -> Ranks:
        """Return who has a rank in a room, given its key, only as long as they are in it."""
        room = self._rooms.get(key)
        return NO_RANKS if room is None else room.ranks

    def _lapses(self, key: str, policy: RoomPolicy) -> bool:
        """Return whether nothing is kept by what was ruled in a room, given its key, in which nobody is."""
        # Other nodes are to be told first, see `_note_lapse`: the stream has it still.
        return self.has_founders(key, policy) and not (self.nodes.shared and policy.lapsing_by)

    def _may_be_founded(self, key: str) -> bool:
        return bool(self.limits.room_founders) and key not in (LOBBY, SERVER) and not is_conversation(key)

    def name_of(self, account: str) -> str:
        """Return an account's name as its owner writes it, given its key."""
        return self.accounts.name(account)

    def is_operator(self, account: str | None) -> bool:
        """Return whether an account is a server operator's."""
        return account is not None and (self.accounts.is_operator(account) or self.server_policy.is_operator(account))

    def start(self, restore: Callable[[], None] = lambda: None) -> None:
        """Begin to tell the time, now that the journal is open; ``restore`` lets those be there who were before."""
        self.read_journal()
        self.nodes.start()
        self.timers.start()
        self.timers.add(self._learn_looks, self.timers.now + 1)
        restore()
        self.bare_rooms.start(shared=self.nodes.shared)

    def read_journal(self) -> None:
        """Learn from the journal what holds on the server, and which conversations there are.

        What holds in a room is asked when it matters, and which rooms are registered before one is made that may look
        like one of them: there may be very many.
        """
        room_state = self.journal.room_state(SERVER)
        self._server.policy = RoomPolicy() if room_state is None else room_state.policy
        self._looks.expect(self._registered)
        self.conversations.read_journal()

    def _registered(self) -> list[RoomName]:
        """Return the names of the rooms that are registered, or were."""
        return [
            RoomName(name) for name in self.journal.known_rooms.ruled(REGISTERED.kind, [REGISTERED.subject]).values()
        ]

    def _learn_looks(self, now: float) -> None:
        try:
            more = self._looks.learn_some(LEARNED_AT_ONCE)
        except JournalError:  # which was logged
            more = True
        if more:
            self.timers.add(self._learn_looks, now + 1)

    def twin(self, name: RoomName) -> RoomName | None:
        """Return another room, which has people in it or is registered, that a room could be mistaken for."""
        for twin in self._looks.twins(name):
            if twin.key in self._rooms or _lasts(twin.key, self.policy(twin.key)):
                return twin
        return None

    def enroll(self, client: Client) -> str:
        """Note a new client; return its member id, empty on a single node."""
        self.clients[client] = None
        return self.nodes.enroll(client)

    def dismiss(self, client: Client) -> None:
        """Know a client no more that has ended; the rooms are told by others."""
        self.clients.pop(client, None)
        self.persons.leave(client)
        self.stalled.pop(client, None)
        self.barred.pop(client, None)
        self.ignoring.pop(client, None)
        self.onlookers.leave(client)
        self.conversations.leave(client)
        if client.nick:
            self.release(client.nick, client)
            heir = next(iter(self.persons.beside(client)), None)
            if heir is not None and self._nicks.holder(client.nick) is None:
                self._nicks.assign(client.nick, heir)
            if heir is not None and client.away is not None and heir.away is None:
                self.onlookers.away_changed(heir, None)

    def claim(self, nick: Nick, client: Client) -> None:
        """Make ``nick`` the client's, beside any that it has.

        Raise `ChatError` if somebody else goes by it or by one that it could be mistaken for.
        """
        if (why := self._nicks.refusal(nick, client, account=client.account)) is not None:
            raise why
        self.nodes.check_free(nick, client.account)
        self._nicks.assign(nick, client)

    def release(self, nick: Nick, client: Client) -> None:
        """Let others have ``nick``, which was the client's; what the client's own present nick needs stays."""
        self._nicks.withdraw(nick, client)
        if client.nick and not client.ended:
            self._nicks.assign(client.nick, client)

    def nick_refusal(self, nick: Nick, account: str | None) -> ChatError | None:
        """Return why one who is not here may not speak under a nick: somebody goes by it, or by one that looks alike.

        In the order of the journal all nodes say the same. Whose own ``nick`` it is, by the ``account``, may.
        """
        if account == nick.key:
            return None
        return self.nodes.nick_refusal(nick, account) if self.nodes.shared else self._nicks.refusal(nick)

    def replace(self, old: NickHolder, new: Client) -> None:
        """Give the nick of a connection that has not noticed its death to the client that proved to be its successor.

        Raise `ChatError` if another successor was faster, of one who is connected to another node.
        """
        holder = self.client(old.nick)
        if holder is not None and not old.here:
            raise ChatError(Code.NAME_TAKEN, f"nick {holder.nick} is in use; choose another nick")
        self._nicks.assign(old.nick, new)

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Carry one batch of the journal to the rooms.

        What concerns more than one room stands alone, so that it comes after what was before it everywhere.
        """
        self.arriving.clear()
        self.last_id = max([self.last_id, *[entry.id for entry in entries if not entry.duplicate]])
        keys: set[str] = set()
        for step in self.nodes.steps(entries):
            if step and type(step[0].event) is Renamed:
                self._rename(step[0], step[0].event)
            else:
                keys.update(self._deliver_step(step))
        # Not before: a room made anew in the middle of a batch would not know what the batch has said in it.
        forgotten: dict[str, int] = {}
        for key in keys:
            if (room := self._rooms.get(key)) is None:
                continue
            if room.lapsed_by and not room.everybody:
                self._note_lapse(room)
            if room.forgotten:
                forgotten[key], room.forgotten = room.forgotten, 0
            if not room.members:
                self.drop_if_empty(room)
        if forgotten:
            self.journal.forget(forgotten)
        if self.followers.by_room:
            self.followers.tell(keys)
        if self.stalled and not self.journal.over_hard_limit:
            self.unblocked += self.stalled
            self.stalled.clear()
        unblocked, self.unblocked = self.unblocked, []
        for client in unblocked:
            try:
                client.resume_commands()
            except Exception:
                self.log_limiter.failure("a delayed command failed", origin(client.address))
                client.disconnect_on_fault()

    def _note_lapse(self, room: Room) -> None:
        """Let the journal know that what was ruled in a room has lapsed; where it has forgotten the room it does."""
        if self.nodes.leads and (self.nodes.shared or not room.forgotten):
            anew = Moderated("SET", room.lapsed_by, room.name, ANEW)
            self.journal.append(Entry(room.key, anew, source=self.nodes.own_source))
        room.lapsed_by = ""

    def make_room(self, name: RoomName) -> Room:
        """Return a room, and make it, with that name, if it is not there."""
        room = self._rooms.get(name.key)
        if room is None:
            room_state = self.journal.room_state(name.key)
            room = self._rooms[name.key] = Room(
                name,
                room_state,
                self.tallies,
                shared=self.nodes.shared,
                has_founders=self._may_be_founded(name.key),
            )
            self._looks.note(room.name)
        return room

    def drop_if_empty(self, room: Room) -> None:
        """Forget a room in which nobody is."""
        if not room.everybody and not room.members:
            self._rooms.pop(room.key, None)
            if not _lasts(room.key, room.policy):
                self._looks.forget(room.key)

    def watch(self, key: str, catch_up: CatchUp) -> None:
        """Let ``catch_up`` note, from here on, what durable things are delivered in a room, given its key."""
        self._watches.setdefault(key, {})[catch_up] = None

    def unwatch(self, key: str, catch_up: CatchUp) -> None:
        """Let it note nothing more; it is no mistake if it did not."""
        watches = self._watches.get(key, {})
        watches.pop(catch_up, None)
        if not watches:
            self._watches.pop(key, None)

    def follow(self, key: str, teller: Teller) -> None:
        """Let a teller note what becomes of the messages of a room, given its key."""
        self._tellers.setdefault(key, {})[teller] = None

    def unfollow(self, key: str, teller: Teller) -> None:
        """Let it note nothing more; it is no mistake if it did not."""
        tellers = self._tellers.get(key, {})
        tellers.pop(teller, None)
        if not tellers:
            self._tellers.pop(key, None)

    async def shut_down(self) -> None:
        """Send everybody away, once all that was said is delivered; nobody is told that the others left."""
        self.nodes.prepare_stop()
        await self.journal.flush()
        self.followers.end_all(ChatError(Code.UNAVAILABLE, "the server is stopping; reconnect in a moment"))
        for client in list(self.clients):
            client.disconnect(DisconnectReason.SHUTDOWN, "the server is stopping", parting=False)

    def _spelled(self, nick: Nick) -> Nick | None:
        holder = self.going_by(nick)
        return None if holder is None else holder.nick

    def _deliver_step(self, step: Sequence[Entry]) -> Collection[str]:
        """Carry entries to their rooms; return the keys of those."""
        by_room: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in step:
            by_room[entry.room].append(entry)
        merge = Merge(step) if len(by_room) > 1 and Merge.needed(step) else None
        replies: list[tuple[Reader, bytes]] = []
        for key, entries in by_room.items():
            try:
                if key == SERVER:
                    replies += self._server.deliver(self, entries)
                    continue
                if is_conversation(key):
                    replies += self.conversations.deliver(entries)
                    continue
                replies += self._room_of(key, entries).deliver(entries, merge)
                self._invited.tell(entries)
            except Exception:
                self.log_limiter.failure("events of a room could not be delivered")
                for entry in entries:
                    if entry.author is not None:
                        entry.author.disconnect_on_fault()
        if merge is not None:
            merge.send()
        # Whoever comes in with others is answered, and told of those behind, in one piece.
        together: dict[Reader, bytes] = {}
        for member, data in replies:
            together[member] = together[member] + data if member in together else data
        for member, data in together.items():
            member.send(data)
        return by_room.keys()

    def _room_of(self, key: str, entries: Sequence[Entry]) -> Room:
        """Return the room that entries concern, made if it is not there, and note them for those who watch it."""
        room = self._rooms.get(key)
        if room is None:
            event = entries[0].event
            room = self.make_room(RoomName("" if isinstance(event, Renamed | NodeUp | NodeDown) else event.room))
        if self.followers.by_room:
            self.followers.note(key, entries)
        for watch in self._watches.get(key, ()):
            watch.passed += [
                StoredEvent(e.id, e.time, e.event) for e in entries if e.stored and isinstance(e.event, DurableEvent)
            ]
        for teller in self._tellers.get(key, ()):
            for each in entries:
                if each.stored and isinstance(each.event, ReferringEvent):
                    teller.note(each.id, each.event)
        return room

    def _rename(self, entry: Entry, event: Renamed) -> None:
        author = entry.author
        if author is None:
            return
        tags = {"time": wire.timestamp(entry.time)}
        lines = (wire.encode(plain.render(event)), wire.encode(events.render(event), tags))
        rooms = [room for place in self.nodes.rooms_of(author) if (room := self._rooms.get(place.key)) is not None]
        others = dict.fromkeys(m for room in rooms if author in room.everybody for m in room.members)
        reply = author.took_effect(entry, None)
        is_seen = entry.refused is None and event.old != event.new
        for member in others if is_seen else ():
            if member is not author:
                member.send(lines[member.tagged])
        for client in self.ignoring if entry.refused is None else ():
            client.follow_rename(names.key(event.old), event.new)
        author.send(reply)


def _lasts(key: str, policy: RoomPolicy) -> bool:
    """Return whether a room is one also without people: it is registered, or the default."""
    return key == LOBBY or policy.setting("registered") == "yes"
