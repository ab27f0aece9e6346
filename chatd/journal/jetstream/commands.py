"""What ``chatd export``, ``import`` and ``erase`` do in a cluster, beside its nodes."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from chatd.journal import JournalError, Retention
from chatd.journal.carried import Carried
from chatd.journal.carried_ids import CarriedIds
from chatd.journal.jetstream.address import Address, parse
from chatd.journal.jetstream.client import place, reason
from chatd.journal.jetstream.connection import Connection, ConnectionListener
from chatd.journal.jetstream.deletion import delete_message
from chatd.journal.jetstream.erasures import erasure
from chatd.journal.jetstream.errors import ApiError, NatsError, api
from chatd.journal.jetstream.leases import lease_holders
from chatd.journal.jetstream.local_index import LocalIndexStore
from chatd.journal.jetstream.messages import Message, MessageId, ReceivedMessage, Subjects, WriteProbe, decode
from chatd.journal.jetstream.publisher import StreamPublisher
from chatd.journal.jetstream.scan import scan
from chatd.journal.jetstream.send_queue import MAX_BATCH, MAX_BATCH_BYTES
from chatd.journal.jetstream.streams import (
    describe_holds,
    describe_stream,
    has_seen,
    holds_stream,
    make_holds,
    open_stream,
    purge_seen,
    seen_stream,
)
from chatd.journal.rows import to_row
from chatd.model.conversation import is_conversation, is_of
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol import names
from chatd.protocol.events import DurableEvent, Said, TopicSet
from chatd.protocol.references import Edited

_ATTEMPTS = 5
_PAUSE_SECONDS = 1.0

T = TypeVar("T")


class _NoListener(ConnectionListener):
    @override
    async def connected(self) -> None:
        pass

    @override
    def disconnected(self) -> None:
        pass


class CommandConnection(Connection):
    """A connection that is made once."""

    def __init__(self, address: Address) -> None:
        super().__init__(address, "chatd command", _NoListener())

    async def open(self) -> None:
        """Connect to one of the servers. Raise `JournalError`."""
        why = ""
        for server in self._address.servers:
            try:
                await self._connect(server)
            except Exception as error:  # whatever nats-py raises, the next one is tried
                why = f"{place(server)}: {reason(error)}"
            else:
                return
        raise JournalError(f"no connection to the cluster ({why})")


def fill(description: str, path: Path) -> None:
    """Make a new index at ``path`` of all that is in a cluster's stream. The nodes may run. Raise `JournalError`."""
    _run(description, lambda connection, address: _fill(connection, Subjects(address.stream), path))


def bring_in(description: str, events: Sequence[StoredEvent], progress: Callable[[int], None]) -> Carried:
    """Add events to a cluster's stream, which is made if it is not there; no node may run. Raise `JournalError`."""
    return _run(
        description, lambda connection, address: _bring_in(connection, Subjects(address.stream), events, progress)
    )


def erase(description: str, nick: str) -> int:
    """Delete all messages and topics under a nick from a cluster, and return how many there were.

    ``=`` before the nick is as in `chatd.journal.sqlite.archive.erase`.

    Nodes that run follow; those that do not, when they start. Raise `JournalError`.
    """
    return _run(description, lambda connection, address: _erase(connection, Subjects(address.stream), names.key(nick)))


def _run(description: str, work: Callable[[CommandConnection, Address], Awaitable[T]]) -> T:
    address = parse(description)

    async def connected() -> T:
        connection = CommandConnection(address)
        await connection.open()
        try:
            return await work(connection, address)
        except NatsError as error:
            raise JournalError(str(error)) from None
        finally:
            await connection.stop()

    return asyncio.run(connected())


async def _fill(connection: Connection, subjects: Subjects, path: Path) -> None:
    found = await describe_stream(connection, subjects.stream)
    holds: deque[ReceivedMessage] = deque()
    if await describe_holds(connection, subjects.stream) is not None:
        kept: dict[int, ReceivedMessage] = {}
        async for _, message in scan(connection, holds_stream(subjects.stream), [subjects.all_holding]):
            at = decode(message.payload).id.batch
            kept[at] = ReceivedMessage(at, message.time, message.payload)
        holds.extend(kept[at] for at in sorted(kept))
    store = LocalIndexStore(path)
    try:
        store.epoch(found.epoch)
        taking = _Taking(store)
        async for _, message in scan(connection, subjects.stream, subjects.all[:2]):
            while holds and holds[0].place < message.place:
                taking.take(holds.popleft())
            if holds and holds[0].place == message.place:
                holds.popleft()
            taking.take(message)
        for message in holds:
            taking.take(message)
        taking.write()
    finally:
        store.close()


class _Taking:
    """Takes in messages as a node does."""

    def __init__(self, store: LocalIndexStore) -> None:
        self._store = store
        self._incarnations: dict[str, int] = {}
        self._entries: list[Entry] = []

    def take(self, message: ReceivedMessage) -> None:
        try:
            decoded = decode(message.payload)
        except ValueError:
            return
        if decoded.id.order <= self._incarnations.get(decoded.id.incarnation, -1):
            return
        self._incarnations[decoded.id.incarnation] = decoded.id.order
        if isinstance(decoded.event, WriteProbe):
            return
        entry = decoded.entry()
        entry.place, entry.time = message.place, decoded.time or message.time
        self._entries.append(entry)
        if len(self._entries) == MAX_BATCH:
            self.write()

    def write(self) -> None:
        if self._entries:
            self._store.write_read(self._entries, self._incarnations, self._entries[-1].place)
            self._entries = []


async def _bring_in(
    connection: Connection, subjects: Subjects, events: Sequence[StoredEvent], progress: Callable[[int], None]
) -> Carried:
    if await _nodes(connection, subjects.stream):
        raise JournalError("nodes of the cluster are running, or were 15 seconds ago; stop them all first")
    await open_stream(connection, subjects, Retention(), secrets.token_hex(8))
    before = (await describe_stream(connection, subjects.stream)).last
    rooms = {names.key(event.event.room): event.event.room for event in events}
    await _check_empty(connection, subjects, rooms)
    publisher = StreamPublisher(connection)
    publisher.open = True
    carried = Carried()
    incarnation = secrets.token_hex(6)
    entries = _placed(events, before)
    for number, batch in enumerate(_batches(subjects, entries, incarnation), 1):
        await _publish(connection, publisher, batch)
        progress(min(number * MAX_BATCH, len(entries)))
    if (await describe_stream(connection, subjects.stream)).last != before + len(entries):
        raise JournalError("something else was written in the meantime; delete the streams and import again")
    for entry in entries:
        assert isinstance(entry.event, DurableEvent)
        carried.add(to_row(entry.event)[0], entry.event.room)
    return carried


def _placed(events: Iterable[StoredEvent], last: int) -> list[Entry]:
    """Return events as they are to stand in a stream behind the place ``last``, and with what they are about there."""
    ids = CarriedIds()
    entries: list[Entry] = []
    for kept in events:
        entry = ids.entry(kept)
        if entry is not None:
            entries.append(entry)
            ids.note(kept, last + len(entries), original=True)
    return entries


async def _nodes(connection: Connection, stream: str) -> set[str]:
    try:
        return await lease_holders(connection, stream)
    except ApiError:
        return set()


async def _check_empty(connection: Connection, subjects: Subjects, rooms: dict[str, str]) -> None:
    streams = {subjects.stream: ["room", "rule"]}
    if await describe_holds(connection, subjects.stream) is not None:
        streams[holds_stream(subjects.stream)] = ["holds"]
    taken: set[str] = set()
    for stream, kinds in streams.items():
        for kind in kinds:
            question = {"subjects_filter": f"{subjects.stream}.{kind}.>"}
            state = (await api(connection, f"STREAM.INFO.{stream}", question))["state"]
            taken.update(subject.split(".")[2] for subject in state.get("subjects") or {})
    for key, name in rooms.items():
        if subjects.room(key).split(".")[2] in taken:
            raise JournalError(f"{name} already has messages in the cluster; nothing was imported")


def _batches(subjects: Subjects, entries: Iterable[Entry], incarnation: str) -> Iterable[Sequence[Message]]:
    batch: list[Message] = []
    size, number = 0, 1
    for entry in entries:
        message = subjects.message(entry, MessageId(incarnation, number, len(batch)), entry.time)
        batch.append(message)
        size += len(message.payload)
        if len(batch) == MAX_BATCH or size > MAX_BATCH_BYTES:
            yield batch
            batch, size, number = [], 0, number + 1
    if batch:
        yield batch


async def _publish(connection: Connection, publisher: StreamPublisher, batch: Sequence[Message]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            await connection.wait(publisher.publish(batch, attempt))
        except NatsError:
            if attempt == _ATTEMPTS - 1:
                raise
            await connection.pause(_PAUSE_SECONDS)
        else:
            return


async def _erase(connection: Connection, subjects: Subjects, nick: str) -> int:
    found = await describe_stream(connection, subjects.stream)
    if await describe_holds(connection, subjects.stream) is None:
        if found.holds_kept:
            raise JournalError(
                f"the stream {holds_stream(subjects.stream)} is gone; start a node that has its index,"
                " which creates it again"
            )
        await make_holds(connection, subjects, secrets.token_hex(8))
    # Said before and after: a node that reads meanwhile has either not read it yet, or is told when it has.
    await connection.request(subjects.erased(nick), erasure(nick, found.last))
    count = 0
    for stream, wanted in (
        (subjects.stream, subjects.all[:2]),
        (holds_stream(subjects.stream), [subjects.all_holding]),
    ):
        said = [each.message.place async for each in scan(connection, stream, wanted) if _is_by(each.message, nick)]
        for sequence in said:
            await delete_message(connection, stream, sequence)
        count += len(said) if stream == subjects.stream else 0
    await purge_seen(connection, subjects.stream, subjects.all_seen_by(nick))
    if is_conversation(nick) and await has_seen(connection, subjects.stream):
        async for subject, message in scan(connection, seen_stream(subjects.stream), [subjects.all_seen]):
            if is_of(json.loads(message.payload)["room"], nick):
                await purge_seen(connection, subjects.stream, subject)
    await connection.request(subjects.erased(nick), erasure(nick, found.last))
    return count


def _is_by(message: ReceivedMessage, nick: str) -> bool:
    try:
        event = decode(message.payload).event
    except ValueError:
        return False
    if is_conversation(nick):
        return isinstance(event, Said) and is_of(names.key(event.room), nick)
    if isinstance(event, Edited) and event.original is not None and names.key(event.original.nick) == nick:
        return True
    return isinstance(event, Said | TopicSet | Edited) and names.key(event.nick) == nick
