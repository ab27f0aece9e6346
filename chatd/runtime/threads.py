"""Threads for what would block the reactor."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from typing_extensions import override

T = TypeVar("T")
PATIENT_NICENESS = 15
"""Of 0 to 19: such a thread gets a thirtieth of a CPU that another wants all of."""


class Worker(Protocol):
    """One thread that runs jobs, one after the other."""

    def start(self) -> None:
        """Start the thread."""

    def stop(self) -> None:
        """Finish the jobs that were given, then end the thread."""

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """Run ``job``; the Deferred fires, on the reactor's thread, with what it returned or raised."""


class Thread(Worker):
    """A thread of Twisted's. ``reactor`` is where the results go.

    With ``patient`` the reactor and whatever else wants the processor goes first, where threads can have a priority.
    """

    def __init__(self, reactor: Any, name: str, *, patient: bool = False) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(1, 1, name)
        self._patient = patient

    @override
    def start(self) -> None:
        self._pool.start()
        if self._patient:
            self._pool.callInThread(_let_others_go_first)

    @override
    def stop(self) -> None:
        self._pool.stop()

    @override
    def do(self, job: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._pool, job)


def _let_others_go_first() -> None:
    if sys.platform == "linux":  # elsewhere this would be about the whole process
        with suppress(OSError):  # a sandbox may not allow it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENT_NICENESS)
