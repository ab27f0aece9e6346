"""``JOIN ... last=``: the newest messages of a room, for who enters it without having missed anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from typing_extensions import override

from chatd.chat import permissions
from chatd.chat.participant import Participant
from chatd.chat.replay import Replay, read, replayed
from chatd.journal import Query
from chatd.model.entry import StoredEvent
from chatd.protocol import names
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Note, Said


class Recent(Replay):
    """The last ``count`` messages of a room, given its key, and then what happens there while they are read."""

    asked_since = False

    def __init__(self, participant: Participant, room: str, count: int) -> None:
        hub = participant.hub
        room_state = hub.journal.room_state(room)
        last = 0 if room_state is None else room_state.last_id
        super().__init__(participant, room, last, hub.journal.epoch)
        self._before = last + 1
        self._count = count

    @override
    async def send_stored(self) -> None:
        # At the reader's pace, since nothing has to be kept in memory meanwhile: all that is new follows after these.
        query = Query(self._room, self._floor, self._before, self._count, newest=True, said_only=True)
        told, more = 0, self._count > 0 and self._may_go_on()
        while more:
            try:
                self._telling.reads()
                page = await read(self._participant, query)
                self._telling.has_read(page.kept)
            except ChatError as error:
                if not self._participant.tagged:
                    self._participant.send_event(Note(f"{error.text}: HISTORY {self._count}"))
                break
            await self._participant.send_all(self._messages(page.kept))
            told += len(page.kept)
            more = page.more and told < self._count and self._may_go_on()
            if more:
                query = replace(query, after=page.kept[-1].id, count=self._count - told, newest=False)
        await super().send_stored()

    @override
    def has_told(self, topic_id: int) -> bool:
        return self._participant.tagged and self._first is not None and topic_id >= self._first

    def _messages(self, kept: Iterable[StoredEvent]) -> Iterator[bytes]:
        """Yield the lines for messages, as long as they may be read: what is ruled meanwhile counts."""
        for each in kept:
            floor, ignored = permissions.readable_after(self._participant, self._room), self._participant.ignored
            if floor is None:
                return
            assert isinstance(each.event, Said)
            if each.id > floor and names.key(each.event.nick) not in ignored:
                told = self._telling.current(each)
                yield b"" if told is None else replayed(self._participant, told)
