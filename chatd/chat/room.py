"""A room: who is in it, what its topic is, and the delivery of what happens in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from chatd.chat.delivery import Broadcast, Reader
from chatd.journal import UNASKED, Entry, Happening, Standing
from chatd.model.rulings import Person, Rules, Ruling
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Joined, Lasting, Parted, Ruled, Said, TopicSet
from chatd.protocol.wire import NO_TAGS, Tags, timestamp

if TYPE_CHECKING:
    from chatd.chat.cross_room import Merge


class Member(Reader, Protocol):
    """A participant, as rooms see it."""

    rooms: dict[Room, None]

    @property
    def nick(self) -> str:
        """What this one goes by."""

    @property
    def renaming(self) -> str:
        """Another nick that this one will go by in a moment; or nothing."""

    @property
    def pid(self) -> str:
        """What all nodes know this one by, see `chatd.model.cluster.Card`; empty if there is one node."""

    @property
    def here(self) -> bool:
        """Whether this one is connected to this node."""

    def takes_over(self, room: Room) -> Member | None:
        """Return the member of ``room`` whose place this one takes unseen, if there is one."""

    @property
    def judged(self) -> tuple[Person, bool]:
        """Whom rulings are about and whether this one looks after the server: the same on all nodes."""

    @property
    def account(self) -> str | None:
        """The key of the account that this one has logged in to."""

    def refusal(self, room: Room, entry: Entry) -> ChatError | None:
        """Return why this one may not come into a room by a JOIN of its own; None if it may."""

    def put_out(self, room: Room) -> None:
        """Note that one is not in a room any more."""

    def fail(self) -> None:
        """End this one's connection, because of a fault of ours."""

    def took_effect(self, entry: Entry, room: Room | None) -> bytes:
        """Note that an entry of one's own has happened; return the reply to what asked for it, if it has one."""


class Room:
    """One room. ``name`` is as first written; members are in the order in which they came.

    ``shared`` says whether there may be others in it who are connected to other nodes.
    """

    def __init__(self, key: str, name: str, standing: Standing | None = None, *, shared: bool = False) -> None:
        self.key = key
        self.name = name if standing is None else standing.name
        self.members: dict[Member, None] = {}
        """Those who are connected to this node: who gets lines."""
        self.everybody: dict[Member, None] = {} if shared else self.members
        """Who is in the room, on whatever node."""
        self.topic: TopicSet | None = None
        self.topic_id = 0
        self.topic_tags: Tags = NO_TAGS
        self.last_id = 0 if standing is None else standing.last_id
        """The id of the newest durable entry, 0 before the first."""
        if standing is not None and standing.topic is not None:
            assert isinstance(standing.topic.event, TopicSet)
            self._set_topic(standing.topic.event, standing.topic.id, standing.topic.time)
        self.rules = Rules() if standing is None else standing.rules

    @property
    def elsewhere(self) -> dict[Member, None]:
        """Those who are connected to other nodes."""
        return dict.fromkeys(member for member in self.everybody if not member.here)

    def deliver(self, entries: Sequence[Entry], merge: Merge | None = None) -> Sequence[tuple[Reader, bytes]]:
        """Apply a batch, in its order, and send it to the members, but to those for whom ``merge`` collects it.

        Return what is to be sent when every room has had its part of the batch: the replies to those
        whose commands took effect and, after those, what the newcomers have missed of this batch.
        """
        broadcast = Broadcast(merge)
        for entry in entries:
            origin = entry.origin
            if origin is not None and type(entry.event) is Joined and entry.refused is None:
                entry.refused = origin.refusal(self, entry)
            if entry.old or entry.refused is not None:
                self._answer(entry, broadcast)
                continue
            self._apply(entry, broadcast)
            if origin is None:
                continue
            reply = origin.took_effect(entry, self)
            if type(entry.event) is Said and origin not in self.members:
                reply = broadcast.echo(entry)  # put out a moment ago, and what was said then is said
            if reply:
                broadcast.reply(entry, origin, reply)
        broadcast.send(self.members)
        return broadcast.replies

    def _answer(self, entry: Entry, broadcast: Broadcast) -> None:
        """Tell the one who said it, and nobody else, what became of an entry that is nothing new."""
        origin = entry.origin
        if origin is None:
            return
        answer = origin.took_effect(entry, self)
        if origin in self.members:
            broadcast.answer(origin, entry, answer)
        elif answer:
            broadcast.reply(entry, origin, answer)

    def _apply(self, entry: Entry, broadcast: Broadcast) -> None:
        event, origin = entry.event, entry.origin
        if entry.id:
            if not self.last_id:
                self._begin(event)
            self.last_id = entry.id
        match event:
            case Said():
                broadcast.add(entry)
            case Joined() if origin is not None:
                self._enter(entry, event, origin, broadcast)
            case Parted() if origin is not None:
                if origin not in self.everybody and origin not in self.members:
                    return
                entry.event = replace(event, nick=origin.nick)
                broadcast.add(entry)
                self._remove(origin, broadcast)
            case Ruled():
                broadcast.add(entry)
                self._enforce(entry, event, broadcast)
            case TopicSet():
                self._set_topic(event, entry.id, entry.time)
                broadcast.add(entry)
            case _:
                broadcast.add(entry)

    def _begin(self, event: Happening) -> None:
        """Be called, on all nodes alike, as the first who came in wrote it or, before that, the first durable entry."""
        if self.everybody is not self.members and isinstance(event, Joined | Lasting):
            self.name = event.room

    def _enter(self, entry: Entry, event: Joined, origin: Member, broadcast: Broadcast) -> None:
        known, here = origin in self.everybody, origin in self.members
        if not self.everybody and not self.last_id:
            self._begin(event)
        replaced = None if known else origin.takes_over(self)
        if replaced is not None:
            self.everybody.pop(replaced)
            self.members.pop(replaced, None)
        elif not (known or here):  # who is announced again was seen here all the time
            entry.event = replace(event, nick=origin.nick, room=self.name)
            broadcast.add(entry)
        self.everybody[origin] = None
        if origin.here and entry.verb != UNASKED:
            self.members[origin] = None
            broadcast.join(origin)

    def _remove(self, member: Member, broadcast: Broadcast) -> None:
        if member in self.members:
            broadcast.see_off(member)
            del self.members[member]
        self.everybody.pop(member, None)

    def _enforce(self, entry: Entry, event: Ruled, broadcast: Broadcast) -> None:
        """Put out those who may not be here any more, each with a line that says so."""
        ruling = Ruling(entry.id, entry.time, event)
        self.rules.apply(ruling)
        # On a node that was given up and is here again, some are not known to the others yet.
        there = {**self.everybody, **self.members} if self.everybody is not self.members else self.members
        for member in [member for member in there if self._has_to_leave(member, ruling)]:
            if event.verb != "KICK":
                why = event.text if event.verb == "BAN" else "the room is private"
                kicked = Entry(self.key, Ruled("KICK", event.nick, self.name, member.nick, None, why), time=entry.time)
                broadcast.add(kicked)
                broadcast.put_beside(kicked, entry)
            self._remove(member, broadcast)
            member.put_out(self)

    def _has_to_leave(self, member: Member, ruling: Ruling) -> bool:
        """Return whether a ruling puts a member out; those who look after the server are banned from no room."""
        person, is_operator = member.judged
        return self.rules.puts_out(ruling, person) and not (ruling.event.verb == "BAN" and is_operator)

    def _set_topic(self, topic: TopicSet, id_: int, time: int) -> None:
        self.topic, self.topic_id = topic, id_
        self.topic_tags = {"id": str(id_), "time": timestamp(time), "old": ""}
