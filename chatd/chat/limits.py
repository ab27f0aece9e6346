"""How much one peer, one address and all together may ask of the server; and what says so when it is too much."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ROUNDING = 0.001
"""So much less than one thing is one still: times are rounded to a fraction of a microsecond."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: ``burst`` things at once and, in the long run, ``per_second``; 0 a second stands for no limit.

    Whoever is held to it keeps one number, ``full_at``: when the bucket is full again, in seconds. It begins as 0.
    """

    per_second: float
    burst: float

    def left(self, full_at: float, now: float) -> int:
        """Return how many more may be done now; below 0 if too many were, but never by more than a burst."""
        return math.floor(self.burst - self._missing(full_at, now) * self.per_second + ROUNDING)

    def after(self, full_at: float, now: float, count: int) -> float:
        """Return when the bucket is full again once ``count`` more are done."""
        if not self.per_second:
            return 0.0
        return now + min(self._missing(full_at, now) + count / self.per_second, 2 * self.burst / self.per_second)

    def _missing(self, full_at: float, now: float) -> float:
        """Return how many seconds it takes until the bucket is full."""
        missing = full_at - now
        # More than can be missing, and one second for the rounding, is from before the clock was set back.
        return missing if self.per_second and 0 < missing <= 2 * self.burst / self.per_second + 1 else 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked too much; where 0 is allowed, it stands for no limit."""

    join_seconds: int = 300
    """Until the first JOIN."""
    ping_seconds: int = 60
    """Of silence, until a program is sent a PING; and again, until it is given up."""
    connections: int = 10_000
    """In all; or 0."""
    connections_per_address: int = 100
    """From one address, of IPv6 from one /64, this machine excepted; or 0."""
    waiting: int = 1000
    """Connections, in all, that have not come in with a JOIN; or 0."""
    lines_per_second: int = 100
    """That one connection sends, in the long run: what is more is read later; or 0."""
    line_burst: int = 2000
    """That one connection sends at once."""
    names_per_minute: int = 60
    """JOINs and changes of nick of one connection, in the long run; or 0."""
    rooms_per_connection: int = 100
    """That one connection is in; or 0."""
    rooms: int = 10_000
    """In all, as far as people are in them; or 0."""

    send_queue_bytes: int = 1024 * 1024
    """That wait for a peer which does not read, before it is disconnected."""

    line_rate: Rate = field(init=False)
    """How fast one connection is read from."""
    name_rate: Rate = field(init=False)
    """How often one connection may JOIN and change its nick.

    Who comes back enters all its rooms at once, so the burst is never less than those.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "line_rate", Rate(self.lines_per_second, self.line_burst))
        burst = max(self.names_per_minute, self.rooms_per_connection)
        object.__setattr__(self, "name_rate", Rate(self.names_per_minute / 60, burst))
