"""Keeps the log short when something happens ten thousand times a second."""

from __future__ import annotations

from twisted.logger import Logger

from chatd.runtime.timers import TimerWheel

QUIET_SECONDS = 60
"""How often the log repeats what goes on."""

_log = Logger()


class LogLimiter:
    """Logs what may happen ten thousand times a second: the first at once, how many more there were once a minute."""

    def __init__(self, timers: TimerWheel) -> None:
        self._timers = timers
        self._count = 0
        self._quiet = False
        self._last = ""

    def note(self, what: str) -> None:
        """Log that something happened, or count it."""
        if self._quiet:
            self._count += 1
            self._last = what
            return
        _log.warn("{what}", what=what)
        self._quiet = True
        self._timers.add(self._report, self._timers.now + QUIET_SECONDS)

    def _report(self, now: float) -> None:
        self._quiet = bool(self._count)
        if self._count:
            _log.warn("{what}; {count} such in a minute", what=self._last, count=self._count)
            self._count = 0
            self._timers.add(self._report, now + QUIET_SECONDS)
