"""Turns on the machine: the tests of several processes run side by side, and those that measure it run alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn: with any number of others, or ``alone``. All who share the machine name the same folder."""
    how = LOCK_EX if alone else LOCK_SH
    with (folder / "queue").open("w") as queue, (folder / "machine").open("w") as machine:
        # A lock is given to whoever can have it, not to who waits longest: without the queue, which whoever wants to be
        # alone holds while waiting, tests that follow one another elsewhere would never let it happen.
        flock(queue, how)
        flock(machine, how)
        flock(queue, LOCK_UN)
        yield
