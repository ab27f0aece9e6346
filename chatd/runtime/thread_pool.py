"""A few workers that share what they are given, and refuse what would be too much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred

from chatd.protocol.errors import ChatError, Code
from chatd.runtime.threads import Worker

T = TypeVar("T")


class ThreadPool:
    """Each does one thing after the other; at most ``most`` wait or are under way.

    They start with the first thing that is to be done.
    """

    def __init__(self, workers: Sequence[Worker], most: int) -> None:
        self._given = dict.fromkeys(workers, 0)
        self._most = most
        self._started = False
        self._stopped = False

    def stop(self) -> None:
        """Finish what is under way; what waits fails with `ChatError`."""
        self._stopped = True
        if self._started:
            self._started = False
            for worker in self._given:
                worker.stop()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """Do something in a thread; see `chatd.journal.Worker.do`. Raise `ChatError` if it would be too much."""
        if self._stopped:
            raise _stopping()
        if sum(self._given.values()) >= self._most:
            raise ChatError(Code.SLOW_DOWN, "many are coming in at once; try again in a moment")
        if not self._started:
            for worker in self._given:
                worker.start()
            self._started = True
        worker = min(self._given, key=self._given.__getitem__)
        self._given[worker] += 1

        def unless_stopped() -> T:
            if self._stopped:
                raise _stopping()
            return job()

        def done(result: T) -> T:
            self._given[worker] -= 1
            return result

        return worker.do(unless_stopped).addBoth(done)


def _stopping() -> ChatError:
    return ChatError(Code.UNAVAILABLE, "the server is stopping")
