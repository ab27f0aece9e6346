"""What saying something by HTTP costs, and whether it is said once: ``python -m benchmarks.posts [--quick]``.

A thousand posts a second, come what may, over connections that are kept, each in a journal of SQLite with synchronous
FULL before it is answered; beside it the same as POST in the line protocol. Then posts with keys while the daemon is
killed and started again (``--kills``, ``--posts``). It ends with 1 if one was lost, doubled or reordered.
"""

from __future__ import annotations

import os
import platform
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.posts import kills, load
from benchmarks.posts.server import Server
from benchmarks.report import table

TARGET_MS = 5.0
"""What 99 of 100 posts should be answered in."""


def latencies(rate: int, seconds: float) -> str:
    """Return the table of what was measured, and whether HTTP reached the goal."""
    lines = [["by", "posts a second", "median, ms", "p99, ms", "max, ms"]]
    found = {}
    for name, kind in (("POST of HTTP", load.over_http), ("POST of the line protocol", load.over_lines)):
        with TemporaryDirectory(prefix="benchmark-") as folder:
            server = Server(Path(folder))
            try:
                server.start()
                found[name] = load.measure(kind, server, rate, seconds)
            finally:
                server.kill()
        figures = found[name]
        lines.append([name, f"{figures.per_second:,.0f}", *(f"{figure:.2f}" for figure in figures[1:])])
    met = "met" if found["POST of HTTP"].p99_ms <= TARGET_MS else "missed"
    return f"{table(lines)}\na p99 of at most {TARGET_MS:.0f} ms by HTTP at {rate:,} posts a second: {met}"


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.posts", description="Measure what saying things by HTTP costs.")
    parser.add_argument("--quick", action="store_true", help="for a first impression")
    parser.add_argument("--rate", type=int, default=1000, help="posts a second (1000)")
    parser.add_argument("--seconds", type=float, help="how long each way of posting is measured (10)")
    parser.add_argument("--kills", type=int, help="how often the daemon is killed (10)")
    parser.add_argument("--posts", type=int, help="how many are posted meanwhile (10000)")
    options = parser.parse_args()
    seconds = options.seconds if options.seconds is not None else (2.0 if options.quick else 10.0)
    killed = options.kills if options.kills is not None else (2 if options.quick else 10)
    posts = options.posts if options.posts is not None else (1000 if options.quick else 10_000)
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}", flush=True)
    if seconds > 0:
        print(latencies(options.rate, seconds), flush=True)
    with TemporaryDirectory(prefix="benchmark-") as folder:
        server = Server(Path(folder))
        try:
            outcome = kills.run(server, posts, killed)
        finally:
            server.kill()
    print(
        f"{killed} kills in {outcome.acknowledged:,} posts: {outcome.lost} lost, {outcome.doubled} doubled, "
        f"{outcome.reordered} out of order; {outcome.repeated} were answered as said before"
    )
    sys.exit(outcome.lost + outcome.doubled + outcome.reordered > 0)


if __name__ == "__main__":
    main()
