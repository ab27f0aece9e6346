"""What was measured, as tables and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from statistics import median

from benchmarks.chart import Bar, BarPanel, bar_chart
from benchmarks.fanout.run import Figures
from benchmarks.fanout.servers import Server
from benchmarks.fanout.works import Work
from benchmarks.report import table

BASE = "redis"
"""The server that the others are compared with."""
NOTHING = "-"

Measured = Mapping[tuple[str, str], Sequence[Figures] | str]
"""All runs in turn, by the names of the work and the server; a text says why there are no figures."""


class Results:
    """All figures of a run of the benchmark.

    The build of another revision, if there is one, follows the server that it is compared with.
    """

    def __init__(self, works: Sequence[Work], servers: Sequence[Server], measured: Measured) -> None:
        self._works = works
        self._servers = servers
        self._measured = measured
        self._notes: list[str] = []

    def tables(self) -> str:
        """Return tables of what was delivered, of latencies and of idle connections, if there are, and footnotes.

        A row has one work on all servers, medians of all runs; what is in brackets compares with redis. What was built
        of another revision is compared run by run: the median of the ratios, and the lowest and the highest.
        """
        self._notes = []
        talk = [work for work in self._works if work.senders]
        idle = [work for work in self._works if not work.senders]
        kinds = [
            ("deliveries a CPU-second", talk, "per_cpu_second"),
            ("median latency, ms", talk, "median"),
            ("p99 latency, ms", talk, "p99"),
            ("KB a connection", idle, "kilobytes"),
            ("connects a CPU-second", idle, "per_cpu_second"),
        ]
        parts = [table(list(self._rows(*kind))) for kind in kinds if kind[1]]
        if self._notes:
            parts.append("\n".join(f".. [{number}] {note}" for number, note in enumerate(self._notes, 1)))
        return "\n\n".join(parts)

    def chart(self) -> str:
        """Return an SVG with bars."""
        panels = []
        for work in self._works:
            if work.senders:
                panels.append(self._panel(work, "deliveries a CPU-second", "per_cpu_second"))
            else:
                panels.append(self._panel(work, "KB a connection, less is better", "kilobytes"))
                panels.append(self._panel(work, "connects a CPU-second", "per_cpu_second"))
        revision = next((f", in brackets the {_ratio_to(server)}" for server in self._servers if server.revision), "")
        return bar_chart(f"What a second of the server's processor delivers{revision}", panels)

    def _panel(self, work: Work, unit: str, field: str) -> BarPanel:
        bars = []
        for server in self._servers:
            value = self._median(work, server.name, field)
            bars.append(Bar(_label(server), None if isnan(value) else value, _number(value), server.ours))
            ratios = self._ratios(work, server, field)
            if ratios:
                bars[-2] = bars[-2]._replace(text=f"{bars[-2].text} ({median(ratios):.2f})")
        return BarPanel(f"{work.name}: {unit}", bars)

    def _runs(self, work: Work, server: str, field: str) -> Sequence[float]:
        figures = self._measured.get((work.name, server), "")
        return [] if isinstance(figures, str) else [getattr(each, field) for each in figures]

    def _median(self, work: Work, server: str, field: str) -> float:
        return median(self._runs(work, server, field) or [nan])

    def _ratios(self, work: Work, before: Server, field: str) -> Sequence[float]:
        """Return that of the working tree to what was built of another revision, run by run, if it is that."""
        if not before.revision:
            return []
        now = self._runs(work, before.name.removesuffix(f"@{before.revision}"), field)
        return [new / old for new, old in zip(now, self._runs(work, before.name, field), strict=False)]

    def _rows(self, quantity: str, works: Sequence[Work], field: str) -> Iterator[Sequence[str]]:
        yield [quantity, *(head for server in self._servers for head in _heads(server))]
        for work in works:
            yield [work.name, *(cell for server in self._servers for cell in self._cells(work, server, field))]

    def _cells(self, work: Work, server: Server, field: str) -> Iterator[str]:
        why = self._measured.get((work.name, server.name))
        value = self._median(work, server.name, field)
        ratio = value / self._median(work, BASE, field)
        if isinstance(why, str):
            yield f"{NOTHING} [{self._note(f'{work.name}, {server.title}: {why}')}]_"
        elif server.name == BASE or isnan(ratio):
            yield _number(value)
        else:
            yield f"{_number(value)} ({ratio:.2f})"
        if server.revision:
            yield _range(self._ratios(work, server, field))

    def _note(self, text: str) -> int:
        """Return the number of a footnote."""
        if text not in self._notes:
            self._notes.append(text)
        return self._notes.index(text) + 1


def _label(server: Server) -> str:
    """Return what stands over its figures; a revision stands beside the server that it is compared with."""
    return f"at {server.revision}" if server.revision else server.title


def _ratio_to(server: Server) -> str:
    return f"ratio to {server.revision}"


def _heads(server: Server) -> Iterator[str]:
    yield _label(server)
    if server.revision:
        yield _ratio_to(server)


def _range(ratios: Sequence[float]) -> str:
    """Return the median, and between what they lie if there are several."""
    if not ratios:
        return NOTHING
    spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{median(ratios):.2f}{spread}"


def _number(value: float) -> str:
    if isnan(value):
        return NOTHING
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value / 1e3:.3g} k" if value >= 1000 else f"{value:.3g}"
