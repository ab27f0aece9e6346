"""Local times, as logs have them, in one order."""

from __future__ import annotations

from datetime import datetime, tzinfo


class LocalTimes:
    """Turns the times of one log, which go on and on, into milliseconds since 1970.

    Where clocks are set back an hour happens twice: a time that lies before the last one is of the second.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last = 0
        self._known: tuple[datetime, int] | None = None

    def milliseconds(self, local: datetime) -> int:
        """Return the moment of a local time. Raise `OverflowError` or `ValueError` for those of no age."""
        if self._known is not None and self._known[0] == local:
            return self._known[1]
        first = round(local.replace(tzinfo=self._zone, fold=0).timestamp() * 1000)
        second = round(local.replace(tzinfo=self._zone, fold=1).timestamp() * 1000)
        moment = second if first < self._last <= second else first
        self._last = moment
        self._known = (local, moment)
        return moment
