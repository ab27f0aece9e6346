"""The pid file: locked as long as the daemon runs, so that a number alone proves nothing."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from chatd.runtime.files import open_own


class PidFile:
    """A pid file. A number in it that is left from before, and belongs to another program now, keeps nobody away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Write the process's own number. Raise `ValueError`, with a sentence for the user, if that cannot be."""
        try:
            file = open_own(self._path, 0o644)
        except OSError as error:
            raise ValueError(f"cannot write {self._path}: {error.strerror}; name another with --pidfile") from None
        try:
            self._check_unused(file)
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
        except OSError as error:
            os.close(file)
            raise ValueError(f"cannot write {self._path}: {error.strerror}") from None
        except ValueError:
            os.close(file)
            raise
        self._file = file

    def remove(self) -> None:
        """Remove it, if it was taken."""
        if self._file is not None:
            with suppress(OSError):  # after it has given up its privileges it may not be allowed
                self._path.unlink()
            os.close(self._file)
            self._file = None

    def _check_unused(self, file: int) -> None:
        number = os.pread(file, 20, 0).decode("ascii", "replace").strip()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            running = True
        else:
            running = number.isdecimal() and int(number) != os.getpid() and _is_twistd(int(number))
        if running:
            raise ValueError(
                f"{self._path} belongs to a running server (process {number or 'unknown'}); stop it, or name another"
                " file with --pidfile"
            )


def _is_twistd(process: int) -> bool:
    """Return whether a process is one of twistd's, which may be another program's and does not lock its file."""
    try:
        return b"twistd" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
    except OSError:
        return False
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
