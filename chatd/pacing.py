"""How fast lines of one connection are carried out: one timer for all that have to wait."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.limits import Rate

TICK_SECONDS = 0.1
"""After how long those that wait have their next turn."""
LINES_AT_ONCE = 64
"""How many lines are granted at most before the clock is asked again."""


class Paced(Protocol):
    """A connection that is held to a rate."""

    full_at: float
    """See `chatd.limits.Rate`."""

    def proceed(self) -> None:
        """Go on with the lines that waited."""


class Pacer:
    """Grants lines to connections, at a rate that is the same for each, and wakes those that it granted none."""

    def __init__(self, clock: IReactorTime, rate: Rate) -> None:
        self._clock = clock
        # What comes together from one tick to the next, and to the one after if that is late, must have room.
        self._rate = Rate(rate.per_second, max(rate.burst, 1 + 2 * TICK_SECONDS * rate.per_second))
        self._waiting: dict[Paced, None] = {}
        self._tick: IDelayedCall | None = None

    def grant(self, paced: Paced) -> int:
        """Return how many lines of a connection may be carried out before this is asked again.

        If none may, it is called when some may.
        """
        rate = self._rate
        if not rate.per_second:
            return LINES_AT_ONCE
        now = self._clock.seconds()
        lines = min(LINES_AT_ONCE, rate.left(paced.full_at, now))
        if lines > 0:
            paced.full_at = rate.after(paced.full_at, now, lines)
            return lines
        self._waiting[paced] = None
        if self._tick is None:
            self._tick = self._clock.callLater(TICK_SECONDS, self._wake)
        return 0

    def charge(self, paced: Paced, lines: int) -> None:
        """Count what was read without asking and cost as much as so many lines; a burst at most is owed for it."""
        paced.full_at = self._rate.after(paced.full_at, self._clock.seconds(), lines)

    def forget(self, paced: Paced) -> None:
        """Wake a connection no more; it is no mistake if it does not wait."""
        self._waiting.pop(paced, None)
        if self._tick is not None and not self._waiting:
            self._tick.cancel()
            self._tick = None

    def _wake(self) -> None:
        self._tick = None
        waiting, self._waiting = self._waiting, {}
        for paced in waiting:
            paced.proceed()
