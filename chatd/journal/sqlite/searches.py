"""The order in which searches are made: those that are quick before those that turned out not to be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from chatd.journal import TooMuchError
from chatd.runtime.threads import Worker

QUICK_SECONDS = 0.05
"""How long a search may take at its first try."""
LONG_SECONDS = 1.0
"""How long it may take at its second."""
QUICK_BETWEEN = 20
"""How many first tries go before a second one that waits."""

T = TypeVar("T")


class Searches(Generic[T]):
    """Searches in one thread. Each connection has one at a time, so that those of one wait behind its own.

    Words that stand everywhere take long, and are no reason for others to wait: what is not done in a moment is broken
    off and made again when nobody else waits, or has had enough of a turn. A search is a function that is given how
    many seconds it may take, and raises `TooMuchError` if that is not enough.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._quick = 0
        self._quick_in_turn = 0
        self._long: deque[tuple[Callable[[float], T], Deferred[T]]] = deque()
        self._long_runs = False
        self._closed = False

    def do(self, search: Callable[[float], T]) -> Deferred[T]:
        """Make a search; the Deferred fires with what it returned or raised."""
        if self._closed:
            return fail(TooMuchError("the journal is being closed"))
        result: Deferred[T] = Deferred()
        self._quick += 1
        self._worker.do(lambda: search(QUICK_SECONDS)).addBoth(self._tried, search, result)
        return result

    def close(self) -> None:
        """Let all that wait for their second try fail."""
        self._closed = True
        while self._long:
            self._long.popleft()[1].errback(TooMuchError("the journal is being closed"))

    def _tried(self, found: T | Failure, search: Callable[[float], T], result: Deferred[T]) -> None:
        self._quick -= 1
        self._quick_in_turn += 1
        if isinstance(found, Failure) and found.check(TooMuchError) and not self._closed:
            self._long.append((search, result))
        else:
            result.callback(found)
        self._run_long()

    def _run_long(self) -> None:
        if self._long_runs or not self._long or (self._quick and self._quick_in_turn < QUICK_BETWEEN):
            return
        search, result = self._long.popleft()
        self._long_runs, self._quick_in_turn = True, 0
        self._worker.do(lambda: search(LONG_SECONDS)).addBoth(self._made, result)

    def _made(self, found: T | Failure, result: Deferred[T]) -> None:
        self._long_runs = False
        result.callback(found)
        self._run_long()
