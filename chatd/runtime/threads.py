"""Threads for what would keep the reactor waiting."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")
PATIENT_NICENESS = 15
"""Of 0 to 19: one of these gets a thirtieth of the processor while somebody else wants all of it."""


class Thread:
    """One thread; see `chatd.journal.Worker`. ``reactor`` is where the results go.

    With ``patient`` the reactor and whatever else wants the processor goes first, where threads can have a priority.
    """

    def __init__(self, reactor: Any, name: str, *, patient: bool = False) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(1, 1, name)
        self._patient = patient

    def start(self) -> None:
        """See `chatd.journal.Worker.start`."""
        self._pool.start()
        if self._patient:
            self._pool.callInThread(_let_others_go_first)

    def stop(self) -> None:
        """See `chatd.journal.Worker.stop`."""
        self._pool.stop()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """See `chatd.journal.Worker.do`."""
        return deferToThreadPool(self._reactor, self._pool, job)


def _let_others_go_first() -> None:
    if sys.platform == "linux":  # elsewhere this would be about the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENT_NICENESS)
