"""What did not count at its place: deleted from the stream, so that no node ever takes it in that comes later.

Every node deletes what it has refused, whoever sent it, and remembers until that is done, also over a restart: so it is
enough that one of them lives. A node that joins before is told of it together with who is where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from twisted.logger import Logger

from chatd.journal import JournalError
from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.deletion import delete_message
from chatd.journal.jetstream.errors import NatsError
from chatd.journal.jetstream.local_index import LocalIndex

MAX_REMEMBERED = 10_000
"""How many places of what was refused last are named to a node that joins."""
RETRY_SECONDS = 1

_log = Logger()


class Refusals:
    """The places of what this node has refused, and which of it may still be in the stream."""

    def __init__(self, connection: Connection, index: LocalIndex, stream: str) -> None:
        self._connection = connection
        self._index = index
        self._stream = stream
        self._places: dict[int, None] = {}
        self._left: dict[int, None] = {}
        self._deleting = False
        self._has_warned = False

    def start(self, places: Iterable[tuple[int, bool]]) -> None:
        """Begin with what the index has: places, and whether that which stood there is deleted."""
        for place, is_deleted in places:
            self._places[place] = None
            if not is_deleted:
                self._left[place] = None

    def note(self, places: Sequence[int]) -> None:
        """Note what was refused, by its places, now that the index knows."""
        new = dict.fromkeys(place for place in places if place not in self._places)
        self._places |= new
        self._left |= new
        for place in [*self._places][:-MAX_REMEMBERED]:
            del self._places[place]
        self.delete_soon()

    def places(self) -> list[int]:
        """Return where in the stream something stands, or stood, that does not count."""
        return list(self._places)

    async def forget(self, places: Collection[int]) -> None:
        """Undo what the index has of places, of which another node has said that what stands there does not count."""
        # Named on to those that join later: whoever refused it may not have deleted it by then.
        self._places |= dict.fromkeys(place for place in places if place not in self._places)
        while places:
            try:
                await self._connection.wait(self._index.forget_places(places))
                places = ()
            except JournalError:  # it cannot be written: nothing is delivered before it can
                await self._connection.pause(RETRY_SECONDS)

    def delete_soon(self) -> None:
        """Delete what is left of it; what cannot be deleted now is tried again with the next call."""
        if self._left and not self._deleting and self._connection.connected:
            self._deleting = True
            self._connection.spawn(self._delete_all())

    async def _delete_all(self) -> None:
        try:
            while self._left:
                place = next(iter(self._left))
                await delete_message(self._connection, self._stream, place, overwrite=False)
                self._left.pop(place, None)
                self._index.note_deleted(place)
        except NatsError as error:
            if not self._has_warned:
                _log.warn("cannot delete refused messages from the stream: {why}", why=str(error))
            self._has_warned = True
        finally:
            self._deleting = False
