"""What waits to be sent, and its division into batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chatd.journal.jetstream.messages import Message, MessageId, Subjects, WriteProbe
from chatd.model.cluster import OTHERS, NodeDown, NodeUp, Source
from chatd.model.entry import Entry

MAX_BATCH = 500
"""How many entries a batch holds at most; JetStream takes 1000."""
MAX_BATCH_BYTES = 512 * 1024
_OVERHEAD_BYTES = 200


class Batch(NamedTuple):
    """What is sent together, and what is not sent any more because its member belongs to an earlier incarnation."""

    entries: Sequence[Entry | WriteProbe]
    messages: Sequence[Message]
    stale: Sequence[Entry]


class SendQueue:
    """What the node says of nodes goes first; what members do follows in its order."""

    def __init__(self, subjects: Subjects) -> None:
        self.incarnation = ""
        """The present one of this node; empty until the first `start_incarnation`."""
        self._subjects = subjects
        self._batch = 0
        self._urgent: deque[Entry | WriteProbe] = deque()
        self._said: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._said)

    @property
    def said_count(self) -> int:
        """How much of it is of members."""
        return len(self._said)

    @property
    def urgent(self) -> bool:
        """Whether something of nodes is among it, or a probe."""
        return bool(self._urgent)

    def start_incarnation(self, incarnation: str, entry: Entry) -> None:
        """Number batches as another incarnation from here on, whose first message is the entry that announces it."""
        self.incarnation, self._batch = incarnation, 0
        self._urgent = deque([entry, *(each for each in self._urgent if self._is_current(each))])

    def add(self, entry: Entry) -> None:
        """Add what a node or a member does."""
        (self._urgent if is_of_node(entry) else self._said).append(entry)

    def add_probe(self) -> None:
        """Add something without content, unless something is there that goes as soon."""
        if not self._urgent:
            self._urgent.append(WriteProbe())

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Put in front what the node said of nodes and could not be stored, as far as it still holds."""
        self._urgent.extendleft(reversed([entry for entry in entries if self._is_current(entry)]))

    def take_said(self) -> list[Entry]:
        """Take out all that is of members."""
        said = list(self._said)
        self._said.clear()
        return said

    def take_batch(self) -> Batch:
        """Take out what one batch can hold."""
        entries: list[Entry | WriteProbe] = []
        messages: list[Message] = []
        stale: list[Entry] = []
        size = 0
        number = self._batch + 1
        while (self._urgent or self._said) and len(entries) < MAX_BATCH and size < MAX_BATCH_BYTES:
            entry = self._urgent.popleft() if self._urgent else self._said.popleft()
            message_id = MessageId(self.incarnation, number, len(entries))
            if isinstance(entry, WriteProbe):
                messages.append(self._subjects.write_probe(message_id))
            elif self._is_stale(entry):
                stale.append(entry)
                continue
            else:
                source = entry.source or Source(self.incarnation, None)
                entry.source = source._replace(incarnation=self.incarnation)
                messages.append(self._subjects.message(entry, message_id))
            entries.append(entry)
            size += len(messages[-1].payload) + _OVERHEAD_BYTES
        if messages:
            self._batch = number
        return Batch(entries, messages, stale)

    def _is_current(self, entry: Entry | WriteProbe) -> bool:
        """Return whether what the node says is still to be sent: not what an earlier incarnation says of itself."""
        if not isinstance(entry, Entry):
            return False
        of_itself = type(entry.event) is NodeUp or (type(entry.event) is NodeDown and entry.event.incarnation == OTHERS)
        return not of_itself or (entry.source is not None and entry.source.incarnation == self.incarnation)

    def _is_stale(self, entry: Entry) -> bool:
        """Return whether something was done by a member of an earlier incarnation, of whom nothing counts any more."""
        incarnation = None if entry.source is None else entry.source.incarnation
        return incarnation not in (None, self.incarnation) and not is_of_node(entry)


def is_of_node(entry: Entry) -> bool:
    """Return whether a node says this of itself or of another node."""
    return type(entry.event) in (NodeUp, NodeDown)
