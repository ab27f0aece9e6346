"""What was taken back or changed: its text is deleted from the stream, where new nodes would read it.

Every node does so, and its index remembers what is left to do, also over a restart: so it is enough that one of them
lives. The servers overwrite what they delete.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from chatd.journal import JournalError
from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.deletion import delete_message
from chatd.journal.jetstream.errors import NatsError
from chatd.journal.jetstream.local_index import LocalIndex
from chatd.model.entry import Entry
from chatd.protocol.references import Edited, Retracted

AT_A_TIME = 100
"""How many places are asked for and forgotten together."""

_log = Logger()


class Retractions:
    """Deletes from a stream what the index says is to be deleted."""

    def __init__(self, connection: Connection, index: LocalIndex, stream: str) -> None:
        self._connection = connection
        self._index = index
        self._stream = stream
        self._left = True  # as far as is known, from before the start
        self._deleting = False
        self._has_warned = False

    def note(self, entries: Sequence[Entry], *, surely: bool) -> None:
        """Note what was handed over; delete from the stream what it leaves nothing of, if it ``surely`` counts."""
        if any(entry.stored and isinstance(entry.event, Retracted | Edited) for entry in entries):
            self._left = True
            if surely:
                self.delete_soon()

    def delete_soon(self) -> None:
        """Delete what is left; what cannot be deleted now is tried again with the next call."""
        if self._left and not self._deleting and self._connection.connected:
            self._deleting = True
            self._connection.spawn(self._delete_all())

    async def _delete_all(self) -> None:
        try:
            while self._left:
                self._left = False
                while places := await self._connection.wait(self._index.gone(AT_A_TIME)):
                    for place in places:
                        await delete_message(self._connection, self._stream, place)
                    await self._connection.wait(self._index.forget_gone(places))
        except (NatsError, JournalError) as error:
            self._left = True
            if not self._has_warned:
                _log.warn("cannot delete retracted messages from the stream: {why}", why=str(error))
            self._has_warned = True
        finally:
            self._deleting = False
