"""All benchmarks, one after the other: ``python -m benchmarks [--quick]``."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser

NAMES = ("fanout", "domain", "journal", "search", "scale", "posts", "cluster", "drain", "soak", "client")


def command(name: str, *, quick: bool) -> list[str]:
    """Return what runs a benchmark."""
    return [sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if quick else [])]


def main() -> None:
    """Run them; end with 1 if one of them failed."""
    parser = ArgumentParser(prog="python -m benchmarks", description="Run all benchmarks.")
    parser.add_argument("--quick", action="store_true", help="for a first impression")
    options = parser.parse_args()
    failed = False
    for name in NAMES:
        print(f"\n{name}\n{'-' * len(name)}", flush=True)
        failed |= subprocess.run(command(name, quick=options.quick), check=False).returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
