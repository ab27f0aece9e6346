"""Memory that a crowd has used goes back to the system when the crowd has gone."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress

from chatd.runtime.timers import TimerWheel

LOOK_SECONDS = 10
"""How often the connections are counted."""
CROWD = 200
"""So many connections more than there are now had what is worth giving back."""


class MallocTrim:
    """Calls ``give_back`` when there are far fewer connections, as ``count`` says, than there were before."""

    def __init__(self, timers: TimerWheel, count: Callable[[], int], give_back: Callable[[], None]) -> None:
        self._timers = timers
        self._count = count
        self._give_back = give_back
        self._most = 0

    def start(self) -> None:
        """Look from now on, as long as the wheel turns."""
        self._look(self._timers.now)

    def _look(self, now: float) -> None:
        self._timers.add(self._look, now + LOOK_SECONDS)
        count = self._count()
        self._most = max(self._most, count)
        if self._most - count >= CROWD and count <= self._most // 2:
            self._most = count
            self._give_back()


def give_memory_back() -> None:
    """Let the system have what the C library keeps for itself, where that is known to be possible (glibc)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # https://man7.org/linux/man-pages/man3/malloc_trim.3.html
