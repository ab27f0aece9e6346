"""What was measured, as tables and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan

from benchmarks.chart import Bar, BarPanel, bar_chart
from benchmarks.fanout.run import Figures
from benchmarks.fanout.servers import Server
from benchmarks.fanout.works import Work
from benchmarks.report import table

BASE = "redis"
"""The server that the others are compared with."""
NOTHING = "-"

NO_FIGURES = Figures(nan, nan)

Measured = Mapping[tuple[str, str], Figures | str]
"""By the names of the work and the server; a text says why there are no figures."""


class Results:
    """All figures of a run of the benchmark."""

    def __init__(self, works: Sequence[Work], servers: Sequence[Server], measured: Measured) -> None:
        self._works = works
        self._servers = servers
        self._measured = measured
        self._notes: list[str] = []

    def tables(self) -> str:
        """Return tables of what was delivered, of latencies and of idle connections, if there are, and footnotes.

        A row has one work on all servers; what is in brackets compares with redis.
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
        return bar_chart("What a second of the server's processor delivers", panels)

    def _panel(self, work: Work, unit: str, field: str) -> BarPanel:
        bars = []
        for server in self._servers:
            value = getattr(self._figures(work, server.name), field)
            text = NOTHING if isnan(value) else _number(value)
            bars.append(Bar(server.title, None if isnan(value) else value, text, server.ours))
        return BarPanel(f"{work.name}: {unit}", bars)

    def _figures(self, work: Work, server: str) -> Figures:
        figures = self._measured.get((work.name, server), NO_FIGURES)
        return NO_FIGURES if isinstance(figures, str) else figures

    def _rows(self, quantity: str, works: Sequence[Work], field: str) -> Iterator[Sequence[str]]:
        yield [quantity, *(server.title for server in self._servers)]
        for work in works:
            yield [work.name, *(self._cell(work, server, field) for server in self._servers)]

    def _cell(self, work: Work, server: Server, field: str) -> str:
        why = self._measured.get((work.name, server.name))
        if isinstance(why, str):
            return f"{NOTHING} [{self._note(f'{work.name}, {server.title}: {why}')}]_"
        value = getattr(self._figures(work, server.name), field)
        ratio = value / getattr(self._figures(work, BASE), field)
        if server.name == BASE or isnan(ratio):
            return _number(value)
        return f"{_number(value)} ({ratio:.2f})"

    def _note(self, text: str) -> int:
        """Return the number of a footnote."""
        if text not in self._notes:
            self._notes.append(text)
        return self._notes.index(text) + 1


def _number(value: float) -> str:
    if isnan(value):
        return NOTHING
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value / 1e3:.3g} k" if value >= 1000 else f"{value:.3g}"
