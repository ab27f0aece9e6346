"""Until when ages are counted: what was stored for too long by a clock that is wrong for a moment is not deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from twisted.internet.interfaces import IReactorTime

from chatd.runtime.clocks import WallClock

Ages = Callable[[], int]
"""Returns the time up to which ages are counted, in milliseconds since 1970."""
JUMP_SECONDS = 60
"""By how much the machine's clock may differ from the time that has passed: it is corrected in small steps, too."""
PATIENCE_SECONDS = 24 * 60 * 60
"""After how long, at most, a clock that is ahead is believed: a machine may have slept, or had no time at its start."""


class AgeClock:
    """The machine's clock, as long as it agrees with the time that passes.

    One that jumps ahead is not believed for as long as ``patience`` says, in seconds, so that nothing is too old for
    that; one that is set back is believed at once, for that keeps everything longer. ``report`` is told of jumps.
    """

    def __init__(
        self, clock: IReactorTime, wall: WallClock, patience: float | None, report: Callable[[str], None] | None = None
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._patience = min(PATIENCE_SECONDS, PATIENCE_SECONDS if patience is None else patience)
        self._report = report
        self._trusted = wall()
        self._looked = clock.seconds()
        self._ahead = 0.0
        self._since: float | None = None

    def start(self, newest: int | None) -> None:
        """Begin anew, with the time at which the newest event was stored, in milliseconds since 1970, if there is any.

        What has passed since then cannot be known: the machine's clock may be wrong now.
        """
        wall = self._wall()
        self._trusted = wall if newest is None else min(wall, newest / 1000)
        self._looked = self._since = self._clock.seconds()
        self._ahead = wall - self._trusted

    def __call__(self) -> int:
        """Return the time up to which ages are counted, in milliseconds since 1970."""
        now, wall = self._clock.seconds(), self._wall()
        self._trusted += now - self._looked
        self._looked = now
        ahead = wall - self._trusted
        if ahead <= JUMP_SECONDS:
            if ahead < -JUMP_SECONDS and self._report is not None:
                self._report(f"this machine's clock was set back by {_length(-ahead)}")
            self._trusted, self._since = wall, None
        elif self._since is None or abs(ahead - self._ahead) > JUMP_SECONDS:
            self._since, self._ahead = now, ahead
            if self._report is not None:
                kept = f"nothing is too old for that until it has been so for {_length(self._patience)}"
                self._report(f"this machine's clock has jumped ahead by {_length(ahead)}; {kept}")
        elif now - self._since >= self._patience:
            self._trusted, self._since = wall, None
        return int(self._trusted * 1000)


class StreamAges:
    """The clock of whoever stamps what a stream holds, as it was heard last, and the time that has passed since."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._heard: tuple[int, float] | None = None

    def hear(self, time: int) -> None:
        """Note that something was stamped just now with a time in milliseconds since 1970."""
        self._heard = time, self._clock.seconds()

    def __call__(self) -> int:
        """Return the time up to which ages are counted, in milliseconds since 1970; 0 while it is not known."""
        if self._heard is None:
            return 0
        time, at = self._heard
        return time + int((self._clock.seconds() - at) * 1000)


def _length(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))
