"""Opening files of ours, and nobody else's, and replacing them at once."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
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


def read_whole(path: Path, limit: int) -> bytes:
    """Return what is in a file of at most ``limit`` bytes.

    Raise `OSError`, whose ``strerror`` says why not: also of a pipe, for which one could wait forever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError:
        raise OSError(errno.EINVAL, "its name contains a NUL character", str(path)) from None
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode) and not os.path.samefile(path, os.devnull):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it has more than {limit} bytes", str(path))
    return content


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of a file, readable by its owner alone; when this returns, it is on the disk.

    Whoever reads, also after a crash in the middle of this, finds the old content or the new. Raise `OSError` and leave
    the old one if it cannot be done.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
