"""What was appended and has not been handed back yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.model.entry import Entry


class Unacknowledged:
    """Sees to it that what was refused is handed back after what was appended before it, as all that is stored is."""

    def __init__(self, clock: IReactorTime, hand_back: Callable[[Sequence[Entry]], None]) -> None:
        self._clock = clock
        self._hand_back = hand_back
        self._entries: dict[int, Entry] = {}
        self._hopeless: set[int] = set()
        self._appended = 0
        self._flushes: list[tuple[int, Deferred[None]]] = []
        self._settling: IDelayedCall | None = None

    def add(self, entry: Entry) -> None:
        """Note that an entry was appended."""
        self._appended += 1
        self._entries[id(entry)] = entry

    def refused(self, entries: Sequence[Entry]) -> None:
        """Hand entries back, in a later turn and in their order."""
        now = int(self._clock.seconds() * 1000)
        for entry in entries:
            entry.time = now
            self._hopeless.add(id(entry))
        if self._settling is None:
            self._settling = self._clock.callLater(0, self.settle)

    def came_back(self, entries: Sequence[Entry]) -> None:
        """Note what was handed back; entries from elsewhere may be among it."""
        for entry in entries:
            self._entries.pop(id(entry), None)
        self.settle()

    def flush(self) -> Deferred[None]:
        """Return what fires once all that was added so far has been handed back."""
        if not self._entries:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._flushes.append((self._appended, done))
        return done

    def let_go(self) -> None:
        """Wait for nothing any more."""
        flushes, self._flushes = self._flushes, []
        for _, done in flushes:
            done.callback(None)

    def settle(self) -> None:
        """Hand back what was refused and has nothing before it that is still away."""
        if self._settling is not None:
            if self._settling.active():
                self._settling.cancel()
            self._settling = None
        refused: list[Entry] = []
        while self._entries and (first := next(iter(self._entries))) in self._hopeless:
            self._hopeless.discard(first)
            refused.append(self._entries.pop(first))
        if refused:
            self._hand_back(refused)
        returned = self._appended - len(self._entries)
        ready = [done for upto, done in self._flushes if upto <= returned]
        self._flushes = [each for each in self._flushes if each[0] > returned]
        for done in ready:
            done.callback(None)
