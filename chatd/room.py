"""A room: who is in it, what its topic is, and the delivery of what happens in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from chatd.delivery import Broadcast, Reader
from chatd.events import Joined, Parted, Said, TopicSet
from chatd.journal import Entry, Standing
from chatd.wire import NO_TAGS, Tags, timestamp


class Member(Reader, Protocol):
    """A participant, as rooms see it."""

    nick: str
    rooms: dict[Room, None]

    def takes_over(self, room: Room) -> Member | None:
        """Return the member of ``room`` whose place this one takes unseen, if there is one."""

    def fail(self) -> None:
        """End this one's connection, because of a fault of ours."""

    def took_effect(self, entry: Entry, room: Room | None) -> bytes:
        """Note that an entry of one's own has happened; return the reply to what asked for it, if it has one."""


class Room:
    """One room. ``name`` is as first written; members are in the order in which they came."""

    def __init__(self, key: str, name: str, standing: Standing | None = None) -> None:
        self.key = key
        self.name = name if standing is None else standing.name
        self.members: dict[Member, None] = {}
        self.topic: TopicSet | None = None
        self.topic_id = 0
        self.topic_tags: Tags = NO_TAGS
        self.last_id = 0 if standing is None else standing.last_id
        """The id of the newest durable entry, 0 before the first."""
        if standing is not None and standing.topic is not None:
            self._set_topic(standing.topic.event, standing.topic.id, standing.topic.time)

    def deliver(self, entries: Sequence[Entry]) -> list[tuple[Member, bytes]]:
        """Apply a batch, in its order, and send it to the members.

        Return what is to be sent when every room has had its part of the batch: the replies to those
        whose commands took effect and, after those, what the newcomers have missed of this batch.
        """
        newcomers = [e.origin for e in entries if type(e.event) is Joined and e.origin is not None]
        broadcast = Broadcast()
        replies: list[tuple[Member, bytes]] = []
        for entry in entries:
            if entry.old or entry.refused is not None:
                self._answer(entry, broadcast, replies)
                continue
            self._apply(entry, broadcast)
            if entry.origin is not None and (reply := entry.origin.took_effect(entry, self)):
                replies.append((entry.origin, reply))
        broadcast.send(self.members, but=newcomers)
        missed = ((member, broadcast.catch_up(member)) for member in newcomers if member in self.members)
        replies += [(member, data) for member, data in missed if data]
        return replies

    def _answer(self, entry: Entry, broadcast: Broadcast, replies: list[tuple[Member, bytes]]) -> None:
        """Tell the one who said it, and nobody else, what became of an entry that is nothing new."""
        origin = entry.origin
        if origin is None:
            return
        answer = origin.took_effect(entry, self)
        if origin in self.members:
            broadcast.answer(origin, answer)
        else:
            replies.append((origin, answer))

    def _apply(self, entry: Entry, broadcast: Broadcast) -> None:
        event, origin = entry.event, entry.origin
        if entry.id:
            self.last_id = entry.id
        match event:
            case Joined() if origin is not None:
                replaced = origin.takes_over(self)
                if replaced is not None:
                    del self.members[replaced]
                else:
                    entry.event = replace(event, room=self.name)
                    broadcast.add(entry)
                self.members[origin] = None
                broadcast.join(origin)
            case Parted() if origin is not None:
                if origin not in self.members:
                    return
                entry.event = replace(event, nick=origin.nick)
                broadcast.add(entry)
                if missed := broadcast.catch_up(origin):
                    origin.send(missed)
                del self.members[origin]
            case TopicSet():
                self._set_topic(event, entry.id, entry.time)
                broadcast.add(entry)
            case _:
                broadcast.add(entry)

    def _set_topic(self, topic: TopicSet | Said, id_: int, time: int) -> None:
        assert isinstance(topic, TopicSet)
        self.topic, self.topic_id = topic, id_
        self.topic_tags = {"id": str(id_), "time": timestamp(time), "old": ""}
