"""Keeps the log short whatever peers do: what they cause is tallied by its kind and by where they are."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from chatd.runtime.timers import TimerWheel

QUIET_SECONDS = 60
"""How often the log repeats what goes on."""
MAX_SOURCES = 20
"""How many sources of one kind are named in that time; those of all others are one number."""
OTHERS = "others"
"""The source that stands for all that are not named."""

_log = Logger()


@dataclass(slots=True)
class _Tally:
    count: int = 0
    """How many there were since the last line."""
    last: str = ""
    """What the last of them was."""


class LogLimiter:
    """Logs what a peer may cause ten thousand times a second: the first at once, how many more there were each minute.

    That is of each kind and source: one who floods the log hides nobody else's line. It is the only way for anything
    that a peer causes into the log, so that its size is bounded by the number of kinds.
    """

    def __init__(self, timers: TimerWheel) -> None:
        self._timers = timers
        self._kinds: dict[str, dict[str, _Tally]] = {}

    def note(self, what: str, kind: str = "", source: str = "", *, level: LogLevel = LogLevel.warn) -> None:
        """Log that something happened, or count it. ``source`` is where the peer is, see `sockets.origin`."""
        if self._is_first(what, kind, source):
            _log.emit(level, "{what}", what=what)

    def failure(self, what: str, source: str = "", failure: Failure | None = None) -> None:
        """Log a fault of ours, by default the exception that is handled, with its traceback; or count it."""
        if self._is_first(what, what, source):
            _log.failure("{what}", failure, what=f"{what}, for {source}" if source else what)

    def flush(self) -> None:
        """Log what was counted so far: the process ends."""
        self._report(self._timers.now)

    def _is_first(self, what: str, kind: str, source: str) -> bool:
        """Return whether something is to be logged now; if not, count it."""
        if not self._kinds:
            self._timers.add(self._report, self._timers.now + QUIET_SECONDS)
        sources = self._kinds.setdefault(kind, {})
        tally = sources.get(source)
        if tally is None and len(sources) < MAX_SOURCES:
            sources[source] = _Tally()
            return True
        if tally is None:
            tally = sources.setdefault(OTHERS, _Tally())
        tally.count += 1
        tally.last = what
        return False

    def _report(self, now: float) -> None:
        for kind, sources in list(self._kinds.items()):
            for source, tally in list(sources.items()):
                if not tally.count:
                    del sources[source]
                    continue
                where = f" from {OTHERS}" if source == OTHERS else ""
                _log.warn("{what}; {count} such{where} in a minute", what=tally.last, count=tally.count, where=where)
                tally.count = 0
            if not sources:
                del self._kinds[kind]
        if self._kinds:
            self._timers.add(self._report, now + QUIET_SECONDS)
