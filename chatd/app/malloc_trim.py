"""Returns memory to the system after many connections have ended."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress

from chatd.runtime.timers import TimerWheel

CHECK_SECONDS = 10
"""How often the connections are counted."""
WORTH_TRIMMING = 200
"""How many connections less than before make it worth while."""


class MallocTrim:
    """Calls ``trim`` when ``count`` says that there are far fewer connections than there were."""

    def __init__(self, timers: TimerWheel, count: Callable[[], int], trim: Callable[[], None]) -> None:
        self._timers = timers
        self._count = count
        self._trim = trim
        self._most = 0

    def start(self) -> None:
        """Count from now on, as long as the timers run."""
        self._check(self._timers.now)

    def _check(self, now: float) -> None:
        self._timers.add(self._check, now + CHECK_SECONDS)
        count = self._count()
        self._most = max(self._most, count)
        if self._most - count >= WORTH_TRIMMING and count <= self._most // 2:
            self._most = count
            self._trim()


def trim_malloc() -> None:
    """Return the memory that the C library keeps free to the system, where it can do that (glibc)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # https://man7.org/linux/man-pages/man3/malloc_trim.3.html
