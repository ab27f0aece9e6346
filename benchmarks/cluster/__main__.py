"""What several nodes deliver on one machine: ``python -m benchmarks.cluster [--quick] [--replicas 3]``.

A room has members on all nodes, some of whom speak. ``SQLite`` is one node with its journal in a file and without
NATS, to compare with: in brackets is the ratio to it. Everything runs on this machine and shares its processors: the
nodes, the servers of NATS and this load, which reads all that is delivered. More nodes can be no faster here than one
once the processors are used up; the table says who used them.

A delivery is a message told to one member on one node, the acknowledgement of who said it included. A latency is that
of the acknowledgement, which comes when the message is stored and every member of the speaker's node is sent it: in
the work with a fixed rate from when the message was due, flat out from when it was sent.

All kinds take turns, and the tables have the medians. After each run every member of every node must have been told
every message once, all in one order, and each speaker's in the order said; if not, the benchmark ends with 1.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import defaultdict
from collections.abc import Sequence
from gc import collect
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.cluster import plan
from benchmarks.cluster.load import Crowd, Figures, Load, Work
from benchmarks.cluster.people import WrongError
from benchmarks.cluster.processes import BenchmarkError, Setup, nats_server, running
from benchmarks.fanout.process import raise_file_limit
from benchmarks.report import show_progress, table

SECONDS, REPETITIONS = 4.0, 3
QUICK_SECONDS = 1.0
WORKS = (Work("50 messages a second", rate=50), Work("flat out", window=50))
CROWD, QUICK_CROWD = Crowd(12, 120), Crowd(6, 12)
Measured = dict[tuple[Work, Setup], Figures]


def arguments() -> Namespace:
    """Return what the command line asks for."""
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = ArgumentParser(
        prog="python -m benchmarks.cluster",
        description=about.partition(":")[0] + ".",
        epilog=more,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer people, one short run, for a first impression")
    parser.add_argument("--replicas", type=int, choices=(1, 3), default=1, help="how many servers of NATS there are; 1")
    parser.add_argument("--sync", default="2m", help="their sync_interval: 'always' is a sync for each message; 2m")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"how long; {SECONDS:g} if nothing is said")
    parser.add_argument("--repeat", type=int, metavar="N", help=f"how often; {REPETITIONS} if nothing is said")
    parser.add_argument("--plan", action="store_true", help="compute what nodes deliver that have a core each")
    parser.add_argument("--directory", type=Path, default=".", help="where files are made; here")
    options = parser.parse_args()
    if not options.directory.is_dir():
        parser.error(f"there is no directory {options.directory}")
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    options.repeat = options.repeat or (1 if options.quick else REPETITIONS)
    return options


def setups(options: Namespace) -> Sequence[Setup]:
    """Return what is measured; that with which all others are compared is the first."""
    several = [Setup(f"{n} node{'s'[: n > 1]}", n, options.replicas, options.sync) for n in (1, 2, 3)]
    return [Setup("SQLite", 1, 0, ""), *several]


def measure(options: Namespace) -> Measured:
    """Return the medians. Raise `BenchmarkError` or `WrongError` if a run goes wrong."""
    crowd = QUICK_CROWD if options.quick else CROWD
    runs = list(product(range(options.repeat), WORKS, setups(options)))
    figures: defaultdict[tuple[Work, Setup], list[Figures]] = defaultdict(list)
    for number, (_, work, setup) in enumerate(runs):
        show_progress(number, len(runs), f"{work.name}, {setup.name}")
        collect()
        try:
            with running(setup, options.directory) as started, Load(started, crowd) as load:
                figures[work, setup].append(load.measure(work, options.seconds))
        except (BenchmarkError, WrongError) as error:
            raise type(error)(f"{setup.name}, {work.name}: {error}") from None
    show_progress(len(runs), len(runs), "")
    return {what: Figures(*map(median, zip(*each, strict=True))) for what, each in figures.items()}


def tables(measured: Measured) -> str:
    """Return a table for each work."""
    made = []
    for work in WORKS:
        of_work = {setup: figures for (each, setup), figures in measured.items() if each == work}
        base = next(iter(of_work.values()))
        lines = [[work.name, "deliveries/s", "median ms", "p99 ms", "chatd CPU", "NATS CPU", "load CPU", "others"]]
        for setup, figures in of_work.items():
            ratio = "" if figures is base else f" ({figures.deliveries / base.deliveries:.2f})"
            slower = "" if figures is base else f" ({figures.median / base.median:.2f})"
            cpu = (f"{each:.2f}" for each in (figures.chatd, figures.nats, figures.load, figures.others))
            cells = (f"{figures.deliveries:,.0f}{ratio}", f"{figures.median:.1f}{slower}", f"{figures.p99:.1f}")
            lines.append([setup.name, *cells, *cpu])
        made.append(table(lines))
    return "\n\n".join(made)


def sharing(measured: Measured) -> str:
    """Return who used the processors, flat out on the most nodes, as a sentence."""
    cores = len(os.sched_getaffinity(0))
    work, setup = list(measured)[-1]
    figures = measured[work, setup]
    used = figures.chatd + figures.nats + figures.load + figures.others
    servers = f"{setup.servers} nats-server{'s'[: setup.servers > 1]}"
    return (
        f"CPU is in seconds of processor time a second. {work.name.capitalize()}, {setup.name}, {servers} and the load"
        f" share {cores} CPUs, {used:.2f} of which are busy: chatd {figures.chatd:.2f} in {setup.nodes} processes,"
        f" NATS {figures.nats:.2f}, the load {figures.load:.2f}, whatever else runs here {figures.others:.2f}."
    )


def compare(options: Namespace) -> str:
    """Measure, and return what several nodes deliver here."""
    crowd = QUICK_CROWD if options.quick else CROWD
    measured = measure(options)
    people = f"{crowd.speakers} speakers and {crowd.listeners} listeners on all nodes"
    return f"{people}\n\n{tables(measured)}\n\n{sharing(measured)}"


def compute(options: Namespace) -> str:
    """Measure, and return what nodes deliver that have a core each."""
    return plan.report(plan.measure(options.replicas, options.sync, options.seconds, options.repeat, options.directory))


def main() -> None:
    """Measure, and print what was measured; end with 1 and one line if anything goes wrong."""
    options = arguments()
    raise_file_limit()
    try:
        found = compute(options) if options.plan else compare(options)
    except (BenchmarkError, WrongError) as error:
        show_progress(1, 1, "")
        sys.exit(str(error))
    version = subprocess.run([nats_server() or "", "--version"], capture_output=True, text=True, check=True).stdout
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {version.strip()}, {options.replicas} of them,")
    print(f"sync_interval {options.sync}; medians of {options.repeat} runs of {options.seconds:g} seconds\n")
    print(found)


if __name__ == "__main__":
    main()
