"""What a benchmark shows: a bar while it runs, and its table."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def show_progress(done: int, total: int, what: str) -> None:
    """Draw a bar over the one before, if somebody is looking; after the last there is nothing left of it."""
    if sys.stderr.isatty():
        bar = "" if done == total else f"[{'#' * (30 * done // total):.<30}] {done}/{total} {what}"
        print(f"\r\x1b[K{bar}", end="", file=sys.stderr, flush=True)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Return a table as reStructuredText has it; the first line is the head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    head, *rest = ("  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]) for first, *others in lines)
    return "\n".join([rule, head, rule, *rest, rule])
