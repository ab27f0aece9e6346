"""Who waits until what was appended has been handed back."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from twisted.internet.defer import Deferred, succeed


class _Waiter(NamedTuple):
    upto: int
    """The number of the last entry that is waited for."""
    done: Deferred[None]


class Flushes:
    """Counts entries in, and back; both in the same order."""

    def __init__(self) -> None:
        self.appended = 0
        self._handed_back = 0
        self._waiters: deque[_Waiter] = deque()

    def wait(self) -> Deferred[None]:
        """Return what fires once all that was appended so far has been handed back."""
        if self._handed_back == self.appended:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._waiters.append(_Waiter(self.appended, done))
        return done

    def handed_back(self, count: int) -> None:
        """Note that ``count`` entries have been handed back in all."""
        self._handed_back = count
        while self._waiters and self._waiters[0].upto <= count:
            self._waiters.popleft().done.callback(None)

    def release(self) -> None:
        """Let nobody wait any more."""
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            waiter.done.callback(None)
