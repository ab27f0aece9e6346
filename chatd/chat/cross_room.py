"""What happened in several rooms, for those who are in more than one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter

from chatd.model.entry import Entry, Reader
from chatd.protocol.events import Joined, Parted

_position = itemgetter(0)


class Merge:
    """Gives whoever gets lines from several rooms all of a batch in the order in which it happened.

    Rooms have no order among one another, and each sends its part of a batch by itself; but what one person did in one
    room and then in another must be seen in that order by all who are in both. `needed` says when that is so.
    """

    def __init__(self, batch: Sequence[Entry]) -> None:
        self._positions = {entry: position for position, entry in enumerate(batch)}
        self._movers = {entry.author for entry in batch if isinstance(entry.event, Joined | Parted)}
        self._lines: defaultdict[Reader, list[tuple[int, bytes]]] = defaultdict(list)

    @staticmethod
    def needed(batch: Iterable[Entry]) -> bool:
        """Return whether somebody did something in more than one room."""
        rooms: dict[Reader | str | None, str] = {}
        for entry in batch:
            source = entry.source
            who = entry.author if source is None or source.info is None else source.info.member_id
            if rooms.setdefault(who, entry.room) != entry.room and who is not None:
                return True
        return False

    def wants(self, member: Reader) -> bool:
        """Return whether a member may get lines from more than one room; who comes or goes in this batch may, too."""
        return member.in_several_rooms or member in self._movers or member in self._lines

    def add(self, member: Reader, lines: Iterable[tuple[Entry, bytes]]) -> None:
        """Take what one room has for a member; of an entry there may be a line and then a reply."""
        self._lines[member] += [(self._positions[entry], line) for entry, line in lines]

    def alias_position(self, entry: Entry, other: Entry) -> None:
        """Let an entry that is none of the batch have the position of one that is."""
        self._positions[entry] = self._positions[other]

    def send(self) -> None:
        """Send it, now that every room has had its part."""
        for member, lines in self._lines.items():
            lines.sort(key=_position)
            if data := b"".join(line for _, line in lines):
                member.send(data)
