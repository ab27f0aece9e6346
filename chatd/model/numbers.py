"""The numbers that a journal gives to monitoring: kept anyway, or updated once for each batch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

COMMIT_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Up to how many seconds, inclusive, the batches are counted together that took about as long."""


class CommitTimes:
    """How long batches took to be stored since the process started; each is counted once."""

    __slots__ = ("_counts", "failed", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        """All of it together."""
        self.failed = 0
        """How many batches could not be stored."""
        self._counts = [0] * (len(COMMIT_BOUNDS) + 1)

    def note(self, seconds: float) -> None:
        """Count a batch that was stored within that many seconds."""
        self.seconds += seconds
        self._counts[bisect_left(COMMIT_BOUNDS, seconds)] += 1

    def at_most(self) -> Iterator[tuple[float, int]]:
        """Yield for each bound in seconds, and finally for infinity, how many batches took no longer."""
        count = 0
        for bound, more in zip((*COMMIT_BOUNDS, float("inf")), self._counts, strict=True):
            count += more
            yield bound, count


@dataclass(frozen=True, slots=True)
class StreamNumbers:
    """The state of a node's connection to the stream of its cluster."""

    connected: bool
    """Whether there is a connection to one of the servers."""
    behind: int
    """How many messages the stream had more than this node has read, when they were last compared."""


@dataclass(frozen=True, slots=True)
class JournalNumbers:
    """The present state of a journal."""

    kind: str
    """``memory``, ``sqlite`` or ``nats``."""
    commits: CommitTimes
    waiting: int
    """How many entries were appended and have not come back."""
    size_bytes: int
    """How long the file is, or the text that is in memory."""
    stream: StreamNumbers | None = None
