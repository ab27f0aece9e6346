"""``JOIN ... last=``: the newest messages of a room, for who enters it without having missed anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from typing_extensions import override

from chatd.chat import permissions, replay
from chatd.chat.client import CatchUp
from chatd.chat.participant import Participant
from chatd.journal import Query
from chatd.model.entry import StoredEvent
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Note, Said


class Recent(CatchUp):
    """The last ``count`` messages of a room, given its key, and those that are said while they are read."""

    asked_since = False
    recovered = True
    known = True

    def __init__(self, participant: Participant, room: str, count: int) -> None:
        self.passed: list[StoredEvent] = []
        self._participant = participant
        self._hub = participant.hub
        self._room = room
        self._count = count
        self._last = 0

    async def send_stored(self) -> None:
        """Send what is stored; a person is told if it cannot be read."""
        hub = self._hub
        if (floor := self._floor()) is None:
            return
        hub.watch(self._room, self)
        room_state = hub.journal.room_state(self._room)
        self._last = max(hub.last_id, 0 if room_state is None else room_state.last_id)
        query = Query(self._room, floor, self._last + 1, self._count, newest=True, said_only=True)
        kept: list[StoredEvent] = []
        more = self._count > 0
        while more:
            try:
                page = await replay.read(self._participant, query)
            except ChatError as error:
                if not self._participant.tagged:
                    self._participant.send_event(Note(f"{error.text}: HISTORY {self._count}"))
                break
            kept += page.kept
            more = page.more and bool(page.kept) and len(kept) < self._count
            if more:
                query = replace(query, after=page.kept[-1].id, count=self._count - len(kept), newest=False)
        await self._participant.send_all(self._lines(kept))

    @override
    def rest(self, upto: int) -> Iterator[bytes]:
        passed = [kept for kept in self.passed if self._last < kept.id <= upto and type(kept.event) is Said]
        self.close()
        return self._lines(passed)

    @override
    def has_told(self, topic_id: int) -> bool:
        return False

    @override
    def close(self) -> None:
        self._hub.unwatch(self._room, self)
        self.passed = []

    def _floor(self) -> int | None:
        """Return the id after which the room may be read now; None if it may not be."""
        if permissions.refusal(self._participant, self._room) is not None:
            return None
        return permissions.readable_after(self._participant, self._room)

    def _lines(self, kept: Iterable[StoredEvent]) -> Iterator[bytes]:
        for each in kept:
            floor, ignored = self._floor(), self._participant.ignored
            if floor is None or self._participant.ended:
                return
            assert isinstance(each.event, Said)
            if each.id > floor and names.key(each.event.nick) not in ignored:
                yield replay.replayed(self._participant, each)
