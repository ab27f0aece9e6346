"""How fast the lines of each connection are carried out: turns for all that have more to do, and a rate for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat.limits import Rate
from chatd.chat.shares import Share

TICK_SECONDS = 0.1
"""How often those that wait for their rate are looked at."""
LINES_AT_ONCE = 64
"""How many lines are granted at most before the rate is asked again."""
LINES_PER_TURN = LINES_AT_ONCE
"""How many lines of one connection are carried out before the others have their turn."""
LINES_IN_A_CROWD = 4
"""How many it is while others wait for theirs."""
LIGHT_SECONDS = 1.0
"""A connection that sent no more than its rate allows in that time has its turn before those that did."""
TURN_SECONDS = 0.003
"""About how long those that take turns keep the sockets waiting."""


class Turns:
    """Lets connections that have more to do continue, one after the other, with the sockets served in between.

    One that asks for little has the next turn; one that has had its turn and is not done waits behind all others.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._light: dict[Callable[[], None], None] = {}
        self._waiting: dict[Callable[[], None], None] = {}
        self._call: IDelayedCall | None = None
        self.crowded = False  # no property: it is asked for at every segment
        """Whether any wait, so that a turn should be short and what has just arrived should wait for one as well."""

    def is_scheduled(self, work: Callable[[], None]) -> bool:
        """Return whether ``work`` waits for its turn."""
        return work in self._waiting or work in self._light

    def schedule(self, work: Callable[[], None], *, light: bool = False) -> None:
        """Call ``work`` once, in its turn, however often it was scheduled before that."""
        (self._light if light else self._waiting)[work] = None
        self.crowded = True
        if self._call is None:
            self._call = self._clock.callLater(0, self._run)

    def _run(self) -> None:
        self._call = None
        end = self._clock.seconds() + TURN_SECONDS
        for waiting in (self._light, self._waiting):  # one of each, however long that takes
            for work in list(waiting):
                del waiting[work]
                self.crowded = bool(self._waiting or self._light)
                work()
                if self._clock.seconds() >= end:
                    break
        if self.crowded and self._call is None:
            self._call = self._clock.callLater(0, self._run)


class RateLimited(Protocol):
    """A connection that is held to a rate."""

    full_at: float
    """When its bucket is full again, in seconds, as `chatd.chat.limits.Rate` counts; 0 at first."""
    household: str
    """What it shares a rate with; empty if with nothing."""

    def resume_lines(self) -> None:
        """Continue with the lines that waited for the rate."""


class RateLimiter:
    """Grants lines to connections, at a rate that is the same for each, and resumes those that it granted none.

    One timer serves all of them.
    """

    def __init__(self, clock: IReactorTime, rate: Rate, turns: Turns, shared: Share | None = None) -> None:
        self._clock = clock
        self._turns = turns
        self._shared = Share(Rate(0, 1), clock) if shared is None else shared
        self.set_rate(rate)
        self._waiting: dict[RateLimited, None] = {}
        self._tick: IDelayedCall | None = None

    def set_rate(self, rate: Rate) -> None:
        """Grant lines at that rate from here on, to those that wait too."""
        # What comes together from one tick to the next, and to the one after if that is late, must have room.
        self._rate = Rate(rate.per_second, max(rate.burst, 1 + 2 * TICK_SECONDS * rate.per_second))

    def lift(self) -> None:
        """Let everybody go on from here on as fast as can be: nothing more is read, and what was is carried out."""
        self._rate, self._shared = Rate(0, 1), Share(Rate(0, 1), self._clock)
        waiting, self._waiting = self._waiting, {}
        for connection in waiting:
            self._turns.schedule(connection.resume_lines)

    def grant(self, connection: RateLimited) -> int:
        """Return how many lines of a connection may be carried out before this is asked again, 64 at most.

        If it is 0, the connection waits, and is resumed in its turn as soon as it may have one.
        """
        rate = self._rate
        if not rate.per_second:
            return LINES_AT_ONCE
        now = self._clock.seconds()
        lines = min(LINES_AT_ONCE, rate.left(connection.full_at, now))
        household = connection.household
        if household and lines > 0:
            lines = min(lines, self._shared.left(household))
        if lines > 0:
            connection.full_at = rate.after(connection.full_at, now, lines)
            if household:
                self._shared.use(household, lines)
            return lines
        self._waiting[connection] = None
        self._schedule_tick()
        return 0

    def is_waiting(self, connection: RateLimited) -> bool:
        """Return whether a connection was granted nothing and has not been resumed yet."""
        return connection in self._waiting

    def charge(self, connection: RateLimited, lines: int) -> None:
        """Count what was not asked for and cost as much as so many lines; at most a burst is owed for it."""
        connection.full_at = self._rate.after(connection.full_at, self._clock.seconds(), lines)
        if connection.household:
            self._shared.use(connection.household, lines)

    def is_light(self, connection: RateLimited) -> bool:
        """Return whether a connection asked for so little lately that it may go before those that asked for much."""
        return connection.full_at - self._clock.seconds() <= LIGHT_SECONDS

    def forget(self, connection: RateLimited, unused: int = 0) -> None:
        """Resume a connection no more; of what it was granted, others of its address may have what is ``unused``.

        One that does not wait may be given.
        """
        if connection.household and unused:
            self._shared.use(connection.household, -unused)
        self._waiting.pop(connection, None)
        if self._tick is not None and not self._waiting:
            self._tick.cancel()
            self._tick = None

    def _may_go_on(self, connection: RateLimited, now: float) -> bool:
        if connection.household and self._shared.left(connection.household) <= 0:
            return False
        return self._rate.left(connection.full_at, now) > 0

    def _schedule_tick(self) -> None:
        if self._tick is None:
            self._tick = self._clock.callLater(TICK_SECONDS, self._resume_those_due)

    def _resume_those_due(self) -> None:
        self._tick = None
        now = self._clock.seconds()
        due = [each for each in self._waiting if self._may_go_on(each, now)]
        due.sort(key=lambda each: each.full_at)  # of one address, those first that had the least
        for connection in due:
            del self._waiting[connection]
            self._turns.schedule(connection.resume_lines)
        if self._waiting:
            self._schedule_tick()
