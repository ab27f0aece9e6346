"""The file system that a file is on: its kind, and the room that is left."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

MOUNTS = Path("/proc/self/mountinfo")
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "fuse.sshfs"}
    | {"fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.cephfs", "vboxsf", "prl_fs", "virtiofs"}
)
"""File systems of another machine, or whose locks are not those of this one."""


class Room(NamedTuple):
    """How many bytes a file system has, and how many of them the user may still write."""

    size: int
    free: int


def room(folder: Path) -> Room:
    """Return what there is in the file system of a folder. Raise `OSError` if that cannot be seen."""
    found = os.statvfs(folder)
    return Room(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def kind(path: Path, mounts: str) -> str:
    """Return the kind of file system, such as ``ext4``, of an absolute path, by a table like ``mountinfo``.

    See proc(5). Empty if that is not known.
    """
    best, found = "", ""
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split()
        if not separator or len(fields) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        inside = point == "/" or path == Path(point) or Path(point) in path.parents
        if inside and len(point) >= len(best):
            best, found = point, after.split()[0]
    return found


def is_remote(kind: str) -> bool:
    """Return whether the locks of a file system cannot be relied on as SQLite does."""
    return kind in _REMOTE
