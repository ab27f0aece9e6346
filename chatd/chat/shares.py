"""What the connections of one address may do together, so that connecting again is worth nothing to a flood."""

from __future__ import annotations

from collections import OrderedDict

from twisted.internet.interfaces import IReactorTime

from chatd.chat.limits import Limits, Rate

CONNECTIONS = 5
"""How many connections' worth of coming and going, of new rooms and of private lines one address has.

Those who come and stay cost nothing: a class behind one router comes in at once.
"""
SPEAKERS = 10
"""How many connections' worth of lines are read from one address."""
MAX_ADDRESSES = 50_000
"""Of how many addresses it is known what they did lately; of more, those that did it last."""


class Share:
    """A bucket for each address, or whatever else a name stands for."""

    def __init__(self, rate: Rate, clock: IReactorTime) -> None:
        self.rate = rate
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def left(self, who: str) -> int:
        """Return how many more may be done now; below 0 if too many were."""
        full_at = self._full_at.get(who)
        return self.rate.left(0.0 if full_at is None else full_at, self._clock.seconds())

    def use(self, who: str, count: int) -> None:
        """Note that ``count`` more are done."""
        if not self.rate.per_second:
            return
        now = self._clock.seconds()
        self._full_at[who] = self.rate.after(self._full_at.pop(who, 0.0), now, count)
        # Two a call, so that those who are not seen again go in time and nobody waits for it.
        for _ in range(2):
            oldest = next(iter(self._full_at))
            if len(self._full_at) <= MAX_ADDRESSES and self.rate.left(self._full_at[oldest], now) < self.rate.burst:
                break
            del self._full_at[oldest]
            if not self._full_at:
                break


class Shares:
    """The buckets of one server, by what they are for."""

    def __init__(self, limits: Limits, clock: IReactorTime) -> None:
        self.moves = Share(_moves(limits), clock)
        """What rooms see of somebody who does not stay: departures from them, and new nicks."""
        self.new_rooms = Share(_new_rooms(limits), clock)
        self.tells = Share(_tells(limits), clock)
        self.lines = Share(_lines(limits), clock)

    def set_limits(self, limits: Limits) -> None:
        """Fill the buckets as other limits say from here on; what is in them stays."""
        self.moves.rate, self.new_rooms.rate = _moves(limits), _new_rooms(limits)
        self.tells.rate, self.lines.rate = _tells(limits), _lines(limits)


def _moves(limits: Limits) -> Rate:
    return limits.name_rate.times(CONNECTIONS)


def _new_rooms(limits: Limits) -> Rate:
    """In the long run as many as one connection may make: a room stays longer than a line."""
    return Rate(limits.name_rate.per_second, limits.name_rate.burst * CONNECTIONS)


def _tells(limits: Limits) -> Rate:
    return limits.tell_rate.times(CONNECTIONS)


def _lines(limits: Limits) -> Rate:
    lines = limits.line_rate.times(SPEAKERS)
    return Rate(lines.per_second, max(lines.burst, lines.per_second))
