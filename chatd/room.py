"""A room: who is in it, what its topic is, and the delivery of what happens in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from chatd.delivery import Broadcast, Reader
from chatd.events import Joined, Parted, Said, TopicSet
from chatd.journal import Entry, Standing
from chatd.wire import NO_TAGS, Tags, timestamp

if TYPE_CHECKING:
    from chatd.merge import Merge


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

    def deliver(self, entries: Sequence[Entry], merge: Merge | None = None) -> list[tuple[Member, bytes]]:
        """Apply a batch, in its order, and send it to the members, but to those for whom ``merge`` collects it.

        Return what is to be sent when every room has had its part of the batch: the replies to those
        whose commands took effect and, after those, what the newcomers have missed of this batch.
        """
        broadcast = Broadcast()
        replies: list[tuple[Member, bytes]] = []
        for entry in entries:
            origin = entry.origin
            if entry.old or entry.refused is not None:
                reply = self._answer(entry, broadcast)
            else:
                self._apply(entry, broadcast, merge)
                reply = b"" if origin is None else origin.took_effect(entry, self)
            if origin is not None and reply:
                if merge is not None and merge.wants(origin):
                    merge.add(origin, [(entry, reply)])
                else:
                    replies.append((origin, reply))
        later = [e.origin for e in entries if type(e.event) is Joined and e.origin in self.members]
        if merge is not None:
            merged = [member for member in self.members if merge.wants(member)]
            for member in merged:
                merge.add(member, broadcast.lines(member))
            later = merged
        else:
            missed = ((member, broadcast.catch_up(member)) for member in later)
            replies += [(member, data) for member, data in missed if data]
        broadcast.send(self.members, but=later)
        return replies

    def _answer(self, entry: Entry, broadcast: Broadcast) -> bytes:
        """Tell the one who said it, and nobody else, what became of an entry that is nothing new.

        Return the answer if it has no place among what the room says.
        """
        origin = entry.origin
        if origin is None:
            return b""
        answer = origin.took_effect(entry, self)
        if origin not in self.members:
            return answer
        broadcast.answer(origin, entry, answer)
        return b""

    def _apply(self, entry: Entry, broadcast: Broadcast, merge: Merge | None) -> None:
        event, origin = entry.event, entry.origin
        if entry.id:
            self.last_id = entry.id
        match event:
            case Said():
                broadcast.add(entry)
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
                if merge is not None:
                    merge.add(origin, broadcast.lines(origin))
                elif missed := broadcast.catch_up(origin):
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
