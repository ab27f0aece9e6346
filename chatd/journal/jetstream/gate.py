"""What of the stream a node takes in now, and what of that counts.

A node that does not know who is where cannot judge, and need not: what did not count for the nodes that were there they
delete from the stream, and what of that may still be in it they name together with who is where. So it takes in all up
to the place at which all knew of it, waits there for that answer, and only then goes on, and judges by what it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from chatd.journal import Judge
from chatd.model.cluster import NodeDown, NodeUp, ended_by, incarnation_of
from chatd.model.entry import Entry, unavailable
from chatd.protocol.arguments import MAX_ID


class Gate:
    """Stands before the index: `judge` is a `chatd.journal.Judge`, but for that it says 0 as long as it is to wait."""

    def __init__(self) -> None:
        self.judge_known: Judge = len
        """What judges once it is known who is where."""
        self.go_on: Callable[[], None] = lambda: None
        """Is called when more may be taken in than a moment ago."""
        self.refused: Collection[int] = ()
        """The places of what does not count, as far as another node has said."""
        self._known = False
        self._until = MAX_ID
        self._over: set[str] = set()

    def wait_at(self, place: int) -> None:
        """Take in nothing that is after a place, unless it is known who is where."""
        self._until = place
        if not self._known:
            self.go_on()

    def open(self) -> None:
        """Judge from here on: it is known who is where."""
        self._known = True
        self.go_on()

    def close(self) -> None:
        """Judge no more, until `open`: it is not known any more who is where."""
        self._known, self._until, self.refused = False, MAX_ID, ()

    def end(self, incarnations: Iterable[str]) -> None:
        """Note incarnations of which nothing counts from here on."""
        self._over.update(incarnations)

    def judge(self, entries: Sequence[Entry]) -> int:
        """Refuse what is known not to count; return how many entries may be taken in by now."""
        if self._known:
            return self.judge_known(entries)
        for number, entry in enumerate(entries):
            if entry.place > self._until:
                return number
            if isinstance(entry.event, NodeUp | NodeDown):
                return number + 1  # which changes what is known
            if entry.durable and (entry.place in self.refused or self._is_over(entry)):
                entry.refused = unavailable()
        return len(entries)

    def _is_over(self, entry: Entry) -> bool:
        source = entry.source
        if source is None or not self._over:
            return False
        return source.incarnation in self._over or (
            source.info is not None and incarnation_of(source.info.member_id) in self._over
        )


def live_after(incarnations: Iterable[str], entries: Iterable[Entry]) -> set[str]:
    """Return which incarnations are live after entries, given those that were before."""
    live = set(incarnations)
    for entry in entries:
        if isinstance(entry.event, NodeUp):
            live.add(entry.event.incarnation)
        elif isinstance(entry.event, NodeDown):
            live.difference_update(ended_by(entry.event, entry.source, live))
    return live
