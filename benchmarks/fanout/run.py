"""One work on one server, measured."""

from __future__ import annotations

from collections.abc import Callable
from gc import collect
from math import ceil, nan
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.fanout.load import STALL_SECONDS, Load
from benchmarks.fanout.process import Process, ServerError, file_limit, running
from benchmarks.fanout.servers import Server
from benchmarks.fanout.streams import WrongError
from benchmarks.fanout.works import Work

SETTLE_SECONDS = 0.5
"""Until the memory of idle connections is looked at."""
WAIT_SECONDS = 0.05
"""After which is seen whether the first message has come."""
_OTHER_FILES = 100


class Figures(NamedTuple):
    """What one run measured, or the medians of several."""

    per_cpu_second: float
    """Deliveries per second of the server's processor time; of a work without senders, connects."""
    per_second: float
    """The same per second."""
    median: float = nan
    """Latency in milliseconds."""
    p99: float = nan
    kilobytes: float = nan
    """Resident memory of a connection."""


def run(server: Server, work: Work, seconds: float, directory: Path) -> Figures:
    """Start a server and measure one work on it.

    Raises `ServerError` if the server cannot do it, and `WrongError` if it does not deliver what it should.
    """
    if work.connections + _OTHER_FILES > file_limit():
        raise ServerError(f"only {file_limit():,} open files are allowed")
    collect()
    with running(server, directory) as process, Load(server, work, process.port) as load:
        try:
            return _talk(process, load, seconds) if work.senders else _connect(process, load, work)
        except WrongError as error:
            raise WrongError(f"{server.title}, {work.name}: {error}") from None


def _talk(process: Process, load: Load, seconds: float) -> Figures:
    """Measure what is delivered in that time, or until something is, after a quarter of it to warm up."""
    load.enter()
    load.begin()
    while not load.delivered():
        load.until(perf_counter() + WAIT_SECONDS)
    load.until(perf_counter() + seconds / 4)
    latencies: list[float] = []
    load.latencies = latencies
    now = _measured(process, load.delivered)
    load.until(now[0] + seconds)
    while not latencies and perf_counter() < now[0] + seconds + STALL_SECONDS:  # a short run on a busy machine
        load.until(perf_counter() + WAIT_SECONDS)
    then = _measured(process, load.delivered)
    load.latencies = None
    load.finish()
    wall, cpu, deliveries = (after - before for before, after in zip(now, then, strict=True))
    latencies.sort()
    if not latencies:
        raise ServerError("delivered nothing in time")
    p99 = latencies[ceil(len(latencies) * 0.99) - 1]
    return Figures(deliveries / cpu, deliveries / wall, median(latencies), p99)


def _connect(process: Process, load: Load, work: Work) -> Figures:
    """Measure what a connection costs that is only there."""
    empty = process.memory_bytes()
    wall, cpu = perf_counter(), process.cpu_seconds()
    load.enter()
    wall, cpu = perf_counter() - wall, process.cpu_seconds() - cpu
    load.until(perf_counter() + SETTLE_SECONDS)
    kilobytes = (process.memory_bytes() - empty) / 1024 / work.connections
    return Figures(work.connections / cpu, work.connections / wall, kilobytes=kilobytes)


def _measured(process: Process, delivered: Callable[[], float]) -> tuple[float, float, float]:
    return perf_counter(), process.cpu_seconds(), delivered()
