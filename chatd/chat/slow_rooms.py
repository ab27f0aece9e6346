"""Rooms with ``slow=``: how long somebody who has said something there must wait before saying more."""

from __future__ import annotations

MAX_REMEMBERED = 10_000
"""After so many who spoke somewhere, those are forgotten who may speak again."""


class SlowRooms:
    """Until when who may say nothing more in which room, by the clock of the hub's timers.

    As with all rates, what is said on another node is not counted here.
    """

    def __init__(self) -> None:
        self._free_at: dict[tuple[str, str], float] = {}

    def wait(self, room: str, who: tuple[str, ...], now: float) -> float:
        """Return for how many seconds somebody may say nothing more in a room, given its key."""
        return max((self._free_at.get((room, each), now) for each in who), default=now) - now

    def note(self, room: str, who: tuple[str, ...], now: float, free_at: float) -> None:
        """Note that somebody says something in a room, given its key."""
        if len(self._free_at) > MAX_REMEMBERED:
            self._free_at = {key: time for key, time in self._free_at.items() if time > now}
        for each in who:
            self._free_at[room, each] = free_at
