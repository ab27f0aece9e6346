"""How much is on its way to be stored, and when that is so much that sessions which send a lot have to wait."""

from __future__ import annotations

from chatd.model.entry import Entry
from chatd.protocol.events import Said

SOFT_LIMIT = 512
"""How many entries may be on their way before each session may have but a few; those with long texts count for more."""
LONG_CHARACTERS = 256
"""How many characters cost as much as one more entry."""


class Backlog:
    """The weight of what was appended and has not come back."""

    def __init__(self) -> None:
        self._weight = 0

    @property
    def over_soft_limit(self) -> bool:
        """Whether sessions that send a lot have to wait until something has come back."""
        return self._weight >= SOFT_LIMIT

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        self._weight += _weight(entry)

    def remove(self, entry: Entry) -> None:
        """Count an entry no longer."""
        self._weight -= _weight(entry)


def _weight(entry: Entry) -> int:
    return 1 + len(entry.event.text) // LONG_CHARACTERS if type(entry.event) is Said else 1
