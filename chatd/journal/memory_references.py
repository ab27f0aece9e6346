"""What later events have made of the messages that a memory journal keeps: changed, taken back, reacted to."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chatd.journal.references import Target, own_reactions, refusal, target_id
from chatd.model.authorship import main_key
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Said
from chatd.protocol.references import Edited, Reacted, ReferringEvent, Retracted, Unreacted

T = TypeVar("T")
Labels = OrderedDict[tuple[str, str, str], StoredEvent]


@dataclass(slots=True)
class _Marks:
    edit: int = 0
    """The id of the event that gave the message its text, 0 if it is the first one."""
    reactions: dict[tuple[str, str], int] = field(default_factory=dict)
    """The ids of the reactions, by emoji and author."""


class References:
    """``replace`` puts something else in the place of what a room, by its key, has under an id; nothing for None."""

    def __init__(self, replace: Callable[[str, int, StoredEvent | None], None], labels: Labels) -> None:
        self._replace = replace
        self._labels = labels
        self._marks: dict[int, _Marks] = {}
        self._retracted: set[int] = set()

    def refusal(self, entry: Entry, ring: Sequence[StoredEvent]) -> ChatError | None:
        """Return why an entry that refers to a message does not count, given what its room has."""
        event = entry.event
        assert isinstance(event, Said | ReferringEvent)
        id_ = target_id(event)
        kept, marks = _said(ring, id_), self._marks.get(id_)
        target = None if kept is None else Target(kept.author, {} if marks is None else marks.reactions)
        return refusal(entry, target, retracted=id_ in self._retracted)

    def follow(self, entry: Entry, ring: Sequence[StoredEvent]) -> None:
        """Do what an entry says that was given its id and counts."""
        event, room = entry.event, entry.room
        match event:
            case Retracted(_, _, id_):
                self._retracted.add(id_)
                marks = self._marks.pop(id_, _Marks())
                for gone in filter(None, (id_, marks.edit, *marks.reactions.values())):
                    self._replace(room, gone, None)
                    self._forget_label(gone, edited=False)
            case Edited(_, _, id_, text):
                kept = _said(ring, id_)
                assert kept is not None and isinstance(kept.event, Said)
                marks = self._marks.setdefault(id_, _Marks())
                said = replace(kept.event, text=text)
                self._replace(room, id_, kept._replace(event=said, edited=True))
                self._forget_label(id_, edited=True)
                if marks.edit:
                    self._replace(room, marks.edit, None)
                    self._forget_label(marks.edit, edited=True)
                marks.edit = entry.id
            case Unreacted(_, _, id_):
                reactions = self._marks[id_].reactions
                given = own_reactions(entry, event, Target("", reactions))
                for key in [key for key, reaction in reactions.items() if reaction in given]:
                    self._replace(room, reactions.pop(key), None)
            case Reacted(_, _, id_, emoji):
                self._marks.setdefault(id_, _Marks()).reactions[emoji, main_key(entry.by)] = entry.id

    def drop(self, kept: StoredEvent) -> None:
        """Forget what retention has deleted."""
        if self._marks:
            self._marks.pop(kept.id, None)
        if type(kept.event) is Retracted:
            self._retracted.discard(kept.event.id)

    def with_reactions(self, kept: StoredEvent) -> StoredEvent:
        """Return a message with how often each emoji was given to it."""
        marks = self._marks.get(kept.id)
        if marks is None or not marks.reactions:
            return kept
        return kept._replace(reactions=tuple(Counter(emoji for emoji, _ in marks.reactions).items()))

    def _forget_label(self, id_: int, *, edited: bool) -> None:
        """Forget what was said first under a label, but not that something was."""
        for key, first in reversed(self._labels.items()):
            if first.id == id_:
                event = first.event
                self._labels[key] = StoredEvent(id_, first.time, Said(event.nick, event.room, ""), edited=edited)
            if first.id <= id_:
                return


def place_of(id_: int, sequence: Sequence[T], key: Callable[[T], int]) -> int | None:
    """Return where in a sequence that is in the order of its ids one of them is."""
    at = bisect_left(sequence, id_, key=key)
    return at if at < len(sequence) and key(sequence[at]) == id_ else None


def put(sequence: MutableSequence[StoredEvent], id_: int, kept: StoredEvent | None) -> StoredEvent | None:
    """Put something in the place of what has an id, or nothing; return what was there."""
    at = place_of(id_, sequence, lambda each: each.id)
    if at is None:
        return None
    before = sequence[at]
    if kept is None:
        del sequence[at]
    else:
        sequence[at] = kept
    return before


def _said(ring: Sequence[StoredEvent], id_: int) -> StoredEvent | None:
    at = place_of(id_, ring, lambda each: each.id)
    return ring[at] if at is not None and type(ring[at].event) is Said else None
