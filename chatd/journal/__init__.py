"""The journal: the one order in which everything that a room sees happens, its bus, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from chatd.model.cluster import Began, Cluster, Gone, Source
from chatd.model.rulings import Rules, Ruling
from chatd.protocol.arguments import MAX_ID
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Joined, Lasting, Parted, Renamed, Ruled, Said, TopicSet

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IReactorTime

    from chatd.chat.room import Member

Happening = Lasting | Joined | Parted | Renamed | Began | Gone
_DURABLE = frozenset({Said, TopicSet, Ruled})

UNASKED = ""
"""The verb of what a node appends by itself for somebody on it, of which nobody is told that it was done."""

DEFAULT_JOURNAL = "sqlite:chatd.sqlite3"
LABEL_SECONDS = 24 * 60 * 60
"""How long, at least, a label is remembered."""

T = TypeVar("T")


class JournalError(Exception):
    """The journal cannot be opened, written or read. Its argument is a sentence that says why, for the operator."""


class TooMuchError(JournalError):
    """What was asked for takes too long; the journal itself is well."""


@dataclass(slots=True)
class Entry:
    """Something that happened, or is about to. Not frozen: the journal fills in what became of it.

    ``room`` is the room's key (`chatd.protocol.names.key`), empty for what concerns every room that its origin is in.
    ``origin`` is whoever said it through this process, with the ``label`` and the ``verb`` of the line that did.
    """

    room: str
    event: Happening
    origin: Member | None = None
    label: str | None = None
    verb: str = "MSG"
    id: int = 0
    """0 for passing entries, for refused ones, and until the entry has its place."""
    time: int = 0
    """In milliseconds since 1970."""
    old: bool = False
    """Whether this was said before under the same label and nothing was stored; ``id`` and ``time`` are the first's."""
    refused: ChatError | None = None
    """Why it was not stored, if it was not: ``unavailable`` or ``label-reused``."""
    source: Source | None = None
    """Where it was appended, if there are several nodes; on another node it has no ``origin``."""
    place: int = 0
    """Where it stands in the order that it shares with passing entries of other nodes, if there are several."""

    @property
    def durable(self) -> bool:
        """Whether it gets an id and is stored; joins, parts and new names only keep their place in the order."""
        return type(self.event) in _DURABLE

    @property
    def stored(self) -> bool:
        """Whether the room is to see it as a new durable event."""
        return self.id != 0 and not self.old


class Kept(NamedTuple):
    """A durable event, as the journal keeps it."""

    id: int
    time: int
    """In milliseconds since 1970."""
    event: Lasting


@dataclass(frozen=True, slots=True)
class Query:
    """Which of a room's durable events are wanted: the ids between ``after`` and ``before``, both exclusive."""

    room: str
    after: int = 0
    before: int = MAX_ID
    count: int = MAX_ID
    """At most so many."""
    newest: bool = False
    """Whether those are the newest, and not the oldest, of all that would match."""
    said_only: bool = False
    """Whether messages alone are wanted."""


class Page(NamedTuple):
    """Some of what a `Query` asked for, oldest first, in a size that can be held."""

    kept: Sequence[Kept]
    more: bool
    """Whether there is more after the last of these, up to the query's ``before`` and ``count``."""
    skipped: bool
    """Whether there is something older after the query's ``after`` that its ``count`` left out."""
    cut: int = 0
    """The highest id of the room that retention had taken away at the time of reading."""


@dataclass(slots=True)
class Standing:
    """What the journal knows of a room, as of the last batch that it handed back."""

    name: str
    """As first written."""
    last_id: int = 0
    """The id of the newest durable event there was, 0 before the first."""
    cut: int = 0
    """The highest id that retention has taken away, 0 if none."""
    topic: Kept | None = None
    rules: Rules = field(default_factory=Rules)

    def note(self, kept: Kept) -> None:
        """Note one more durable event, with an id above all before."""
        self.last_id = kept.id
        event = kept.event
        if type(event) is TopicSet:
            self.topic = kept
        elif type(event) is Ruled:
            self.rules.apply(Ruling(kept.id, kept.time, event))


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; what is None has no bound."""

    seconds: int | None = None
    messages: int | None = None
    """In each room, topics included."""


def label_reused(label: str) -> ChatError:
    """Return why an entry is refused whose label was given to something else."""
    return ChatError(Code.LABEL_REUSED, f"you said something else under the label {label}; take a new one for this")


def unavailable() -> ChatError:
    """Return why an entry is refused that could not be stored."""
    return ChatError(Code.UNAVAILABLE, "it could not be stored; say it again later")


Follower = Callable[[Sequence[Entry]], None]


class Worker(Protocol):
    """One thread that does what it is given, one thing after the other."""

    def start(self) -> None:
        """Be ready for `do`."""

    def stop(self) -> None:
        """Finish what was given, then end."""

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        """Do something; the Deferred fires, on the reactor's thread, with what it returned or raised."""


class Journal(Protocol):
    """What gives entries their order. Rooms deliver only what `follow` hands back, in the order it does."""

    @property
    def epoch(self) -> str:
        """The name of this run of ids: made with the journal and kept with it. Known once it has started."""

    @property
    def ready(self) -> bool:
        """Whether it can be used by now; if not, people had better come in elsewhere."""

    @property
    def cluster(self) -> Cluster | None:
        """The connection to the other nodes, if there may be any."""

    @property
    def full(self) -> bool:
        """Whether so much is on its way that nobody should be heard until the next batch comes back."""

    @property
    def behind(self) -> bool:
        """Whether so much is on its way that nobody should add more than a little of what is."""

    def start(self) -> None:
        """Open what is kept. Raise `JournalError` if that cannot be."""

    def stop(self) -> Deferred[None]:
        """Hand back all that has been appended, then close."""

    def append(self, entry: Entry) -> None:
        """Take an entry. It comes back to the follower, stored or refused, in a later turn of the reactor."""

    def follow(self, follower: Follower) -> None:
        """Hand all that is appended from now on to ``follower``, batch by batch, in the order of its ids.

        There is one follower; an entry that it appends meanwhile belongs to a later batch.
        """

    def flush(self) -> Deferred[None]:
        """Hand back all that has been appended so far, as soon as can be."""

    def standing(self, room: str) -> Standing | None:
        """Return what is known of a room, by its key; None for one in which nothing durable happened yet."""

    def read(self, query: Query) -> Deferred[Page]:
        """Return the first page of what is asked for; it fails with `JournalError`."""

    def search(self, room: str, words: Sequence[str], before: int, count: int) -> Deferred[Sequence[Kept]]:
        """Return the newest ``count`` messages that hold all ``words``, oldest first; it fails with `JournalError`.

        Words are compared whole, without regard to case and to the accents of letters; ``before`` is exclusive.
        """


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a journal needs of the process that it is in."""

    clock: IReactorTime
    make_epoch: Callable[[], str]
    make_worker: Callable[[str], Worker]
    """Makes a thread of the given name."""
    retention: Retention = field(default_factory=Retention)


def sqlite_path(description: str) -> Path:
    """Return the file that ``sqlite:PATH`` names. Raise `ValueError`, with a sentence for the user, if none."""
    kind, _, path = description.partition(":")
    if kind != "sqlite" or not path:
        raise ValueError(f"{description!r} is no journal in a file; there is sqlite:PATH")
    found = Path(path).resolve()
    if not found.name:
        raise ValueError(f"{description!r} is no journal in a file; {found} is a folder")
    return found


def is_cluster(description: str) -> bool:
    """Return whether ``--journal`` asks for one that several nodes share."""
    return description.startswith(("nats://", "tls://"))


def from_string(description: str, surroundings: Surroundings) -> Journal:
    """Return the journal that ``--journal`` asks for. Raise `ValueError`, with a sentence for the user, if it is none.

    ``memory:`` keeps nothing once the process ends; ``sqlite:PATH`` keeps everything in a file; ``nats://...`` is
    shared by all nodes of a cluster, see `chatd.journal.jetstream.address.parse`.
    """
    from chatd.journal.memory import MemoryJournal
    from chatd.journal.sqlite.journal import SqliteJournal

    kind, _, path = description.partition(":")
    if description == "memory:":
        return MemoryJournal(surroundings)
    if kind == "sqlite" and path:
        return SqliteJournal(description, surroundings)
    if is_cluster(description):
        if find_spec("nats") is None:
            raise ValueError(
                "a journal in a cluster needs nats-py, which is not installed: pip install 'chatd[cluster]'"
            )
        from chatd.journal.jetstream.journal import ClusterJournal

        return ClusterJournal(description, surroundings)
    raise ValueError(
        f"there is no journal {description!r}; there are sqlite:PATH and memory:, and nats://HOST for many"
    )
