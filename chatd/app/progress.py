"""Shows the progress of long work on a terminal."""

from __future__ import annotations

import sys
from time import monotonic

_PAUSE = 0.2
"""Seconds between two reports."""


class Progress:
    """One line on the standard error that is written over again and again; nothing where that is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next = monotonic() + _PAUSE
        self._shown = False

    def show(self, how_far: str) -> None:
        """Show how far it has come, unless that was shown a moment ago."""
        if self._terminal and (now := monotonic()) >= self._next:
            self._next, self._shown = now + _PAUSE, True
            print(f"\r\x1b[K{self._what} {how_far}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False


def tell(what: str) -> None:
    """Say something beside what goes to the standard output."""
    if sys.stderr is not None:
        print(f"chatd: {what}", file=sys.stderr)
