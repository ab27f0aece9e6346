"""Threads for what would block the reactor."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
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
    """One thread and its queue. ``reactor`` is where the results go.

    Not a pool of Twisted's with one thread, which takes 21 microseconds to a job and back, and this 18.

    With ``patient`` the reactor and whatever else wants the processor goes first, where threads can have a priority.
    With ``detached`` nobody waits for what may take long: `stop` returns at once, and the process ends without it.
    """

    def __init__(self, reactor: Any, name: str, *, patient: bool = False, detached: bool = False) -> None:
        self._reactor = reactor
        self._name = name
        self._patient = patient
        self._detached = detached
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @override
    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=self._detached)
        self._thread.start()

    @override
    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            if not self._detached:
                thread.join()

    @override
    def do(self, job: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()

        def run() -> None:
            try:
                result = job()
            except BaseException:  # whoever asked for it is told
                self._reactor.callFromThread(done.errback, Failure())
            else:
                self._reactor.callFromThread(done.callback, result)

        self._jobs.put(run)
        return done

    def _work(self) -> None:
        if self._patient:
            _let_others_go_first()
        while (job := self._jobs.get()) is not None:
            job()


def _let_others_go_first() -> None:
    if sys.platform == "linux":  # elsewhere this would be about the whole process
        with suppress(OSError):  # a sandbox may not allow it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENT_NICENESS)
