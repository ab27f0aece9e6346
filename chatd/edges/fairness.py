"""How fast lines of one connection are carried out: one timer for all that have to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat.limits import Rate

TICK_SECONDS = 0.1
"""After how long those that wait have their next turn."""
LINES_AT_ONCE = 64
"""How many lines are granted at most before the clock is asked again."""
LIGHT_SECONDS = 1.0
"""Who sent no more than is allowed in that time has a turn before those who did."""
TURN_SECONDS = 0.003
"""About how long those that take turns keep the sockets waiting."""


class Turns:
    """Lets those that have more to do go on, one after the other, and the sockets have their turns in between.

    Who asks for little has the next turn; who has had one and is not done waits behind all others.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._light: dict[Callable[[], None], None] = {}
        self._waiting: dict[Callable[[], None], None] = {}
        self._call: IDelayedCall | None = None

    @property
    def crowded(self) -> bool:
        """Whether somebody waits, so that whoever has a turn should be brief, and whoever comes should ask for one."""
        return bool(self._waiting or self._light)

    def ask(self, go_on: Callable[[], None], *, light: bool = False) -> None:
        """Call ``go_on`` once, in its turn."""
        (self._light if light else self._waiting)[go_on] = None
        if self._call is None:
            self._call = self._clock.callLater(0, self._run)

    def _run(self) -> None:
        self._call = None
        end = self._clock.seconds() + TURN_SECONDS
        for waiting in (self._light, self._waiting):  # one of each, however long that takes
            for go_on in list(waiting):
                del waiting[go_on]
                go_on()
                if self._clock.seconds() >= end:
                    break
        if self.crowded and self._call is None:
            self._call = self._clock.callLater(0, self._run)


class Paced(Protocol):
    """A connection that is held to a rate."""

    full_at: float
    """See `chatd.chat.limits.Rate`."""

    def proceed(self) -> None:
        """Go on with the lines that waited."""


class RateLimiter:
    """Grants lines to connections, at a rate that is the same for each, and wakes those that it granted none."""

    def __init__(self, clock: IReactorTime, rate: Rate, turns: Turns) -> None:
        self._clock = clock
        self._turns = turns
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

    def is_light(self, paced: Paced) -> bool:
        """Whether a connection asked for so little of late that it need not wait for those that asked for much."""
        return paced.full_at - self._clock.seconds() <= LIGHT_SECONDS

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
            self._turns.ask(paced.proceed)
