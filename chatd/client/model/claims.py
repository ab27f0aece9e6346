"""A file that is locked for as long as a process lives, so that others can tell whether it still does.

The system gives the lock up with the process, however that ends. A process id would not do: another may have it by now.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Claim:
    """Shows that somebody who works in a folder lives.

    ``kind`` begins the names of the files of all such claims. Others know it by its ``name``, which no other ever has.
    """

    def __init__(self, folder: Path, kind: str, name: str) -> None:
        self._folder = folder
        self._kind = kind
        self.name = name
        self._descriptor: int | None = None

    def take(self) -> None:
        """Make the claim, unless that was done. Raise `OSError` if it cannot be made."""
        if self._descriptor is None:
            descriptor = os.open(self._path(self.name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                _lock(descriptor)
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor

    def release(self) -> None:
        """Give it up; whoever made it works there no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            with suppress(OSError):
                self._path(self.name).unlink()

    def is_held(self, name: str) -> bool:
        """Return whether the one that has a name lives, as far as can be told; what a dead one left is removed."""
        if name == self.name:
            return self._descriptor is not None
        path = self._path(name)
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            _lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._kind}.{name}"
