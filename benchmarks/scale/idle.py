"""Many connections that are only there: what they cost, and how fast they come."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from gc import collect
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.chart import Line, LinePanel
from benchmarks.fanout.load import Load
from benchmarks.fanout.process import file_limit
from benchmarks.fanout.servers import SERVERS
from benchmarks.fanout.works import Work
from benchmarks.report import table
from benchmarks.scale.daemon import Daemon, daemon

PER_ROOM = 10
SETTLE_SECONDS = 2.0
"""Until the memory of idle connections is looked at."""
IDLE_SECONDS = 10.0
"""For how long is looked at what they cost when nothing happens."""
SMALLER = 10
"""How much smaller the crowd is that the wanted one is compared with."""
_OTHER_FILES = 200


class Crowd(NamedTuple):
    """What was measured with so many connections."""

    connections: int
    per_second: float
    """How many came in a second, each with its JOIN, told to whoever is in its room already."""
    per_cpu_second: float
    """The same by the second of the daemon's processor."""
    kilobytes: float
    """Of the daemon's memory, each."""
    idle_percent: float
    """Of a processor, by all together while nothing happens."""


def allowed(connections: int) -> int:
    """Have so many files allowed, or as many as may be; return for how many connections that is enough."""
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
        except (ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(connections, (file_limit() - _OTHER_FILES) // PER_ROOM * PER_ROOM)


def measure(directory: Path, file: Path, connections: int) -> list[Crowd]:
    """Return what was measured with two crowds, the larger last, each at a daemon of its own."""
    crowds = []
    for size in (max(connections // SMALLER, PER_ROOM), connections):
        collect()
        with daemon(directory, file) as server:
            server.start()
            crowds.append(_crowd(server, size))
    return crowds


def _crowd(server: Daemon, connections: int) -> Crowd:
    work = Work("idle", "", rooms=connections // PER_ROOM, members=PER_ROOM, senders=0)
    process = server.process
    with Load(SERVERS["chatd-sqlite"], work, server.port) as load:
        empty = process.memory_bytes()
        wall, cpu = perf_counter(), process.cpu_seconds()
        load.enter()
        wall, cpu = perf_counter() - wall, process.cpu_seconds() - cpu
        load.until(perf_counter() + SETTLE_SECONDS)
        kilobytes = (process.memory_bytes() - empty) / 1024 / work.connections
        before = process.cpu_seconds()
        load.until(perf_counter() + IDLE_SECONDS)
        idle = (process.cpu_seconds() - before) / IDLE_SECONDS * 100
    return Crowd(work.connections, work.connections / wall, work.connections / cpu, kilobytes, idle)


def idle_table(crowds: Sequence[Crowd]) -> str:
    """Return the table."""
    lines = [["connections", "a second", "a CPU second", "KB each", "CPU while idle, %"]]
    for connections, per_second, per_cpu_second, kilobytes, idle in crowds:
        figures = [f"{per_second:,.0f}", f"{per_cpu_second:,.0f}", f"{kilobytes:.2f}", f"{idle:.1f}"]
        lines.append([f"{connections:,}", *figures])
    return table(lines)


def panel(crowds: Sequence[Crowd]) -> LinePanel:
    """Return the panel of the chart."""
    memory = Line("MB of memory", [(crowd.connections, crowd.kilobytes * crowd.connections / 1024) for crowd in crowds])
    cpu = Line("CPU s to come", [(crowd.connections, crowd.connections / crowd.per_cpu_second) for crowd in crowds])
    return LinePanel(f"connections in rooms of {PER_ROOM}", "connections", [memory, cpu])
