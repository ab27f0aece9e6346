"""What has happened in the rooms since the process started, in numbers that only grow."""

from __future__ import annotations

from collections import Counter

from chatd.protocol.errors import Code


class Tallies:
    """Kept by one hub for all its rooms and sessions."""

    __slots__ = ("deliveries", "messages", "refusals")

    def __init__(self) -> None:
        self.messages = 0
        """How many messages were said in rooms."""
        self.deliveries = 0
        """How many lines rooms had for their members, each line counted once for each member."""
        self.refusals: Counter[Code] = Counter()
        """How many times each ``ERR`` was answered."""
