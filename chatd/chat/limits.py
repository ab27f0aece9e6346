"""How much one peer, one address and all together may ask of the server."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

from chatd.runtime.option import Number, Switch

ROUNDING = 0.001
"""So much less than one thing is one still: times are rounded to a fraction of a microsecond."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: ``burst`` things at once and, in the long run, ``per_second``; 0 a second stands for no limit.

    Whoever is held to it keeps one number, ``full_at``: when the bucket is full again, in seconds. It begins as 0.
    """

    per_second: float
    burst: float

    def times(self, count: int) -> Rate:
        """Return a rate that is so many times as much."""
        return Rate(self.per_second * count, self.burst * count)

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
    """What is asked too much. Each is an option of the command line; where 0 is allowed, it stands for no limit."""

    join_seconds: Annotated[int, Number("join-timeout", "SECONDS", "time in which a connection has to JOIN")] = 300
    ping_seconds: Annotated[
        int, Number("ping-interval", "SECONDS", "silence of a program before the server sends PING")
    ] = 45
    """And, after that PING, until the program is given up.

    Proxies end a connection that is silent for 50 seconds (HAProxy, with Debian's configuration) or 60.
    """
    send_queue_bytes: Annotated[int, Number("send-queue", "BYTES", "bytes that may wait for a slow client")] = 1 << 20
    """When more would have to wait, the reader is disconnected."""
    connections: Annotated[int, Number("max-connections", "COUNT", "connections in total", least=0)] = 10_000
    connections_per_address: Annotated[
        int, Number("max-per-address", "COUNT", "connections per address; IPv6 counts per /64", least=0)
    ] = 100
    """This machine and local sockets excepted."""
    waiting: Annotated[int, Number("max-waiting", "COUNT", "connections in total that have not joined", least=0)] = 1000
    lines_per_second: Annotated[
        int, Number("line-rate", "COUNT", "lines read per second from one connection", least=0)
    ] = 100
    """In the long run: what is more is read later."""
    line_burst: Annotated[
        int, Number("line-burst", "COUNT", "lines a connection may send before --line-rate applies")
    ] = 2000
    names_per_minute: Annotated[
        int, Number("name-rate", "COUNT", "JOIN, NICK and AWAY commands per minute from one connection", least=0)
    ] = 60
    """In the long run."""
    tells_per_minute: Annotated[
        int, Number("tell-rate", "COUNT", "TELL commands per minute from one connection", least=0)
    ] = 300
    """In the long run, and as many at once."""
    rooms_per_connection: Annotated[
        int, Number("max-rooms-per-connection", "COUNT", "rooms that one connection may be in", least=0)
    ] = 100
    rooms: Annotated[int, Number("max-rooms", "COUNT", "rooms in total", least=0)] = 10_000
    """Those that people are in, and those of which something is kept."""

    room_founders: Annotated[
        bool | None,
        Switch(
            "room-founders",
            "make the first member of an unregistered room its operator (default: yes with --irc, otherwise no)",
        ),
    ] = None
    """None for what suits the edges that there are, see `chatd.app.options`; off without a word."""

    line_rate: Rate = field(init=False)
    """How fast one connection is read from."""
    name_rate: Rate = field(init=False)
    """How often one connection may JOIN and change its nick.

    A client that reconnects joins all its rooms at once, so the burst is never less than those.
    """
    tell_rate: Rate = field(init=False)
    """How often one connection may say something to one person."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "line_rate", Rate(self.lines_per_second, self.line_burst))
        object.__setattr__(self, "tell_rate", Rate(self.tells_per_minute / 60, max(1, self.tells_per_minute)))
        burst = max(1, self.names_per_minute, self.rooms_per_connection)
        object.__setattr__(self, "name_rate", Rate(self.names_per_minute / 60, burst))
