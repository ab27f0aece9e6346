"""The journal: the one order of all that rooms deliver, the bus that it travels on, and what is stored of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chatd.journal.known_rooms import KnownRooms, RoomState
from chatd.journal.read_markers import ReadMarkers
from chatd.model.cluster import Cluster
from chatd.model.entry import Entry, StoredEvent
from chatd.model.health import Health
from chatd.model.numbers import JournalNumbers
from chatd.protocol.arguments import MAX_ID
from chatd.runtime.clocks import WallClock
from chatd.runtime.option import Duration, Number
from chatd.runtime.threads import Worker

LABEL_SECONDS = 24 * 60 * 60
"""How long, at least, a label is remembered: one day."""


class JournalError(Exception):
    """The journal cannot be opened, written or read. Its argument says why, in a sentence for the server operator."""


class TooMuchError(JournalError):
    """A read was given up because it took too long, or the journal is being closed; the journal itself works."""


class Times(NamedTuple):
    """From when on and until when something was said, in milliseconds since 1970; None for any time.

    It is looked up in the order of ids: from the first that was stored at that time or after it.
    """

    since: int | None = None
    before: int | None = None


ANY_TIME = Times()


class Among(NamedTuple):
    """Which of a room's messages a search is made among."""

    after: int = 0
    """Those with ids above this one."""
    author: str | None = None
    """Those that were sent under this nick, in any spelling; None for everybody's."""
    times: Times = ANY_TIME


EVERYTHING = Among()


@dataclass(frozen=True, slots=True)
class Query:
    """Which of a room's durable events are wanted: the ids between ``after`` and ``before``, both exclusive."""

    room: str
    after: int = 0
    before: int = MAX_ID
    count: int = MAX_ID
    """At most this many."""
    newest: bool = False
    """Whether the newest of all that match are wanted, not the oldest."""
    said_only: bool = False
    """Whether messages alone are wanted."""
    times: Times = ANY_TIME


class Page(NamedTuple):
    """Some of what a `Query` asked for, oldest first, in a size that can be held."""

    kept: Sequence[StoredEvent]
    more: bool
    """Whether there is more after the last of these, up to the query's ``before`` and ``count``."""
    skipped: bool
    """Whether there is something older after the query's ``after`` that its ``count`` left out."""
    watermark: int = 0
    """The highest id of the room that retention had deleted at the time of reading."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; None means without a bound."""

    seconds: Annotated[
        int | None, Duration("keep", "how long messages are stored: 90s, 15m, 12h, 30d, 2w (default: forever)")
    ] = None
    messages: Annotated[
        int | None, Number("keep-messages", "COUNT", "messages stored per room (default: unlimited)")
    ] = None
    """In each room, topics included."""


Follower = Callable[[Sequence[Entry]], None]

Judge = Callable[[Sequence[Entry]], int]
"""Is shown a batch before anything of it is stored, when all before it has been handed back.

It sets ``refused`` of durable entries that do not count at their place: they are not stored, take no label, and are
handed back like the rest. It returns how many, from the first on, it could judge, which is at least one: the rest,
whose verdict depends on them, is shown again once they have been handed back.
"""


class JournalReader(Protocol):
    """The reading side of a journal."""

    def room_state(self, room: str) -> RoomState | None:
        """Return what is known of a room, by its key; None for one in which nothing durable happened yet.

        It fails with `JournalError` if that has to be read, and cannot be.
        """

    @property
    def known_rooms(self) -> KnownRooms:
        """All rooms in which something durable happened."""

    def read(self, query: Query) -> Deferred[Page]:
        """Return the first page of what is asked for; it fails with `JournalError`."""

    def search(
        self, room: str, words: Sequence[str], before: int, count: int, among: Among = EVERYTHING
    ) -> Deferred[Sequence[StoredEvent]]:
        """Return the newest ``count`` messages that hold all ``words``, oldest first; it fails with `JournalError`.

        What a word finds is said in `chatd.protocol.search_words`; ``before`` is exclusive. Without any word that has a
        letter or a digit nothing is found, but where ``among`` names an author.
        """


class Journal(JournalReader, Protocol):
    """Gives entries their order. Rooms deliver only what `follow` hands back, in that order."""

    @property
    def epoch(self) -> str:
        """What ids are told under: the name of the journal, and which of its starts this is. Known once started."""

    def holds(self, epoch: str | None, id_: int) -> bool:
        """Return whether an id that was told under an epoch, if one is known, is in the history of this journal.

        It is not where the journal is another, or an older copy of it that was put back.
        """

    @property
    def health(self) -> Health:
        """Whether what is said can be stored, as far as is known."""

    @property
    def cluster(self) -> Cluster | None:
        """The connection to the other nodes, if there may be any."""

    @property
    def retention(self) -> Retention:
        """How much is kept of every room; a room's own ``keep=`` keeps less."""

    @property
    def over_hard_limit(self) -> bool:
        """Whether so much is on its way that no session should be read from until the next batch comes back."""

    @property
    def over_soft_limit(self) -> bool:
        """Whether so much is on its way that each session should have only a few entries among it."""

    @property
    def markers(self) -> ReadMarkers:
        """Up to where the owners of accounts have read."""

    @property
    def numbers(self) -> JournalNumbers:
        """How it stands now, for whoever watches the server; asked for now and then."""

    def start(self) -> None:
        """Open the journal. Raise `JournalError` if that fails."""

    def stop(self) -> Deferred[None]:
        """Hand back all that has been appended, then close; fires once it is closed.

        It fails with `JournalError`, when it is closed, if something had to be handed back refused that may be stored.
        """

    def set_retention(self, retention: Retention) -> Deferred[None]:
        """Keep so much from here on; what is too much now is deleted soon, and what is gone does not come back.

        It fails with `JournalError`, a sentence, if that cannot be now; then nothing has changed. On several nodes it
        holds for all of them, and a bound that is None is left as it is.
        """

    def append(self, entry: Entry) -> None:
        """Take an entry. It comes back to the follower, stored or refused, in a later turn of the reactor."""

    def follow(self, follower: Follower, judge: Judge = len) -> None:
        """Hand all that is appended from now on to ``follower``, batch by batch, in the order of its ids.

        ``judge`` says what of a batch counts; without one all of it does.

        There is one follower; an entry that it appends meanwhile belongs to a later batch.
        """

    def forget(self, rooms: Mapping[str, int]) -> None:
        """Forget rooms of which nothing is left but topics, by key, up to the id of the last that is to go.

        The follower may do so while it has a batch.
        """

    def flush(self) -> Deferred[None]:
        """Hand back all that has been appended so far, as soon as possible; fires once it has been."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a journal needs from its process."""

    clock: IReactorTime
    wall: WallClock
    make_epoch: Callable[[], str]
    make_worker: Callable[[str], Worker]
    """Makes a thread of the given name."""
    retention: Retention = field(default_factory=Retention)
    give_up: Callable[[str], None] = lambda _why: None
    """Ends the process, with a sentence for the server operator: waiting cannot mend what is wrong."""
