"""What a journal costs: ``python -m benchmarks.journal [--quick] [--directory DIR]``.

The journal alone, on the real reactor and with its real threads, but without sockets, rooms and members. What is
appended are messages of about 64 bytes from ten authors in one room, to a new journal each time: a file that has
grown large is not measured.

An open loop appends at a fixed rate, whatever comes back. A latency counts from the moment at which an entry was due,
not from when the generator got round to it, so whatever keeps the reactor waiting counts for everything that was due
meanwhile. The reactor wakes to the millisecond: that is in every latency, and the journal in memory shows how much.

Flat out, there are always `WINDOW` entries on their way, which is what the rate of a journal is measured with.

All kinds take turns, `REPETITIONS` times, and the table has the medians: what else the machine does meets them all.
Each run checks that every entry was handed back once, in order, and is stored.
"""

from __future__ import annotations

import os
import platform
import random
import sqlite3
import time
from argparse import ArgumentParser, Namespace
from array import array
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from functools import partial
from gc import collect
from itertools import product
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import react

from benchmarks.report import show_progress, table
from chatd.journal import Environment, Journal, Query
from chatd.journal.memory import MAX_KEPT, MemoryJournal
from chatd.journal.sqlite.journal import SqliteJournal
from chatd.model.entry import Entry
from chatd.protocol.events import Said
from chatd.runtime.threads import Thread

ROOM = "#benchmark"
AUTHORS = 10
TEXT_CHARACTERS = 64
WINDOW = 2000
"""How many entries are on their way at a time, flat out."""
PER_TURN = 200
"""How many entries are appended in one turn of the reactor, flat out; a socket gives about as many lines."""
SECONDS = 4.0
REPETITIONS = 3
QUICK_SECONDS = 1.0
KINDS = {"memory": "", "SQLite NORMAL": "NORMAL", "SQLite FULL": "FULL"}
"""The journals to compare, the first of which the others are compared with, and what SQLite is to synchronize."""


class Load(NamedTuple):
    """How entries are appended."""

    name: str
    rate: int = 0
    """So many a second; 0 is flat out."""
    labelled: bool = False
    """Whether each has a label of its own."""


LOADS = (
    Load("100/s", 100),
    Load("1,000/s", 1_000),
    Load("10,000/s", 10_000),
    Load("flat out"),
    Load("flat out, labels", labelled=True),
)


class Figures(NamedTuple):
    """What one run measured, or the medians of several."""

    rate: float
    """How many entries were handed back in a second."""
    median: float = 0
    """Latency in milliseconds, of an open loop."""
    p99: float = 0


class WrongError(Exception):
    """A journal did not do what it promises; the argument says what, in one line."""


def _texts() -> Sequence[str]:
    """Return what is said, but for a number before it: words, some of them frequent and most of them not."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(3000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    return [" ".join(chance.choices(words, weights, k=20))[: TEXT_CHARACTERS - 9].rstrip() for _ in range(997)]


TEXTS = _texts()


def said(index: int) -> Said:
    """Return what is said in the entry with that index; no two are the same."""
    return Said(f"author{index % AUTHORS}", ROOM, f"{index:08d} {TEXTS[index % len(TEXTS)]}")


class Run:
    """One load on one journal: appends for a while, and checks and times what is handed back."""

    def __init__(self, reactor: Any, journal: Journal, load: Load, seconds: float) -> None:
        self._reactor = reactor
        self._journal = journal
        self._load = load
        self._seconds = seconds
        self._total = round(load.rate * seconds)
        self._on_their_way: deque[Entry] = deque()
        self._ids = array("q")
        self._latencies = array("d")
        self._appended = 0
        self._began = 0.0
        self._ended = 0.0
        self._next: IDelayedCall | None = None
        self._all_appended: Deferred[None] = Deferred()
        self._wrong = ""

    async def measure(self) -> Figures:
        """Run; raise `WrongError` if not every entry was handed back once, in order, and stored."""
        self._journal.follow(self._take)
        self._began = self._ended = perf_counter()
        self._append_due() if self._load.rate else self._fill()
        await self._all_appended
        await self._journal.flush()
        if self._on_their_way and not self._wrong:
            self._wrong = f"{len(self._on_their_way)} of {self._appended} entries were not handed back"
        if self._wrong:
            raise WrongError(self._wrong)
        await self._check_stored()
        took = max(self._ended - self._began, self._seconds)
        latencies = sorted(self._latencies)
        if not latencies:
            return Figures(len(self._ids) / took)
        return Figures(len(self._ids) / took, median(latencies), latencies[ceil(len(latencies) * 0.99) - 1])

    def _append(self) -> None:
        index = self._appended
        entry = Entry(ROOM, said(index), label=f"{index:x}" if self._load.labelled else None)
        self._appended += 1
        self._on_their_way.append(entry)
        self._journal.append(entry)

    def _append_due(self) -> None:
        """Append all that is due by now, while the journal takes it; what it does not take stays due."""
        due = min(int((perf_counter() - self._began) * self._load.rate) + 1, self._total)
        while self._appended < due and not self._journal.over_hard_limit:
            self._append()
        if self._appended == self._total or self._wrong:
            self._all_appended.callback(None)
            return
        wait = self._began + self._appended / self._load.rate - perf_counter()
        self._reactor.callLater(max(wait, 0), self._append_due)

    def _fill(self) -> None:
        """Append some of what is missing to a full window, and see to the rest."""
        self._next = None
        if perf_counter() - self._began >= self._seconds or self._wrong:
            self._all_appended.callback(None)
            return
        for _ in range(min(PER_TURN, WINDOW - len(self._on_their_way))):
            self._append()
        if len(self._on_their_way) < WINDOW:
            self._next = self._reactor.callLater(0, self._fill)

    def _take(self, batch: Sequence[Entry]) -> None:
        """Check and time what is handed back."""
        self._ended = perf_counter()
        for entry in batch:
            if not self._on_their_way or entry is not self._on_their_way.popleft():
                self._wrong = self._wrong or f"after {len(self._ids)} entries, one came back twice or out of order"
            elif entry.refused is not None or entry.duplicate or (self._ids and entry.id <= self._ids[-1]):
                self._wrong = self._wrong or f"after {len(self._ids)} entries, one was not taken: {entry}"
            if self._load.rate:
                due = self._began + len(self._ids) / self._load.rate
                self._latencies.append((self._ended - due) * 1000)
            self._ids.append(entry.id)
        if not self._load.rate and self._next is None and not self._all_appended.called:
            self._next = self._reactor.callLater(0, self._fill)

    async def _check_stored(self) -> None:
        """Read everything back; of the journal in memory, what it promises to keep."""
        kept_in_memory = isinstance(self._journal, MemoryJournal)
        index = max(0, len(self._ids) - MAX_KEPT) if kept_in_memory else 0
        more = True
        while more:
            after = self._ids[index - 1] if index else 0
            page = await self._journal.read(Query(ROOM, after=after))
            for kept in page.kept:
                if index == len(self._ids) or (kept.id, kept.event) != (self._ids[index], said(index)):
                    raise WrongError(f"after {index} entries, something else was stored: {kept}")
                index += 1
            more = page.more
        if index != len(self._ids):
            raise WrongError(f"{len(self._ids) - index} of {len(self._ids)} entries were not stored")


async def run(reactor: Any, directory: Path, kind: str, load: Load, seconds: float) -> Figures:
    """Measure one load on a new journal."""
    environment = Environment(reactor, time.time, lambda: "benchmark", partial(Thread, reactor))
    with TemporaryDirectory(prefix="benchmark-", dir=directory) as new:
        journal: Journal = MemoryJournal(environment)
        if synchronous := KINDS[kind]:
            journal = SqliteJournal(f"sqlite:{new}/journal.sqlite3", environment, synchronous=synchronous)
        journal.start()
        collect()
        try:
            return await Run(reactor, journal, load, seconds).measure()
        except WrongError as error:
            raise WrongError(f"{kind}, {load.name}: {error}") from None
        finally:
            await journal.stop()


async def measure(reactor: Any, directory: Path, seconds: float, repetitions: int) -> dict[tuple[str, str], Figures]:
    """Return the medians by the names of the load and of the kind."""
    runs = list(product(range(repetitions), LOADS, KINDS))
    measured: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)
    for number, (_, load, kind) in enumerate(runs):
        show_progress(number, len(runs), f"{load.name}, {kind}")
        measured[load.name, kind].append(await run(reactor, directory, kind, load, seconds))
    show_progress(len(runs), len(runs), "")
    return {what: Figures(*map(median, zip(*figures, strict=True))) for what, figures in measured.items()}


def rows(measured: dict[tuple[str, str], Figures]) -> Iterator[Sequence[str]]:
    """Make the lines of the table, each a sequence of cells."""
    first, *others = KINDS
    yield ["appended", first, *(cell for kind in others for cell in (kind, "/ " + first))]
    for load in LOADS:
        figures = [measured[load.name, kind] for kind in KINDS]
        quantities = [("a second", [each.rate for each in figures], "{:,.0f}")]
        if load.rate:
            quantities.append(("median, ms", [each.median for each in figures], "{:,.2f}"))
            quantities.append(("p99, ms", [each.p99 for each in figures], "{:,.2f}"))
        for name, (base, *values), form in quantities:
            compared = [(form.format(value), f"{value / base:.2f}") for value in values]
            yield [f"{load.name}: {name}", form.format(base), *(cell for pair in compared for cell in pair)]


def arguments() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m benchmarks.journal", description="Measure what the journals cost.")
    parser.add_argument("--quick", action="store_true", help="one short repetition, for a first impression")
    parser.add_argument("--directory", default=".", type=Path, help="where the files are made; here if nothing is said")
    options = parser.parse_args()
    if not options.directory.is_dir():
        parser.error(f"there is no directory {options.directory}")
    return options


async def main(reactor: Any, options: Namespace) -> None:
    """Measure, and print what was measured; end with 1 and one line if a journal does what it should not."""
    seconds, repetitions = (QUICK_SECONDS, 1) if options.quick else (SECONDS, REPETITIONS)
    try:
        measured = await measure(reactor, options.directory, seconds, repetitions)
    except WrongError as error:
        show_progress(1, 1, "")
        raise SystemExit(str(error)) from None
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version};", end=" ")
    print(f"medians of {repetitions} runs of {seconds:g} seconds; latencies from when an entry was due\n")
    print(table(list(rows(measured))))


if __name__ == "__main__":
    react(main, [arguments()])
