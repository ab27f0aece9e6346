"""Opening files of ours, and nobody else's."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def open_own(path: Path, mode: int = 0o600) -> int:
    """Open a file to read and write, made with ``mode`` if it is not there; return its descriptor.

    A symbolic link under its name is not followed: who may write to the folder could have made it, to a file of
    somebody's. Raise `OSError`; its ``strerror`` says so.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link; remove it", str(path)) from None
        raise
