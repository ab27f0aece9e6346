"""Until when ages are counted: what was stored for too long by a clock that is wrong for a moment is not deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.runtime.clocks import WallClock

Ages = Callable[[], int]
"""Returns the time up to which ages are counted, in milliseconds since 1970."""
JUMP_SECONDS = 60
"""By how much the machine's clock may differ from the time that has passed: it is corrected in small steps, too."""
PATIENCE_SECONDS = 24 * 60 * 60
"""After how long, at most, a clock that is ahead is believed: a machine may have slept, or had no time at its start."""
STREAM_PATIENCE_SECONDS = 5 * 60
"""After how long the times of a stream are believed that have jumped ahead."""


class AgeClock:
    """The machine's clock, as long as it agrees with the time that passes.

    One that jumps ahead is not believed for as long as ``patience`` says, in seconds, so that nothing is too old for
    that; one that is set back is believed at once, for that keeps everything longer. ``log`` is told of jumps.
    """

    def __init__(
        self,
        clock: IReactorTime,
        wall: WallClock,
        log: Logger | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._patience = patience
        self._log = log
        self._trusted = wall()
        self._looked = clock.seconds()
        self._ahead = 0.0
        self._since: float | None = None

    def start(self, newest: int | None, keep: int | None) -> None:
        """Begin anew, with the time at which the newest event was stored, in milliseconds since 1970, if there is any.

        What has passed since then cannot be known: the machine's clock may be wrong now. So it is believed only after
        as many seconds as events are to be kept, and nothing is kept more than twice as long because of a pause.
        """
        wall = self._wall()
        self._trusted = wall if newest is None else min(wall, newest / 1000)
        self._looked = now = self._clock.seconds()
        self._ahead = wall - self._trusted
        self._since = now - self._patience + min(self._patience, self._patience if keep is None else keep)

    def __call__(self) -> int:
        """Return the time up to which ages are counted, in milliseconds since 1970."""
        now, wall = self._clock.seconds(), self._wall()
        self._trusted += now - self._looked
        self._looked = now
        ahead = wall - self._trusted
        if ahead <= JUMP_SECONDS:
            if ahead < -JUMP_SECONDS:
                self._tell(f"the clock of this machine was set back by {_length(-ahead)}")
            self._trusted, self._since = wall, None
        elif self._since is None or abs(ahead - self._ahead) > JUMP_SECONDS:
            self._since, self._ahead = now, ahead
            kept = f"nothing expires because of that for {_length(self._patience)}"
            self._tell(f"the clock of this machine has jumped ahead by {_length(ahead)}; {kept}")
        elif now - self._since >= self._patience:
            self._trusted, self._since = wall, None
        return int(self._trusted * 1000)

    def _tell(self, what: str) -> None:
        if self._log is not None:
            self._log.warn("{what}", what=what)


class StreamAges:
    """The clock of whoever stamps what a stream holds, as it was heard last, and the time that has passed since.

    As with a machine's clock, a jump ahead is not believed at once: of several servers one may be wrong for a moment,
    and what is read of the past comes faster than it was said.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._heard = 0.0, clock.seconds()
        self._begun = False
        self._ages = AgeClock(clock, self._now, patience=STREAM_PATIENCE_SECONDS)

    def hear(self, time: int) -> None:
        """Note that something was stamped just now with a time in milliseconds since 1970."""
        self._heard = time / 1000, self._clock.seconds()
        if not self._begun:
            self._begun = True
            self._ages.start(None, None)

    def __call__(self) -> int:
        """Return the time up to which ages are counted, in milliseconds since 1970; near 0 while it is not known."""
        return self._ages()

    def _now(self) -> float:
        time, at = self._heard
        return time + self._clock.seconds() - at


def _length(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))
