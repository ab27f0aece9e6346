"""What waits for a reader that is slower than the others, and how much of it may."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import INegotiated, IPushProducer, ITCPTransport
from zope.interface import implementer


class StreamTransport(Protocol):
    """What a writer needs of a transport; all of Twisted's that carry streams have it."""

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""

    def loseConnection(self) -> None:
        """Close when all is sent."""

    def abortConnection(self) -> None:
        """Close at once."""

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:  # noqa: FBT001  # Twisted's own
        """Tell ``producer`` when the buffer is full and when it is empty."""

    def unregisterProducer(self) -> None:
        """Stop telling it."""


@implementer(IPushProducer)
class Writer:
    """Writes to a transport while it takes what it is given, and keeps up to ``limit`` bytes while it does not.

    It is the transport's producer: that is how it learns that the transport's own buffer (64 KiB, on top of
    ``limit``) is full or empty again, on TCP, TLS and local sockets alike. ``drained`` is called
    when all that was kept has been written.
    """

    __slots__ = ("_drained", "_kept", "_limit", "_paused", "_transport", "waiting")

    def __init__(self, transport: StreamTransport, limit: int, drained: Callable[[], None]) -> None:
        self.waiting = 0
        """How many bytes are kept."""
        self._transport = transport
        self._limit = limit
        self._drained = drained
        self._kept: deque[bytes] = deque()
        self._paused = False
        transport.registerProducer(self, streaming=True)

    @property
    def blocked(self) -> bool:
        """Whether the reader has not yet taken what it was sent."""
        return self._paused

    def write(self, data: bytes) -> bool:
        """Write whole lines now, or keep them; return False, and keep nothing, if that would be over the limit."""
        if not self._paused:
            self._transport.write(data)
            return True
        if self.waiting + len(data) > self._limit:
            return False
        self._kept.append(data)
        self.waiting += len(data)
        return True

    def close(self, last: bytes, *, discard: bool, half: bool) -> None:
        """Write the last line, after what was kept or, with ``discard``, instead of it; close when it is taken.

        With ``half`` only this side closes, where the transport can do that, and the caller waits for the other side: a
        socket that is closed while the peer still sends resets the connection, and the last line is lost on its way.
        """
        if not discard:
            self._transport.write(b"".join(self._kept))
        self._forget()
        self._transport.write(last)
        # A transport with a producer waits for it, and would never close.
        self._transport.unregisterProducer()
        if half and ITCPTransport.providedBy(self._transport) and not INegotiated.providedBy(self._transport):
            self._transport.loseWriteConnection()
        else:
            self._transport.loseConnection()

    def pauseProducing(self) -> None:
        """Called by the transport when its buffer is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Called by the transport when its buffer is empty."""
        self._paused = False
        while self._kept and not self._paused:
            data = self._kept.popleft()
            self.waiting -= len(data)
            self._transport.write(data)
        if not self._paused:
            self._drained()

    def stopProducing(self) -> None:
        """Called by the transport when the connection is lost."""
        self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self.waiting = 0
