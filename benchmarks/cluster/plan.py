"""What nodes deliver when each has a core of its own: computed, from what a message costs each process here.

A node that has a core to itself has a million microseconds a second. Of n nodes each spends on every message

    publish / n  +  read  +  members / n * deliver

since a message is published by one of them, read by all, and delivered by each to its part of the room's members.
These costs are measured flat out with two nodes, those who speak on the first and those who listen on the second, and
compared with what one node and three spend where everybody is everywhere. The servers of NATS have a core each, too,
and what the busiest spends on a message bounds all; so does what the stream takes when nobody reads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from gc import collect
from itertools import product
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

from benchmarks.cluster.load import Crowd, Load, State, Work
from benchmarks.cluster.processes import Setup, running
from benchmarks.cluster.stream import Taken, flood
from benchmarks.journal import said
from benchmarks.report import show_progress, table
from chatd.journal.jetstream.local_index import LocalIndexStore
from chatd.model.entry import Entry

NODES = (1, 2, 3)
BATCHES = (10, 100)
"""How many messages are stored together, in the stream alone."""
INDEX_BATCHES = (1, 10, 100, 1000)
_INDEX_MESSAGES = 4000
_MICROSECONDS = 1e6


class Shape(NamedTuple):
    """A kind of chat."""

    name: str
    few: Crowd
    """Those who speak and hardly anybody who listens, apart."""
    many: Crowd
    """The same, and many who listen."""
    everywhere: Crowd
    work: Work
    members: int
    """Of a room, in what is computed."""


SHAPES = (
    Shape(
        "1 big room",
        Crowd(12, 1, apart=True),
        Crowd(12, 120, apart=True),
        Crowd(12, 120),
        Work("flat out", window=50),
        1000,
    ),
    Shape(
        "many small rooms",
        Crowd(3, 1, 40, apart=True),
        Crowd(3, 7, 40, apart=True),
        Crowd(3, 7, 40),
        Work("one on its way", window=1),
        10,
    ),
)


class Costs(NamedTuple):
    """CPU microseconds of a node."""

    publish: float
    """Of a message, on the node of whoever says it."""
    read: float
    """Of a message, on every node, its write into the index included."""
    deliver: float
    """Of a delivery."""

    def message(self, nodes: int, members: float) -> float:
        """Return what a message costs each node, if its room has members and speakers on all of them."""
        return self.publish / nodes + self.read + members / nodes * self.deliver


class Trial(NamedTuple):
    """What a message cost in one run, in CPU microseconds."""

    nodes: Sequence[float]
    deliveries: Sequence[float]
    """Of a message, on each node."""
    nats: float
    """On the busiest server."""


class Measured(NamedTuple):
    """All that is measured of one shape; by the number of nodes, but for what is apart."""

    few: Trial
    many: Trial
    everywhere: dict[int, Trial]

    @property
    def costs(self) -> Costs:
        """What a message costs, by what those who speak and those who listen cost their nodes."""
        speaking, listening = self.many.deliveries
        few = self.few.deliveries[1]
        deliver = max(self.many.nodes[1] - self.few.nodes[1], 0) / (listening - few)
        read = self.few.nodes[1] - few * deliver
        return Costs(max(self.many.nodes[0] - read - speaking * deliver, 0), read, deliver)

    def nats(self, nodes: int) -> float:
        """Return what a message costs the busiest server that so many nodes read from."""
        return self.many.nats if nodes == len(self.many.nodes) else self.everywhere[nodes].nats


class Plan(NamedTuple):
    """All that is measured."""

    shapes: dict[Shape, Measured]
    stream: dict[int, Taken]
    """By the size of a batch."""
    writes: dict[int, float]
    """CPU microseconds of a message that is written into the index, by the size of a batch."""


def measure(replicas: int, sync: str, seconds: float, repetitions: int, directory: Path) -> Plan:
    """Return the medians of all runs. Raise `BenchmarkError` or `WrongError` if one goes wrong."""
    setups = [Setup(f"{nodes} node{'s'[: nodes > 1]}", nodes, replicas, sync) for nodes in NODES]
    trials: defaultdict[tuple[Shape, int, Crowd], list[Trial]] = defaultdict(list)
    for number, setup in enumerate(setups):
        show_progress(number, len(setups) + 2, setup.name)
        rooms = 0
        with running(setup, directory) as started:
            for _, shape in product(range(repetitions), SHAPES):
                for crowd in (shape.few, shape.many) if setup.nodes == 2 else (shape.everywhere,):
                    collect()
                    with Load(started, crowd, rooms) as load:
                        trials[shape, setup.nodes, crowd].append(trial(load.spend(shape.work, seconds, [])))
                    rooms += crowd.rooms
    medians = {what: _median(each) for what, each in trials.items()}
    shapes = {
        shape: Measured(
            medians[shape, 2, shape.few],
            medians[shape, 2, shape.many],
            {nodes: medians[shape, nodes, shape.everywhere] for nodes in NODES if nodes != 2},
        )
        for shape in SHAPES
    }
    show_progress(len(setups), len(setups) + 2, "the stream alone")
    stream = {batch: flood(setups[0], batch, seconds, directory) for batch in BATCHES}
    show_progress(len(setups) + 1, len(setups) + 2, "the index alone")
    writes = {batch: index_cost(batch, directory) for batch in INDEX_BATCHES}
    show_progress(1, 1, "")
    return Plan(shapes, stream, writes)


def trial(spent: State) -> Trial:
    """Return what a message cost."""
    cost = _MICROSECONDS / spent.messages
    deliveries = [each / spent.messages for each in spent.deliveries]
    return Trial([each * cost for each in spent.chatd], deliveries, max(spent.nats) * cost)


def _median(trials: Sequence[Trial]) -> Trial:
    nodes = [median(each) for each in zip(*(trial.nodes for trial in trials), strict=True)]
    deliveries = [median(each) for each in zip(*(trial.deliveries for trial in trials), strict=True)]
    return Trial(nodes, deliveries, median(trial.nats for trial in trials))


def index_cost(batch: int, directory: Path) -> float:
    """Return what a write into a node's index costs for each message, in batches of that size."""
    with TemporaryDirectory(prefix="benchmark-", dir=directory.resolve()) as name:
        store = LocalIndexStore(Path(name, "index.sqlite3"))
        store.epoch("benchmark")
        entries = [Entry("#benchmark", said(number), place=number + 1) for number in range(_INDEX_MESSAGES)]
        began = process_time()
        for first in range(0, len(entries), batch):
            written = entries[first : first + batch]
            store.write_read(written, {"incarnation": written[-1].place}, written[-1].place)
        spent = process_time() - began
        store.close()
    return spent / _INDEX_MESSAGES * _MICROSECONDS


def report(plan: Plan) -> str:
    """Return what was measured, what the model says of it, and what it says of nodes with cores of their own."""
    return "\n\n".join(table(list(rows)) for rows in (_costs(plan), _check(plan), _alone(plan), _planned(plan)))


def _costs(plan: Plan) -> Iterator[Sequence[str]]:
    yield [
        "CPU microseconds",
        "publish",
        "read",
        "deliver",
        *(f"NATS, {nodes} node{'s'[: nodes > 1]}" for nodes in NODES),
    ]
    for shape, measured in plan.shapes.items():
        costs = measured.costs
        busiest = (f"{measured.nats(nodes):.1f}" for nodes in NODES)
        yield [shape.name, f"{costs.publish:.1f}", f"{costs.read:.1f}", f"{costs.deliver:.2f}", *busiest]


def _check(plan: Plan) -> Iterator[Sequence[str]]:
    yield ["a message, on each node", "nodes", "computed", "measured", "so that a core takes"]
    for shape, measured in plan.shapes.items():
        for nodes, found in measured.everywhere.items():
            computed = measured.costs.message(nodes, sum(found.deliveries))
            measured_here = mean(found.nodes)
            rate = f"{_MICROSECONDS / measured_here:,.0f}/s"
            yield [shape.name, str(nodes), f"{computed:.1f}", f"{measured_here:.1f}", rate]


def _alone(plan: Plan) -> Iterator[Sequence[str]]:
    yield ["alone, in batches of", *map(str, INDEX_BATCHES)]
    yield ["index, microseconds a message", *(f"{plan.writes[batch]:.1f}" for batch in INDEX_BATCHES)]
    for name, field, form in (
        ("stream, messages a second", "rate", ",.0f"),
        ("stream, microseconds on the busiest server", "busiest", ".1f"),
    ):
        taken = (plan.stream.get(batch) for batch in INDEX_BATCHES)
        yield [name, *("" if each is None else format(getattr(each, field), form) for each in taken)]


def _planned(plan: Plan) -> Iterator[Sequence[str]]:
    yield ["with a core each", "nodes", "messages/s", "deliveries/s", "bound by", "the next bound"]
    takes = max(taken.rate for taken in plan.stream.values())
    for shape, measured in plan.shapes.items():
        for nodes in NODES:
            bounds = {
                "nodes": _MICROSECONDS / measured.costs.message(nodes, shape.members),
                "NATS": _MICROSECONDS / measured.nats(nodes),
                "the stream": takes,
            }
            (first, rate), (second, later), *_ = sorted(bounds.items(), key=lambda bound: bound[1])
            deliveries = rate * shape.members
            yield [shape.name, str(nodes), f"{rate:,.0f}", f"{deliveries:,.0f}", first, f"{second}, {later:,.0f}"]
