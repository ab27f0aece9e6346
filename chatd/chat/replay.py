"""What was said before, told again: HISTORY, SEARCH, and what a JOIN with ``since=`` missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chatd.chat import permissions
from chatd.chat.client import CatchUp
from chatd.chat.participant import Participant
from chatd.journal import JournalError, Page, Query, TooMuchError
from chatd.model.conversation import is_conversation
from chatd.model.entry import Place, StoredEvent
from chatd.protocol import commands, events, names, wire
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Said

MAX_MISSED = 10_000
"""The most that is replayed to one who was away; of more, the newest."""
MAX_FOUND = 50


async def history(participant: Participant, room: Place, command: commands.History, label: str | None) -> None:
    """Answer HISTORY. Messages that the participant has not been sent yet are left for their turn."""
    readable = permissions.readable_after(participant, room.key)
    if readable is None:
        raise ChatError(Code.NOT_ALLOWED, "that room is private")
    upto = room.last_id + 1
    query = Query(
        room.key,
        after=max(command.since or 0, readable),
        before=upto if command.before is None else min(command.before, upto),
        count=command.count,
        newest=command.since is None,
        said_only=True,
    )
    told = 0
    more = True
    while more:
        page = await _read(participant, query)
        await participant.send_all(replayed(participant, kept) for kept in page.kept)
        told += len(page.kept)
        more = page.more and not participant.ended and not participant.peer.unreachable
        if more:
            query = replace(query, after=page.kept[-1].id, count=command.count - told, newest=False)
    participant.send_event(Done("HISTORY", (room.name, str(told))), label)


async def search(participant: Participant, room: Place, words: str, label: str | None) -> None:
    """Answer SEARCH."""
    readable = permissions.readable_after(participant, room.key)
    if readable is None:
        raise ChatError(Code.NOT_ALLOWED, "that room is private")
    upto = room.last_id + 1  # what comes while this waits may be said in private
    await participant.next_turn()  # a flood of these is one at a time, and others in between
    try:
        found = await participant.hub.journal.search(room.key, words.split(), upto, MAX_FOUND)
    except TooMuchError:
        raise ChatError(Code.UNAVAILABLE, "that search takes too long; ask for fewer and rarer words") from None
    except JournalError:
        raise _unreadable() from None
    found = [kept for kept in found if kept.id > readable]
    await participant.send_all(replayed(participant, kept) for kept in found)
    participant.send_event(Done("SEARCH", (room.name, str(len(found)))), label)


def replayed(participant: Participant, kept: StoredEvent) -> bytes:
    """Return the line that tells a participant of something that happened before; nothing if it has no use for it."""
    if is_conversation(kept.event.room):
        return participant.kept_line(kept, again=True)
    time = wire.timestamp(kept.time)
    if participant.tagged:
        return participant.line(kept.event, tags={"id": str(kept.id), "time": time, "old": ""})
    event = kept.event
    return (
        participant.line(events.Replayed(time, event.nick, event.room, event.text)) if isinstance(event, Said) else b""
    )


class Replay(CatchUp):
    """What one participant missed in a room that it is about to enter.

    `send_stored` sends what is stored, at the pace of the reader, until there is no more. From its last read until
    the JOIN takes effect, the hub notes here what is delivered in the room, and `rest` gives what of that came before
    the JOIN: no gap and no overlap, however fast the room and however slow the reader.
    """

    def __init__(self, participant: Participant, room: str, since: int, epoch: str | None) -> None:
        self.passed: list[StoredEvent] = []
        """What was delivered in the room meanwhile; the hub adds to it."""
        self._participant = participant
        self._hub = participant.hub
        self._room = room
        readable = permissions.readable_after(participant, room)
        self._floor = readable or 0
        self._last = max(since, self._floor)
        self._first: int | None = None
        last = self._known()
        self.known = since <= last and self._hub.journal.holds(epoch, since)
        """Whether what was seen last is in the history that there is."""
        self._possible = self.known and readable is not None
        self.recovered = self._possible and self._last == since
        """Whether everything that was missed is told."""

    async def send_stored(self) -> None:
        """Send what is stored after ``since``."""
        first = True
        more = self._possible
        while more and self._may_go_on():
            self._hub.watch(self._room, self)
            # What is not delivered yet may be part of what makes the room private; it is noted when it is delivered.
            upto = max(self._hub.last_id, self._known())
            count = MAX_MISSED if first else MAX_ID
            try:
                page = await _read(self._participant, Query(self._room, self._last, upto + 1, count, newest=first))
            except ChatError:
                self.recovered = self._possible = False
                return
            if not self._may_go_on():
                return
            first, more = False, page.more
            self.recovered = self.recovered and not page.skipped and page.watermark <= self._last
            lines = self._lines(kept for kept in page.kept if kept.id > self._floor)
            if more:
                self.close()
                await self._participant.send_all(lines)
            else:
                # Not at the reader's pace, for what passes meanwhile is kept in memory.
                if data := b"".join(lines):
                    self._participant.send(data)

    def rest(self, upto: int) -> Iterator[bytes]:
        """Yield what was delivered after what `send_stored` sent, up to the id ``upto``; nothing more is noted here."""
        passed: list[StoredEvent] = []
        if self._may_go_on():
            after = max(self._last, self._floor)
            passed = [kept for kept in self.passed if after < kept.id <= upto]
        self.close()
        return self._lines(passed)

    def _known(self) -> int:
        room_state = self._hub.journal.room_state(self._room)
        return 0 if room_state is None else room_state.last_id

    def _may_go_on(self) -> bool:
        """Return whether more may be told: things may have been ruled since the last time. If not, nothing more is."""
        if self._participant.ended or self._participant.peer.unreachable or not self._possible:
            return False
        floor = permissions.readable_after(self._participant, self._room)
        if floor is None or permissions.refusal(self._participant, self._room) is not None:
            self.recovered = self._possible = False
            self.close()
            return False
        if floor > self._floor:
            self._floor, self.recovered = floor, False
            self._last = max(self._last, floor)
        return True

    def has_told(self, topic_id: int) -> bool:
        """Return whether the room's topic needs not be told, because the one who was away has heard of it."""
        told = self._first is not None and topic_id >= self._first
        return self._participant.tagged and (self.recovered or told)

    def close(self) -> None:
        """Let the hub note nothing more here."""
        self._hub.unwatch(self._room, self)
        self.passed = []

    def _lines(self, kept: Iterable[StoredEvent]) -> Iterator[bytes]:
        for each in kept:
            self._first = self._first or each.id
            self._last = each.id
            ignored = self._participant.ignored
            if not (ignored and type(each.event) is Said and names.key(each.event.nick) in ignored):
                yield replayed(self._participant, each)


async def _read(participant: Participant, query: Query) -> Page:
    try:
        return await participant.hub.journal.read(query)
    except JournalError:
        raise _unreadable() from None


def _unreadable() -> ChatError:
    return ChatError(Code.UNAVAILABLE, "what was said before cannot be read now; ask again later")
