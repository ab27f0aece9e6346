"""All benchmarks, one after the other: ``python -m benchmarks [--quick]``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser

WITH_QUICK = ("fanout", "domain", "journal", "search", "posts", "cluster", "drain", "soak")
"""Those that can be quick."""


def command(name: str, *, quick: bool) -> list[str]:
    """Return what runs a benchmark; the client's in a display of its own if there is none."""
    run = [sys.executable, "-m", f"benchmarks.{name}"]
    if name in WITH_QUICK:
        return [*run, "--quick"] if quick else run
    needs_display = "DISPLAY" not in os.environ and shutil.which("xvfb-run") is not None
    return ["xvfb-run", "-a", *run] if needs_display else run


def main() -> None:
    """Run them; end with 1 if one of them failed."""
    parser = ArgumentParser(prog="python -m benchmarks", description="Run all benchmarks.")
    parser.add_argument("--quick", action="store_true", help="for a first impression")
    options = parser.parse_args()
    failed = False
    for name in (*WITH_QUICK, "client"):
        print(f"\n{name}\n{'-' * len(name)}", flush=True)
        failed |= subprocess.run(command(name, quick=options.quick), check=False).returncode != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
