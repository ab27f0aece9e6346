"""A few threads that share jobs, and refuse them when too many wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import TypeVar

from twisted.internet.defer import Deferred

from chatd.protocol.errors import ChatError, Code
from chatd.runtime.states import StateMachine
from chatd.runtime.threads import Worker

T = TypeVar("T")


class PoolState(Enum):
    """How far a pool is between its first job and its end."""

    NEW = auto()
    RUNNING = auto()
    STOPPED = auto()


TRANSITIONS = {
    PoolState.NEW: {PoolState.RUNNING, PoolState.STOPPED},
    PoolState.RUNNING: {PoolState.STOPPED},
    PoolState.STOPPED: {PoolState.STOPPED},
}


class ThreadPool:
    """Each worker runs one job after the other; at most ``most`` jobs wait or are under way.

    The workers start with the first job.
    """

    def __init__(self, workers: Sequence[Worker], most: int) -> None:
        self._given = dict.fromkeys(workers, 0)
        self._most = most
        self._machine = StateMachine(PoolState.NEW, TRANSITIONS)

    def stop(self) -> None:
        """Finish what is under way; what waits fails with `ChatError`."""
        was_running = self._machine.state is PoolState.RUNNING
        self._machine.enter(PoolState.STOPPED)
        if was_running:
            for worker in self._given:
                worker.stop()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """Run ``job`` in a thread, see `Worker.do`. Raise `ChatError` if too many jobs wait, or after `stop`."""
        if self._machine.state is PoolState.STOPPED:
            raise _stopping()
        if sum(self._given.values()) >= self._most:
            raise ChatError(Code.SLOW_DOWN, "too many people are logging in; try again in a moment")
        if self._machine.state is PoolState.NEW:
            for worker in self._given:
                worker.start()
            self._machine.enter(PoolState.RUNNING)
        worker = min(self._given, key=self._given.__getitem__)
        self._given[worker] += 1

        def unless_stopped() -> T:
            if self._is_stopped():
                raise _stopping()
            return job()

        def done(result: T) -> T:
            self._given[worker] -= 1
            return result

        return worker.do(unless_stopped).addBoth(done)

    def _is_stopped(self) -> bool:
        return self._machine.state is PoolState.STOPPED


def _stopping() -> ChatError:
    return ChatError(Code.UNAVAILABLE, "the server is stopping")
