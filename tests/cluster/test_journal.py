"""Journals of several nodes on one stream of a real nats-server, and what they do when it stands still or dies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from twisted.logger import LogEvent, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.journal import JournalError, Query, Retention
from chatd.journal.jetstream import maintenance
from chatd.journal.jetstream.errors import Requester, api
from chatd.journal.jetstream.journal import ClusterJournal
from chatd.journal.jetstream.leases import lease_holders
from chatd.journal.jetstream.streams import StreamInfo, bucket, describe_stream
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source
from chatd.model.entry import Entry
from chatd.model.health import Health
from chatd.model.room_policy import Identity, PolicyKey
from chatd.protocol import unicode_tables
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Joined, Moderated, Said
from tests.support.certificates import Authority
from tests.support.cluster_journals import PATIENCE_SECONDS, Node, event_loop
from tests.support.in_memory_chat import journal_environment
from tests.support.nats_servers import NatsServer, nats_cluster, nats_server

pytestmark = pytest.mark.slow


class Cluster:
    """Nodes on one stream."""

    def __init__(self, loop: asyncio.AbstractEventLoop, url: str, folder: Path) -> None:
        self.loop = loop
        self.where = f"{url}/{uuid4().hex}"
        self.folder = folder
        self.nodes: list[Node] = []
        self.failures: list[Failure] = []
        """Of nodes that were stopped."""

    def node(self, index: str | None = None, retention: Retention | None = None, *, wait: bool = True) -> Node:
        """Start one more node, with a new index or the one of that name."""
        node = Node(self.loop, f"{self.where}?index={self.folder / (index or uuid4().hex)}.sqlite3")
        self.nodes.append(node)
        node.open(retention, wait=False)
        if wait:
            self.until(lambda: node.journal.ready)
        return node

    def until(self, holds: Callable[[], object]) -> None:
        """Let all nodes go on until something holds."""

        def all_turn_and_holds() -> object:
            for node in self.nodes:
                node.clock.turn()
            return holds()

        self.nodes[0].until(all_turn_and_holds)

    def keep(self, node: Node, retention: Retention) -> None:
        """Ask a node for another retention, and wait until it holds. Raise as that does."""
        failures: list[Failure] = []
        changed = node.journal.set_retention(retention).addErrback(failures.append)
        self.until(lambda: changed.called)
        for failure in failures:
            failure.raiseException()

    def close(self, node: Node) -> None:
        stopped = node.journal.stop().addErrback(self.failures.append)
        self.until(lambda: stopped.called)
        self.nodes.remove(node)
        assert node.clock.getDelayedCalls() == []

    def say(self, node: Node, *texts: str, label: str | None = None, room: str = "#a") -> list[Entry]:
        """Say something and wait until it is back."""
        entries = [Entry(room, Said("alice", room, text), None, label) for text in texts]
        for entry in entries:
            node.journal.append(entry)
        flushed = node.journal.flush()
        self.until(lambda: flushed.called)
        return entries

    def insist(self, node: Node, text: str) -> None:
        """Say something again until it is stored: as long as servers choose a leader, it may be refused."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (entry := self.say(node, text)[0]).stored:
            assert entry.refused is not None
            assert entry.refused.code is Code.UNAVAILABLE
            assert time.monotonic() < end, "no server leads"
            self.sleep(0.5)

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with event_loop() as loop:
        yield loop


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def cluster(loop: asyncio.AbstractEventLoop, shared: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    yield from _cluster(loop, shared.url, tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that a test may hurt."""
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def fragile(loop: asyncio.AbstractEventLoop, server: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    yield from _cluster(loop, server.url, tmp_path)


def _cluster(loop: asyncio.AbstractEventLoop, url: str, folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(loop, url, folder)
    yield cluster
    while cluster.nodes:
        cluster.close(cluster.nodes[0]) if len(cluster.nodes) > 1 else cluster.nodes.pop().close()


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if str(event.get("log_namespace", "")).startswith("chatd.journal") and event["log_level"].name != "debug":
            lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def stored(entries: Sequence[Entry]) -> list[tuple[int, int, str]]:
    return [(e.id, e.time, e.event.text) for e in entries if e.stored and isinstance(e.event, Said)]


def texts(entries: Sequence[Entry]) -> list[str]:
    return [text for _, _, text in stored(entries)]


def room_state(node: Node) -> tuple[str, int, int]:
    found = node.journal.room_state("#a")
    assert found is not None
    return found.name, found.last_id, found.watermark


def history(cluster: Cluster, node: Node) -> list[str]:
    pages: list[Any] = []
    node.journal.read(Query("#a")).addCallback(pages.append)
    cluster.until(lambda: pages)
    return [kept.event.text for kept in pages[0].kept]


def test_two_nodes_hand_back_the_same_in_the_same_order(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    for n in range(50):
        for node in (a, b):
            node.journal.append(Entry("#a", Said("alice", "#a", f"{n} {node.journal.incarnation}")))
    cluster.until(lambda: len(texts(a.got)) == len(texts(b.got)) == 100)
    assert stored(a.got) == stored(b.got)
    assert a.journal.epoch == b.journal.epoch
    assert [entry.id for entry in a.got if entry.stored] == [entry.place for entry in a.got if entry.stored]
    assert abs(a.got[-1].time / 1000 - time.time()) < 5
    assert room_state(a) == room_state(b)


def test_on_another_node_an_entry_has_its_source_and_its_card(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    info = MemberInfo(f"{a.journal.incarnation}.1", "alice", proof="p")
    joined = Entry("#a", Joined("alice", "#a"), verb="JOIN", source=Source(a.journal.incarnation, info))
    a.journal.append(joined)
    cluster.say(a, "hi")
    cluster.until(lambda: texts(b.got))
    seen = next(entry for entry in b.got if isinstance(entry.event, Joined))
    assert (seen.source, seen.author, seen.id, seen.place) == (joined.source, None, 0, joined.place)
    assert next(entry for entry in a.got if isinstance(entry.event, Joined)) is joined
    assert b.got[-1].source == Source(a.journal.incarnation, None)


def test_a_label_counts_on_all_nodes(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    (first,) = cluster.say(a, "hi", label="l1")
    (again,) = cluster.say(b, "hi", label="l1")
    (other,) = cluster.say(b, "ho", label="l1")
    assert (again.id, again.time, again.duplicate) == (first.id, first.time, True)
    assert other.refused is not None
    assert other.refused.code is Code.LABEL_REUSED
    cluster.until(lambda: len(a.got) >= len(b.got))
    assert texts(a.got) == texts(b.got) == ["hi"]


def test_a_node_that_comes_later_finds_what_was_said(cluster: Cluster) -> None:
    a = cluster.node()
    cluster.say(a, *(f"word {n}" for n in range(3000)))
    cluster.say(a, "hi", label="l1")
    b = cluster.node()
    found: list[Any] = []
    b.journal.search("#a", ["word", "2999"], 2**62, 5).addCallback(found.extend)
    cluster.until(lambda: found)
    assert [kept.event.text for kept in found] == ["word 2999"]
    assert room_state(b) == room_state(a)
    assert cluster.say(b, "hi", label="l1")[0].duplicate


def test_a_node_that_comes_back_reads_on_where_it_was(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node("b")
    cluster.say(a, "1")
    cluster.until(lambda: texts(b.got))
    epoch = b.journal.epoch
    cluster.close(b)
    cluster.say(a, "2")
    b = cluster.node("b")
    assert b.journal.epoch == epoch
    assert history(cluster, b) == ["1", "2"]
    cluster.say(a, "3")
    cluster.until(lambda: texts(b.got))
    assert texts(b.got) == ["3"]
    assert history(cluster, b) == ["1", "2", "3"]


def test_what_is_kept_is_what_the_stream_says(cluster: Cluster) -> None:
    a = cluster.node(retention=Retention(messages=5))
    cluster.say(a, *map(str, range(30)))
    b = cluster.node()
    for node in (a, b):
        assert node.journal._index.retention == Retention(messages=5)
        trim_call = node.journal._index._trim_call
        assert trim_call is not None
        trim_call.reset(0)  # a leap of the clock would be one of the leases too
    cluster.until(lambda: len(history(cluster, b)) == 5)
    assert history(cluster, a) == history(cluster, b) == [*map(str, range(25, 30))]
    c = cluster.node(retention=Retention(seconds=60))
    cluster.until(lambda: a.journal._index.retention == Retention(60, 5))
    assert c.journal._index.retention == Retention(60, 5)
    assert texts(a.got) == [*map(str, range(30))]


def test_how_much_is_kept_changes_on_all_nodes_while_they_run(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node("b")
    cluster.say(a, *map(str, range(30)))
    cluster.keep(b, Retention(messages=5))
    assert b.journal.retention == Retention(messages=5)
    cluster.until(lambda: a.journal.retention == Retention(messages=5))
    for node in (a, b):
        trim_call = node.journal._index._trim_call
        assert trim_call is not None
        trim_call.reset(0)  # a leap of the clock would be one of the leases too
    cluster.until(lambda: len(history(cluster, a)) == len(history(cluster, b)) == 5)
    cluster.keep(b, Retention(seconds=60))
    assert b.journal.retention == Retention(60, 5)  # what is not asked for any more stays


def test_an_answer_from_before_does_not_undo_how_much_is_kept(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = cluster.node("b", retention=Retention(messages=5))
    answers: list[StreamInfo] = []
    late = asyncio.Event()

    async def describe_late(requester: Requester, stream: str) -> StreamInfo:
        answers.append(await describe_stream(requester, stream))
        await late.wait()
        return answers[-1]

    monkeypatch.setattr(maintenance, "describe_stream", describe_late)
    cluster.until(lambda: answers)
    assert answers[0].retention == Retention(messages=5)
    monkeypatch.undo()
    cluster.keep(b, Retention(seconds=60))
    late.set()
    cluster.sleep(0.2)
    assert b.journal.retention == Retention(60, 5)


def test_how_much_is_kept_does_not_change_without_the_servers(fragile: Cluster, server: NatsServer) -> None:
    node = fragile.node(retention=Retention(messages=5))
    server.stop()
    fragile.until(lambda: node.journal.health is Health.DISCONNECTED)
    with pytest.raises(JournalError, match="this node has no connection to its cluster"):
        fragile.keep(node, Retention(messages=3))
    assert node.journal.retention == Retention(messages=5)


def in_stream(cluster: Cluster, node: Node) -> dict[str, int]:
    """Return how many messages the stream has, by subject."""
    connection, stream = node.journal._connection, node.journal._subjects.stream
    found: list[Any] = []
    connection.run(api(connection, f"STREAM.INFO.{stream}", {"subjects_filter": ">"})).addCallback(found.append)
    cluster.until(lambda: found)
    return found[0]["state"].get("subjects") or {}


def test_a_room_keeps_less_than_the_stream(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    a = cluster.node()
    a.journal.append(Entry("#a", Moderated("SET", "alice", "#a", "keep=1m"), verb="SET"))
    cluster.say(a, "old")
    for node in (a, b := cluster.node("b")):
        index = node.journal._index
        monkeypatch.setattr(index, "_ages", lambda ages=index._ages: ages() + 61_000)
        trim_call = node.journal._index._trim_call
        assert trim_call is not None
        trim_call.reset(0)
    cluster.until(lambda: history(cluster, a) == history(cluster, b) == [])
    cluster.until(lambda: a.journal._subjects.room("#a") not in in_stream(cluster, a))
    assert cluster.say(a, "new")[-1].refused is None
    there = cluster.node("c").journal.room_state("#a")
    assert there is not None
    assert there.policy.seconds("keep") == 60


def test_a_new_index_knows_what_holds_and_what_it_cannot_know(cluster: Cluster) -> None:
    a = cluster.node(retention=Retention(seconds=3))
    ruled = Entry("#a", Moderated("BAN", "alice", "#a", "bob", None, "out", "account=carol"))
    a.journal.append(ruled)
    last = cluster.say(a, "1", "2")[-1].id
    cluster.sleep(4)
    (kept,) = cluster.say(a, "3")
    b = cluster.node("b")
    cluster.until(lambda: room_state(b)[2])
    assert room_state(b) == ("#a", kept.id, kept.id - 1)
    assert history(cluster, b) == ["out", "3"]
    there = b.journal.room_state("#a")
    assert there is not None
    assert PolicyKey("BAN", "bob") in there.policy
    cluster.close(b)
    b = cluster.node("b")
    for node in (a, b):
        there = node.journal.room_state("#a")
        assert there is not None
        assert there.policy.against("BAN", Identity("other", "carol", None), kept.time) is not None
    assert room_state(b)[2] == kept.id - 1 >= last


@pytest.mark.serial
def test_a_node_that_stops_waits_for_no_server_that_stands_still(
    fragile: Cluster, server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.journal.jetstream.departure.FLUSH_SECONDS", 1)
    a = fragile.node()
    fragile.say(a, "1")
    server.stand_still()
    entry = Entry("#a", Said("alice", "#a", "2"))
    a.journal.append(entry)
    began = time.monotonic()
    fragile.close(a)
    assert time.monotonic() - began < 5
    assert entry.refused is not None
    (failure,) = fragile.failures
    assert "did not come back from the cluster in time" in failure.getErrorMessage()
    server.go_on()


def test_nothing_is_published_before_the_stream_was_looked_at(cluster: Cluster) -> None:
    a = cluster.node()
    a.journal._publisher.open = False
    entry = Entry("#a", Said("alice", "#a", "1"))
    a.journal.append(entry)
    cluster.sleep(1)
    assert entry not in a.got
    a.journal._publisher.open = True
    cluster.until(lambda: entry in a.got)


def test_a_stream_that_is_another_now_takes_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    a = cluster.node()
    (before,) = cluster.say(a, "1")
    other = StreamInfo("other", Retention(), None, before.id)

    async def looked(*_: object) -> StreamInfo:
        return other

    with monkeypatch.context() as changed:
        changed.setattr("chatd.journal.jetstream.maintenance.describe_stream", looked)
        changed.setattr("chatd.journal.jetstream.journal.open_stream", looked)
        cluster.until(lambda: not a.journal._publisher.open)
        entry = Entry("#a", Said("alice", "#a", "2"))
        a.journal.append(entry)
        cluster.sleep(2)
        assert entry not in a.got
    cluster.until(lambda: entry in a.got)
    assert entry.stored
    assert any("was built from another stream" in line for line in log)


def test_a_bucket_of_leases_that_is_gone_is_made_again(cluster: Cluster) -> None:
    a = cluster.node()
    connection = a.journal._connection
    stream = a.journal._subjects.stream
    gone = connection.run(api(connection, f"STREAM.DELETE.KV_{bucket(stream)}"))
    cluster.until(lambda: gone.called)
    there: list[set[str]] = [set()]

    def renewed() -> bool:
        connection.run(lease_holders(connection, stream)).addCallbacks(there.append, lambda _: None)
        return a.journal.incarnation in there[-1]

    cluster.until(renewed)


def test_more_than_is_kept_comes_back_all_the_same(cluster: Cluster) -> None:
    a, b = cluster.node(retention=Retention(messages=1)), cluster.node()
    assert all(entry.stored for entry in cluster.say(a, *map(str, range(1200))))
    cluster.until(lambda: len(texts(b.got)) == 1200)


def test_who_is_where_comes_from_a_node_that_knows(cluster: Cluster) -> None:
    a = cluster.node()
    a.journal.share(lambda: {"people": ["ann"] * 200_000}, lambda _: None)
    restored: list[Any] = []
    b = Node(cluster.loop, f"{cluster.where}?index={cluster.folder}/b.sqlite3")
    cluster.nodes.append(b)
    b.open(wait=False)
    b.journal.share(lambda: None, restored.append)
    cluster.until(lambda: b.journal.ready)
    assert restored == [{"people": ["ann"] * 200_000}]
    assert not [entry for entry in b.got if isinstance(entry.event, NodeUp)]


def test_what_passes_while_a_node_begins_is_handed_over_once(cluster: Cluster) -> None:
    a = cluster.node()
    seen: list[int] = []
    a.journal.share(lambda: [entry.place for entry in a.got if not entry.durable], lambda _: None)
    b = Node(cluster.loop, f"{cluster.where}?index={cluster.folder}/b.sqlite3")
    cluster.nodes.append(b)
    b.open(wait=False)
    b.journal.share(lambda: None, seen.extend)
    count = 0
    while not b.journal.ready:
        a.journal.append(Entry("#a", Joined(f"n{count}", "#a"), source=Source(a.journal.incarnation, None)))
        count += 1
        cluster.sleep(0.002)
    flushed = a.journal.flush()
    cluster.until(lambda: flushed.called)
    cluster.until(lambda: b.journal._handed == a.journal._handed)
    places = [entry.place for entry in a.got if isinstance(entry.event, Joined)]
    assert count == len(places)
    told = [place for place in seen if place in set(places)] + [
        entry.place for entry in b.got if isinstance(entry.event, Joined)
    ]
    assert told == places


def test_a_node_answers_what_it_is_asked(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    b.journal.answer(lambda question: {"asked": question})
    answers: list[Any] = []
    a.journal.ask(b.journal.incarnation, ["hé", 1]).addBoth(answers.append)
    cluster.until(lambda: answers)
    assert answers == [{"asked": ["hé", 1]}]
    a.journal.ask("nobody", 1).addErrback(lambda failure: answers.append(failure.value))
    cluster.until(lambda: len(answers) == 2)
    assert isinstance(answers[1], ChatError)
    assert answers[1].code is Code.UNAVAILABLE


def test_a_node_that_stops_says_so(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    run = b.journal.incarnation
    cluster.close(b)
    cluster.until(lambda: a.got and a.got[-1].event == NodeDown(run))
    assert b.got[-1].event == NodeDown(run)
    assert not b.journal.ready


def test_a_node_that_was_given_up_begins_again(cluster: Cluster, log: list[str]) -> None:
    a, b = cluster.node(), cluster.node()
    run = b.journal.incarnation
    a.journal._membership.announce_down(run)
    runs: list[str] = []
    b.journal.follow(lambda entries: runs.extend(b.journal.incarnation for e in entries if e.event == NodeDown(run)))
    cluster.until(lambda: runs)
    assert runs == [b.journal.incarnation]
    assert b.journal.incarnation != run
    cluster.until(lambda: a.got and a.got[-1].event == NodeUp(b.journal.incarnation))
    assert sum("declared this one dead" in line for line in log) == 1
    said = cluster.say(b, "still here")
    assert said[0].stored


def test_a_run_that_nobody_knows_is_ended(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    run = b.journal.incarnation
    a.journal._membership._live.discard(run)
    b.journal.append(Entry("#a", Joined("bob", "#a"), source=Source(run, MemberInfo(f"{run}.1", "bob"))))
    cluster.until(lambda: b.journal.incarnation != run)
    assert NodeDown(run) in [entry.event for entry in a.got]


def test_a_node_that_was_cut_off_for_long_asks_who_is_where(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    a.journal.share(lambda: "now", lambda _: None)
    restored: list[Any] = []
    b.journal.share(lambda: None, restored.append)
    run = b.journal.incarnation
    b.journal._membership._fresh -= 1000
    b.journal._connection._closed.set()
    cluster.until(lambda: b.journal._membership.learning)
    waiting = Entry(
        "#a", Joined("bob", "#a"), author=cast(Any, object()), source=Source(run, MemberInfo(f"{run}.1", "bob"))
    )
    b.journal._membership._withheld.append(waiting)
    cluster.until(lambda: restored)
    assert waiting in b.got
    assert waiting.refused is not None
    assert restored == ["now"]
    cluster.until(lambda: NodeUp(b.journal.incarnation) in [entry.event for entry in a.got])
    assert b.journal.incarnation != run
    assert cluster.say(b, "hi")[0].stored


def test_an_index_of_another_stream_is_refused(cluster: Cluster, log: list[str]) -> None:
    cluster.close(cluster.node("i"))
    cluster.where = f"{cluster.where.rpartition('/')[0]}/{uuid4().hex}"
    cluster.node()
    a = cluster.node("i", wait=False)
    cluster.until(lambda: any("another stream" in line for line in log))
    cluster.sleep(1.5)
    assert not a.journal.ready
    assert a.journal.health is Health.STREAM_UNUSABLE
    assert sum("another stream" in line for line in log) == 1


def test_nodes_judge_names_by_one_unicode(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, log: list[str]) -> None:
    """The latest that any of them knows; those that know an older one take nothing, and say why."""
    why = "the nodes use names of Unicode 18.0.0, but this one knows 17.0.0; update it"
    with monkeypatch.context() as updated:
        updated.setattr(unicode_tables, "VERSION", "18.0.0")
        a = cluster.node()
        cluster.say(a, "1")
    cluster.until(lambda: not a.journal._publisher.open)
    assert any(why in line for line in log)
    log.clear()
    b = cluster.node(wait=False)
    cluster.until(lambda: any(why in line for line in log))
    assert not b.journal.ready
    with monkeypatch.context() as updated:
        updated.setattr(unicode_tables, "VERSION", "18.0.0")
        cluster.until(lambda: a.journal._publisher.open and b.journal.ready)
        cluster.say(b, "2")


def test_a_stream_of_nodes_that_say_no_unicode_is_given_one(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as old:
        old.setattr(unicode_tables, "VERSION", "")
        cluster.close(cluster.node())
    a = cluster.node()
    found: list[StreamInfo] = []

    async def look() -> None:
        found.append(await describe_stream(a.journal._connection, a.journal._subjects.stream))

    a.journal._connection.spawn(look())
    cluster.until(lambda: found)
    assert found[0].unicode == unicode_tables.VERSION


def test_an_index_belongs_to_one_node(cluster: Cluster) -> None:
    cluster.node("i")
    second = Node(cluster.loop, f"{cluster.where}?index={cluster.folder}/i.sqlite3")
    with pytest.raises(JournalError, match="in use by another chatd"):
        second.open(wait=False)


def test_without_a_server_it_waits_and_refuses(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, server: NatsServer, log: list[str]
) -> None:
    server.stop()
    cluster = Cluster(loop, server.url, tmp_path)
    a = cluster.node("a", wait=False)
    (early,) = cluster.say(a, "too early")
    assert early.refused is not None
    cluster.sleep(2)
    assert not a.journal.ready
    assert [line for line in log if "no connection to the cluster" in line] == [
        f"no connection to the cluster ({server.address}): nobody listens there; retrying"
    ]
    server.start()
    cluster.until(lambda: a.journal.ready)
    assert cluster.say(a, "now")[0].stored
    a.close()


def test_a_server_that_is_restarted_is_followed_on(fragile: Cluster, server: NatsServer, log: list[str]) -> None:
    a, b = fragile.node(), fragile.node()
    fragile.say(a, "1")
    server.kill()
    two = Entry("#a", Said("alice", "#a", "2"))
    a.journal.append(two)
    fragile.sleep(2)
    assert not two.stored
    server.start()
    fragile.until(lambda: two.stored)
    fragile.say(b, "3")
    fragile.until(lambda: len(texts(a.got)) == len(texts(b.got)) == 3)
    assert texts(a.got) == texts(b.got) == ["1", "2", "3"]
    assert stored(a.got) == stored(b.got)
    assert sum("lost the connection to the cluster" in line for line in log) == 2
    assert sum("connected to the cluster" in line for line in log) == 2


def test_a_server_that_stands_still_for_a_while_is_waited_for(fragile: Cluster, server: NatsServer) -> None:
    a, b = fragile.node(), fragile.node()
    fragile.say(a, "1")
    server.stand_still()
    two = Entry("#a", Said("alice", "#a", "2"))
    a.journal.append(two)
    fragile.sleep(3)
    server.go_on()
    fragile.until(lambda: two.stored or two.refused)
    assert two.stored
    fragile.say(a, "3")
    fragile.until(lambda: len(texts(b.got)) == 3)
    assert texts(a.got) == texts(b.got) == ["1", "2", "3"]


@pytest.mark.serial
def test_while_a_server_stands_still_for_long_all_is_refused(
    fragile: Cluster, server: NatsServer, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.journal.jetstream.outbox.ABANDON_SECONDS", 3)
    a, b = fragile.node(), fragile.node()
    fragile.say(a, "1", label="l1")
    server.stand_still()
    began = time.monotonic()
    (two,) = fragile.say(a, "2", label="l2")
    assert two.refused is not None
    assert two.refused.code is Code.UNAVAILABLE
    assert 2 < time.monotonic() - began < 5
    began = time.monotonic()
    (three,) = fragile.say(a, "3")
    assert three.refused is not None
    assert time.monotonic() - began < 0.5
    assert history(fragile, a) == ["1"]
    fragile.sleep(2)
    server.go_on()
    fragile.until(lambda: not a.journal._outbox.unavailable)
    (again,) = fragile.say(a, "2", label="l2")
    assert again.stored or again.duplicate
    fragile.say(a, "4")
    fragile.until(lambda: texts(b.got)[-1:] == ["4"])
    assert texts(a.got) == texts(b.got) == ["1", "2", "4"]
    assert [line for line in log if "the cluster" in line and "store" in line] == [
        "the cluster does not store messages: the servers did not confirm that it is stored; if a disk of theirs was"
        " full, free some space and restart them; messages are refused until they can be stored again",
        "the cluster stores messages again",
    ]


@pytest.mark.serial
def test_a_consumer_that_is_lost_is_made_anew(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    cluster.say(a, "1")
    cluster.until(lambda: texts(b.got))
    stream = cluster.where.rpartition("/")[2]

    async def lose_all() -> None:
        names = json.loads(await a.journal._connection.request(f"$JS.API.CONSUMER.NAMES.{stream}", b""))["consumers"]
        assert len(names) == 2
        for name in names:
            await a.journal._connection.request(f"$JS.API.CONSUMER.DELETE.{stream}.{name}", b"")

    lost = a.journal._connection.run(lose_all())
    cluster.until(lambda: lost.called)
    began = time.monotonic()
    cluster.say(a, "2")
    cluster.until(lambda: len(texts(b.got)) == 2)
    assert time.monotonic() - began < 8
    assert texts(a.got) == texts(b.got) == ["1", "2"]


def test_a_consumer_that_skips_something_is_made_anew(cluster: Cluster) -> None:
    a = cluster.node()
    a.journal._feed._expected += 1
    assert cluster.say(a, "1")[0].stored
    cluster.say(a, "2")
    assert texts(a.got) == ["1", "2"]


def test_an_index_that_cannot_be_written_delays_and_loses_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    a = cluster.node()
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise JournalError("no space left")

        patch.setattr("chatd.journal.jetstream.local_index.LocalIndexStore.write_more", fail)
        entry = Entry("#a", Said("alice", "#a", "1"))
        a.journal.append(entry)
        cluster.until(lambda: any("no space left" in line for line in log))
        cluster.sleep(1.5)
        assert not entry.stored
    cluster.until(lambda: entry.stored)
    assert "the index can be written again" in log
    assert history(cluster, a) == ["1"]


@pytest.mark.serial
def test_an_index_that_cannot_be_written_for_long_answers_and_delivers_later(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = cluster.node(), cluster.node()
    a.journal.append(Entry("#a", Said("bob", "#a", "0")))
    cluster.until(lambda: texts(b.got) == ["0"])
    with monkeypatch.context() as patch:
        patch.setattr(a.journal._index._opened, "write_more", _no_space)
        began = time.monotonic()
        said = cluster.say(a, "1", "2", label="l")
        join = Entry("#a", Joined("eve", "#a"), source=Source(a.journal.incarnation, MemberInfo("eve.1", "eve")))
        a.journal.append(join)
        cluster.until(lambda: join.refused)
        assert time.monotonic() - began < 8
        assert [entry.refused.code for entry in said if entry.refused] == [Code.UNAVAILABLE] * 2
        assert [entry for entry in a.got if entry.refused] == [*said, join]
        assert a.journal.health.value == "index-unwritable"
        began = time.monotonic()
        (late,) = cluster.say(a, "3")
        assert late.refused is not None
        assert time.monotonic() - began < 0.5
        cluster.say(b, "4")
    cluster.until(lambda: texts(a.got)[-1:] == ["4"])
    assert a.journal.health.value == "working"
    assert texts(a.got) == texts(b.got) == ["0", "1", "4"]
    assert [entry.time for entry in a.got if entry.stored] == [entry.time for entry in b.got if entry.stored]
    (again,) = cluster.say(a, "1", label="l")
    assert again.duplicate


def _no_space() -> None:
    raise JournalError("no space left")


def test_servers_that_are_too_old_are_waited_for_with_one_line(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("chatd.journal.jetstream.journal.MIN_VERSION", (99,))
        a = cluster.node(wait=False)
        cluster.until(lambda: a.journal.health is Health.SERVERS_UNUSABLE)
        cluster.sleep(1.5)
        assert sum("the servers are too old; install NATS 2.12 or later" in line for line in log) == 1
    cluster.until(lambda: a.journal.health is Health.WORKING)


TLS = """
tls {{ cert_file: "{0}/s.crt", key_file: "{0}/s.key", ca_file: "{0}/ca.pem", verify: true }}
authorization {{ token: "sesame" }}
"""


def test_servers_are_known_by_their_certificates_and_nodes_by_theirs(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, log: list[str]
) -> None:
    authority = Authority(tmp_path / "ca.pem")
    authority.sign(tmp_path / "s.key", tmp_path / "s.crt", "127.0.0.1")
    authority.sign(tmp_path / "n.key", tmp_path / "n.crt", "node")
    with nats_server(tmp_path / "nats", TLS.format(tmp_path)) as server:
        where = f"tls://sesame@{server.address}?index={tmp_path}/i.sqlite3"
        stranger = Node(loop, where)
        stranger.open(wait=False)
        stranger.until(lambda: any("not trusted" in line for line in log))
        stranger.close()
        files = f"ca={tmp_path}/ca.pem&certificate={tmp_path}/n.crt&key={tmp_path}/n.key"
        node = Node(loop, f"{where}&{files}")
        node.open()
        node.close()
        assert not any("sesame" in line for line in log)


def test_three_servers_outlive_the_one_that_leads(loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    with nats_cluster(tmp_path / "nats") as servers, ExitStack() as stack:
        cluster = Cluster(loop, servers.url, tmp_path)
        a, b = cluster.node(), cluster.node()
        stack.callback(lambda: cluster.nodes.pop().close())
        stack.callback(lambda: cluster.close(b))
        cluster.say(a, "1")
        servers.leader(cluster.where.rpartition("/")[2]).kill()
        cluster.insist(a, "2")
        cluster.insist(b, "3")
        cluster.until(lambda: len(texts(a.got)) == len(texts(b.got)) == 3)
        assert texts(a.got) == ["1", "2", "3"]
        assert stored(a.got) == stored(b.got)


def test_a_journal_that_was_not_started_stops_at_once(loop: asyncio.AbstractEventLoop) -> None:
    node = Node(loop, "nats://127.0.0.1")
    node.journal = ClusterJournal(node.description, journal_environment(node.clock))
    assert node.wait_for(node.journal.stop()) is None
