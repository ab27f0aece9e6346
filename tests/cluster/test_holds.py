"""What holds in the rooms, on nodes that read a stream of which something is gone; on a real nats-server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogEvent, eventAsText, globalLogPublisher

from chatd.journal import Retention
from chatd.journal.jetstream.errors import UnusableError, api
from chatd.journal.jetstream.streams import LEAST_KEPT, holds_stream
from chatd.model.entry import Entry
from chatd.model.health import Health
from chatd.model.room_policy import PolicyKey
from chatd.protocol.events import DurableEvent, Moderated, TopicSet
from tests.cluster.test_journal import Cluster, history
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


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if str(event.get("log_namespace", "")).startswith("chatd.journal"):
            lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def close_all(cluster: Cluster) -> None:
    while cluster.nodes:
        cluster.close(cluster.nodes[0]) if len(cluster.nodes) > 1 else cluster.nodes.pop().close()


def stream_of(cluster: Cluster) -> str:
    return cluster.where.rpartition("/")[2]


def asked(cluster: Cluster, node: Node, what: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what JetStream answers; ``what`` ends with the stream's name."""
    connection = node.journal._connection
    answers: list[dict[str, Any]] = []
    connection.run(api(connection, what, question)).addCallback(answers.append)
    cluster.until(lambda: answers)
    return answers[0]


def do(cluster: Cluster, node: Node, *events: DurableEvent) -> list[Entry]:
    """Append events and wait until they are back."""
    entries = [Entry(event.room, event) for event in events]
    for entry in entries:
        node.journal.append(entry)
    flushed = node.journal.flush()
    cluster.until(lambda: flushed.called)
    return entries


def held(node: Node, room: str) -> dict[PolicyKey, tuple[int, str]]:
    """Return what holds in a room: by what it is about, its id and what it says."""
    state = node.journal.room_state(room)
    if state is None:
        return {}
    policy = state.policy._actions
    found = {key: (action.id, f"{action.event.verb} {action.event.subject}") for key, action in policy.items()}
    if state.topic is not None and isinstance(state.topic.event, TopicSet):
        found[PolicyKey("TOPIC", "")] = (state.topic.id, state.topic.event.text)
    return found


def kept(cluster: Cluster, node: Node) -> None:
    """Wait until what holds is kept, and the stream says so."""
    holds = node.journal._holds
    cluster.until(lambda: not holds._wanted and holds._is_marked)


RULED = (
    Moderated("SET", "ann", "#a", "registered=yes"),
    Moderated("SET", "ann", "#a", "private=yes"),
    Moderated("BAN", "ann", "#a", "eve", None, "out"),
    Moderated("BAN", "ann", "#a", "bob", None, "out"),
    Moderated("UNBAN", "ann", "#a", "bob"),
    TopicSet("ann", "#a", "plans"),
)


def test_a_purge_takes_talk_and_leaves_what_holds(cluster: Cluster) -> None:
    a = cluster.node()
    do(cluster, a, *RULED)
    cluster.say(a, "secret")
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    b = cluster.node()
    assert held(b, "#a") == held(a, "#a")
    assert len(held(b, "#a")) == 5
    cluster.say(b, "later")
    cluster.until(lambda: history(cluster, a)[-1:] == ["later"])
    assert do(cluster, b, Moderated("UNBAN", "ann", "#a", "eve"))[0].stored
    kept(cluster, b)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    c = cluster.node()
    assert held(c, "#a") == held(b, "#a")
    assert PolicyKey("BAN", "eve") not in held(c, "#a")


def test_no_number_of_topics_pushes_out_what_holds(cluster: Cluster) -> None:
    a = cluster.node(retention=Retention(messages=10))
    do(cluster, a, *RULED[:-1])
    do(cluster, a, *[TopicSet("eve", "#a", f"topic {number}") for number in range(LEAST_KEPT + 300)])
    kept(cluster, a)
    stream = stream_of(cluster)
    subjects = asked(cluster, a, f"STREAM.INFO.{stream}", {"subjects_filter": f"{stream}.rule.>"})["state"]["subjects"]
    assert subjects[f"{stream}.rule.%23a.TOPIC.-"] == LEAST_KEPT
    b = cluster.node()
    assert held(b, "#a") == held(a, "#a")
    assert PolicyKey("BAN", "eve") in held(b, "#a")


def test_a_node_that_is_away_during_a_purge_learns_what_was_ruled_meanwhile(cluster: Cluster) -> None:
    a, b = cluster.node("a"), cluster.node("b")
    do(cluster, a, *RULED)
    cluster.until(lambda: len(held(b, "#a")) == 5)
    cluster.close(b)
    do(cluster, a, Moderated("BAN", "ann", "#a", "dan", None, "out"), Moderated("UNBAN", "ann", "#a", "eve"))
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    b = cluster.node("b")
    assert held(b, "#a") == held(a, "#a")


def test_without_what_holds_a_new_node_refuses_until_one_has_written_it_again(cluster: Cluster) -> None:
    a = cluster.node("a")
    do(cluster, a, *RULED)
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    asked(cluster, a, f"STREAM.DELETE.{holds_stream(stream_of(cluster))}")
    before = held(a, "#a")
    b = cluster.node("b", wait=False)
    cluster.sleep(2)
    assert not b.journal.ready
    cluster.close(a)
    a = cluster.node("a")
    cluster.until(lambda: b.journal.ready)
    assert held(b, "#a") == held(a, "#a") == before


def test_what_holds_cannot_be_purged(cluster: Cluster) -> None:
    a = cluster.node()
    do(cluster, a, *RULED)
    kept(cluster, a)
    config = asked(cluster, a, f"STREAM.INFO.{holds_stream(stream_of(cluster))}")["config"]
    assert config["deny_purge"]


def test_a_stream_that_was_deleted_begins_again_with_what_holds(cluster: Cluster) -> None:
    a = cluster.node("a")
    do(cluster, a, *RULED)
    kept(cluster, a)
    before, epoch = held(a, "#a"), a.journal.epoch
    asked(cluster, a, f"STREAM.DELETE.{stream_of(cluster)}")
    cluster.nodes.pop().close()
    b = cluster.node("b")
    assert held(b, "#a") == before
    assert b.journal.epoch != epoch
    assert cluster.say(b, "anew")[0].id > max(place for place, _ in before.values())


def test_a_purge_is_followed_by_nodes_that_run(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    do(cluster, a, *RULED)
    cluster.say(a, "old", "older")
    cluster.until(lambda: history(cluster, b)[-2:] == ["old", "older"])
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    said = cluster.say(a, "new")[0]
    c = cluster.node()
    for node in (a, b, c):
        cluster.until(lambda node=node: history(cluster, node) == ["new"])  # type: ignore[misc]  # bound at once
        assert len(held(node, "#a")) == 5
    cluster.until(lambda: all(node.journal.room_state("#a").watermark for node in (a, b)))  # type: ignore[union-attr]
    watermarks = {node.journal.room_state("#a").watermark for node in (a, b)}  # type: ignore[union-attr]  # it is there
    assert 0 < watermarks.pop() < said.id
    assert not watermarks


def test_a_stream_of_the_version_before_is_read_and_takes_what_holds(cluster: Cluster) -> None:
    a = cluster.node("a")
    stream = stream_of(cluster)
    do(cluster, a, *RULED)
    kept(cluster, a)
    before = held(a, "#a")
    # As it was: all rulings of a room on one subject, and nothing beside the stream.
    config = asked(cluster, a, f"STREAM.INFO.{stream}")["config"]
    subjects = [f"{stream}.room.*", f"{stream}.rule.*", f"{stream}.passing.>"]
    metadata = {"chatd-epoch": config["metadata"]["chatd-epoch"]}
    asked(cluster, a, f"STREAM.UPDATE.{stream}", config | {"subjects": subjects, "metadata": metadata})
    asked(cluster, a, f"STREAM.DELETE.{holds_stream(stream)}")
    cluster.close(a)
    a = cluster.node("a")
    assert held(a, "#a") == before
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream}")
    assert held(cluster.node(), "#a") == before


@pytest.mark.parametrize("running", [True, False])
def test_another_history_under_the_same_numbers_is_refused(
    cluster: Cluster, server: NatsServer, tmp_path: Path, log: list[str], *, running: bool
) -> None:
    a, b = cluster.node("a"), cluster.node("b")
    cluster.say(a, "shared")
    for node in (a, b):
        cluster.until(lambda node=node: history(cluster, node) == ["shared"])  # type: ignore[misc]  # bound at once
    server.stop()
    shutil.copytree(tmp_path / "nats" / "store", tmp_path / "copy")
    server.start()
    cluster.insist(a, "lost")
    cluster.until(lambda: history(cluster, b)[-1] == "lost")
    if not running:
        cluster.close(b)
    cluster.close(a)
    server.stop()
    shutil.rmtree(tmp_path / "nats" / "store")
    (tmp_path / "copy").rename(tmp_path / "nats" / "store")
    if running:
        cluster.nodes[0].journal._connection.reconnect(UnusableError(Health.STREAM_UNUSABLE, "a test"))
    server.start()
    c = cluster.node("c", wait=False)
    cluster.until(lambda: c.journal.ready)
    cluster.say(c, *[f"other {number}" for number in range(20)])
    if not running:
        b = cluster.node("b", wait=False)
    cluster.until(lambda: any("differs from what this node has read" in line for line in log))
    assert not any("other" in text for text in history(cluster, b))
    assert history(cluster, b)[-1] == "lost"
