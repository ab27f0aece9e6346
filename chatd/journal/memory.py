"""A journal that keeps the order and nothing else: what was said is gone when the process ends."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.journal import Entry, Follower


class MemoryJournal:
    """Hands back, at the end of each reactor turn, what was appended in it, numbered and stamped with one time.

    ``clock`` tells the time and the end of a turn; ``epoch`` names this run of ids, which begin at 1.
    """

    def __init__(self, clock: IReactorTime, epoch: str) -> None:
        self.epoch = epoch
        self._clock = clock
        self._turn: list[Entry] = []
        self._end_of_turn: IDelayedCall | None = None
        self._last_id = 0
        self._follower: Follower | None = None

    def follow(self, follower: Follower) -> None:
        """See `chatd.journal.Journal.follow`."""
        self._follower = follower

    def append(self, entry: Entry) -> None:
        """See `chatd.journal.Journal.append`."""
        if not self._turn:
            self._end_of_turn = self._clock.callLater(0, self._end)
        self._turn.append(entry)

    def flush(self) -> None:
        """See `chatd.journal.Journal.flush`."""
        while self._turn:
            if self._end_of_turn is not None:
                self._end_of_turn.cancel()
            self._end()

    def _end(self) -> None:
        self._end_of_turn = None
        turn, self._turn = self._turn, []
        now = int(self._clock.seconds() * 1000)
        for entry in turn:
            entry.time = now
            if entry.durable:
                self._last_id += 1
                entry.id = self._last_id
        if self._follower is not None:
            self._follower(turn)
