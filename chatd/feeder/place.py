"""How far a file has been said: what is kept of it from one run to the next."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass

TAIL_BYTES = 256
"""How much before an offset is compared, to know whether a file is still the one that was read."""


@dataclass(slots=True)
class Place:
    """A place in a file. ``token`` is the file's own in labels, and no other file ever has it, whatever its inode."""

    path: str
    """What is followed; the file may have been renamed since."""
    token: str
    device: int
    inode: int
    offset: int = 0
    """All before it was said, in bytes."""
    tail: str = ""
    """The `tail_of` what is before it."""


def new_place(path: str, status: os.stat_result, offset: int = 0, tail: str = "") -> Place:
    """Return a place in a file that was not known before."""
    return Place(path, secrets.token_hex(8), status.st_dev, status.st_ino, offset, tail)


def tail_of(data: bytes) -> str:
    """Return what the last bytes before an offset are compared by."""
    return hashlib.blake2b(data[-TAIL_BYTES:], digest_size=8).hexdigest()


def holds(descriptor: int, offset: int, tail: str) -> bool:
    """Return whether an open file goes up to an offset, and has there what was read. Raise `OSError`."""
    if not offset:
        return True
    start = max(0, offset - TAIL_BYTES)
    data = os.pread(descriptor, offset - start, start)
    return len(data) == offset - start and tail_of(data) == tail
