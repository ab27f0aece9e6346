"""Paths of local sockets: one that nobody listens on any more is taken over."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_TRIES, LOCK_PAUSE_SECONDS = 50, 0.1
"""Whoever begins to listen has the lock for milliseconds."""


@contextmanager
def binding(place: str) -> Iterator[None]:
    """Remove what a program that has been killed has left at ``place``, which may be bound inside.

    Whether one is there is asked by connecting. The file that Twisted writes beside its sockets holds the number of a
    process: that says nothing once another has the number, as the first process of every container has 1. The lock
    keeps apart two that begin at once, of whom the slower would remove the socket of the other.

    Raise `ValueError` with a sentence if somebody listens there, or if it is no socket.
    """
    path = Path(place)
    with _locked(path.parent):
        _remove_deserted(path)
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for _ in range(LOCK_TRIES):
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            raise ValueError(f"another program has locked {folder}; stop it or choose another path")
        yield
    finally:
        os.close(descriptor)


def _remove_deserted(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ValueError("the file is not a socket; remove it or choose another path")
    if _somebody_listens(path):
        raise ValueError("another program listens there; stop it or choose another path")
    path.unlink()
    with suppress(OSError):
        lock = path.with_name(f"{path.name}.lock")  # Twisted's
        if lock.is_symlink():
            lock.unlink()


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0)  # a queue that is full is somebody's
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
