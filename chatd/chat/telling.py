"""What was read from the journal and is on its way to somebody, while others change it or take it back.

A long answer is told at the pace of its reader: minutes may pass between reading a page and telling its last line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from chatd.chat.hub import Hub, Teller
from chatd.model.entry import StoredEvent
from chatd.protocol.events import DurableEvent, Said
from chatd.protocol.references import Edited, Reacted, Retracted


class Telling(Teller):
    """Follows a room, by its key, while something that was said in it is told to one who asked.

    From the reading of a page to its last line it notes what becomes of the messages in it, and of no others.
    """

    def __init__(self, hub: Hub, room: str) -> None:
        self._hub = hub
        self._room = room
        self.left_out = 0
        """How many messages were left out that had been read."""
        self._pending: set[int] | None = None
        self._changed: dict[int, tuple[int, str | None]] = {}
        hub.follow(room, self)

    def __enter__(self) -> Telling:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Follow no more."""
        self._hub.unfollow(self._room, self)

    def reads(self) -> None:
        """Note all that is changed from here on: a page is being read."""
        self._pending = None

    def has_read(self, kept: Sequence[StoredEvent]) -> None:
        """Note from here on only what becomes of these, or of what they refer to."""
        self._pending = {_about(each) for each in kept}
        self._changed = {id_: change for id_, change in self._changed.items() if id_ in self._pending}

    @override
    def note(self, id_: int, event: DurableEvent) -> None:
        if isinstance(event, Retracted | Edited) and (self._pending is None or event.id in self._pending):
            self._changed[event.id] = id_, event.text

    def current(self, kept: StoredEvent) -> StoredEvent | None:
        """Return what is to be told of something that was read: None if it was taken back, or is not so any more."""
        if not self._changed or (change := self._changed.get(_about(kept))) is None:
            return kept
        at, text = change
        event = kept.event
        if isinstance(event, Said):
            self.left_out += text is None
            return None if text is None else kept._replace(event=replace(event, text=text), edited=True)
        if isinstance(event, Edited):
            return kept if kept.id >= at else None
        return None if text is None and isinstance(event, Reacted) else kept


def _about(kept: StoredEvent) -> int:
    event = kept.event
    return event.id if isinstance(event, Retracted | Edited | Reacted) else kept.id
