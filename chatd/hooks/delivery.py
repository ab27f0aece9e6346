"""One hook at work: what is said in its room, sent one message after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatd.hooks.receiver import GONE, Outcome
from chatd.hooks.signing import signature
from chatd.hooks.store import Hook, new_series
from chatd.journal import Journal, JournalError, Query, Times
from chatd.model.entry import StoredEvent
from chatd.model.health import Health
from chatd.protocol import wire
from chatd.runtime.clocks import WallClock

FIRST_RETRY_SECONDS = 1.0
MAX_RETRY_SECONDS = 600.0
MAX_LEAVE_ALONE_SECONDS = 24 * 60 * 60.0
"""How long a receiver is left alone at most, whatever its Retry-After says."""
READ_AGAIN_SECONDS = 5.0
COUNT_SECONDS = 10.0
"""How often it is counted what waits for a receiver that does not answer."""
MOST_COUNTED = 500
_READABLE = frozenset({Health.WORKING, Health.UNWRITABLE})
"""When what a journal has is all that was said, so that a position can be found in it."""


class Sender(Protocol):
    """What sends requests, see `chatd.hooks.receiver.Receiver`."""

    async def post(self, headers: dict[str, str], body: bytes) -> Outcome:
        """Send one request."""

    def rest(self) -> Deferred[None]:
        """There is nothing to send for now."""

    def abort(self) -> None:
        """There will be nothing to send any more."""


class Surroundings(Protocol):
    """What deliveries have in common."""

    journal: Journal
    clock: IReactorTime
    wall: WallClock
    started: int
    """When the daemon began, in milliseconds since 1970."""
    jitter: Callable[[], float]
    """Returns something from 0 to 1 by chance."""

    def keep(self, hook: Hook) -> Deferred[None]:
        """Write down how far a hook is."""

    def note(self, hook: Hook, what: str) -> None:
        """Log that a hook's state has changed."""

    def fault(self, hook: Hook, failure: Failure) -> None:
        """Log a fault of ours."""


class Delivery:
    """Sends what is said in a hook's room, and keeps nothing of it: each message is read when it is to be sent.

    ``hook`` is its own, and is changed.
    """

    def __init__(self, hook: Hook, sender: Sender, around: Surroundings) -> None:
        self.hook = hook
        self._sender = sender
        self._around = around
        self._journal = around.journal
        self._room = hook.room.key
        self._closed = False
        self._count_at = self._look_again = 0.0
        wait = min(max(0.0, hook.next - around.wall()), MAX_LEAVE_ALONE_SECONDS)
        self._not_before = around.clock.seconds() + wait
        self.busy: Deferred[None] | None = None
        """Fires when it is not at work any more; None if it is not."""

    def look(self) -> None:
        """Begin to send if there is something to be sent, and it is time."""
        now = self._around.clock.seconds()
        if self.busy is not None or self._closed or self.hook.disabled or now < self._look_again:
            return
        try:
            if not self._has_news():
                return
        except JournalError:  # which was logged
            self._look_again = now + READ_AGAIN_SECONDS
            return
        if now >= self._not_before:
            self._begin(self._send_all())
        elif now >= self._count_at:
            self._begin(self._count())

    def close(self) -> Deferred[None]:
        """Send nothing more; fires once the request under way has ended."""
        self._closed = True
        done: Deferred[None] = Deferred()
        if self.busy is None:
            done.callback(None)
        else:
            self.busy.addBoth(lambda _: done.callback(None))
        return done

    def abort(self) -> None:
        """Break off the request under way, and let go of the connection, which stays open after one that failed."""
        self._closed = True
        if self.busy is not None:
            self.busy.cancel()
        self._sender.abort()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        busy: Deferred[None] = Deferred.fromCoroutine(work)
        self.busy = busy
        busy.addBoth(self._ended)

    def _ended(self, result: object) -> None:
        self.busy = None
        if isinstance(result, Failure) and not self._closed:
            self._not_before = self._around.clock.seconds() + READ_AGAIN_SECONDS
            if result.check(JournalError) is None:
                self._around.fault(self.hook, result)

    def _last_id(self) -> int:
        state = self._journal.room_state(self._room)
        return 0 if state is None else state.last_id

    def _is_placed(self) -> bool:
        return self.hook.position is not None and self._journal.holds(self.hook.epoch, self.hook.position)

    def _has_news(self) -> bool:
        if not self._is_placed():
            return self._journal.epoch != "" and self._journal.health in _READABLE
        return self._last_id() > (self.hook.position or 0)

    async def _send_all(self) -> None:
        hook = self.hook
        if not self._is_placed():
            await self._find_place()
        while not self._closed and self._has_news() and self._is_placed():
            position, last = hook.position or 0, self._last_id()
            page = await self._journal.read(Query(self._room, position, last + 1, 1, said_only=True))
            if page.watermark > max(position, hook.missed):
                self._note_missed(page.watermark)
            if not page.kept:
                hook.position, hook.epoch, hook.behind = last, self._journal.epoch, 0
                await self._around.keep(hook)
            elif not self._closed and not await self._send(page.kept[0]):
                return
        await self._sender.rest()

    async def _find_place(self) -> None:
        """Find where a new hook begins, or one whose position is in another journal or in a later copy of this one."""
        hook, around = self.hook, self._around
        last = self._last_id()
        if hook.position is not None and hook.epoch is None:  # it was told after which id
            hook.position = min(hook.position, last)
        else:
            if hook.position is not None:
                hook.series = new_series()
                around.note(hook, "begins with new messages: the journal was replaced")
            since = hook.made if hook.position is None else max(around.started, hook.made)
            before = Times(before=since)
            page = await self._journal.read(Query(self._room, 0, last + 1, 1, newest=True, times=before))
            hook.position = page.kept[-1].id if page.kept else page.watermark
        state = self._journal.room_state(self._room)
        hook.missed = hook.position if state is None else max(hook.position, state.watermark)
        hook.epoch = self._journal.epoch
        await around.keep(hook)

    async def _send(self, kept: StoredEvent) -> bool:
        """Send one message; return whether it was taken."""
        hook, around = self.hook, self._around
        body = body_of(kept, self._journal.epoch)
        id_, timestamp = f"{hook.series}-{kept.id}", int(around.wall())
        headers = {
            "Webhook-Id": id_,
            "Webhook-Timestamp": str(timestamp),
            "Webhook-Signature": signature(hook.secret, id_, timestamp, body),
        }
        outcome = await self._sender.post(headers, body)
        if outcome.why and self._closed:  # perhaps it was broken off
            return False
        hook.status, failed_before = outcome.status, hook.failures > 0
        if not outcome.why:
            hook.position, hook.epoch = kept.id, self._journal.epoch
            hook.failures, hook.why, hook.next = 0, "", 0
            hook.behind = 0 if self._last_id() <= kept.id else max(0, hook.behind - 1)
            if failed_before:
                around.note(hook, "works again")
        else:
            self._fail(outcome)
            if not failed_before or hook.disabled:
                gone = "; disabled" if hook.disabled else "; retrying"
                around.note(hook, f"fails: {hook.why}{gone}")
            hook.behind = await self._waiting()
        await around.keep(hook)
        return not outcome.why

    def _fail(self, outcome: Outcome) -> None:
        hook, around = self.hook, self._around
        hook.failures += 1
        hook.why, hook.disabled = outcome.why, outcome.status == GONE
        grown = min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(hook.failures - 1, 20))
        seconds = max(grown * (0.5 + around.jitter() / 2), min(outcome.retry_after, MAX_LEAVE_ALONE_SECONDS))
        self._not_before = around.clock.seconds() + seconds
        self._count_at = around.clock.seconds() + COUNT_SECONDS
        hook.next = 0 if hook.disabled else int(around.wall() + seconds) + 1

    def _note_missed(self, watermark: int) -> None:
        self.hook.missed = watermark
        what = f"skipped messages that were deleted before they could be sent, up to id {watermark}"
        self._around.note(self.hook, what)

    async def _count(self) -> None:
        self._count_at = self._around.clock.seconds() + COUNT_SECONDS
        behind = await self._waiting()
        if behind != self.hook.behind:
            self.hook.behind = behind
            await self._around.keep(self.hook)

    async def _waiting(self) -> int:
        """Return how many messages wait, counted up to `MOST_COUNTED`."""
        found, after, last, more = 0, self.hook.position or 0, self._last_id(), True
        while more and found < MOST_COUNTED and not self._closed:
            page = await self._journal.read(Query(self._room, after, last + 1, MOST_COUNTED - found, said_only=True))
            found, more = found + len(page.kept), page.more
            after = page.kept[-1].id if page.kept else last
        return found


def body_of(kept: StoredEvent, epoch: str) -> bytes:
    """Return what a receiver is told of a message."""
    event = kept.event
    told = {
        "id": kept.id,
        "epoch": epoch,
        "time": wire.timestamp(kept.time),
        "room": event.room,
        "nick": event.nick,
        "text": event.text,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
