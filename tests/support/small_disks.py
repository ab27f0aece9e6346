"""Disks that are full, and files that cannot grow."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.daemon import Daemon

_BALLAST = "ballast"


def sizes(folder: Path) -> list[int]:
    """Return how many bytes each file of a folder has."""
    return [path.stat().st_size for path in folder.iterdir() if path.is_file()]


@contextmanager
def files_limited(daemon: Daemon, size: int) -> Iterator[None]:
    """Let no file of a daemon grow beyond a size: writing past it fails, as CPython ignores SIGXFSZ."""
    soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (soft, hard))


class SmallDisk:
    """A file system of a few megabytes, mounted where only the processes that are started ``inside`` see it.

    It is mounted in a namespace that one process holds; nothing is left of it when that ends, however it does.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            new, enter = ["unshare", "-m"], ["-m"]
        else:
            new, enter = ["unshare", "-rm"], ["-U", "--preserve-credentials", "-m"]
        mount = f'mount -t tmpfs -o size={megabytes}m chatd "$1" && echo mounted && exec cat'
        try:
            self._holder = subprocess.Popen(
                [*new, "sh", "-c", mount, "sh", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        except FileNotFoundError as error:
            pytest.skip(f"no small disk can be mounted here: {error}")
        assert self._holder.stdout is not None
        answer = self._holder.stdout.readline()
        if answer != "mounted\n":
            self.close()
            pytest.skip(f"no small disk can be mounted here: {answer.strip()}")
        self.inside = ["nsenter", "-t", str(self._holder.pid), *enter]
        self.folder = folder
        """Where it is for those inside."""
        self.seen = Path(f"/proc/{self._holder.pid}/root") / folder.relative_to("/")
        """Where it is for everybody else."""

    def fill(self, free: int) -> None:
        """Leave no more than so many bytes free."""
        state = os.statvfs(self.seen)
        (self.seen / _BALLAST).write_bytes(bytes(max(0, state.f_bavail * state.f_frsize - free)))

    def make_room(self) -> None:
        """Take back what `fill` did."""
        (self.seen / _BALLAST).unlink()

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()
