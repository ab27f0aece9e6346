"""What is written of something that happens often, once a day and in a thread: that a token or a login was used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.accounts import AccountsError
from chatd.protocol.errors import ChatError
from chatd.runtime.thread_pool import ThreadPool

DAY_SECONDS = 24 * 60 * 60
AGAIN_SECONDS = 10 * 60
"""After how long a write is tried again that has failed."""
MAX_KEPT = 10_000
"""Of how many it is known when they were last written, so that they are not before it is time."""

_log = Logger()


class DailyWrites:
    """Writes, of each thing, no more than once in `AGAIN_SECONDS`; nobody waits for it.

    Whether a day has passed is for the caller to judge, by what is stored.
    """

    def __init__(self, workers: ThreadPool, clock: IReactorTime) -> None:
        self._workers = workers
        self._clock = clock
        self._tried: OrderedDict[Hashable, float] = OrderedDict()
        self._unwritten: dict[Hashable, Callable[[], None]] = {}

    def write(self, what: Hashable, job: Callable[[], None]) -> None:
        """Have a job done in a thread, unless that was tried just now for the same thing."""
        now = self._clock.seconds()
        if now - self._tried.get(what, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        self._tried[what] = now
        self._tried.move_to_end(what)
        if len(self._tried) > MAX_KEPT:
            self._tried.popitem(last=False)
        self._unwritten[what] = job
        writing = Deferred.fromCoroutine(self._do(what, job))
        writing.addErrback(lambda failure: _log.failure("a use could not be recorded", failure))

    def flush(self) -> None:
        """Write what still waits, once the workers have stopped."""
        for job in self._unwritten.values():
            _quietly(job)
        self._unwritten.clear()

    async def _do(self, what: Hashable, job: Callable[[], None]) -> None:
        try:
            await self._workers.do(partial(_quietly, job))
        except ChatError:  # many come in at once: it is tried again
            self._tried.pop(what, None)
        self._unwritten.pop(what, None)


def _quietly(job: Callable[[], None]) -> None:
    try:
        job()
    except AccountsError as error:
        _log.error("the use of a token or login could not be recorded: {why}", why=str(error))
