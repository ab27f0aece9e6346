"""What the server counts, as Prometheus reads it: looked up when it is asked for, and by no timer."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from typing_extensions import override

import twisted
from chatd import __version__
from chatd.edges.admission import Why
from chatd.edges.gateway import Gateway
from chatd.model.health import Health
from chatd.model.numbers import JournalNumbers
from chatd.protocol.errors import Code, DisconnectReason

EDGES = ("line", "web")
"""Those that have a number also while nobody is connected to them."""
ENDED = tuple(reason for reason in DisconnectReason if reason not in (DisconnectReason.QUIT, DisconnectReason.SHUTDOWN))
"""Why the server ends connections of its own accord while it runs."""


class Numbers(Collector):
    """Reads the hub, the gateway and the journal. It belongs to the reactor's thread, as they do.

    No label holds what a peer could choose: there are as many series with ten people as with ten thousand.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._hub = gateway.hub

    @override
    def collect(self) -> Iterator[Metric]:
        journal = self._hub.journal.numbers
        yield _build(journal.kind)
        yield from self._connections()
        yield from self._rooms()
        yield from self._journal(journal)
        yield from self._cluster(journal)

    def _connections(self) -> Iterator[Metric]:
        admission = self._gateway.admission
        open_, queued = Counter(dict.fromkeys(EDGES, 0)), Counter(dict.fromkeys(EDGES, 0))
        for connection in self._gateway.connections:
            open_[connection.kind] += 1
            queued[connection.kind] += connection.queued_bytes
        yield _gauges("chatd_connections", "Open connections, joined or not, by edge.", "edge", open_)
        if limit := self._hub.limits.connections:
            yield GaugeMetricFamily("chatd_connections_max", "Maximum number of connections.", limit)
        text = "Bytes queued for peers that read more slowly than they are sent, by edge."
        yield _gauges("chatd_send_queue_bytes", text, "edge", queued)
        text = "Connections admitted since the process started."
        yield CounterMetricFamily("chatd_connections_admitted", text, admission.admitted)
        refused = {why.value: admission.refused[why] for why in Why}
        text = "Connections refused on arrival, by reason."
        yield _counters("chatd_connections_refused", text, "reason", refused)
        ended = {reason.value: self._gateway.sent_away[reason] for reason in ENDED}
        text = "Connections that the server ended, by the reason in its BYE, without QUIT, shutdown and restart."
        yield _counters("chatd_connections_ended", text, "reason", ended)

    def _rooms(self) -> Iterator[Metric]:
        hub, tallies = self._hub, self._hub.tallies
        text = "People who have joined and are connected to this server."
        yield GaugeMetricFamily("chatd_people", text, hub.nick_count)
        yield GaugeMetricFamily("chatd_rooms", "Rooms that have people in them or are in the journal.", hub.room_count)
        yield GaugeMetricFamily("chatd_rooms_occupied", "Rooms that have people in them.", hub.occupied_count)
        text = "Messages sent to rooms and delivered by this server; each node of a cluster counts them all."
        yield CounterMetricFamily("chatd_messages", text, tallies.messages)
        text = "Lines delivered in rooms, counted once per connection in the room."
        yield CounterMetricFamily("chatd_deliveries", text, tallies.deliveries)
        text = "Commands and messages answered with an error, by its code."
        yield _counters("chatd_errors", text, "code", {code.value: tallies.refusals[code] for code in Code})

    def _journal(self, journal: JournalNumbers) -> Iterator[Metric]:
        health = self._hub.journal.health
        states = {state.value: int(state is health) for state in Health}
        text = "State of the journal: 1 for the current state, 0 for the others."
        yield _gauges("chatd_journal_health", text, "state", states)
        buckets = [(floatToGoString(bound), float(count)) for bound, count in journal.commits.at_most()]
        text = "Seconds from handing a batch to storage until it was stored."
        yield HistogramMetricFamily("chatd_commit_seconds", text, buckets, journal.commits.seconds)
        text = "Batches that could not be stored and were refused."
        yield CounterMetricFamily("chatd_commit_failures", text, journal.commits.failed)
        text = "Entries on their way through the journal: appended and not yet delivered or refused."
        yield GaugeMetricFamily("chatd_journal_waiting_entries", text, journal.waiting)
        text = "Size of the journal: its file without the write-ahead log, or the text that is held in memory."
        yield GaugeMetricFamily("chatd_journal_size_bytes", text, journal.size_bytes)
        retention = self._hub.journal.retention
        if retention.seconds is not None:
            text = "How long messages are stored; absent if unlimited."
            yield GaugeMetricFamily("chatd_retention_seconds", text, retention.seconds)
        if retention.messages is not None:
            text = "How many messages of each room are stored; absent if unlimited."
            yield GaugeMetricFamily("chatd_retention_messages", text, retention.messages)

    def _cluster(self, journal: JournalNumbers) -> Iterator[Metric]:
        text = "Nodes in the cluster, this one included; 1 without a cluster."
        yield GaugeMetricFamily("chatd_nodes", text, self._hub.nodes.count)
        if journal.stream is not None:
            text = "Whether this node is connected to a NATS server: 1 if it is, 0 if not; absent without a cluster."
            yield GaugeMetricFamily("chatd_cluster_connected", text, int(journal.stream.connected))
            text = "Messages in the stream that this node had not read when it last looked; absent without a cluster."
            yield GaugeMetricFamily("chatd_cluster_behind_messages", text, journal.stream.behind)


def registry(gateway: Gateway) -> CollectorRegistry:
    """Return what there is to read of one server, and of the process that it runs in."""
    found = CollectorRegistry()
    found.register(Numbers(gateway))
    ProcessCollector(registry=found)
    return found


def _build(journal: str) -> Metric:
    versions = {"version": __version__, "python": platform.python_version(), "twisted": twisted.__version__}
    about = "Versions of chatd, Python and Twisted, and the kind of journal."
    return InfoMetricFamily("chatd_build", about, {**versions, "journal": journal})


def _gauges(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    metric = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        metric.add_metric([value], number)
    return metric


def _counters(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    metric = CounterMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        metric.add_metric([value], number)
    return metric
