"""What does not count at its place: it is in no index, and soon not in the stream, whoever comes later."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from chatd.journal import Query
from chatd.journal.jetstream.errors import api
from chatd.journal.jetstream.inbox import Inbox
from chatd.journal.jetstream.journal import ClusterJournal
from chatd.journal.jetstream.local_index import LocalIndexStore
from chatd.journal.jetstream.messages import MessageId, ReceivedMessage, Subjects
from chatd.journal.jetstream.refusals import MAX_REMEMBERED, Refusals
from chatd.journal.jetstream.streams import StreamInfo, describe_stream
from chatd.model.cluster import NodeDown, Source
from chatd.model.entry import Entry, unavailable
from chatd.model.room_policy import PolicyKey
from chatd.protocol.events import DurableEvent, Joined, Moderated, Said, TopicSet
from tests.cluster.test_journal import Cluster
from tests.support.cluster_journals import Node, event_loop
from tests.support.nats_servers import NatsServer, nats_server


def refuse(entries: Sequence[Entry]) -> int:
    """Judge that nobody may say no."""
    for entry in entries:
        if isinstance(entry.event, Said) and entry.event.text == "no":
            entry.refused = unavailable()
    return len(entries)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def cluster(shared: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    with event_loop() as loop:
        made = Cluster(loop, shared.url, tmp_path)
        yield made
        for node in list(made.nodes):
            made.close(node)


def judging(cluster: Cluster, index: str | None = None) -> Node:
    """Return a node that refuses from the beginning on."""
    node = cluster.node(index, wait=False)
    node.verdict = refuse
    cluster.until(lambda: node.journal.ready)
    return node


def kept(cluster: Cluster, node: Node) -> list[str]:
    found: list[str] = []
    reading = node.journal.read(Query("#a"))
    reading.addCallback(lambda page: found.extend(each.event.text or "" for each in page.kept))
    cluster.until(lambda: reading.called)
    return found


def in_the_stream(cluster: Cluster, node: Node) -> int:
    """Return how many messages of the room the stream has."""
    journal = node.journal
    counts: list[int] = []
    journal._connection.run(_count(journal)).addCallback(counts.append)
    cluster.until(lambda: counts)
    return counts[0]


async def _count(journal: ClusterJournal) -> int:
    name = journal._subjects.stream
    question = {"subjects_filter": f"{name}.room.>"}
    found = await api(journal._connection, f"STREAM.INFO.{name}", question)
    return sum((found["state"].get("subjects") or {}).values())


def test_what_was_refused_is_deleted_from_the_stream_and_in_no_index_made_anew(cluster: Cluster) -> None:
    a, b = judging(cluster), judging(cluster)
    said = cluster.say(a, "yes", "no", "yes again")
    assert [entry.stored for entry in said] == [True, False, True]
    cluster.until(lambda: in_the_stream(cluster, a) == 2)
    for node in (a, b):
        cluster.until(lambda node=node: kept(cluster, node) == ["yes", "yes again"])  # type: ignore[misc]  # at once
    late = cluster.node()  # which would take anything
    assert kept(cluster, late) == ["yes", "yes again"]
    found: list[StreamInfo] = []
    connection = late.journal._connection
    connection.run(describe_stream(connection, late.journal._subjects.stream)).addCallback(found.append)
    cluster.until(lambda: found)
    cluster.until(lambda: late.journal._handed == found[0].last)


def test_a_node_that_joins_before_it_is_deleted_is_told_of_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusals, "delete_soon", lambda _self: None)
    a = judging(cluster)
    cluster.say(a, "yes", "no", "yes again")
    assert in_the_stream(cluster, a) == 3
    late = cluster.node("late")
    assert kept(cluster, late) == ["yes", "yes again"]
    cluster.close(late)
    assert kept(cluster, cluster.node("late")) == ["yes", "yes again"]


def test_what_could_not_be_deleted_is_after_a_restart(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Refusals, "delete_soon", lambda _self: None)
        a = judging(cluster, "a")
        cluster.say(a, "yes", "no")
        cluster.close(a)
    a = judging(cluster, "a")
    cluster.until(lambda: in_the_stream(cluster, a) == 1)
    cluster.close(a)
    assert kept(cluster, cluster.node()) == ["yes"]


def test_a_newcomer_takes_nothing_of_an_incarnation_that_is_over(cluster: Cluster) -> None:
    a = cluster.node()
    ended = Source("over", None)
    a.journal._outbox.enqueue(Entry("", NodeDown("over"), source=ended))
    cluster.say(a, "yes")
    connection = a.journal._connection
    events: list[DurableEvent] = [Said("zed", "#a", "I am late"), TopicSet("zed", "#a", "late")]
    for number, event in enumerate(events):
        message = a.journal._subjects.message(Entry("#a", event, source=ended), MessageId("over", 7, number))
        sent = connection.run(connection.publish(message.subject, message.payload))
        cluster.until(lambda sent=sent: sent.called)  # type: ignore[misc]  # bound at once
    cluster.say(a, "last")
    cluster.close(a)
    late = cluster.node()
    assert kept(cluster, late) == ["yes", "last"]


def test_what_is_written_in_part_is_noted_as_read_in_part() -> None:
    clock, subjects = Clock(), Subjects("s")
    written: list[tuple[list[str], dict[str, int], int]] = []

    def write(batch: Sequence[Entry], incarnations: Mapping[str, int], place: int) -> Deferred[None]:
        written.append(([str(entry.place) for entry in batch], dict(incarnations), place))
        return succeed(None)

    index = cast(Any, SimpleNamespace(write=write, note_delivered=lambda _: None))
    inbox = Inbox(clock, index, lambda _: None, lambda _: 1, lambda *_: None, list)
    for place in (3, 7, 9):
        message_id = MessageId("r", 1, place)
        message = subjects.message(Entry("#a", Said("ann", "#a", "x")), message_id)
        inbox.receive(ReceivedMessage(place, 0, message.payload))
    while clock.getDelayedCalls():
        clock.advance(0)
    orders = [MessageId("r", 1, place).order for place in (3, 7, 9)]
    assert written == [(["3"], {"r": orders[0]}, 6), (["7"], {"r": orders[1]}, 8), (["9"], {"r": orders[2]}, 9)]
    for place in range(10, 20):  # what only passes is noted with what is written next
        message_id = MessageId("r", 1, place)
        message = subjects.message(Entry("#a", Joined("ann", "#a")), message_id)
        inbox.receive(ReceivedMessage(place, 0, message.payload))
        while clock.getDelayedCalls():
            clock.advance(0)
    assert len(written) == 3
    assert not inbox._news


def test_what_followed_from_it_is_undone(tmp_path: Path) -> None:
    store = LocalIndexStore(tmp_path / "index")
    store.epoch("e1")
    events: list[DurableEvent] = [
        Said("ann", "#a", "hello"),
        TopicSet("ann", "#a", "first"),
        Moderated("BAN", "ann", "#a", "eve"),
        Moderated("SET", "ann", "#a", "registered=yes"),
        Said("eve", "#a", "late words"),
        TopicSet("eve", "#a", "late"),
        Moderated("UNBAN", "eve", "#a", "eve"),
        Moderated("OP", "eve", "#a", "eve"),
    ]
    entries = [Entry("#a", event, label=str(n), place=n) for n, event in enumerate(events, 1)]
    store.write_read(entries, {"r": 8}, 8)
    changed = store.forget_places([5, 6, 7, 8, 99])
    (room_state,) = changed.values()
    assert room_state.topic is not None
    assert room_state.topic.event == TopicSet("ann", "#a", "first")
    held = {(where.event.verb, where.event.subject) for where in room_state.policy}
    assert held == {("BAN", "eve"), ("SET", "registered=yes"), ("OP", "ann")}
    assert PolicyKey("OP", "eve") not in room_state.policy
    assert [kept.event for kept in store.reader.read(Query("#a")).kept] == events[:4]
    assert store.reader.search("#a", ["late"], 100, 10, 5) == []
    (again,) = entries = [Entry("#a", Said("eve", "#a", "another"), label="5", place=10)]
    store.write_read(entries, {"r": 9}, 10)
    assert again.stored
    store.close()


@pytest.mark.parametrize(
    ("code", "why", "is_gone"),
    [
        (0, "", True),
        (10043, "sequence 5 not found", True),
        (10057, "no message found", True),
        (10057, "stream store EOF", False),
        (10008, "JetStream system temporarily unavailable", False),
    ],
)
def test_what_another_node_or_retention_has_deleted_is_deleted(code: int, why: str, is_gone: bool) -> None:
    deleted: list[int] = []
    error = {"error": {"err_code": code, "description": why}} if code else {"success": True}

    async def request(*_: object, **__: object) -> bytes:
        return json.dumps(error).encode()

    connection = cast(Any, SimpleNamespace(connected=True, request=request, spawn=asyncio.run))
    refusals = Refusals(connection, cast(Any, SimpleNamespace(note_deleted=deleted.append)), "s")
    refusals.note([5])
    assert deleted == [5] * is_gone
    refusals.delete_soon()
    assert deleted == [5] * is_gone
    assert refusals.places() == [5]


def test_only_so_many_places_are_remembered() -> None:
    refusals = Refusals(cast(Any, SimpleNamespace(connected=False)), cast(Any, None), "s")
    refusals.start([(1, True), (2, False)])
    refusals.note(range(3, MAX_REMEMBERED + 3))
    assert refusals.places() == list(range(3, MAX_REMEMBERED + 3))
