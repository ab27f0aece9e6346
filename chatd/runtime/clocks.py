"""What time it is: one clock says how long something takes, another what is shown and stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from twisted.internet.base import ReactorBase

WallClock = Callable[[], float]
"""Returns the seconds since 1970 by the machine's clock, which may be set at any moment."""


def tell_monotonic_time(reactor: object) -> None:
    """Let the clock of one of Twisted's reactors begin with the time of day, and go on however that is set.

    By themselves they tell `time.time`: when that is set back, every pending call waits that much longer, and when it
    is set ahead, all are due at once. Their timers, also on asyncio, go by what ``seconds`` says. A stand-in for a
    reactor is left as it is.
    """
    if isinstance(reactor, ReactorBase) and not isinstance(reactor.seconds, _MonotonicTime):
        reactor.seconds = _MonotonicTime(reactor.seconds())


class _MonotonicTime:
    """Calling it returns a time in seconds that began as ``start``."""

    def __init__(self, start: float) -> None:
        self._offset = start - time.monotonic()

    def __call__(self) -> float:
        return time.monotonic() + self._offset


def uptime() -> tuple[str, float]:
    """Return which run of the machine this is, and how many seconds it has lasted: the same for all its processes.

    A clock that is set changes nothing of that, and time that the machine has slept counts where the system tells it.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return boot, time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
