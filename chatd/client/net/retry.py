"""How long to wait before the next try to connect: ever longer, while every try ends in the same bad way."""

from __future__ import annotations

import random
from enum import Enum

from twisted.application.internet import backoffPolicy

MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 1.0, 60.0
"""How long to wait before the first try after a connection was lost, at least, and before any try, at most."""
JITTER_SECONDS = 1.0


class BadEnd(Enum):
    """How a connection ended."""

    UNANSWERED = "it was lost before the server had answered HELLO"
    LOST = "it was lost after that: the server is as good as it was"
    TURNED_AWAY = "the server would not have this client, or sent it away"


class RetryDelay:
    """The wait before the next try; ``chance`` is what its jitter is drawn from."""

    def __init__(self, chance: random.Random) -> None:
        self.seconds = 0.0
        """The wait that was drawn last."""
        self._failures = 0
        self._last = BadEnd.UNANSWERED
        self._hurried = False
        self._asked: float | None = None
        self._backoff = backoffPolicy(
            MIN_WAIT_SECONDS, MAX_WAIT_SECONDS - JITTER_SECONDS, jitter=lambda: chance.uniform(0, JITTER_SECONDS)
        )

    def draw(self) -> float:
        """Return how many seconds to wait after one more try that failed."""
        wait = self._backoff(self._failures) if self._asked is None else min(self._asked, MAX_WAIT_SECONDS)
        self.seconds = 0.0 if self._hurried else wait
        self._hurried, self._asked = False, None
        self._failures += 1
        return self.seconds

    def note_end(self, end: BadEnd) -> None:
        """Note how a connection ended: another kind of end, or a greeting that was heard, begins a new count."""
        turned_away, before = end is BadEnd.TURNED_AWAY, self._last is BadEnd.TURNED_AWAY
        if end is BadEnd.LOST or turned_away is not before:
            self._failures = 0
        self._last = end

    def hurry(self) -> None:
        """Let the wait that is drawn next be none."""
        self._hurried = True

    def ask_for(self, seconds: float) -> None:
        """Let the wait that is drawn next be what a server asks for that restarts."""
        self._asked = seconds

    def skip(self) -> None:
        """Let the wait that was drawn be none."""
        self.seconds = 0.0
