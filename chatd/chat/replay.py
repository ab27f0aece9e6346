"""What was said before, told again: HISTORY, SEARCH, and what a JOIN with ``since=`` missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred

from chatd.chat import permissions
from chatd.chat.client import CatchUp
from chatd.chat.participant import Participant
from chatd.chat.telling import Telling
from chatd.chat.visitor import Visitor
from chatd.journal import Among, JournalError, Page, Query, Times, TooMuchError
from chatd.model.conversation import is_conversation
from chatd.model.entry import Place, StoredEvent
from chatd.protocol import commands, events, names, wire
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Said
from chatd.protocol.moments import Moment
from chatd.protocol.references import Edited, Reacted, ReactionCounts

MAX_MISSED = 10_000
"""The most that is replayed to one who was away; of more, the newest."""
MAX_FOUND = 50
BEHIND_SECONDS = 5
"""How long a node may take to read what another has read."""
UNREADABLE = JournalError
"""What is raised where the journal cannot be read, for edges; they answer with `unreadable`."""


async def history(participant: Participant, room: Place, command: commands.History, label: str | None) -> None:
    """Answer HISTORY. Messages that the participant has not been sent yet are left for their turn."""
    readable = permissions.readable_after(participant, room.key)
    if readable is None:
        raise ChatError(Code.NOT_ALLOWED, "the room is private")
    after, before, times = between(participant, command, readable, room.last_id + 1)
    query = Query(room.key, after, before, command.count, newest=command.since is None, said_only=True, times=times)
    told = 0
    more = True
    with Telling(participant.hub, room.key) as telling:
        while more:
            telling.reads()
            page = await read(participant, query)
            telling.has_read(page.kept)
            await participant.send_all(_told(participant, telling, page.kept, ids=command.ids))
            told += len(page.kept)
            more = page.more and not participant.ended and not participant.peer.unreachable
            if more:
                query = replace(query, after=page.kept[-1].id, count=command.count - told, newest=False)
    participant.send_event(Done("HISTORY", (room.name, str(told - telling.left_out))), label)


async def search(participant: Participant, room: Place, command: commands.Search, label: str | None) -> None:
    """Answer SEARCH."""
    readable = permissions.readable_after(participant, room.key)
    if readable is None:
        raise ChatError(Code.NOT_ALLOWED, "the room is private")
    # What comes while this waits may be said in private.
    after, before, times = between(participant, command, readable, room.last_id + 1)
    await participant.next_turn()  # a flood of these is one at a time, and others in between
    with Telling(participant.hub, room.key) as telling:
        query = Query(room.key, after, before, MAX_FOUND, times=times)
        found = await find(participant, query, command.words, command.author)
        telling.has_read(found)
        await participant.send_all(_told(participant, telling, found, ids=command.ids))
    participant.send_event(Done("SEARCH", (room.name, str(len(found) - telling.left_out))), label)


async def find(visitor: Visitor, query: Query, words: str, author: str | None) -> Sequence[StoredEvent]:
    """Return the newest messages among those of a query that hold words. Raise `ChatError` if they cannot be found."""
    try:
        among = Among(query.after, author, query.times)
        return await visitor.hub.journal.search(query.room, words.split(), query.before, query.count, among)
    except TooMuchError:
        raise ChatError(Code.UNAVAILABLE, "the search takes too long; use fewer or rarer words") from None
    except JournalError:
        raise unreadable() from None


def between(
    visitor: Visitor, command: commands.History | commands.Search, readable: int, upto: int
) -> tuple[int, int, Times]:
    """Return between which ids, both exclusive, and which times what is asked for has to be that may be read."""
    since, before, now = command.since, command.before, visitor.hub.now
    return (
        max(since, readable) if isinstance(since, int) else readable,
        min(before, upto) if isinstance(before, int) else upto,
        Times(
            since.milliseconds(now) if isinstance(since, Moment) else None,
            before.milliseconds(now) if isinstance(before, Moment) else None,
        ),
    )


def _told(
    participant: Participant, telling: Telling, found: Sequence[StoredEvent], *, ids: bool = False
) -> Iterator[bytes]:
    """Yield the lines of what was found, as it is when it is its turn."""
    for each in found:
        kept = telling.current(each)
        yield b"" if kept is None else replayed(participant, kept, ids=ids) + _reactions(participant, kept, ids=ids)


def _reactions(participant: Participant, kept: StoredEvent, *, ids: bool) -> bytes:
    if not kept.reactions or not (participant.tagged or ids):
        return b""
    return participant.line(ReactionCounts(kept.event.room, kept.id, kept.reactions), tags={"old": ""})


def replayed(participant: Participant, kept: StoredEvent, *, ids: bool = False) -> bytes:
    """Return the line that tells a participant of something that happened before; nothing if it has no use for it.

    With ``ids`` one who reads no tags is told the id of a message.
    """
    if is_conversation(kept.event.room):
        return participant.kept_line(kept, again=True)
    time, event = wire.timestamp(kept.time), kept.event
    if participant.tagged:
        # Put together here: a mapping of tags, for each of a thousand lines, costs as much as all else of them.
        tags = f"id={kept.id};time={time};old"
        if type(event) is Said and (event.reply or event.notice):
            tags += "".join(f";{key}={value}" if value else f";{key}" for key, value in said_tags(event).items())
        edited = ";edited" if kept.edited else ""
        return f"@{tags}{edited} {events.render(event)}{wire.EOL}".encode()
    if not isinstance(event, Said):
        return b""
    return participant.line(events.Replayed(time, event.nick, event.room, event.text, kept.id if ids else 0))


def said_tags(event: Said) -> dict[str, str]:
    """Return the tags of what was said, but for those that all messages have."""
    tags = {"reply": str(event.reply)} if event.reply else {}
    return {**tags, "notice": ""} if event.notice else tags


async def catch_up_with_others(participant: Participant, room: str, since: int, epoch: str | None) -> None:
    """Return when this node has read what another has told a participant already, or after `BEHIND_SECONDS`.

    Whoever comes from there at once may have heard more than is known here.
    """
    hub = participant.hub
    end = hub.clock.seconds() + BEHIND_SECONDS
    while hub.nodes.shared and hub.clock.seconds() < end and not participant.ended:
        state = hub.journal.room_state(room)
        known = max(hub.last_id, 0 if state is None else state.last_id)
        if since <= known or not hub.journal.holds(epoch, since):
            return
        moment: Deferred[None] = Deferred()
        hub.clock.callLater(BEHIND_SECONDS / 100, moment.callback, None)
        await moment


class Replay(CatchUp):
    """What one participant missed in a room that it is about to enter.

    `send_stored` sends what is stored, at the pace of the reader, until there is no more. From its last read until
    the JOIN takes effect, the hub notes here what is delivered in the room, and `rest` gives what of that came before
    the JOIN: no gap and no overlap, however fast the room and however slow the reader.
    """

    asked_since = True

    def __init__(self, participant: Participant, room: str, since: int, epoch: str | None) -> None:
        self.passed: list[StoredEvent] = []
        """What was delivered in the room meanwhile; the hub adds to it."""
        self._participant = participant
        self._hub = participant.hub
        self._room = room
        self._telling = Telling(self._hub, room)
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
            self._telling.reads()
            # What is not delivered yet may be part of what makes the room private; it is noted when it is delivered.
            upto = max(self._hub.last_id, self._known())
            count = MAX_MISSED if first else MAX_ID
            try:
                page = await read(self._participant, Query(self._room, self._last, upto + 1, count, newest=first))
            except ChatError:
                self.recovered = self._possible = False
                return
            if not self._may_go_on():
                return
            first, more = False, page.more
            self.recovered = self.recovered and not page.skipped and page.watermark <= self._last
            lines = self._lines(kept for kept in page.kept if kept.id > self._floor)
            if more:
                self._watch_no_more()
                self._telling.has_read(page.kept)
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
        lines = list(self._lines(passed))
        self.close()
        return iter(lines)

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
        self._watch_no_more()
        self._telling.close()

    def _watch_no_more(self) -> None:
        self._hub.unwatch(self._room, self)
        self.passed = []

    def _lines(self, kept: Iterable[StoredEvent]) -> Iterator[bytes]:
        for each in kept:
            self._first = self._first or each.id
            self._last = each.id
            told, ignored = self._telling.current(each), self._participant.ignored
            is_said = isinstance(each.event, Said | Edited | Reacted)
            if told is not None and not (ignored and is_said and names.key(each.event.nick) in ignored):
                yield replayed(self._participant, told)


async def read(visitor: Visitor, query: Query) -> Page:
    """Return some of what was said. Raise `ChatError` if it cannot be read now."""
    try:
        return await visitor.hub.journal.read(query)
    except JournalError:
        raise unreadable() from None


def unreadable() -> ChatError:
    """Return why nothing is told of what the journal has, which cannot be read."""
    return ChatError(Code.UNAVAILABLE, "the history cannot be read now; try again later")
