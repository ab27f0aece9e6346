"""How much is on its way to be stored, and when that is so much that those who say a lot have to wait."""

from __future__ import annotations

from chatd.model.entry import Entry
from chatd.protocol.events import Said

BEHIND = 512
"""How many entries may be on their way before each session may have but a few; those with long texts count for more."""
LONG_CHARACTERS = 256
"""How many characters cost as much as one more entry."""


class Backlog:
    """The weight of what was put in and not yet taken out."""

    def __init__(self) -> None:
        self._weight = 0

    @property
    def over_soft_limit(self) -> bool:
        """Whether those who send a lot have to wait until something has come back."""
        return self._weight >= BEHIND

    def put(self, entry: Entry) -> None:
        """Count an entry."""
        self._weight += _weight(entry)

    def take(self, entry: Entry) -> None:
        """Count one that was put in no longer."""
        self._weight -= _weight(entry)


def _weight(entry: Entry) -> int:
    return 1 + len(entry.event.text) // LONG_CHARACTERS if type(entry.event) is Said else 1
