"""Read markers on several nodes, on a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest

from chatd.journal.jetstream import commands
from chatd.journal.jetstream.messages import to_json
from chatd.journal.jetstream.streams import seen_stream
from chatd.journal.read_markers import Marker
from tests.cluster.test_holds import asked, close_all, stream_of
from tests.cluster.test_journal import Cluster
from tests.support.cluster_journals import Node, event_loop
from tests.support.nats_servers import NatsServer, nats_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with event_loop() as loop:
        yield loop


@pytest.fixture
def cluster(loop: asyncio.AbstractEventLoop, server: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(loop, server.url, tmp_path)
    with ExitStack() as left:
        left.callback(lambda: close_all(cluster))
        yield cluster


def note(cluster: Cluster, node: Node, *markers: Marker) -> None:
    """Note markers at a node, and wait until they are written."""
    for marker in markers:
        node.journal.markers.note(marker)
    flushed = node.journal.markers.flush()
    cluster.until(lambda: flushed.called)


def count(cluster: Cluster, node: Node) -> int:
    """Return how many markers the stream has."""
    return int(asked(cluster, node, f"STREAM.INFO.{seen_stream(stream_of(cluster))}")["state"]["messages"])


def test_nodes_hear_at_once_and_the_stream_has_one_of_each(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    told: list[Marker] = []
    b.journal.markers.told = told.append
    for id_ in range(1, 6):
        note(cluster, a, Marker("\u0448ow.x", 3, "#a.b*", id_), Marker("bob", 0, "#a.b*", id_))
    cluster.until(lambda: len(told) == 10)
    assert b.journal.markers.of("\u0448ow.x", 3) == {"#a.b*": 5}
    assert count(cluster, a) == 2
    c = cluster.node()
    assert sorted(c.journal.markers.all()) == sorted(a.journal.markers.all())


def test_a_lower_one_never_takes_the_place_of_a_higher_one(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    setattr(b.journal.markers, "learn", lambda _marker: None)  # noqa: B010  # it does not hear of it in time
    note(cluster, a, Marker("alice", 0, "#a", 9))
    note(cluster, b, Marker("alice", 0, "#a", 4))
    c = cluster.node()
    assert c.journal.markers.of("alice", 0) == {"#a": 9}


def test_a_new_stream_of_markers_is_filled_by_a_node_that_knows_them(cluster: Cluster) -> None:
    a = cluster.node()
    note(cluster, a, Marker("alice", 0, "#a", 9))
    asked(cluster, a, f"STREAM.DELETE.{seen_stream(stream_of(cluster))}")
    a.journal._connection._closed.set()
    cluster.until(lambda: not a.journal._publisher.open)
    cluster.until(lambda: a.journal._publisher.open and a.journal._marker_stream._kept)
    b = cluster.node()
    assert b.journal.markers.of("alice", 0) == {"#a": 9}


def test_a_node_that_leaves_writes_what_it_has_not_written(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    a.journal.markers.note(Marker("alice", 0, "#a", 9))
    cluster.close(a)
    cluster.until(lambda: b.journal.markers.of("alice", 0) == {"#a": 9})


@pytest.mark.parametrize(
    "payload",
    [
        b"nothing",
        b"[" * 100_000,
        to_json({"account": "alice", "made": 0, "room": "#a", "id": 9, "epoch": "of another stream"}),
        to_json({"account": "alice", "made": 0, "room": "#a", "id": "9"}),
        to_json({"account": "bob", "made": 0, "room": "#a", "id": 9}),
    ],
)
def test_what_no_node_has_written_is_passed_over_and_written_over(cluster: Cluster, payload: bytes) -> None:
    a = cluster.node()
    subject = a.journal._subjects.seen("alice", "#a")
    sent: list[bytes] = []
    a.journal._connection.run(a.journal._connection.request(subject, payload)).addCallback(sent.append)
    cluster.until(lambda: sent)
    b = cluster.node()
    assert list(a.journal.markers.all()) == list(b.journal.markers.all()) == []
    note(cluster, b, Marker("alice", 0, "#a", 2))
    assert cluster.node().journal.markers.of("alice", 0) == {"#a": 2}


def test_a_node_goes_on_without_where_there_is_no_room_for_the_stream(cluster: Cluster) -> None:
    a = cluster.node()
    stream = seen_stream(stream_of(cluster))
    asked(cluster, a, f"STREAM.DELETE.{stream}")
    config = {"name": "other", "subjects": [f"{stream_of(cluster)}.seen.>"]}
    asked(cluster, a, "STREAM.CREATE.other", config)
    b = cluster.node()
    assert cluster.say(b, "hi")[0].stored


@pytest.mark.slow
def test_who_is_erased_has_none_on_any_node(cluster: Cluster) -> None:
    a = cluster.node()
    cluster.say(a, "one", "two")
    note(cluster, a, Marker("alice", 0, "#a", 1), Marker("bob", 0, "#a", 1))
    thread = Thread(target=lambda: commands.erase(cluster.where, "alice"))  # it has a loop of its own
    thread.start()
    cluster.until(lambda: not thread.is_alive())
    thread.join()
    cluster.until(lambda: a.journal.markers.of("alice", 0) == {})
    flushed = a.journal.markers.flush()
    cluster.until(lambda: flushed.called)
    assert list(cluster.node().journal.markers.all()) == [Marker("bob", 0, "#a", 1)]


@pytest.mark.slow
def test_who_was_told_what_is_erased_with_what_was_told_on_every_node(cluster: Cluster) -> None:
    a = cluster.node()
    cluster.say(a, "one", "two")
    rooms = ("=ann.d0=bob.d0", "=ann.d0=eve.d0", "#a")
    note(cluster, a, *(Marker("ann.d0", 0, room, 1) for room in rooms))
    thread = Thread(target=lambda: commands.erase(cluster.where, "=eve"))
    thread.start()
    cluster.until(lambda: not thread.is_alive())
    thread.join()
    cluster.until(lambda: len(a.journal.markers.of("ann.d0", 0)) == 2)
    note(cluster, a, Marker("ann.d0", 0, "=ann.d0=eve.d0", 1000))  # of what was told since
    b = cluster.node()
    assert b.journal.markers.of("ann.d0", 0) == {"=ann.d0=bob.d0": 1, "=ann.d0=eve.d0": 1000, "#a": 1}
