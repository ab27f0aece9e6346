"""What this node has appended and has not handed back yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.journal.flushes import Flushes
from chatd.model.entry import Entry, unavailable
from chatd.runtime.clocks import WallClock


class Unacknowledged:
    """Hands back what was refused after what was appended before it, as all that is stored is."""

    def __init__(self, clock: IReactorTime, wall: WallClock, hand_back: Callable[[Sequence[Entry]], None]) -> None:
        self._clock = clock
        self._wall = wall
        self._hand_back = hand_back
        self._entries: dict[int, Entry] = {}
        self._refused: set[int] = set()
        self._flushes = Flushes()
        self._settling: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Note that an entry was appended."""
        self._flushes.appended += 1
        self._entries[id(entry)] = entry

    def refused(self, entries: Sequence[Entry]) -> None:
        """Hand entries back, in a later turn and in their order."""
        now = int(self._wall() * 1000)
        for entry in entries:
            entry.time = now
            self._refused.add(id(entry))
        if self._settling is None:
            self._settling = self._clock.callLater(0, self.settle)

    def disown(self, entries: Sequence[Entry]) -> list[Entry]:
        """Refuse what of ``entries`` was appended here; return them with copies in its place that nobody waits for."""
        own = [entry for entry in entries if id(entry) in self._entries and id(entry) not in self._refused]
        copies = {id(entry): replace(entry, author=None, verb="MSG") for entry in own}
        self._refuse_as_unavailable(own)
        return [copies.get(id(entry), entry) for entry in entries]

    def refuse_rest(self) -> int:
        """Refuse, and hand back, all that is still on its way; return how much that is."""
        rest = [entry for key, entry in self._entries.items() if key not in self._refused]
        self._refuse_as_unavailable(rest)
        self.settle()
        return len(rest)

    def handed_back(self, entries: Sequence[Entry]) -> None:
        """Note what was handed back; entries of other nodes may be among it."""
        for entry in entries:
            self._entries.pop(id(entry), None)
        self.settle()

    def flush(self) -> Deferred[None]:
        """Return what fires once all that was added so far has been handed back."""
        return self._flushes.wait()

    def release_waiters(self) -> None:
        """Let nobody wait any more."""
        self._flushes.release()

    def _refuse_as_unavailable(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            entry.refused = unavailable()
        if entries:
            self.refused(entries)

    def settle(self) -> None:
        """Hand back what was refused, up to the first entry that is still on its way."""
        if self._settling is not None:
            if self._settling.active():
                self._settling.cancel()
            self._settling = None
        refused: list[Entry] = []
        while self._entries and (first := next(iter(self._entries))) in self._refused:
            self._refused.discard(first)
            refused.append(self._entries.pop(first))
        if refused:
            self._hand_back(refused)
        self._flushes.handed_back(self._flushes.appended - len(self._entries))
