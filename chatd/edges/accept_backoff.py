"""What happens when the process may open no more files: newcomers wait outside, and nobody inside notices."""

from __future__ import annotations

import errno
import os
import resource
import socket
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.internet.tcp import Port

from chatd.runtime.log_limiter import LogLimiter

BACK_OFF_SECONDS = 1
"""How long nobody is let in before it is tried again."""
AT_ONCE = 10
"""How many are let in at a time while those inside wait; Twisted's own port takes as many hundreds as there are."""
RESERVE = 16
"""How many file descriptors are left to those inside: for the journal, the log, certificates."""

# As far as waiting helps: of the process, of the system, and of the kernel's memory.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class PatientSocket:
    """Stands for a port's listening socket, and lets nobody in while file descriptors are scarce.

    Twisted's own port then accepts and closes whoever comes, with three lines in the log for each, or
    tries again in every turn of the reactor. Those whom this one leaves outside wait in the kernel's backlog.
    """

    def __init__(self, port: Port, clock: IReactorTime, log_limiter: LogLimiter) -> None:
        self._port = port
        self._clock = clock
        self._log_limiter = log_limiter
        self._socket: socket.socket = port.socket
        self._scarce = False
        self._in_a_row = 0

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection, and where it is from. Raise `BlockingIOError` if there is none or it must wait.

        Raise `OSError` for other reasons that the kernel has.
        """
        if self._in_a_row == AT_ONCE:
            self._in_a_row = 0
            raise BlockingIOError(errno.EWOULDBLOCK, "others have their turn")
        try:
            if self._scarce:
                spare = os.dup(self._socket.fileno())  # takes the lowest number that is free
                os.close(spare)
                self._scarce = _is_scarce(spare)
                if self._scarce:
                    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            accepted, address = self._socket.accept()
            self._in_a_row += 1
        except OSError as error:
            self._in_a_row = 0
            if error.errno not in _EXHAUSTED:
                raise
            self._back_off(error)
            raise BlockingIOError(errno.EWOULDBLOCK, error.strerror) from error
        self._scarce = _is_scarce(accepted.fileno())
        return accepted, address

    def __getattr__(self, name: str) -> Any:
        """Return what the socket itself has."""
        return getattr(self._socket, name)

    def _back_off(self, error: OSError) -> None:
        self._log_limiter.note(f"nobody can come in: {error.strerror}; raise ulimit -n, or lower --max-connections")
        self._port.stopReading()
        self._clock.callLater(BACK_OFF_SECONDS, self._try_again)

    def _try_again(self) -> None:
        if self._port.connected and not self._port.disconnecting:
            self._port.startReading()


def accept_patiently(port: IListeningPort, clock: IReactorTime, log_limiter: LogLimiter) -> None:
    """Make a port wait when file descriptors are scarce, if it is one that accepts connections."""
    if isinstance(port, Port):
        port.socket = PatientSocket(port, clock, log_limiter)


def allow_files() -> None:
    """Let the process have as many files open as the system allows it to allow itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _is_scarce(descriptor: int) -> bool:
    """Return whether the lowest free descriptor is so high that what is above it is for those inside."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit != resource.RLIM_INFINITY and descriptor >= limit - RESERVE
