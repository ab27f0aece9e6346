"""Up to when the client of one connection has read."""

from __future__ import annotations

from collections import OrderedDict

MAX_READ = 500
"""Of how many rooms and people it is known, for one connection, up to when they were read."""


class ReadTimes:
    """Up to when one connection's client has read, in milliseconds since 1970, by the keys of rooms and nicks."""

    def __init__(self) -> None:
        self._times: OrderedDict[str, int] = OrderedDict()

    def get(self, key: str) -> int | None:
        """Return up to when something was read, None if that is not known."""
        return self._times.get(key)

    def raise_to(self, key: str, time: int) -> bool:
        """Note that something was read up to a time; return whether that is later than was known."""
        if time <= self._times.get(key, -1):
            return False
        self._times[key] = time
        self._times.move_to_end(key)
        if len(self._times) > MAX_READ:
            self._times.popitem(last=False)
        return True
