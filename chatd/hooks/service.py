"""All hooks of a daemon: which there are, and when each looks whether there is something to send."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import random
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import LogLevel
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.hooks import HooksError, target
from chatd.hooks.delivery import Delivery, Sender, Surroundings
from chatd.hooks.receiver import Receiver
from chatd.hooks.store import Hook, HookStore
from chatd.journal import Journal
from chatd.runtime.clocks import WallClock
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.threads import Worker

LOOK_SECONDS = 0.2
"""How often it is looked whether something was said."""
LOOKS_PER_READING = 5
"""In how many of these looks it is looked once whether hooks were added or removed."""
STOP_SECONDS = 2
"""How long the requests under way may take when the daemon stops."""


class Hooks(Surroundings):
    """The hooks of one file, which may appear at any time; without one they cost nothing but a look for it."""

    def __init__(
        self,
        path: Path,
        reactor: Any,
        worker: Worker,
        journal: Journal,
        wall: WallClock,
        log_limiter: LogLimiter,
        make_sender: Callable[[Hook], Sender] | None = None,
        jitter: Callable[[], float] = random,
    ) -> None:
        self.clock = IReactorTime(reactor)
        self.journal = journal
        self.wall = wall
        self.started = 0
        self.jitter = jitter
        self._path = path
        self._reactor = reactor
        self._worker = worker
        self._log_limiter = log_limiter
        self._make_sender = make_sender or self._receiver
        self._deliveries: dict[int, Delivery] = {}
        self._store: HookStore | None = None
        self._reading: Deferred[None] | None = None
        self._seen: int | None = None
        self._worker_started = False
        self._looks = 0
        self._loop = LoopingCall(self._look)
        self._loop.clock = self.clock

    def start(self) -> None:
        """Begin to look for hooks."""
        self.started = int(self.wall() * 1000)
        looking: Deferred[Any] = self._loop.start(LOOK_SECONDS)
        looking.addErrback(lambda failure: self._log_limiter.failure("webhooks have stopped working", failure=failure))

    async def stop(self) -> None:
        """Send nothing more, and give the requests under way a short time to end."""
        if self._loop.running:
            self._loop.stop()
        if self._reading is not None:
            await self._reading
        ending = DeferredList([each.close() for each in self._deliveries.values()], consumeErrors=True)
        ending.addTimeout(STOP_SECONDS, self.clock, lambda _result, _seconds: None)
        await ending
        for each in self._deliveries.values():
            each.abort()
        self._deliveries.clear()
        if self._store is not None:
            await self._worker.do(self._store.close)
            self._store = None
        if self._worker_started:
            self._worker.stop()
            self._worker_started = False

    def _look(self) -> None:
        due = self._looks % LOOKS_PER_READING == 0 and self._reading is None
        if due and (self._store is not None or os.path.exists(self._path)):
            self._reading = Deferred.fromCoroutine(self._read(self._path))
            self._reading.addBoth(self._has_read)
        self._looks += 1
        for each in self._deliveries.values():
            each.look()

    def _has_read(self, result: object) -> None:
        self._reading = None
        if isinstance(result, Failure):
            if result.check(HooksError) is None:
                self._log_limiter.failure("webhooks could not be read", failure=result)
            else:
                self._log_limiter.note(f"webhooks cannot be read: {result.value}", "webhooks cannot be read")

    async def _read(self, path: Path) -> None:
        """Take up the hooks that were added, and drop those that were removed, since the last time."""
        if self._store is None:
            if not self._worker_started:  # a thread that was stopped takes no more jobs
                self._worker.start()
                self._worker_started = True
            self._store = await self._worker.do(lambda: HookStore(path))
        store = self._store
        changes = await self._worker.do(store.changes)
        if changes == self._seen:
            return
        hooks = {each.id: each for each in await self._worker.do(store.all)}
        self._seen = changes
        for id_ in self._deliveries.keys() - hooks.keys():
            self._deliveries.pop(id_).abort()
        for id_ in hooks.keys() - self._deliveries.keys():
            try:
                self._deliveries[id_] = Delivery(hooks[id_], self._make_sender(hooks[id_]), self)
            except ValueError as error:
                self._log_limiter.note(f"webhook {id_} cannot send: {error}", "a webhook cannot send", str(id_))

    def _receiver(self, hook: Hook) -> Sender:
        parsed = target.parse(hook.url, private=hook.private)
        return Receiver(self._reactor, parsed, self.wall, private=hook.private)

    # What deliveries ask.

    @override
    def keep(self, hook: Hook) -> Deferred[None]:
        store = self._store
        return succeed(None) if store is None else self._worker.do(lambda: store.keep(hook))

    @override
    def note(self, hook: Hook, what: str) -> None:
        where = target.shown(hook.url)
        told = f"webhook {hook.id} from {hook.room} to {where} {what}"
        self._log_limiter.note(told, f"a webhook {what.split()[0]}", str(hook.id), level=LogLevel.info)

    @override
    def fault(self, hook: Hook, failure: Failure) -> None:
        if failure.check(HooksError) is None:
            self._log_limiter.failure("a webhook has failed", str(hook.id), failure)
        else:
            self._log_limiter.note(
                f"the positions of webhooks cannot be written: {failure.value}", "webhooks cannot be written"
            )
