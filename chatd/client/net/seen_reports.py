"""Tells the server, now and then, which rooms were read."""

from __future__ import annotations

from collections.abc import Callable

from chatd.client.model.seen import to_report
from chatd.client.model.transcript import Transcript
from chatd.client.net.connection import Connection
from chatd.protocol.commands import Seen

SEEN_SECONDS = 2.0
"""How often that is, at most, for each room."""


class SeenReports:
    """Looks what was read since the last time, on a connection whose server keeps that; ``ask`` sends a command."""

    def __init__(self, transcript: Transcript, connection: Connection, ask: Callable[[Seen], None]) -> None:
        self._transcript = transcript
        self._connection = connection
        self._ask = ask
        self._begun = False

    def begin(self) -> None:
        """Look from here on, unless that is done already."""
        if not self._begun:
            self._begun = True
            self._connection.later(SEEN_SECONDS, self._look)

    def _look(self) -> None:
        for room in to_report(self._transcript):
            room.reported_id = room.seen_id or 0
            self._ask(Seen(room.reported_id, room.name))
        self._connection.later(SEEN_SECONDS, self._look)
