"""What the servers are given to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

DEEP_WINDOW = 30
"""How many messages of a saturating sender are in flight."""
MAX_SENDERS = 26
"""Of one room: each has a letter of the alphabet."""


@dataclass(frozen=True, slots=True)
class Work:
    """Rooms full of members, some of whom say something.

    A sender has ``window`` messages in flight, which are counted where its room's reference member reads them. If
    there is no window, all senders together say ``rate`` messages a second, whatever comes back, and take turns.
    Without senders the members are only there: connecting is what is measured.
    """

    name: str
    about: str
    rooms: int = 1
    members: int = 1000
    """Of each room."""
    senders: int = 10
    """Of each room; fewer than its members, for one only reads."""
    window: int = 0
    rate: float = 0
    text_bytes: int = 64

    def __post_init__(self) -> None:
        if not (0 <= self.senders < self.members and self.senders <= MAX_SENDERS):
            raise ValueError(f"{self.senders} senders of {self.members} members")

    @property
    def connections(self) -> int:
        """How many connections there are in all."""
        return self.rooms * self.members


WORKS = {
    work.name: work
    for work in (
        Work("busy", "1 room of 1,000, 10 of whom have 30 messages in flight each", window=DEEP_WINDOW),
        Work("turn", "1 room of 1,000, 10 of whom have one message in flight each", window=1),
        Work("quiet", "1 room of 1,000, one of whom says 20 messages a second", senders=1, rate=20),
        Work("rooms", "500 rooms of 10, 9 of whom have one message in flight", 500, 10, senders=9, window=1),
        Work("open-40", "100 rooms of 10, 40 messages a second in all", 100, 10, senders=9, rate=40),
        Work("open-1000", "100 rooms of 10, 1,000 messages a second in all", 100, 10, senders=9, rate=1000),
        Work("idle", "10,000 connections in 1,000 rooms of 10, nobody says anything", 1000, 10, senders=0),
    )
}


def smaller(work: Work) -> Work:
    """Return the same with a fifth of the rooms and of the large rooms' members, for a first impression."""
    members = work.members // 5 if work.members >= 100 else work.members
    return replace(work, rooms=-(-work.rooms // 5), members=members, window=min(work.window, 100))
