"""The numbers are read from the hub, the gateway and the journal when they are asked for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd import __version__
from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory
from chatd.edges.web.numbers import registry
from chatd.journal import Journal, JournalError, Retention
from chatd.journal.factory import from_string
from chatd.journal.jetstream.connection import Connection
from chatd.journal.jetstream.feed import Feed, FeedConsumer
from chatd.journal.jetstream.messages import Subjects
from chatd.journal.jetstream.outbox import ABANDON_SECONDS, RETRY_SECONDS, Outbox
from chatd.model.entry import Entry
from chatd.model.health import Health
from chatd.model.numbers import COMMIT_BOUNDS, CommitTimes
from chatd.protocol.errors import Code, DisconnectReason
from chatd.protocol.events import Said
from tests.support.in_memory_chat import InMemoryChat, SlowJournalChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster


def families(found: CollectorRegistry) -> dict[str, Metric]:
    text = generate_latest(found).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


class Server:
    """A hub, a gateway, and connections that lead nowhere."""

    def __init__(self, chat: InMemoryChat | None = None) -> None:
        self.chat = chat or InMemoryChat()
        self.gateway = Gateway(self.chat.hub, self.chat.clock)
        self.factory = LineFactory(self.gateway)
        self.registry = registry(self.gateway)

    def connect(self, *lines: str) -> StringTransport:
        transport, protocol = StringTransport(), self.factory.buildProtocol(None)
        assert protocol is not None
        protocol.makeConnection(transport)
        for line in lines:
            protocol.dataReceived(line.encode() + b"\r\n")
            self.chat.turn()
        return transport

    def value(self, name: str, **labels: str) -> float | None:
        found: float | None = self.registry.get_sample_value(name, labels)
        return found


def test_the_numbers_are_openmetrics_and_each_has_a_name_of_ours_a_type_and_a_text() -> None:
    found = families(Server().registry)
    for name, family in found.items():
        assert name.startswith(("chatd_", "process_"))
        assert family.type in ("counter", "gauge", "histogram", "info")
        assert family.documentation.endswith(".")


def test_what_is_open_is_counted_by_edge_also_where_there_is_nothing() -> None:
    server = Server()
    assert server.value("chatd_connections", edge="line") == 0
    assert server.value("chatd_connections", edge="web") == 0
    server.connect("JOIN alice #a")
    server.connect()
    assert server.value("chatd_connections", edge="line") == 2
    assert server.value("chatd_connections_admitted_total") == 2
    assert server.value("chatd_people") == 1


def test_rooms_are_those_with_people_and_those_in_the_journal() -> None:
    server = Server()
    chat = server.chat
    chat.person("JOIN alice #a", "MSG hello", "PART #a", "JOIN #b")
    assert server.value("chatd_rooms") == 2
    assert server.value("chatd_rooms_occupied") == 1


def test_messages_and_deliveries_are_counted_as_rooms_deliver_them() -> None:
    server = Server()
    alice, _bob = server.chat.program("JOIN alice #a"), server.chat.person("JOIN bob #a")
    before = server.value("chatd_deliveries_total")
    alice.says("MSG one", "@label=x MSG two", "TOPIC a topic")
    server.chat.turn()
    assert server.value("chatd_messages_total") == 2
    after = server.value("chatd_deliveries_total")
    assert before is not None and after == before + 3 * 2
    # What comes again, and what is refused, is nothing new.
    alice.says("@label=x MSG two", "@label=x MSG three")
    server.chat.turn()
    assert server.value("chatd_messages_total") == 2
    assert server.value("chatd_deliveries_total") == after


def test_errors_are_counted_by_code_where_they_are_found_at_once_and_where_in_the_order() -> None:
    server = Server()
    alice = server.chat.program("JOIN alice #a")
    alice.says("NONSENSE", "MSG", "@label=x MSG one", "@label=x MSG two")
    server.chat.turn()
    assert server.value("chatd_errors_total", code="unknown-verb") == 1
    assert server.value("chatd_errors_total", code="bad-syntax") == 1
    assert server.value("chatd_errors_total", code="label-reused") == 1
    assert {sample.labels["code"] for sample in families(server.registry)["chatd_errors"].samples} == set(Code)


def test_what_waits_for_slow_readers_is_in_bytes() -> None:
    server = Server()
    slow = server.connect("JOIN slow #a")
    assert slow.producer is not None
    cast(SimpleNamespace, slow.producer).pauseProducing()
    server.connect("JOIN fast #a", "MSG hello")
    queued = server.value("chatd_send_queue_bytes", edge="line")
    assert queued is not None and queued > len("MSG fast #a hello\r\n")
    cast(SimpleNamespace, slow.producer).resumeProducing()
    assert server.value("chatd_send_queue_bytes", edge="line") == 0


def test_refused_connections_are_counted_by_reason() -> None:
    server = Server(InMemoryChat(Limits(connections=1)))
    assert server.value("chatd_connections_max") == 1
    server.connect()
    server.connect()
    assert server.value("chatd_connections_refused_total", reason="full") == 1
    assert server.value("chatd_connections_refused_total", reason="journal") == 0
    closed = Server()
    closed.chat.journal.health = Health.DISCONNECTED  # type: ignore[misc]
    closed.connect()
    assert closed.value("chatd_connections_refused_total", reason="journal") == 1
    waiting = Server(InMemoryChat(Limits(waiting=1)))
    waiting.connect()
    waiting.connect()
    assert waiting.value("chatd_connections_refused_total", reason="waiting") == 1


def test_who_is_sent_away_is_counted_and_who_quits_is_not() -> None:
    server = Server()
    server.connect("GET / HTTP/1.1")
    server.connect("JOIN alice", "QUIT")
    ended = families(server.registry)["chatd_connections_ended"].samples
    assert {sample.labels["reason"]: sample.value for sample in ended if sample.value} == {"not-chatd": 1}
    assert {sample.labels["reason"] for sample in ended} == set(DisconnectReason) - {"quit", "shutdown"}


def test_health_is_one_of_its_words() -> None:
    server = Server()
    server.chat.journal.health = Health.STORES_NOTHING  # type: ignore[misc]
    states = families(server.registry)["chatd_journal_health"].samples
    assert {sample.labels["state"]: sample.value for sample in states} == {
        state.value: float(state is Health.STORES_NOTHING) for state in Health
    }


def test_what_kind_of_server_it_is() -> None:
    (build,) = families(Server().registry)["chatd_build"].samples
    assert build.labels["version"] == __version__
    assert build.labels["journal"] == "memory"


def test_retention_is_told_if_there_is_one() -> None:
    def journal(clock: Clock) -> Journal:
        return from_string("memory:", journal_environment(clock, Retention(seconds=3600, messages=500)))

    server = Server(InMemoryChat(journal=journal))
    assert server.value("chatd_retention_seconds") == 3600
    assert server.value("chatd_retention_messages") == 500
    assert Server().value("chatd_retention_seconds") is None
    assert Server().value("chatd_retention_messages") is None


def test_a_node_tells_of_its_cluster_and_a_single_server_does_not() -> None:
    cluster = InMemoryCluster()
    cluster.settle()
    servers = [Server(node) for node in cluster.nodes]
    assert [server.value("chatd_nodes") for server in servers] == [2, 2]
    assert [server.value("chatd_cluster_connected") for server in servers] == [1, 1]
    assert servers[0].value("chatd_cluster_behind_messages") == 0
    cluster.nodes[1].cluster.cut = True
    assert servers[1].value("chatd_cluster_connected") == 0
    assert Server().value("chatd_nodes") == 1
    assert Server().value("chatd_cluster_connected") is None


def test_each_node_counts_what_is_said_on_the_others() -> None:
    cluster = InMemoryCluster()
    servers = [Server(node) for node in cluster.nodes]
    alice = cluster.nodes[0].person("JOIN alice #a")
    cluster.settle()
    alice.says("MSG hello")
    cluster.settle()
    assert [server.value("chatd_messages_total") for server in servers] == [1, 1]


def test_a_commit_is_timed_from_its_hand_over_to_its_return(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "chat.sqlite3")
    server = Server(chat)
    alice = chat.program("JOIN alice #a")
    size, count = server.value("chatd_journal_size_bytes"), server.value("chatd_commit_seconds_count")
    assert size and count is not None
    spent = server.value("chatd_commit_seconds_sum")
    chat.slow = True
    alice.says("MSG hello")
    chat.turn()
    assert server.value("chatd_journal_waiting_entries") == 1
    chat.clock.advance(0.3)
    chat.workers["writer"].work()
    chat.slow = False
    chat.turn()
    assert server.value("chatd_commit_seconds_count") == count + 1
    assert server.value("chatd_commit_seconds_sum") == pytest.approx(spent + 0.3)  # type: ignore[operator]
    assert server.value("chatd_commit_seconds_bucket", le="0.25") == count
    assert server.value("chatd_commit_seconds_bucket", le="0.5") == count + 1
    assert server.value("chatd_journal_waiting_entries") == 0
    assert server.value("chatd_commit_failures_total") == 0
    chat.journal.stop()


def test_a_batch_that_could_not_be_written_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = SlowJournalChat(tmp_path / "chat.sqlite3")
    server = Server(chat)
    alice = chat.program("JOIN alice #a")

    def write(*_: object) -> None:
        raise JournalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("chatd.journal.sqlite.store.Store.write", write)
        alice.says("MSG hello")
        chat.turn()
    assert server.value("chatd_commit_failures_total") == 1
    assert server.value("chatd_errors_total", code="unavailable") == 1
    assert server.value("chatd_journal_health", state="unwritable") == 1
    chat.journal.stop()


def test_a_commit_in_a_cluster_is_timed_from_sending_it_to_its_acknowledgement() -> None:
    clock = Clock()
    answers = [True]
    publisher = SimpleNamespace(publish=lambda _messages, _attempt: succeed(answers[0]))
    outbox = Outbox(clock, publisher, Subjects("chat"), lambda _entries: None)
    outbox.start_incarnation("run1", Entry("", Said("alice", "#a", "up")))
    outbox.open()
    clock.advance(0)
    assert [count for bound, count in outbox.commits.at_most() if bound == COMMIT_BOUNDS[0]] == [1]
    answers[0] = False
    outbox.enqueue(Entry("#a", Said("alice", "#a", "hello")))
    clock.pump([RETRY_SECONDS] * int(ABANDON_SECONDS / RETRY_SECONDS + 2))
    assert outbox.commits.failed == 1
    outbox.stop()


def test_how_far_a_node_is_behind_its_stream_is_what_it_saw_last() -> None:
    feed = Feed(cast(Connection, SimpleNamespace(connected=False)), Clock(), "chat", cast(FeedConsumer, None))
    assert feed.behind == 0
    feed.check_progress(40)
    assert feed.behind == 40
    feed.place = 30
    assert feed.behind == 10
    feed.place = 50
    assert feed.behind == 0


def test_times_are_counted_up_to_their_bounds_inclusive() -> None:
    times = CommitTimes()
    for seconds in (0.0, 0.001, 0.0011, 10.0, 11.0):
        times.note(seconds)
    counts = dict(times.at_most())
    assert counts[0.001] == 2
    assert counts[0.0025] == 3
    assert counts[10.0] == 4
    assert counts[float("inf")] == 5
    assert times.seconds == pytest.approx(21.0021)


def test_nothing_that_a_peer_can_choose_is_in_a_label() -> None:
    server = Server()
    before = {name: len(family.samples) for name, family in families(server.registry).items()}
    for number in range(20):
        server.connect("HELLO 1", f"JOIN nick{number} #room{number}", "MSG hello", f"VERB{number}")
    assert {name: len(family.samples) for name, family in families(server.registry).items()} == before
    text = generate_latest(server.registry).decode()
    assert "nick1" not in text and "room1" not in text
