"""Rooms with ``keep=``: what a node's index has deleted as too old there is taken out of the stream too.

Every node does it, and it may be done twice. The stream's own bound on ages is one for all rooms.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.logger import Logger

from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.errors import NatsError, api
from chatd.journal.jetstream.messages import Subjects
from chatd.journal.known_rooms import RoomState, kept_shorter

_log = Logger()


class RoomRetention:
    """Which rooms the stream has had purged by this node, and up to which place."""

    def __init__(self, connection: Connection, subjects: Subjects) -> None:
        self._connection = connection
        self._subjects = subjects
        self._purged: dict[str, int] = {}
        self._purging = False
        self._has_warned = False

    def purge_soon(self, rooms: Mapping[str, RoomState]) -> None:
        """Take out of the stream what the index has deleted of rooms that keep less than the stream does."""
        if self._purging or not self._connection.connected:
            return
        watermarks = {room: rooms[room].watermark for room in kept_shorter(rooms)}
        due = {room: upto for room, upto in watermarks.items() if upto > self._purged.get(room, 0)}
        if due:
            self._purging = True
            self._connection.spawn(self._purge(due))

    async def _purge(self, due: Mapping[str, int]) -> None:
        try:
            for room, upto in due.items():
                for subject in (self._subjects.room(room), self._subjects.rules(room)):
                    question = {"filter": subject, "seq": upto + 1}
                    await api(self._connection, f"STREAM.PURGE.{self._subjects.stream}", question)
                self._purged[room] = upto
        except NatsError as error:
            if not self._has_warned:
                _log.warn("cannot delete expired messages of a room from the stream: {why}", why=str(error))
            self._has_warned = True
        finally:
            self._purging = False
