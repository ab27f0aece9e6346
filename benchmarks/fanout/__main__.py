"""What a server can give to the members of rooms: ``python -m benchmarks.fanout [--quick] [--growth]``.

Each server runs as a process of its own on the first processor, freshly started for each work; all members are
connections of one process on the second. The servers take turns, and the tables have the medians of the repetitions:
what else the machine does meets them all. The unit is what a server delivers per second of its own processor time,
user and system, all threads: it holds where a second on the clock does not.

Beside chatd, with its journal in memory and in a file, there are servers that people use; ``threaded``, the chat
server of the tutorials; and ``bare``, the least that a Python process can do. What a server would hold back on its
own account, by limits, penalties and look-ups of names, is switched off. Senders get neither their own messages nor
an answer, but for redis, which has both.

Senders keep to a schedule (``quiet``, ``open-40``, ``open-1000``; a latency counts from when a message was due), or
have a fixed number of messages in flight, counted where the member of their room who came last reads them. Latencies
are those of up to ten members of a room who say nothing. In the busy room a sender has 30 messages in flight, where
the fastest peers are fastest: with more, what waits in them outgrows the processor's caches.

A quarter of a run's time goes before it to warm up. After it the senders stop, and everything must arrive. In each
room all senders, all who measure latencies and the last who came compare every byte with what was said: no message
missing, none twice, each sender's in order. Everybody must have the messages in the order of the last who came:
senders have the order in which senders took turns, the others a CRC-32 of all bytes and their number. NATS promises
no order among senders; there everybody compares every byte, and that is all.

``--against REV`` builds another revision of chatd, ``main`` or ``HEAD~3`` for instance, and runs it in turns with the
working tree: whether a change pays is seen in one run. Beside each chatd then stand the same server of that revision
and the ratio to it, the median of what the pairs of runs gave, with the lowest and the highest. It is installed into an
environment of its own, which is kept for the next time.

A server that delivers anything else ends the benchmark, with exit status 1. One that closes a connection or is silent
for 20 seconds has no figures for that work; if it is the working tree's chatd, that ends the benchmark too.
"""

from __future__ import annotations

import os
import platform
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path

from benchmarks.fanout import growth
from benchmarks.fanout.builds import Build, BuildError, built
from benchmarks.fanout.process import ServerError, raise_file_limit
from benchmarks.fanout.results import Measured, Results
from benchmarks.fanout.run import Figures, run
from benchmarks.fanout.servers import SERVERS, Server
from benchmarks.fanout.streams import WrongError
from benchmarks.fanout.works import WORKS, Work, smaller
from benchmarks.report import show_progress

SECONDS, REPETITIONS = 4.0, 3
QUICK_SECONDS = 0.2


def arguments() -> Namespace:
    """Return what the command line asks for."""
    works = "".join(f"  {work.name:10} {work.about}\n" for work in WORKS.values())
    parser = ArgumentParser(
        prog="python -m benchmarks.fanout",
        description="Measure what servers deliver to the members of rooms.",
        epilog=f"servers:\n  {', '.join(SERVERS)}\nworks:\n{works}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, for a first impression")
    parser.add_argument(
        "--only", nargs="+", choices=SERVERS, default=list(SERVERS), metavar="SERVER", help="which servers"
    )
    parser.add_argument("--work", nargs="+", choices=WORKS, default=list(WORKS), metavar="WORK", help="which works")
    parser.add_argument("--against", metavar="REV", help="measure chatd of this revision too, in turns with this one")
    parser.add_argument("--repeat", type=int, metavar="N", help=f"how often; {REPETITIONS} if nothing is said")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"how long; {SECONDS:g} if nothing is said")
    parser.add_argument("--directory", type=Path, default=".", help="where the servers' files are made; here")
    parser.add_argument("--charts", type=Path, metavar="DIR", help="where fanout.svg or growth.svg is written")
    parser.add_argument(
        "--growth", action="store_true", help="instead, how chatd's cost grows with members, rooms, size"
    )
    options = parser.parse_args()
    if options.against and (options.growth or not any(SERVERS[name].ours for name in options.only)):
        parser.error("--against compares chatd of two revisions, and no chatd is asked for")
    for directory in (options.directory, options.charts):
        if directory is not None and not directory.is_dir():
            parser.error(f"there is no directory {directory}")
    options.repeat = options.repeat or (1 if options.quick else REPETITIONS)
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    return options


def measure(
    works: Sequence[Work], servers: Sequence[Server], seconds: float, repetitions: int, directory: Path
) -> Measured:
    """Return what all runs gave by the names of the work and the server, or why there are no figures.

    Raises `ServerError` if chatd fails, and `WrongError` if any server delivers what it should not.
    """
    runs = list(product(range(repetitions), works, servers))
    figures: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)
    failed: dict[tuple[str, str], str] = {}
    for number, (_, work, server) in enumerate(runs):
        show_progress(number, len(runs), f"{work.name}, {server.title}")
        if (work.name, server.name) in failed:
            continue
        try:
            measured = run(server, work, seconds, directory)
        except ServerError as error:
            if server.ours:
                raise ServerError(f"{server.title}, {work.name}: {error}") from None
            failed[work.name, server.name] = f"failed: {error}"
        else:
            figures[work.name, server.name].append(measured)
    show_progress(len(runs), len(runs), "")
    return {**figures, **failed}


def installed(names: Sequence[str]) -> list[Server]:
    """Return the servers of those names that are installed, and say which are not."""
    for name in names:
        if SERVERS[name].path is None:
            print(f"{name} is left out: {SERVERS[name].program} is not installed")
    return [SERVERS[name] for name in names if SERVERS[name].path is not None]


def beside(servers: Sequence[Server], build: Build) -> list[Server]:
    """Return the servers, and after each chatd that of another revision."""
    if build.doubt:
        print(f"{build.revision} runs with the packages of this environment, for it cannot be built: {build.doubt}")
    return [each for server in servers for each in ([server, build.of(server)] if server.ours else [server])]


def fan_out(options: Namespace) -> tuple[str, str]:
    """Measure the servers; return tables and chart."""
    works = [smaller(WORKS[name]) if options.quick else WORKS[name] for name in options.work]
    servers = installed(options.only)
    with ExitStack() as stack:
        if options.against:
            servers = beside(servers, stack.enter_context(built(options.against)))
        measured = measure(works, servers, options.seconds, options.repeat, options.directory)
    results = Results(works, servers, measured)
    return results.tables(), results.chart()


def grow(options: Namespace) -> tuple[str, str]:
    """Measure how the cost grows; return table and chart."""
    kinds = growth.growing(quick=options.quick)
    costs = growth.measure(kinds, options.seconds, options.directory)
    return growth.growth_table(kinds, costs), growth.growth_chart(kinds, costs)


def main() -> None:
    """Measure, and print what was measured; end with 1 and one line if a server does what it should not."""
    options = arguments()
    raise_file_limit()
    try:
        tables, chart = grow(options) if options.growth else fan_out(options)
    except (BuildError, ServerError, WrongError) as error:
        show_progress(1, 1, "")
        sys.exit(str(error))
    runs = "run" if options.growth or options.repeat == 1 else f"medians of {options.repeat} runs"
    small = "; QUICK: fewer members and rooms, too short to compare" if options.quick else ""
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}; {runs} of {options.seconds:g} seconds{small}\n")
    print(tables)
    if options.charts is not None:
        (options.charts / ("growth.svg" if options.growth else "fanout.svg")).write_text(chart)


if __name__ == "__main__":
    main()
