"""The journal: the one order in which everything that a room sees happens, and the bus that carries it to the rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chatd.events import Joined, Parted, Renamed, Said, TopicSet

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

    from chatd.room import Member

Happening = Said | Joined | Parted | Renamed | TopicSet


@dataclass(slots=True)
class Entry:
    """Something that happened, or is about to. Not frozen: the journal fills in its id and its time.

    ``room`` is the room's key (`chatd.names.key`), empty for what concerns every room that its origin is in.
    ``origin`` is whoever said it through this process. ``resumes`` marks a JOIN that asks for what was missed.
    ``id`` is 0 for passing entries and until the entry has its place; ``time`` is in milliseconds since 1970.
    """

    room: str
    event: Happening
    origin: Member | None = None
    label: str | None = None
    resumes: bool = False
    id: int = 0
    time: int = 0

    @property
    def durable(self) -> bool:
        """Whether it gets an id and is stored; joins, parts and new names only keep their place in the order."""
        return isinstance(self.event, Said | TopicSet)


Follower = Callable[[Sequence[Entry]], None]


class Journal(Protocol):
    """What gives entries their order. Rooms deliver only what `follow` hands back, in the order it does."""

    @property
    def epoch(self) -> str:
        """The name of this run of ids: made with the journal and kept with it."""

    def append(self, entry: Entry) -> None:
        """Take an entry. It comes back to the follower with its id and time, in a later turn of the reactor."""

    def follow(self, follower: Follower) -> None:
        """Hand all that is appended from now on to ``follower``, a batch a reactor turn, in the order of its ids.

        There is one follower; an entry that it appends meanwhile belongs to a later batch.
        """

    def flush(self) -> None:
        """Hand back all that has been appended, at once."""


def from_string(description: str, clock: IReactorTime, make_epoch: Callable[[], str]) -> Journal:
    """Return the journal that ``--journal`` asks for. Raise `ValueError`, with a sentence for the user, if it is none.

    ``memory:`` keeps nothing once the process ends.
    """
    from chatd.journal.memory import MemoryJournal

    if description == "memory:":
        return MemoryJournal(clock, make_epoch())
    raise ValueError(f"there is no journal {description!r}; memory: is the one there is")
