"""What a peer sent before its connection broke off is heard, although the break is noticed before that was read."""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IListeningPort
from twisted.python.failure import Failure

from chatd.edges.log_names import NamedWhenAsked

MAX_BYTES = 256 * 1024
"""How much is read then at most: what a kernel keeps for a connection that is not read from."""


class _LastWords:
    """Passes on what has arrived before it passes on that the connection is lost.

    A script that closes at once resets the connection, for it has not read what it was answered. Whoever answers the
    next line then fails to send, and Twisted ends the connection, with all that the kernel has received and that was
    not read yet, because other lines were carried out first.
    """

    def connectionLost(self, reason: Failure) -> None:
        """Be told by the reactor that the connection is lost."""
        transport: Any = self
        if reason.check(ConnectionLost) and not transport.disconnecting and hasattr(transport, "socket"):
            left = MAX_BYTES
            while left > 0 and (data := _received(transport.socket, min(left, transport.bufferSize))):
                left -= len(data)
                transport.protocol.dataReceived(data)
        super().connectionLost(reason)  # type: ignore[misc]  # the server's


def _received(connection: Any, size: int) -> bytes:
    """Return what has arrived on a connection, nothing if that is all."""
    try:
        data: bytes = connection.recv(size)
    except OSError:  # nothing is left; or that is how the break is told
        return b""
    return data


class _TCPServer(_LastWords, NamedWhenAsked, tcp.Server):
    pass


class _UnixServer(_LastWords, unix.Server):
    pass


def install_last_words(port: IListeningPort) -> None:
    """Make a port hear out those whose connections break off; one of another kind is left alone."""
    if isinstance(port, unix.Port):
        port.transport = _UnixServer
    elif isinstance(port, tcp.Port):
        port.transport = _TCPServer
