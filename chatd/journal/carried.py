"""How much an export or an import has carried, for whoever asked for it."""

from __future__ import annotations

from collections import Counter

from chatd.protocol import names
from chatd.protocol.references import VERBS


class Carried:
    """What an export or an import has carried so far."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._rooms: set[str] = set()

    def add(self, kind: str, room: str) -> None:
        """Note one more line, of a ``type`` and a room as first written."""
        self._kinds[kind] += 1
        self._rooms.add(names.key(room))

    @property
    def lines(self) -> int:
        """How many lines there were."""
        return self._kinds.total()

    def __str__(self) -> str:
        messages, topics = self._kinds["MSG"], self._kinds["TOPIC"]
        references = sum(self._kinds[verb] for verb in VERBS)
        actions = self.lines - messages - topics - references
        counts = [(messages, "message"), (topics, "topic"), (actions, "moderation action"), (len(self._rooms), "room")]
        if references:
            counts.insert(1, (references, "reference"))
        *first, last = [f"{count} {noun}" + "s" * (count != 1) for count, noun in counts]
        return f"{', '.join(first)} in {last}"
