"""Opening files of ours, and nobody else's, and replacing them at once."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def open_own(path: Path, mode: int = 0o600) -> int:
    """Open a file to read and write, made as by `make_own` if it is not there; return its descriptor.

    A symbolic link under its name is not followed: who may write to the folder could have made it, to a file of
    somebody's. Raise `OSError`; its ``strerror`` says so.
    """
    with suppress(FileExistsError):
        return make_own(path, mode)
    try:
        # With O_CREAT Linux refuses what somebody else has planted in a folder of all, as root, too:
        # https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-regular
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link; remove it", str(path)) from None
        raise


def make_own(path: Path, mode: int = 0o600, *, of: int | None = None) -> int:
    """Make a file that must not be there, and open it to read and write; return its descriptor. Raise `OSError`.

    What root makes in a folder of somebody's is theirs, as if they had made it: root runs a command there, but it is
    their daemon that has to write to the file. With ``of`` it is theirs only if they are that user.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    if not _is_root():
        return os.open(path, flags, mode)
    with _opened_above(path) as folder:
        made = os.open(path.name, flags, mode, dir_fd=folder)
        _give(made, folder, of)
        return made


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, unless they are there. What root makes is whose `make_own` says.

    Raise `OSError`.
    """
    if path.is_dir():
        return
    if not os.path.lexists(path.parent):
        make_folder(path.parent)
    if not _is_root():
        path.mkdir(mode, exist_ok=True)
        return
    with _opened_above(path) as above:
        try:
            os.mkdir(path.name, mode, dir_fd=above)
        except FileExistsError:
            if path.is_dir():  # another process was faster
                return
            raise
        made = os.open(path.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        try:
            if not os.listdir(made):  # the owner of the one above can have put another in its place
                _give(made, above)
        finally:
            os.close(made)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _opened_above(path: Path) -> Iterator[int]:
    """Yield the descriptor of the folder of a file: what is done through it is done there, wherever its name leads."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield folder
        finally:
            os.close(folder)
    except OSError as error:
        error.filename = str(path)
        raise


def _give(made: int, folder: int, of: int | None = None) -> None:
    """Give what root has just made to the owner of its folder."""
    owner = os.fstat(folder)
    if owner.st_uid and of in (None, owner.st_uid):
        with suppress(OSError):  # where files have no owners, or root may not give them away
            os.fchown(made, owner.st_uid, owner.st_gid)


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
    """Put ``content`` in the place of a file, made as by `make_own`; when this returns, it is on the disk.

    Whoever reads, also after a crash in the middle of this, finds the old content or the new. Raise `OSError` and leave
    the old one if it cannot be done.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = make_own(temporary)
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
    with _opened_above(path) as folder:
        os.fsync(folder)
