"""A connection in memory: Twisted's own TCP transport at both ends, on sockets that are two buffers."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from typing_extensions import override

SOCKET_BYTES = 64 * 1024
"""How much may be on its way to a reader that does not read; the rest waits at the sender."""

Address = IPv4Address | IPv6Address


class MemorySocket:
    """What `twisted.internet.tcp.Connection` needs of a socket, connected to another one of these.

    ``segment_bytes`` is how much one `recv` returns at most.
    """

    def __init__(self, segment_bytes: int) -> None:
        self._segment_bytes = segment_bytes
        self._other = self
        self._incoming = bytearray()
        self._ended = False  # nothing follows what is incoming
        self._reset = False
        self._closed = False
        self._resets = False

    def join(self, other: MemorySocket) -> None:
        """Connect this one and another."""
        self._other, other._other = other, self

    @property
    def readable(self) -> bool:
        """Whether `recv` has an answer."""
        return bool(self._incoming) or self._ended or self._reset

    @property
    def writable(self) -> bool:
        """Whether `send` has an answer."""
        return self._other._closed or len(self._other._incoming) < SOCKET_BYTES

    def recv(self, size: int) -> bytes:
        """Return what has come, at most ``size`` bytes of it; ``b""`` is the end."""
        if self._reset:
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        if not self._incoming and not self._ended:
            raise BlockingIOError(errno.EWOULDBLOCK, "nothing has come")
        size = min(size, self._segment_bytes)
        data = bytes(self._incoming[:size])
        del self._incoming[:size]
        return data

    def send(self, data: bytes | memoryview) -> int:
        """Take what there is room for; return how many bytes that is."""
        if self._other._closed:
            raise BrokenPipeError(errno.EPIPE, "closed")
        room = SOCKET_BYTES - len(self._other._incoming)
        if room <= 0:
            raise BlockingIOError(errno.EWOULDBLOCK, "full")
        self._other._incoming += data[:room]
        return min(room, len(data))

    def shutdown(self, _how: int) -> None:
        """Send no more."""
        self._other._ended = True

    def setsockopt(self, _level: int, option: int, _value: object) -> None:
        """Note that closing is to reset the connection; other options change nothing."""
        self._resets = self._resets or option == socket.SO_LINGER

    def getsockopt(self, _level: int, _option: int) -> int:
        """Return 0: no option is set."""
        return 0

    def setblocking(self, _blocking: bool) -> None:  # noqa: FBT001  # a socket's own
        """Do nothing: it never blocks."""

    def fileno(self) -> int:
        """Return -1: the operating system knows nothing of it."""
        return -1

    def close(self) -> None:
        """Send and receive no more. As on TCP, the other side is reset if it was sent something that nobody read."""
        self._closed = self._other._ended = True
        if self._resets or self._incoming:
            self._other._reset = True
        self._incoming.clear()


class MemoryConnection(Connection):
    """One end of a connection: all but its socket is as on TCP, buffers, producers and half-close included."""

    logstr = "chatd.testing"

    def __init__(
        self,
        endpoint: MemorySocket,
        protocol: IProtocol,
        reactor: MemoryReactorClock,
        addresses: tuple[Address, Address],
    ) -> None:
        super().__init__(endpoint, protocol, reactor)  # type: ignore[arg-type]  # it is no socket, and does for one
        self.other = self
        self.on_lost: list[Callable[[], object]] = []
        """What is called when it is over."""
        self._socket = endpoint
        self._host, self._peer = addresses

    @override
    def getHost(self) -> Address:
        return self._host

    @override
    def getPeer(self) -> Address:
        return self._peer

    @override
    def connectionLost(self, reason: Failure) -> None:
        if self.disconnected:
            return
        super().connectionLost(reason)
        for call in self.on_lost:
            call()

    def open(self) -> None:
        """Begin to read, and tell the protocol that it is connected."""
        protocol = self.protocol
        self.connected = 1
        self.startReading()
        protocol.makeConnection(self)

    def cut(self) -> None:
        """Lose the connection here and now, as when a machine dies; the other end is left alone."""
        self.connectionLost(Failure(ConnectionLost()))

    def turn(self) -> bool:
        """Read and write once, as a reactor would that is told that the socket is ready; return whether it was."""
        # The reactor's part is copied from `twisted.internet.posixbase`, whose own waits for real descriptors.
        reactor, moved = self.reactor, False
        if self in reactor.getWriters() and self._socket.writable:
            moved = True
            if (why := self.doWrite()) is not None:
                reactor.removeReader(self)
                reactor.removeWriter(self)
                self.connectionLost(Failure(why))
        if self in reactor.getReaders() and self._socket.readable:
            moved = True
            if (why := self.doRead()) is not None:
                reactor.removeReader(self)
                if isinstance(why, ConnectionDone):
                    self.readConnectionLost(Failure(why))
                else:
                    reactor.removeWriter(self)
                    self.connectionLost(Failure(why))
        return moved


def connect(
    server: IProtocol,
    client: IProtocol,
    reactor: MemoryReactorClock,
    addresses: tuple[Address, Address],
    segment_bytes: int,
) -> tuple[MemoryConnection, MemoryConnection]:
    """Return the two ends, not open yet, of a connection between two protocols; all pairs name the server first."""
    near, far = MemorySocket(segment_bytes), MemorySocket(segment_bytes)
    near.join(far)
    ends = (
        MemoryConnection(near, server, reactor, addresses),
        MemoryConnection(far, client, reactor, addresses[::-1]),
    )
    ends[0].other, ends[1].other = ends[1], ends[0]
    return ends
