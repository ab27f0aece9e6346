"""A thousand messages a second, and what the daemon does beside: trimming, a backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.fanout.load import STALL_SECONDS, Load
from benchmarks.fanout.process import ServerError
from benchmarks.fanout.servers import SERVERS
from benchmarks.fanout.works import Work
from benchmarks.report import show_progress, table
from benchmarks.scale.big_file import SPAN_SECONDS
from benchmarks.scale.daemon import Daemon, daemon

WORK = Work("beside", "", rooms=100, members=10, senders=9, rate=1000)
TARGET_MS = 20.0
KEPT = 0.7
"""Which part of the file's time is kept when retention is set: the rest is more than is deleted in a run."""
_TURN_SECONDS = 0.2
_WARM_SECONDS = 2.0
_MAX_BACKUP_SECONDS = 600.0


class Latencies(NamedTuple):
    """What was measured meanwhile: milliseconds from when a message was due until it was read, and what was done."""

    cpu_percent: float
    """Of one processor, by the daemon."""
    median_ms: float
    p99_ms: float
    max_ms: float
    done: str


def measure(directory: Path, file: Path, seconds: float) -> dict[str, Latencies]:
    """Return the latencies with nothing beside, while retention deletes, and while the file is copied."""
    with daemon(directory, file) as server:
        server.start()
        assert server.journal is not None
        with Load(SERVERS["chatd-sqlite"], WORK, server.port) as load:
            load.enter()
            load.begin()
            load.until(perf_counter() + _WARM_SECONDS)
            found = {
                "nothing": _meanwhile(load, server, _for_seconds("nothing", seconds), "-"),
                "a backup": _backed_up(load, server),
                "trimming": _trimmed(load, server, server.journal, seconds),
            }
            load.finish()
    return found


def _meanwhile(load: Load, server: Daemon, goes_on: Callable[[], bool], done: str) -> Latencies:
    """Measure for as long as something ``goes_on``, and until anything was delivered."""
    latencies: list[float] = []
    load.latencies = latencies
    wall, cpu = perf_counter(), server.process.cpu_seconds()
    while goes_on() or not (latencies or perf_counter() > wall + STALL_SECONDS):
        load.until(perf_counter() + _TURN_SECONDS)
    load.latencies = None
    wall, cpu = perf_counter() - wall, server.process.cpu_seconds() - cpu
    if not latencies:
        raise ServerError("delivered nothing in time")
    latencies.sort()
    p99 = latencies[ceil(len(latencies) * 0.99) - 1]
    return Latencies(cpu / wall * 100, median(latencies), p99, latencies[-1], done)


def _for_seconds(what: str, seconds: float) -> Callable[[], bool]:
    began = perf_counter()

    def goes_on() -> bool:
        gone = perf_counter() - began
        show_progress(min(round(gone), round(seconds)), round(seconds), what)
        return gone < seconds

    return goes_on


def _trimmed(load: Load, server: Daemon, journal: Path, seconds: float) -> Latencies:
    server.settings.write_text(f'[storage]\nkeep = "{round(SPAN_SECONDS * KEPT)}s"\n')
    first = _oldest(journal)
    reloading = server.reload()
    while reloading.poll() is None:
        load.until(perf_counter() + _TURN_SECONDS)
    found = _meanwhile(load, server, _for_seconds("trimming", seconds), "")
    return found._replace(done=f"{(_oldest(journal) - first) / seconds:,.0f} deleted a second")


def _backed_up(load: Load, server: Daemon) -> Latencies:
    target, began = server.settings.with_name("backup"), perf_counter()
    copying = server.back_up(target)

    def goes_on() -> bool:
        if perf_counter() - began > _MAX_BACKUP_SECONDS:
            copying.kill()
        return copying.poll() is None

    found = _meanwhile(load, server, goes_on, "")
    if copying.returncode:
        raise ServerError("the backup failed")
    return found._replace(done=f"{target.stat().st_size / 1e6:,.0f} MB in {perf_counter() - began:.0f} s")


def _oldest(journal: Path) -> int:
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        (first,) = db.execute("SELECT min(id) FROM entry").fetchone()
    return int(first)


def beside_table(found: dict[str, Latencies]) -> str:
    """Return the table."""
    lines = [["beside 1,000 messages a second", "done", "CPU, %", "median, ms", "p99, ms", "max, ms", "p99 wanted"]]
    for what, (cpu, middle, p99, most, done) in found.items():
        verdict = "met" if p99 <= TARGET_MS else "missed"
        lines.append(
            [what, done, f"{cpu:.0f}", f"{middle:.2f}", f"{p99:.2f}", f"{most:.1f}", f"{TARGET_MS:g}: {verdict}"]
        )
    return table(lines)
