"""One clock for all the deadlines of all connections, so that ten thousand of them cost one timer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

Check = Callable[[float], None]
"""Looks at one connection at a time, given in seconds."""

_log = Logger()


class TimerWheel:
    """Calls checks when they are due, to the second, once for each time that they were added."""

    TICK_SECONDS = 1

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._due: defaultdict[int, dict[Check, None]] = defaultdict(dict)
        self._next = 0
        self._loop = LoopingCall(self._tick)
        self._loop.clock = clock
        self.now = clock.seconds()
        """The time of the last tick, in seconds: at most a second old, and free to ask for."""

    def start(self) -> None:
        """Begin to tick."""
        self.now = self._clock.seconds()
        self._next = int(self.now)
        stopped: Deferred[LoopingCall] = self._loop.start(self.TICK_SECONDS, now=False)
        stopped.addErrback(lambda failure: _log.failure("the timers stopped", failure))

    def stop(self) -> None:
        """Stop ticking; what was due is forgotten."""
        if self._loop.running:
            self._loop.stop()
        self._due.clear()

    def add(self, check: Check, when: float) -> int:
        """Call ``check`` at the first tick at or after ``when``; return what `discard` wants to know."""
        slot = max(math.ceil(when), self._next)
        self._due[slot][check] = None
        return slot

    def discard(self, check: Check, slot: int) -> None:
        """Do not call ``check`` after all."""
        if slot in self._due:
            self._due[slot].pop(check, None)

    def _tick(self) -> None:
        self.now = self._clock.seconds()
        self._next = max(self._next, int(self.now) + 1)
        for slot in sorted(slot for slot in self._due if slot < self._next):
            for check in self._due.pop(slot):
                try:
                    check(self.now)
                except Exception:
                    _log.failure("could not check a deadline")
