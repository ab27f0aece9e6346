"""What an upgrade costs those who are there: ``python -m benchmarks.drain [--quick] [--cluster]``.

Programs say things under labels, others read with ``since=`` and ``resume=``, and meanwhile the daemon drains and the
next one follows it, on the same listening socket, as systemd has it. With ``--cluster`` three nodes on one nats-server
do so after one another. Each round is one drain, or one round of all nodes. The longest gap is the longest time in
which any one program was told nothing, so that it holds the end of one daemon and the start of the next. It ends with 1
if anything was lost, doubled or out of order, or if anybody saw a JOIN or PART.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.cluster.processes import Setup, start_nats
from benchmarks.drain.run import Figures, Load, nodes, one_daemon
from benchmarks.report import table

ONE, THREE = "one daemon, its socket passed on", "three nodes, one after the other"


def measure(kind: str, load: Load) -> Figures:
    """Return what one round comes to."""
    with TemporaryDirectory(prefix="benchmark-") as folder:
        if kind == ONE:
            return asyncio.run(one_daemon(Path(folder), load, 1))
        with ExitStack() as stack:
            journal, _ = start_nats(Setup("three nodes", 3, 1, "2m"), Path(folder), stack)
            return asyncio.run(nodes(Path(folder), load, journal))


def main() -> None:
    """Measure and print."""
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = ArgumentParser(
        prog="python -m benchmarks.drain",
        description=about.partition(":")[0] + ".",
        epilog=more,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer programs, one round, for a first impression")
    parser.add_argument("--cluster", action="store_true", help="three nodes as well, which needs nats-server")
    parser.add_argument("--rounds", type=int, help="how often (3)")
    options = parser.parse_args()
    load = Load(4, 8, 25) if options.quick else Load(10, 40, 10)
    rounds = options.rounds or (1 if options.quick else 3)
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}; {load}", flush=True)
    found: dict[str, list[Figures]] = {}
    for number in range(1, rounds + 1):
        for kind in (ONE, THREE) if options.cluster else (ONE,):
            figures = measure(kind, load)
            found.setdefault(kind, []).append(figures)
            print(f"round {number}, {kind}: {figures}", flush=True)
    lines = [["kind", "said", "lost", "doubled", "refused", "longest gap, s", "its median"]]
    for kind, all_figures in found.items():
        counts = [(each.said, each.lost, each.doubled, each.refused) for each in all_figures]
        sums = [sum(column) for column in zip(*counts, strict=True)]
        gaps = [each.longest for each in all_figures]
        lines.append([kind, *map(str, sums), f"{max(gaps):.2f}", f"{median(gaps):.2f}"])
    print(table(lines), flush=True)
    sys.exit(any(each.lost or each.doubled for all_figures in found.values() for each in all_figures))


if __name__ == "__main__":
    main()
