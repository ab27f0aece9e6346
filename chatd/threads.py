"""Threads for what would keep the reactor waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


class Thread:
    """One thread; see `chatd.journal.Worker`. ``reactor`` is where the results go."""

    def __init__(self, reactor: Any, name: str) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(1, 1, name)

    def start(self) -> None:
        """See `chatd.journal.Worker.start`."""
        self._pool.start()

    def stop(self) -> None:
        """See `chatd.journal.Worker.stop`."""
        self._pool.stop()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """See `chatd.journal.Worker.do`."""
        return deferToThreadPool(self._reactor, self._pool, job)
