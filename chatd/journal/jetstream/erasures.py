"""Following `chatd erase`: what somebody has said is deleted from the index, as it was from the stream."""

from __future__ import annotations

import json
from collections.abc import Callable

from twisted.logger import Logger

from chatd.journal import JournalError
from chatd.journal.jetstream.connection import Connection, Incoming
from chatd.journal.jetstream.local_index import LocalIndex
from chatd.journal.jetstream.messages import Subjects, to_json
from chatd.journal.jetstream.scan import scan
from chatd.journal.jetstream.streams import holds_stream
from chatd.journal.read_markers import ReadMarkers
from chatd.model.conversation import is_of

PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 5.0
"""How long to wait for what is on its way to the index."""

_log = Logger()


def erasure(nick: str, place: int) -> bytes:
    """Return the payload that says that all under a nick, folded, is erased that was said up to ``place``."""
    return to_json({"erased": nick, "place": place})


class Erasures:
    """Learns who is erased, when it connects and later. ``waits`` says whether something is on its way to the index."""

    def __init__(
        self,
        connection: Connection,
        subjects: Subjects,
        index: LocalIndex,
        markers: ReadMarkers,
        waits: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._subjects = subjects
        self._index = index
        self._markers = markers
        self._waits = waits

    async def open(self) -> None:
        """Follow what was erased so far, and what is from now on. Raise `NatsError`."""
        await self._connection.subscribe(self._subjects.all_erased, self._take)
        async for _, message in scan(
            self._connection, holds_stream(self._subjects.stream), [self._subjects.all_erased]
        ):
            await self._follow(message.payload, again=False)

    async def _take(self, message: Incoming) -> None:
        self._connection.spawn(self._follow(message.payload, again=True))

    async def _follow(self, payload: bytes, *, again: bool) -> None:
        try:
            fields = json.loads(payload)
            nick, place = str(fields["erased"]), int(fields["place"])
        except (ValueError, KeyError, TypeError):
            return
        self._markers.forget(nick, place)
        self._markers.forget_rooms(lambda room: is_of(room, nick), place)
        waited = 0.0
        while again and self._waits() and waited < PATIENCE_SECONDS:
            waited += PAUSE_SECONDS
            await self._connection.pause(PAUSE_SECONDS)
        try:
            await self._connection.wait(self._index.erase(nick, place, again=again))
        except JournalError as error:
            _log.error("could not erase {nick}; it happens when the node starts again: {why}", nick=nick, why=error)
