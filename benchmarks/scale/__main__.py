"""Whether a daemon that knows much stays quick: ``python -m benchmarks.scale [--quick] [--part PART ...]``.

Files with as many rooms and messages as are wanted, and smaller ones, are made once, twenty seconds a million
messages, and kept in a directory (``--directory``); each daemon gets a copy. The parts:

growth
    Starts on each file, medians: from the start of the process to the answer to a PING, for the port takes connections
    before; processor time and memory at that moment; and the seconds of a start when the system has nothing of the file
    in its memory. Then questions in the biggest room, which has a twelfth of all messages or more, one after the other
    over one connection, to the last line of the answer.
beside
    1,000 messages a second in 100 rooms of 10, by a schedule: a latency counts from when a message was due. With
    nothing beside, while ``chatd backup`` copies the file, and while retention, set by a reload, deletes.
    All is checked as by ``benchmarks.fanout``.
idle
    Connections from several addresses of this machine in rooms of 10, at a daemon on the largest file: how fast they
    come, and what they cost when they are there.

The daemon has the first processor, the load the second; a backup has whatever is free.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from benchmarks.chart import LinePanel, line_chart
from benchmarks.fanout.process import ServerError
from benchmarks.fanout.streams import WrongError
from benchmarks.report import show_progress
from benchmarks.scale import beside, growth, idle
from benchmarks.scale.big_file import Size, big_file

LARGEST, QUICK = Size(100_000, 10_000_000), Size(1000, 20_000)
CONNECTIONS, QUICK_CONNECTIONS = 50_000, 500
PARTS = ("growth", "beside", "idle")


def arguments() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(
        prog="python -m benchmarks.scale",
        description="Measure a daemon that knows much.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    rooms, messages = LARGEST
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, for a first impression")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rooms", type=int, metavar="N", help=f"known rooms; {rooms:,} if nothing is said")
    parser.add_argument("--messages", type=int, metavar="N", help=f"in all; {messages:,} if nothing is said")
    parser.add_argument("--connections", type=int, metavar="N", help=f"{CONNECTIONS:,} if nothing is said")
    parser.add_argument(
        "--directory", type=Path, metavar="DIR", default="build/scale", help="where the files are kept; build/scale"
    )
    parser.add_argument("--charts", type=Path, metavar="DIR", help="where scale.svg is written")
    parser.add_argument("--make", type=Path, metavar="DIR", help="make the largest file there, and no more")
    options = parser.parse_args()
    usual = QUICK if options.quick else LARGEST
    options.size = Size(options.rooms or usual.rooms, options.messages or usual.messages)
    options.connections = options.connections or (QUICK_CONNECTIONS if options.quick else CONNECTIONS)
    if not 10**growth.STEPS <= options.size.rooms < options.size.messages // 2:
        parser.error(f"there are at least {10**growth.STEPS} rooms, and more than two messages for each")
    if options.connections < idle.PER_ROOM * idle.SMALLER:
        parser.error(f"there are at least {idle.PER_ROOM * idle.SMALLER} connections")
    if options.charts is not None and not options.charts.is_dir():
        parser.error(f"there is no directory {options.charts}")
    return options


def measure(options: Namespace) -> list[LinePanel]:
    """Measure the parts that are asked for, and print what was; return the panels of the chart."""
    panels: list[LinePanel] = []
    directory, quick = options.directory, options.quick
    if "growth" in options.part:
        sizes = growth.growing(options.size)
        found = growth.measure(directory, [*sizes[0], *sizes[1]], 1 if quick else 3, 20 if quick else 300)
        print(f"{growth.start_table(found)}\n\n{growth.read_table(found)}\n", flush=True)
        panels += growth.panels(sizes, found)
    file = big_file(directory, options.size)
    if "beside" in options.part:
        latencies = beside.measure(directory, file, 2.0 if quick else 20.0)
        print(f"{beside.beside_table(latencies)}\n", flush=True)
    if "idle" in options.part:
        connections = idle.allowed(options.connections)
        if connections < options.connections:
            print(f"only {connections:,} connections: no more open files are allowed (ulimit -n)")
        crowds = idle.measure(directory, file, connections)
        print(idle.idle_table(crowds))
        panels.append(idle.panel(crowds))
    return panels


def main() -> None:
    """Measure, and print what was measured; end with 1 and one line if the daemon does what it should not."""
    options = arguments()
    if options.make is not None:
        options.make.mkdir(parents=True, exist_ok=True)
        print(big_file(options.make, options.size))
        return
    options.directory.mkdir(parents=True, exist_ok=True)
    small = "; QUICK: small files, too short to compare" if options.quick else ""
    python, sqlite = platform.python_version(), sqlite3.sqlite_version
    print(f"{os.cpu_count()} CPUs, Python {python}, SQLite {sqlite}{small}\n", flush=True)
    try:
        panels = measure(options)
    except (ServerError, WrongError) as error:
        show_progress(1, 1, "")
        sys.exit(str(error))
    if options.charts is not None:
        (options.charts / "scale.svg").write_text(line_chart("How chatd scales", panels))


if __name__ == "__main__":
    main()
