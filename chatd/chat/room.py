"""A room: who is in it, what its topic is, and the delivery of what happens in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chatd.chat.cross_room import Merge
from chatd.chat.delivery import Broadcast
from chatd.journal import RoomState
from chatd.model.entry import INTERNAL, Entry, Member, Reader, RoomEvent
from chatd.model.room_policy import ModerationAction, RoomPolicy
from chatd.protocol.events import DurableEvent, Joined, Moderated, Parted, Said, TopicSet
from chatd.protocol.names import RoomName
from chatd.protocol.wire import NO_TAGS, Tags, timestamp


class Room:
    """One room. ``name`` is as first written; members are in the order in which they joined.

    ``shared`` says whether there may be others in it who are connected to other nodes.
    """

    def __init__(self, name: RoomName, room_state: RoomState | None = None, *, shared: bool = False) -> None:
        self.key = name.key
        self.name = name if room_state is None else RoomName(room_state.name)
        self.members: dict[Member, None] = {}
        """Those who are connected to this node: who gets lines."""
        self.everybody: dict[Member, None] = {} if shared else self.members
        """Who is in the room, on whatever node."""
        self.topic: TopicSet | None = None
        self.topic_id = 0
        self.topic_tags: Tags = NO_TAGS
        self.last_id = 0 if room_state is None else room_state.last_id
        """The id of the newest durable entry, 0 before the first."""
        if room_state is not None and room_state.topic is not None:
            assert isinstance(room_state.topic.event, TopicSet)
            self._set_topic(room_state.topic.event, room_state.topic.id, room_state.topic.time)
        self.policy = RoomPolicy() if room_state is None else room_state.policy

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
        broadcast.send(self.members)
        return broadcast.replies

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
                broadcast.add(entry)
            case Joined() if author is not None:
                self._enter(entry, event, author, broadcast)
            case Parted() if author is not None:
                if author not in self.everybody and author not in self.members:
                    return
                entry.event = replace(event, nick=author.nick)
                broadcast.add(entry)
                self._remove(author, broadcast)
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
        if not self.everybody and not self.last_id:
            self._begin(event)
        replaced = None if known else author.takes_over(self)
        if replaced is not None:
            self.everybody.pop(replaced)
            self.members.pop(replaced, None)
        elif not (known or here):  # who is announced again was seen here all the time
            entry.event = replace(event, nick=author.nick, room=self.name)
            broadcast.add(entry)
        self.everybody[author] = None
        if author.here and entry.verb != INTERNAL:
            self.members[author] = None
            broadcast.join(author)

    def _remove(self, member: Member, broadcast: Broadcast) -> None:
        if member in self.members:
            broadcast.flush_departing(member)
            del self.members[member]
        self.everybody.pop(member, None)

    def _enforce(self, entry: Entry, event: Moderated, broadcast: Broadcast) -> None:
        """Remove those who may not be here any more, each with a line that says so."""
        action = ModerationAction(entry.id, entry.time, event)
        self.policy.apply(action)
        # On a node that was given up and is here again, some are not known to the others yet.
        there = {**self.everybody, **self.members} if self.everybody is not self.members else self.members
        for member in self._evicted(there, action):
            if event.verb != "KICK":
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
            if evicts(identity) and not (spares_operators and is_operator):
                found.append(member)
        return found

    def _set_topic(self, topic: TopicSet, id_: int, time: int) -> None:
        self.topic, self.topic_id = topic, id_
        self.topic_tags = {"id": str(id_), "time": timestamp(time), "old": ""}
