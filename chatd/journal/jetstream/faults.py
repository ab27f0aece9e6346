"""What keeps a node from using the servers: known, and logged once until it works again."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from chatd.journal.jetstream.errors import UnusableError
from chatd.model.health import Health
from chatd.protocol.text import clean

GRACE_SECONDS = 2
"""How long there may be no connection before that is a fault: another server may be reached in a moment."""

_log = Logger()


class Faults:
    """``seconds`` tells a monotonic time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.unusable: UnusableError | None = None
        """Why the servers could not be used the last time that they were reached; None if they could be."""
        self._seconds = seconds
        self._usable = False
        self._changed = 0.0
        self._reported: set[str] = set()

    @property
    def health(self) -> Health | None:
        """What keeps the node from using the servers, as far as is known; None if nothing does, or not for long."""
        if self._usable:
            return None
        if self.unusable is not None:
            return self.unusable.health
        return Health.DISCONNECTED if self._seconds() - self._changed > GRACE_SECONDS else None

    def begin(self) -> None:
        """Note that it begins to connect, or to connect again."""
        if self._usable or not self._changed:
            self._usable, self._changed = False, self._seconds()

    def end(self) -> bool:
        """Note that the servers can be used; return whether the log has heard that they could not."""
        self._usable, self.unusable = True, None
        reported = bool(self._reported)
        self._reported.clear()
        return reported

    def report(self, what: str) -> None:
        """Log what keeps the node from its work; once until it works again, not at every attempt."""
        if what not in self._reported:
            _log.error("{what}", what=clean(" ".join(what.split())))
        self._reported.add(what)

    def report_recovery(self) -> None:
        """Log that it works again, if it did not."""
        if self._reported:
            self._reported.clear()
            _log.info("the cluster works again")
