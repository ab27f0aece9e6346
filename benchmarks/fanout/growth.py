"""How the cost of a message grows with members, rooms and size, on chatd with its journal in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.chart import Line, LinePanel, line_chart
from benchmarks.fanout.run import run
from benchmarks.fanout.servers import SERVERS
from benchmarks.fanout.works import Work
from benchmarks.report import show_progress, table

SERVER = SERVERS["chatd-memory"]


class Growing(NamedTuple):
    """Works which differ in one number."""

    title: str
    axis: str
    works: dict[int, Work]


def growing(*, quick: bool) -> Sequence[Growing]:
    """Return what is measured; if it is to be quick, without the largest."""
    members, rooms, sizes = [10, 100, 1000, 10_000], [1, 10, 100, 1000], [16, 64, 256, 1024, 4096]
    if quick:
        for numbers in (members, rooms, sizes):
            numbers.pop()
    return (
        Growing(
            "members of one room, 10 of whom have one message in flight (9 of the first 10)",
            "members",
            {n: Work(f"1 room of {n:,}", "", members=n, senders=min(10, n - 1), window=1) for n in members},
        ),
        Growing(
            "rooms of 10, 9 of whom have one message in flight",
            "rooms",
            {n: Work(f"{n:,} room{'s' * (n > 1)} of 10", "", rooms=n, members=10, senders=9, window=1) for n in rooms},
        ),
        Growing(
            "size of the messages in one room of 100, 10 of whom have one in flight",
            "bytes",
            {n: Work(f"{n:,} bytes in 1 room of 100", "", members=100, window=1, text_bytes=n) for n in sizes},
        ),
    )


class Cost(NamedTuple):
    """What a message costs the server, in microseconds of its processor's time."""

    message: float
    delivery: float


def measure(kinds: Sequence[Growing], seconds: float, directory: Path) -> dict[str, Cost]:
    """Return what a message costs in each work, by its name."""
    works = {work.name: work for kind in kinds for work in kind.works.values()}
    costs: dict[str, Cost] = {}
    for number, work in enumerate(works.values()):
        show_progress(number, len(works), work.name)
        delivery = 1e6 / run(SERVER, work, seconds, directory).per_cpu_second
        costs[work.name] = Cost(delivery * (work.members - 1), delivery)
    show_progress(len(works), len(works), "")
    return costs


def rows(kinds: Sequence[Growing], costs: dict[str, Cost]) -> Iterator[Sequence[str]]:
    """Make the lines of the table."""
    yield ("server's CPU microseconds", "a message", "a delivery")
    for kind in kinds:
        for work in kind.works.values():
            cost = costs[work.name]
            yield (work.name, f"{cost.message:,.1f}", f"{cost.delivery:.3f}")


def growth_table(kinds: Sequence[Growing], costs: dict[str, Cost]) -> str:
    """Return the table."""
    return table(list(rows(kinds, costs)))


def growth_chart(kinds: Sequence[Growing], costs: dict[str, Cost]) -> str:
    """Return an SVG with lines."""
    panels = []
    for kind in kinds:
        named = [(number, costs[work.name]) for number, work in kind.works.items()]
        lines = (
            Line("a message", [(number, cost.message) for number, cost in named]),
            Line("a delivery", [(number, cost.delivery) for number, cost in named]),
        )
        panels.append(LinePanel(kind.title, kind.axis, lines))
    return line_chart("Microseconds of the server's processor", panels)
