"""Whether a daemon that knows much stays quick: ``python -m benchmarks.scale [--quick]``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.scale.big_file import Size, big_file

ROOMS, MESSAGES = 100_000, 10_000_000
QUICK = Size(1000, 20_000)


def arguments() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m benchmarks.scale", description="Measure a daemon that knows much.")
    parser.add_argument("--quick", action="store_true", help="with a small file, for a first impression")
    parser.add_argument("--rooms", type=int, metavar="N", help=f"known rooms; {ROOMS:,} if nothing is said")
    parser.add_argument("--messages", type=int, metavar="N", help=f"in all; {MESSAGES:,} if nothing is said")
    parser.add_argument("--make", type=Path, metavar="DIR", help="make the file there, unless it is there, and no more")
    options = parser.parse_args()
    usual = QUICK if options.quick else Size(ROOMS, MESSAGES)
    options.size = Size(options.rooms or usual.rooms, options.messages or usual.messages)
    if not 0 < options.size.rooms <= options.size.messages:
        parser.error("each room has at least one message")
    return options


def main() -> None:
    """Make the file, and say where it is."""
    options = arguments()
    options.make.mkdir(exist_ok=True)
    print(big_file(options.make, options.size))


if __name__ == "__main__":
    main()
