"""Which process has a socket or a lock, by what Linux tells of it in ``/proc``; see proc(5).

Other users' processes are known by number at most, unless root asks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_LISTENS = "0A"
_LISTENS_LOCALLY = "00010000"
_PASSWORD = re.compile(r"//[^/@\s]*@")
_MOST = 60
"""How many characters of a command are shown."""


class Process(NamedTuple):
    """A process that runs."""

    pid: int
    command: tuple[str, ...]

    @property
    def is_chatd(self) -> bool:
        """Whether it looks like a daemon or a command of chatd."""
        return any(Path(each).name == "chatd" for each in self.command)

    def _without_python(self) -> tuple[str, ...]:
        script = len(self.command) > 1 and Path(self.command[0]).name.startswith("python")
        return self.command[1:] if script else self.command

    def __str__(self) -> str:
        """Return what a person knows it by."""
        program, *words = self._without_python() or ("",)
        command = _PASSWORD.sub("//...@", " ".join([Path(program).name, *words]))
        shown = command if len(command) <= _MOST else f"{command[:_MOST]}..."
        return f"process {self.pid}, {shown}" if shown else f"process {self.pid}"


def process(pid: int) -> Process:
    """Return what is known of a process."""
    try:
        words = os.fsdecode((PROC / str(pid) / "cmdline").read_bytes()).split("\0")
    except OSError:
        words = []
    return Process(pid, tuple(filter(None, words)))


def listens_on(port: int) -> Process | None:
    """Return the process that listens on a port of TCP, on any address; None if that cannot be seen."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for row in _rows(PROC / "net" / table):
            if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
                inodes.add(int(row[9]))
    return _has_socket(inodes)


class LocalListener(NamedTuple):
    """What listens on a local socket."""

    process: Process | None
    """None if it cannot be seen which it is."""


def listens_at(path: Path) -> LocalListener | None:
    """Return what listens on the local socket of a path; None if nothing does."""
    unseen: set[int] = set()
    for inode, bound in _local_sockets(path.name):
        found = _has_socket({inode})
        if found is None and not bound.is_absolute():
            unseen.add(inode)
            continue
        # A relative path is as the program gave it.
        folder = Path() if found is None else _folder(found.pid)
        if os.path.realpath(folder / bound) == os.path.realpath(path):
            return LocalListener(found)
    # One that is gone by now was of another folder, or is no matter any more.
    if any(inode in unseen for inode, _ in _local_sockets(path.name)):
        return LocalListener(None)
    return None


def _local_sockets(name: str) -> list[tuple[int, Path]]:
    """Return the inode and the path of each local socket that listens under a name, in whatever folder."""
    rows = (row for row in _rows(PROC / "net" / "unix") if len(row) >= 8 and row[3] == _LISTENS_LOCALLY)
    found = [(int(row[6]), Path(" ".join(row[7:]))) for row in rows]
    return [(inode, bound) for inode, bound in found if bound.name == name]


def locks(path: Path) -> Process | None:
    """Return the process that has locked a file by flock(2); None if nobody has, or that cannot be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for row in _rows(PROC / "locks", header=0):
        if row[1] == "FLOCK" and row[3] == "WRITE" and row[5] == device and int(row[4]) > 0:
            return process(int(row[4]))
    return None


def _rows(table: Path, header: int = 1) -> Iterator[list[str]]:
    with suppress(OSError):
        yield from (line.split() for line in table.read_text(errors="replace").splitlines()[header:])


def _has_socket(inodes: set[int]) -> Process | None:
    """Return a process that has one of those sockets open."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in PROC.glob("[0-9]*") if wanted else ():
        with suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(descriptor) in wanted:
                        return process(int(folder.name))
    return None


def _folder(pid: int) -> Path:
    try:
        return Path(os.readlink(PROC / str(pid) / "cwd"))
    except OSError:
        return Path()
