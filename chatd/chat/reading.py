"""Reading a room without being in it: what was said there, and then what is said, with nothing missing or twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.chat import permissions, replay
from chatd.chat.followers import Batch, Follower, Render
from chatd.chat.telling import Telling
from chatd.chat.visitor import Visitor
from chatd.journal import Query, Times
from chatd.model.entry import StoredEvent
from chatd.protocol import commands
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.moments import Moment
from chatd.protocol.names import RoomName

EVENTS_AT_A_TIME = 20
"""How many events of a long answer are told before others have their turn."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a room somebody wants to read.

    ``since`` is an id, which was told under ``epoch``, or a moment; None is from now on or, with ``count`` or
    ``before``, from the beginning. With ``count`` it is so many messages and nothing that became of them: the oldest
    after ``since`` if that is given, else the newest. ``live`` goes on with what is said from now on.
    """

    since: int | Moment | None = None
    epoch: str | None = None
    count: int | None = None
    before: int | Moment | None = None
    live: bool = True


class Output(Protocol):
    """Where a reading goes."""

    blocked: bool
    """Whether what it was told before waits for its reader."""

    def begin(self, since: int, *, recovered: bool) -> None:
        """Be told, first, after which id it begins, and whether all that came after what was seen is there."""

    def tell(self, data: bytes) -> None:
        """Be told some of it."""

    def next_turn(self) -> Deferred[None]:
        """Return a Deferred that fires when others have had their turn and the reader has taken what it was told."""

    def unblocked(self) -> Deferred[None]:
        """Return a Deferred that fires when the reader has taken what it was told."""

    def end(self, error: ChatError | None) -> None:
        """Be told that there is nothing more and why; None if it is all that was wanted."""

    def abort(self) -> None:
        """Be broken off."""


class Reading(Follower):
    """One who reads one room, without being in it.

    Nothing is kept for a slow reader: what it was not told is read from the journal once it has taken what it was.
    ``render`` makes what is told to bytes; it is the same for all who read in the same form.
    """

    def __init__(self, visitor: Visitor, room: RoomName, wanted: Wanted, output: Output, render: Render) -> None:
        self._visitor = visitor
        self._hub = visitor.hub
        self._room = room.key
        self._wanted = wanted
        self._output = output
        self._render = render
        self.over = False
        self._live = False  # whether it has been told all that was delivered, and is told what is when it is
        self._behind = False  # whether something was delivered that it was not told
        self._begun = False
        self._waiting: Deferred[None] | None = None
        self._telling = Telling(self._hub, self._room)
        if wanted.live:
            self._hub.followers.add(self._room, self)
        self._floor = self._readable() or 0
        self._last = self._known()
        """The id up to which it was told everything."""

    async def run(self) -> None:
        """Tell what is wanted, until that is all, or it may be read no more, or `close`."""
        try:
            await self._tell_stored()
            while self._wanted.live and not self.over:
                await self._catch_up()
                if not self.over and self._live:
                    self._waiting = Deferred()
                    await self._waiting
            if not self.over:
                self.close()
                self._output.end(None)
        except ChatError as error:
            self.end(error)
        finally:
            self._waiting = None  # whoever drops this while it waits must not have it go on
            self.close()

    def close(self) -> None:
        """Tell nothing more."""
        self.over = True
        self._live = False
        self._hub.followers.remove(self._room, self)
        self._telling.close()
        self._wake()

    @override
    def delivered(self, batch: Batch) -> None:
        if self.over or (batch.ruled and not self._may_go_on()):
            return
        if not self._live or self._output.blocked:
            self._live, self._behind = False, True
            self._wake()
            return
        first, last = batch.kept[0].id, batch.kept[-1].id
        if first > max(self._floor, self._last):
            data = batch.rendered(self._render)
        else:
            told = (each for each in batch.kept if each.id > max(self._floor, self._last))
            data = b"".join(map(self._render, told))
        self._last = max(last, self._last)
        if data:
            self._output.tell(data)

    @override
    def look_again(self) -> None:
        self._may_go_on()

    @override
    def end(self, error: ChatError) -> None:
        if not self.over:
            self.over = True
            self._output.end(error)
            self.close()

    @override
    def abort(self) -> None:
        self.close()
        self._output.abort()

    # What was said before.

    async def _tell_stored(self) -> None:
        """Tell what is wanted of what is stored already; what comes after that is left to `_catch_up`."""
        wanted, upto = self._wanted, self._upto()
        if wanted.since is None and wanted.count is None and wanted.before is None:
            self._begin(self._last, recovered=True)
            return
        if isinstance(wanted.since, int):
            recovered = self._resumes(wanted.since, wanted.epoch)
            if recovered is None:
                self._begin(self._last, recovered=False)
                return
        else:
            recovered = True
        since, before, now = wanted.since, wanted.before, self._hub.now
        times = Times(
            since.milliseconds(now) if isinstance(since, Moment) else None,
            before.milliseconds(now) if isinstance(before, Moment) else None,
        )
        query = Query(
            self._room,
            max(since if isinstance(since, int) else 0, self._floor),
            min(before if isinstance(before, int) else MAX_ID, upto + 1),
            MAX_ID if wanted.count is None else wanted.count,
            newest=since is None,
            said_only=wanted.count is not None or before is not None,
            times=times,
        )
        last = max(self._last, self._known())
        await self._tell_pages(query, recovered=recovered)
        self._last = max(self._last, last)

    def _resumes(self, since: int, epoch: str | None) -> bool | None:
        """Return whether all that came after an id that was seen may be told; None if there was no such id here."""
        journal = self._hub.journal
        # Another node may have told more already than is delivered here.
        ahead = since > self._last and not self._hub.nodes.shared
        if ahead or (epoch is not None and not journal.holds(epoch, since)):
            return None
        self._last = since
        return (not since or epoch is not None) and self._floor <= since

    async def _catch_up(self) -> None:
        """Tell what was delivered after what was told, until that is all there is."""
        while not self.over:
            await self._output.unblocked()
            self._behind = False
            known, upto = self._known(), self._upto()
            if known > self._last:
                query = Query(self._room, max(self._last, self._floor), upto + 1)
                await self._tell_pages(query)
                self._last = max(self._last, known)
            if not self._behind and not self._output.blocked and self._may_go_on():
                self._live = True
                return

    async def _tell_pages(self, query: Query, *, recovered: bool = True) -> None:
        """Tell what a query finds, page by page."""
        more = True
        while more and self._may_go_on():
            self._telling.reads()
            page = await replay.read(self._visitor, query)
            if not self._may_go_on():
                return
            self._telling.has_read(page.kept)
            complete = query.said_only or page.watermark <= query.after
            if not self._begun:
                is_asked_for = isinstance(self._wanted.since, int)
                since = query.after if is_asked_for else page.kept[0].id - 1 if page.kept else self._last
                self._begin(since, recovered=recovered and (complete or not is_asked_for))
            elif not complete:
                raise ChatError(Code.UNAVAILABLE, "some of the next messages are deleted; reconnect to read on")
            await self._tell_all(page.kept)
            more = page.more
            if more:
                count = query.count - len(page.kept)
                query = replace(query, after=page.kept[-1].id, count=count, newest=False)

    async def _tell_all(self, kept: Sequence[StoredEvent]) -> None:
        for at in range(0, len(kept), EVENTS_AT_A_TIME):
            part = kept[at : at + EVENTS_AT_A_TIME]
            current = (self._telling.current(each) for each in part if each.id > self._floor)
            if data := b"".join(self._render(each) for each in current if each is not None):
                self._output.tell(data)
            await self._output.next_turn()
            if not self._may_go_on():
                return

    def _begin(self, since: int, *, recovered: bool) -> None:
        self._begun = True
        self._output.begin(since, recovered=recovered)

    # What may be read.

    def _may_go_on(self) -> bool:
        if self.over:
            return False
        if (why_not := permissions.reading_refusal(self._visitor, self._room)) is not None:
            self.end(why_not)
            return False
        self._floor = max(self._floor, self._readable() or 0)
        return True

    def _readable(self) -> int | None:
        return permissions.readable_after(self._visitor, self._room)

    def _known(self) -> int:
        room_state = self._hub.journal.room_state(self._room)
        return 0 if room_state is None else room_state.last_id

    def _upto(self) -> int:
        """Return the id up to which things were delivered.

        What is stored after it may be part of what makes the room private.
        """
        return max(self._hub.last_id, self._known())

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)


async def find(visitor: Visitor, room: RoomName, command: commands.Search, count: int) -> Sequence[StoredEvent]:
    """Return the newest messages of a room, as they are now, that a search finds. Raise `ChatError` if it cannot."""
    hub = visitor.hub
    readable = permissions.readable_after(visitor, room.key)
    if readable is None:
        raise ChatError(Code.NOT_ALLOWED, "the room is private")
    room_state = hub.journal.room_state(room.key)
    upto = max(hub.last_id, 0 if room_state is None else room_state.last_id)
    after, before, times = replay.between(visitor, command, readable, upto + 1)
    with Telling(hub, room.key) as telling:
        query = Query(room.key, after, before, count, times=times)
        found = await replay.find(visitor, query, command.words, command.author)
        current = [telling.current(each) for each in found]
    floor = permissions.readable_after(visitor, room.key)
    return [each for each in current if each is not None and floor is not None and each.id > floor]
