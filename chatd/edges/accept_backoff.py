"""When file descriptors run out, new connections wait in the kernel's backlog and those that are open are served."""

from __future__ import annotations

import errno
import math
import os
import resource
import socket
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.internet.tcp import Port

from chatd.runtime.log_limiter import LogLimiter

BACK_OFF_SECONDS = 1
"""How long nothing is accepted before it is tried again."""
ACCEPTS_PER_TURN = 10
"""How many connections are accepted in a row; Twisted's own port accepts hundreds while those that are open wait."""
RESERVED_DESCRIPTORS = 16
"""How many file descriptors are left for the journal, the log and certificates."""

# As far as waiting helps: of the process, of the system, and of the kernel's memory.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class BackoffSocket:
    """Stands for a port's listening socket, and accepts nothing while file descriptors are scarce.

    Twisted's own port then accepts and closes each connection, with three lines in the log for it, or tries again in
    every turn of the reactor. With this one they wait in the kernel's backlog.
    """

    def __init__(self, port: Port, clock: IReactorTime, log_limiter: LogLimiter) -> None:
        self._port = port
        self._clock = clock
        self._log_limiter = log_limiter
        self._socket: socket.socket = port.socket
        self._scarce = False
        self._accepted_in_a_row = 0
        self._reserved_from = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection, and where it is from. Raise `BlockingIOError` if there is none or it must wait.

        Raise `OSError` for other reasons that the kernel has.
        """
        if self._accepted_in_a_row == ACCEPTS_PER_TURN:
            self._accepted_in_a_row = 0
            raise BlockingIOError(errno.EWOULDBLOCK, "those that are open have their turn")
        try:
            if self._scarce:
                spare = os.dup(self._socket.fileno())  # takes the lowest number that is free
                os.close(spare)
                self._scarce = spare >= _reserved_from()
                if self._scarce:
                    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            accepted, address = self._socket.accept()
            if not self._accepted_in_a_row:
                self._reserved_from = _reserved_from()
            self._accepted_in_a_row += 1
        except OSError as error:
            self._accepted_in_a_row = 0
            if error.errno not in _EXHAUSTED:
                raise
            self._back_off(error)
            raise BlockingIOError(errno.EWOULDBLOCK, error.strerror) from error
        self._scarce = accepted.fileno() >= self._reserved_from
        return accepted, address

    def __getattr__(self, name: str) -> Any:
        """Return what the socket itself has."""
        return getattr(self._socket, name)

    def _back_off(self, error: OSError) -> None:
        self._log_limiter.note(
            f"no connections are accepted: {error.strerror}; raise ulimit -n or lower --max-connections",
            "no descriptor",
        )
        self._port.stopReading()
        self._clock.callLater(BACK_OFF_SECONDS, self._try_again)

    def _try_again(self) -> None:
        if self._port.connected and not self._port.disconnecting:
            self._port.startReading()


def install_accept_backoff(port: IListeningPort, clock: IReactorTime, log_limiter: LogLimiter) -> None:
    """Make a port back off when file descriptors are scarce; one that accepts no connections is left alone."""
    if isinstance(port, Port):
        port.socket = BackoffSocket(port, clock, log_limiter)


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one, as far as the system lets the process do that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _reserved_from() -> float:
    """Return the lowest descriptor of those that are reserved: where the lowest free one is that high, they are scarce.

    The system is asked once for as many as are accepted in a row: the limit hardly ever changes.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if limit == resource.RLIM_INFINITY else limit - RESERVED_DESCRIPTORS
