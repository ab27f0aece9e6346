"""The time before each line, for those who want it: made once for all who are sent the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from chatd.protocol import wire
from chatd.runtime.clocks import WallClock

_EOL = wire.EOL.encode()
_OLD = b"OLD "


class LineClock:
    """Puts the time before lines. All who are sent the same bytes in the same zone share the work.

    ``wall`` tells the time of day, in seconds since 1970.
    """

    def __init__(self, wall: WallClock) -> None:
        self._wall = wall
        self._last: tuple[bytes, int, int | None] = (b"", 0, None)
        self._stamped = b""

    def stamp(self, zone: int | None, data: bytes) -> bytes:
        """Return whole lines with the time before each; ``zone`` is minutes ahead of UTC, None where the server is."""
        minute = int(self._wall() // 60)
        last, at, where = self._last
        if data is not last or (at, where) != (minute, zone):
            now = _shown(minute, zone)
            head = f"{now.hour:02}:{now.minute:02} ".encode()
            lines = data.split(_EOL)[:-1]
            stamped = [_old(line, zone, now) if line.startswith(_OLD) else head + line for line in lines]
            self._last, self._stamped = (data, minute, zone), _EOL.join([*stamped, b""])
        return self._stamped

    def now(self, zone: int | None) -> datetime:
        """Return the time of day, to the minute."""
        return _shown(int(self._wall() // 60), zone)


def _old(line: bytes, zone: int | None, now: datetime) -> bytes:
    """Return a line about something that was said before, with its own time in short in the place of the long one."""
    _, time, rest = line.split(b" ", 2)
    then = _shown(int(datetime.fromisoformat(time.decode()).timestamp() // 60), zone)
    day = "" if then.date() == now.date() else f"{then:%Y-%m-%d} "
    return f"{day}{then:%H:%M} ".encode() + _OLD + rest


@lru_cache(maxsize=256)
def _shown(minute: int, zone: int | None) -> datetime:
    """Return a minute, counted since 1970, as a clock in a zone shows it."""
    time = datetime.fromtimestamp(minute * 60, UTC)
    return time.astimezone(None if zone is None else timezone(timedelta(minutes=zone)))
