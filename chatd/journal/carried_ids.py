"""What refers to a message, brought from one journal into another in which the message has another id."""

from __future__ import annotations

from dataclasses import replace

from chatd.model.entry import Entry, StoredEvent
from chatd.protocol import names
from chatd.protocol.events import Said
from chatd.protocol.references import Edited, Original, Reacted, ReferringEvent


class CarriedIds:
    """Which ids messages have got, by those that they had where they came from."""

    def __init__(self) -> None:
        self._new: dict[int, int] = {}
        self._original: dict[int, Original] = {}

    def note(self, kept: StoredEvent, id_: int, *, original: bool = False) -> None:
        """Note the new id of something; with ``original`` also what of it stays the same when it is changed."""
        event = kept.event
        if kept.id and isinstance(event, Said):
            self._new[kept.id] = id_
            if original:
                self._original[id_] = Original(event.nick, kept.time, kept.author, event.reply, event.notice)

    def entry(self, kept: StoredEvent) -> Entry | None:
        """Return something as it is to be stored; None if it is about a message that was not brought along."""
        event, by = kept.event, kept.author
        if isinstance(event, Said) and event.reply:
            event = replace(event, reply=self._new.get(event.reply, 0))
        elif isinstance(event, ReferringEvent):
            if event.id not in self._new:
                return None
            event = replace(event, id=self._new[event.id])
            if isinstance(event, Edited):
                event = replace(event, original=self._original.get(event.id))
            if isinstance(event, Reacted):  # of each there is but one reaction of a kind
                by = by or f"nick={names.key(event.nick)}"
        return Entry(names.key(event.room), event, time=kept.time, by=by, seen=True)


def is_about(kept: StoredEvent) -> bool:
    """Return whether something refers to a message."""
    event = kept.event
    return isinstance(event, ReferringEvent) or (isinstance(event, Said) and event.reply != 0)
