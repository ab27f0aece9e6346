"""Where the rest of a file is that was rotated while nobody looked, and what else was written since."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from chatd.feeder.open_file import OpenFile
from chatd.feeder.place import Place, holds, new_place

MAX_SIBLINGS = 1000
"""How many files beside the one that is followed are looked at, at most."""
_ROTATED = re.compile(r"[._-](\d[\dTZ:._+-]*|old|bak|prev)")
"""What rotation puts behind a name: a number, a date, a time."""


def open_regular(path: str | Path) -> int:
    """Open a file to read. Raise `OSError`, also where it is no regular file."""
    # A pipe in its place must not keep anything waiting.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not _is_regular(os.fstat(descriptor)):
            raise OSError("it is not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_regular(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode)


def siblings(path: str) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files that rotation can have made of one: beside it, under its name and a number or a date."""
    followed = Path(path)
    try:
        with os.scandir(followed.parent) as found:
            named = [each for each in found if each.name.startswith(followed.name)]
            named = [each for each in named if _ROTATED.fullmatch(each.name[len(followed.name) :])]
    except OSError:
        return
    for each in named[:MAX_SIBLINGS]:
        try:
            status = each.stat()
        except OSError:
            continue
        if _is_regular(status):
            yield Path(each.path), status


def open_rest(place: Place) -> OpenFile | None:
    """Return the file that a place is in under the name that it has now, or a copy of it; None if there is neither.

    ``logrotate`` renames a file or, with ``copytruncate``, copies it and empties it.
    """
    found = list(siblings(place.path))
    found.sort(key=lambda each: (each[1].st_dev, each[1].st_ino) != (place.device, place.inode))
    for path, status in found:
        same = (status.st_dev, status.st_ino) == (place.device, place.inode)
        if same or place.offset:
            try:
                descriptor = open_regular(path)
            except OSError:
                continue
            if holds(descriptor, place.offset, place.tail):
                return OpenFile(place, descriptor)
            os.close(descriptor)
    return None


def open_unseen(path: str, known: set[tuple[int, int]], since: int) -> list[OpenFile]:
    """Return the files beside one that were written after ``since``, in nanoseconds since 1970, and not read yet.

    They are in the order in which they were last written.
    """
    unseen = [
        (status.st_mtime_ns, str(each), status)
        for each, status in siblings(path)
        if status.st_mtime_ns > since and (status.st_dev, status.st_ino) not in known
    ]
    opened = []
    for _, each, status in sorted(unseen, key=lambda found: found[:2]):
        try:
            opened.append(OpenFile(new_place(path, status), open_regular(each)))
        except OSError:
            continue
    return opened
