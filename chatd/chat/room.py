"""A room: who is in it, what its topic is, and the delivery of what happens in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from chatd.chat.cross_room import Merge
from chatd.chat.delivery import Broadcast
from chatd.chat.ranks import Ranks, connection_of
from chatd.chat.tallies import Tallies
from chatd.journal.known_rooms import RoomState
from chatd.model.entry import INTERNAL, Entry, Member, Reader, RoomEvent
from chatd.model.room_policy import ANEW, REGISTERED, ModerationAction, RoomPolicy
from chatd.protocol import names
from chatd.protocol.events import DurableEvent, Joined, Moderated, Parted, Said, TopicSet
from chatd.protocol.names import RoomName
from chatd.protocol.references import Edited, Reacted
from chatd.protocol.wire import NO_TAGS, Tags, timestamp


class Room:
    """One room. ``name`` is as first written; members are in the order in which they joined.

    ``shared`` says whether there may be others in it who are connected to other nodes, and ``has_founders`` whether
    who enters it when nobody is there runs it until it is registered. What it delivers is counted in ``tallies``.
    """

    def __init__(
        self,
        name: RoomName,
        room_state: RoomState | None = None,
        tallies: Tallies | None = None,
        *,
        shared: bool = False,
        has_founders: bool = False,
    ) -> None:
        self.key = name.key
        self._tallies = Tallies() if tallies is None else tallies
        self.name = name if room_state is None else RoomName(room_state.name)
        self.members: dict[Member, None] = {}
        """Those who are connected to this node: who gets lines."""
        self.everybody: dict[Member, None] = {} if shared else self.members
        """Who is in the room, on whatever node."""
        self._persons: dict[object, int] = {}  # how many connections each has in here, if this is the only node
        self._ignoring: dict[Member, None] = {}  # those of the members who ignore somebody
        self.topic: TopicSet | None = None
        self.topic_id = 0
        self.topic_tags: Tags = NO_TAGS
        self.last_id = 0 if room_state is None else room_state.last_id
        """The id of the newest durable entry, 0 before the first."""
        if room_state is not None and room_state.topic is not None:
            assert isinstance(room_state.topic.event, TopicSet)
            self._set_topic(room_state.topic.event, room_state.topic.id, room_state.topic.time)
        self.policy = RoomPolicy() if room_state is None else room_state.policy
        self.ranks = Ranks()
        self._has_founders = has_founders
        self.lapsed_by = ""
        """Who ruled last what holds no more since this was made, and still holds in the journal; empty if nothing."""
        if has_founders and not self.is_registered:
            self.policy = self.policy.since(self.last_id)
        self.forgotten = 0
        """Up to which id the journal is to forget what was in it; 0 for nothing."""
        self._was_spoken_in = room_state is not None and room_state.said_id > 0

    @property
    def head_count(self) -> int:
        """How many people are in it, over however many connections."""
        return len(self._persons) if self.everybody is self.members else len(self.everybody)

    @property
    def people(self) -> Collection[Member]:
        """One member for each person in it, in the order in which they came."""
        if self.head_count == len(self.everybody):
            return self.everybody.keys()
        first: dict[object, Member] = {}
        for member in self.everybody:
            first.setdefault(member.person, member)
        return first.values()

    def has_place_of(self, member: Member) -> bool:
        """Return whether somebody has a place in it already: over any connection, or one that is theirs to take."""
        return member in self.everybody or member.person in self._persons or member.takes_over(self) is not None

    def deliver(self, entries: Sequence[Entry], merge: Merge | None = None) -> Sequence[tuple[Reader, bytes]]:
        """Apply a batch, in its order, and send it to the members, but to those for whom ``merge`` collects it.

        Return what is to be sent when every room has had its part of the batch: the replies to those
        whose commands took effect and, after those, what the newcomers have missed of this batch.
        """
        broadcast = Broadcast(merge)
        for entry in entries:
            author = entry.author
            if author is not None and type(entry.event) is Joined and entry.refused is None:
                entry.refused = author.refusal(self, entry)
            if entry.duplicate or entry.refused is not None:
                self._answer(entry, broadcast)
                continue
            self._apply(entry, broadcast)
            if author is None:
                continue
            reply = author.took_effect(entry, self)
            if reply:
                broadcast.reply(entry, author, reply)
        self._tallies.deliveries += broadcast.send(self.members)
        return broadcast.replies

    def keep(self, member: Member) -> None:
        """Have somebody in it who was in it before a restart."""
        self._count(member, 1)
        self.members[member] = None
        self.note_ignoring(member)

    def let_go(self, member: Member) -> None:
        """Have somebody in it no more, without a word; nobody was told anything since `keep`."""
        self._count(member, -1)
        self.members.pop(member, None)
        self._ignoring.pop(member, None)
        self.vacate(member)

    def note_ignoring(self, member: Member) -> None:
        """Note whether a member ignores somebody."""
        if member.ignored:
            self._ignoring[member] = None
        else:
            self._ignoring.pop(member, None)

    def _hide(
        self,
        event: Said | Edited | Reacted | Parted,
        author: Member | None,
        broadcast: Broadcast,
        instead: Parted | None = None,
    ) -> None:
        """Keep the entry that was just added from those who ignore its author, or let them read something else."""
        key, account = names.key(event.nick), None if author is None else author.account
        for member in self._ignoring:
            if key in member.ignored or account in member.ignored:
                broadcast.hide(member, instead)

    def _answer(self, entry: Entry, broadcast: Broadcast) -> None:
        """Tell the one who said it, and nobody else, what became of an entry that is nothing new."""
        author = entry.author
        if author is None:
            return
        answer = author.took_effect(entry, self)
        if author in self.members:
            broadcast.answer(author, entry, answer)
        elif answer:
            broadcast.reply(entry, author, answer)

    def _apply(self, entry: Entry, broadcast: Broadcast) -> None:
        event, author = entry.event, entry.author
        if entry.id:
            if not self.last_id:
                self._begin(event)
            self.last_id = entry.id
        match event:
            case Said():
                self._tallies.messages += 1
                self._was_spoken_in = True
                broadcast.add(entry)
                if self._ignoring:
                    self._hide(event, author, broadcast)
            case Edited() | Reacted():
                self._was_spoken_in = True
                broadcast.add(entry)
                if self._ignoring:
                    self._hide(event, author, broadcast)
            case Joined() if author is not None:
                self._enter(entry, event, author, broadcast)
            case Parted() if author is not None:
                if author not in self.everybody and author not in self.members:
                    return
                if self._persons.get(author.person, 0) < 2:  # else the person is here still, over another connection
                    entry.event = event = Parted(author.nick, event.room, event.text)
                    broadcast.add(entry)
                    if self._ignoring and event.text:
                        self._hide(event, author, broadcast, replace(event, text=None))
                self._remove(author, broadcast)
            case Moderated(subject=subject) if subject == ANEW:
                self.policy.apply(ModerationAction(entry.id, entry.time, event))
            case Moderated():
                broadcast.add(entry)
                self._enforce(entry, event, broadcast)
            case TopicSet():
                self._set_topic(event, entry.id, entry.time)
                broadcast.add(entry)
            case _:
                broadcast.add(entry)

    def _begin(self, event: RoomEvent) -> None:
        """Be called, on all nodes alike, as the first who joined wrote it or, before that, the first durable entry."""
        if self.everybody is not self.members and isinstance(event, Joined | DurableEvent):
            self.name = RoomName.of(event.room)

    def _enter(self, entry: Entry, event: Joined, author: Member, broadcast: Broadcast) -> None:
        known, here = author in self.everybody, author in self.members
        founds = self._has_founders and not self.everybody and not self.is_registered
        if founds:
            self._found(entry, author)
        if not self.everybody and not self.last_id:
            self._begin(event)
        replaced = None if known else author.takes_over(self)
        if replaced is not None:
            replaced.rooms.pop(self, None)
            self.everybody.pop(replaced)
            self.members.pop(replaced, None)
            self._ignoring.pop(replaced, None)
            self._count(replaced, -1)
            if self.ranks:
                self.ranks.move(connection_of(replaced), connection_of(author))
        elif not (known or here or author.person in self._persons):  # who is announced again was seen all the time
            entry.event = Joined(author.nick, self.name)
            broadcast.add(entry)
        if not known:
            if self.ranks and not founds and author.person in self._persons:
                self.ranks.join(author, self.everybody)
            self._count(author, 1)
        self.everybody[author] = None
        if author.here and entry.verb != INTERNAL:
            self.members[author] = None
            self.note_ignoring(author)
            broadcast.join(author)

    def _count(self, member: Member, change: int) -> None:
        """Count the connections of a person; with other nodes each connection is a person of its own."""
        if self.everybody is not self.members:
            return
        count = self._persons.get(member.person, 0) + change
        if count:
            self._persons[member.person] = count
        else:
            self._persons.pop(member.person, None)

    def _remove(self, member: Member, broadcast: Broadcast) -> None:
        if member in self.everybody:
            self._count(member, -1)
        if member in self.members:
            broadcast.flush_departing(member)
            del self.members[member]
        self._ignoring.pop(member, None)
        self.vacate(member)
        # With other nodes, what was ruled is in the stream still, until it is said there that it has lapsed.
        lapses = (
            self._has_founders and not self.is_registered and (self.everybody is self.members or not self.lapsed_by)
        )
        if not self.everybody and not self._was_spoken_in and (lapses or not len(self.policy)):
            # At this place in the order, so that it is the same on all nodes.
            self.forgotten, self.last_id = self.last_id or self.forgotten, 0
            self.topic, self.topic_id, self.topic_tags = None, 0, NO_TAGS
            if lapses:
                self.policy = RoomPolicy()

    @property
    def is_registered(self) -> bool:
        """Whether it belongs to somebody, with people in it or without."""
        return REGISTERED in self.policy

    def vacate(self, member: Member) -> None:
        """Know a member no more to be here, whatever it is sent still; it is no mistake if it was not."""
        self.everybody.pop(member, None)
        if not self._has_founders:
            return
        if self.ranks:
            self.ranks.drop(connection_of(member))
        if not self.everybody and not self.is_registered:
            self.ranks.clear()
            self._lapse()

    def _lapse(self) -> None:
        self.lapsed_by = self.policy.lapsing_by or self.lapsed_by
        self.policy = self.policy.since(self.last_id)

    def restore(self, ranks: Any, room_state: RoomState | None) -> None:
        """Be what another node says of the ranks, None for nothing, and of what was ruled what the journal says."""
        if not self._has_founders:
            return
        seal = self.ranks.restore(ranks, self.everybody)
        if room_state is not None:
            self.last_id = max(self.last_id, room_state.last_id)
        ruled = RoomPolicy() if room_state is None else room_state.policy
        if REGISTERED in ruled:
            self.policy = ruled
        elif ranks is None:  # an older node says nothing of them, and lets nothing lapse while somebody is there
            self.policy = ruled if self.everybody else ruled.since(self.last_id)
        else:
            self.policy = ruled.sealed(seal, self.ranks.after)

    @property
    def shared_ranks(self) -> Any:
        """What other nodes are to know of the ranks, and of what has lapsed; None if there is nothing."""
        return self.ranks.state(self.policy.seal) if self._has_founders and not self.is_registered else None

    def _found(self, entry: Entry, author: Member) -> None:
        self._lapse()
        # With other nodes ids are places in the one order, and a node may know of what this one has forgotten.
        self.ranks.found(connection_of(author), entry, max(self.last_id, entry.place))

    def _enforce(self, entry: Entry, event: Moderated, broadcast: Broadcast) -> None:
        """Remove those who may not be here any more, each with a line that says so."""
        action = ModerationAction(entry.id, entry.time, event)
        self.policy.apply(action)
        if self.is_registered:
            self.ranks.clear()
        elif self._has_founders:
            self.ranks.change(action, self.everybody)
        # On a node that was given up and is here again, some are not known to the others yet.
        there = {**self.everybody, **self.members} if self.everybody is not self.members else self.members
        told: set[object] = set()
        for member in self._evicted(there, action):
            if event.verb != "KICK" and member.person not in told:
                told.add(member.person)
                why = event.text if event.verb == "BAN" else "the room is private"
                kicked = Entry(
                    self.key, Moderated("KICK", event.nick, self.name, member.nick, None, why), time=entry.time
                )
                broadcast.add(kicked)
                broadcast.alias_position(kicked, entry)
            self._remove(member, broadcast)
            member.removed_from(self)

    def _evicted(self, members: Iterable[Member], action: ModerationAction) -> list[Member]:
        """Return whom an action removes; server operators are banned from no room."""
        evicts, spares_operators = self.policy.evicts(action), action.event.verb == "BAN"
        found: list[Member] = []
        for member in members:
            identity, is_operator = member.judged_as
            if self.ranks.is_operator(identity.connection) and action.event.verb != "KICK":
                continue
            if evicts(identity) and not (spares_operators and is_operator):
                found.append(member)
        if len(self._persons) < len(self.members):  # somebody is here more than once, and goes with all connections
            persons = {member.person for member in found}
            found = [member for member in members if member.person in persons]
        return found

    def _set_topic(self, topic: TopicSet, id_: int, time: int) -> None:
        self.topic, self.topic_id = topic, id_
        self.topic_tags = {"id": str(id_), "time": timestamp(time), "old": ""}
